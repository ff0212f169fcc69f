"""A bulk job: walk all users, change some, report. It stays out of everybody's way.

INTERCOM_TOKEN=… python bulk_job.py
"""

import asyncio
import os

from intercom_async import F, Intercom, IntercomError, Priority
from intercom_async.models import Contact

WORKERS = 20


async def main() -> None:
    changed, failed = 0, 0
    queue: asyncio.Queue[Contact] = asyncio.Queue(maxsize=10 * WORKERS)

    async def work(intercom: Intercom) -> None:
        nonlocal changed, failed
        while True:
            contact = await queue.get()
            try:
                plan = {"plan": "legacy"}
                await intercom.contacts.update(contact.id, custom_attributes=plan)
                changed += 1
            except IntercomError as error:
                # One odd row does not end the job; the message has no personal data.
                failed += 1
                print(f"{contact.id}: {error}")
            finally:
                queue.task_done()

    async with Intercom(
        base_url=os.environ.get("INTERCOM_BASE_URL"), priority=Priority.BULK
    ) as intercom:
        async with asyncio.TaskGroup() as group:
            workers = [group.create_task(work(intercom)) for _ in range(WORKERS)]
            users = intercom.contacts.search(F.role == "user", per_page=150).prefetch(1)
            async for contact in users:
                await queue.put(contact)
            await queue.join()
            for worker in workers:
                worker.cancel()
        seen = intercom.statistics()
    print(f"{changed} changed, {failed} failed, {seen.granted} calls, {seen.throttled} × 429")


if __name__ == "__main__":
    asyncio.run(main())
