"""A worker of the tests: `taskiq worker tests.services.sync_worker:queue`, or run as a module.

SYNC_WORKSPACES holds tokens and addresses by workspace, SYNC_POSTGRES and SYNC_REDIS the servers.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from intercom_async.integrations.workspace_tasks import WorkspaceTasks
from intercom_async.scheduler.stores import BudgetStore, PostgresStore, RedisStore
from intercom_async.sync import PostgresSink
from intercom_async.workspaces import Workspaces

KNOWN: dict[str, tuple[str, str]] = {
    name: (token, url)
    for name, (token, url) in json.loads(os.environ.get("SYNC_WORKSPACES", "{}")).items()
}
POSTGRES = os.environ.get("SYNC_POSTGRES", "")
REDIS = os.environ.get("SYNC_REDIS", "")
BUDGET_S = float(os.environ.get("SYNC_BUDGET_S", "2"))
STREAMS = ("contacts", "conversations", "conversation_parts", "tags")
ROWS_PER_SHARD = 150


async def token_of(workspace_id: str) -> tuple[str, str] | None:
    return KNOWN.get(workspace_id)


async def all_of_them() -> list[str]:
    return sorted(KNOWN)


def make_tasks() -> WorkspaceTasks:
    # Several workers use one workspace's token, so they share its budget. Servers are shared by all
    # that runs here: an answer may take longer than in production.
    store: BudgetStore = (
        RedisStore.from_url(REDIS, answer_within_s=5.0)
        if REDIS
        else PostgresStore(POSTGRES, answer_within_s=5.0)
    )
    return WorkspaceTasks(
        Workspaces(token_of, store=store),
        lambda workspace_id: PostgresSink(POSTGRES, schema=workspace_id),
        streams=STREAMS,
        budget_s=BUDGET_S,
        rows_per_shard=ROWS_PER_SHARD,
        workspace_ids=all_of_them,
    )


if __name__ != "__main__":
    from intercom_async.integrations.taskiq import broker, schedule_source, sync_tasks

    queue = broker(REDIS or "redis://localhost", shard_budget_s=BUDGET_S)
    send = sync_tasks(queue, make_tasks(), schedule_source(REDIS or "redis://localhost"))
else:
    from intercom_async.integrations.procrastinate import make_app, run_worker, sync_tasks as adds

    async def main() -> None:
        tasks = make_tasks()
        app = make_app(POSTGRES)
        adds(app, tasks, dead_after_s=3)
        async with app.open_async():
            await run_worker(
                app, tasks, concurrency=4, fetch_job_polling_interval=0.5,
                update_heartbeat_interval=1, stalled_worker_timeout=3,
            )  # fmt: skip

    sys.exit(asyncio.run(main()))
