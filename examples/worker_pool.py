"""Workers fed from a queue: a job that would wait too long goes back, with the time to try again.

Here the queue is in memory; with Redis, SQS or the like, `put_back` is their "visible again in n
seconds". A worker is never blocked by the rate limit: it takes other work in the meantime.

INTERCOM_TOKEN=… python worker_pool.py 5f7f0d217289f8d2f4262080 …
"""

import asyncio
import os
import sys
from dataclasses import dataclass

from intercom_async import Intercom, NotFoundError, RateLimitedError, WaitTooLongError

WORKERS = 10


@dataclass
class Job:
    contact_id: str
    returns: int = 0


async def run(contact_ids: list[str]) -> dict[str, str | None]:
    """Look the contacts up and return their names by id."""
    jobs: asyncio.Queue[Job] = asyncio.Queue()
    names: dict[str, str | None] = {}
    for contact_id in contact_ids:
        jobs.put_nowait(Job(contact_id))

    async def put_back(job: Job, after_s: float) -> None:
        job.returns += 1
        await asyncio.sleep(after_s)  # noqa: TID251 (stands for the queue's own delay)
        jobs.put_nowait(job)
        jobs.task_done()

    async with (
        Intercom(base_url=os.environ.get("INTERCOM_BASE_URL"), max_wait_s=0.2) as intercom,
        asyncio.TaskGroup() as group,
    ):

        async def work() -> None:
            while True:
                job = await jobs.get()
                try:
                    contact = await intercom.contacts.get(job.contact_id)
                    names[job.contact_id] = contact.name
                except NotFoundError:
                    names[job.contact_id] = None
                except (WaitTooLongError, RateLimitedError) as error:
                    group.create_task(put_back(job, error.retry_after_s or 1.0))
                    continue
                jobs.task_done()

        workers = [group.create_task(work()) for _ in range(WORKERS)]
        await jobs.join()
        for worker in workers:
            worker.cancel()
    return names


if __name__ == "__main__":
    found = asyncio.run(run(sys.argv[1:]))
    print(f"{sum(name is not None for name in found.values())} of {len(found)} found")
