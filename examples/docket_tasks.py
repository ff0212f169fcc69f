"""Syncs of workspaces as tasks of docket: a task of its own sends what comes next.

pip install 'intercom-async[redis,postgres]' pydocket
REDIS=redis://… WAREHOUSE=postgresql://… TOKENS='{"abc123": "…"}' python docket_tasks.py

docket renews its lease of a task while the worker lives, so a task may take as long as it likes; a
budget still bounds what a killed worker's successor waits for. Anyone who can write to Redis can
run code in a docket worker: close your Redis to others.
"""

import asyncio
import json
import os

from docket import CurrentDocket, Docket, Worker

from intercom_async.integrations.workspace_tasks import Step, WorkspaceTasks
from intercom_async.scheduler.stores import RedisStore
from intercom_async.sync import PostgresSink
from intercom_async.workspaces import Workspaces

REDIS, WAREHOUSE = os.environ["REDIS"], os.environ["WAREHOUSE"]
TOKENS: dict[str, str | list[str]] = json.loads(os.environ["TOKENS"])


async def token_of(workspace_id: str) -> str | tuple[str, str] | None:
    """Stand for your database: a workspace's token, or token and address."""
    found = TOKENS.get(workspace_id)
    return (found[0], found[1]) if isinstance(found, list) else found


def sink_of(workspace_id: str) -> PostgresSink:
    return PostgresSink(WAREHOUSE, schema=f"intercom_{workspace_id}")


tasks = WorkspaceTasks(
    Workspaces(token_of, store=RedisStore.from_url(REDIS)),
    sink_of,
    streams=["contacts", "conversation_parts"],
)


async def work(
    task: str,
    workspace_id: str,
    shard: str,
    docket: Docket = CurrentDocket(),  # noqa: B008 (docket's way to a dependency)
) -> None:
    async def send(step: Step) -> None:
        await docket.add(work, when=step.due)(step.task, step.workspace_id, step.shard)

    await tasks.perform(task, workspace_id, shard, send=send)


async def main() -> None:
    async with Docket(name="intercom", url=REDIS) as docket, tasks.workspaces:
        docket.register(work)
        for workspace_id in TOKENS:
            await docket.add(work, key=f"plan-{workspace_id}")("plan", workspace_id, "")
        async with Worker(docket, concurrency=4) as worker:
            await worker.run_until_finished()  # run_forever in a worker's process


if __name__ == "__main__":
    asyncio.run(main())
