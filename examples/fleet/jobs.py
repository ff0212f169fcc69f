"""What the workers do: syncs of workspaces as tasks of taskiq, and one budget for each workspace.

taskiq worker jobs:queue
"""

import json
import os
from pathlib import Path

from intercom_async.integrations.taskiq import broker, schedule_source, sync_tasks
from intercom_async.integrations.workspace_tasks import Step, WorkspaceTasks
from intercom_async.scheduler.stores import RedisStore
from intercom_async.sync import JsonlSink, PostgresSink, Sink
from intercom_async.workspaces import Workspaces

REDIS = os.environ["FLEET_REDIS"]
TARGET = os.environ["FLEET_TARGET"]  # a folder, or the address of a PostgreSQL
TOKENS: dict[str, tuple[str, str]] = json.loads(os.environ["FLEET_TOKENS"])
BUDGET_S = float(os.environ.get("FLEET_BUDGET_S", "480"))
STREAMS = ("contacts", "conversations", "conversation_parts", "tags")


async def token_of(workspace_id: str) -> tuple[str, str] | None:
    """Stand for your database: the token of a workspace, and where its API is."""
    found = TOKENS.get(workspace_id)
    return None if found is None else (found[0], found[1])


async def workspace_ids() -> list[str]:
    return list(TOKENS)


def sink_of(workspace_id: str) -> Sink:
    if TARGET.startswith("postgresql:"):
        return PostgresSink(TARGET, schema=workspace_id)
    return JsonlSink(Path(TARGET) / workspace_id)


workspaces = Workspaces(token_of, store=RedisStore.from_url(REDIS), idle_s=60)
tasks = WorkspaceTasks(
    workspaces, sink_of, streams=STREAMS, budget_s=BUDGET_S, workspace_ids=workspace_ids
)
__all__ = ["Step", "queue", "send", "tasks", "workspaces"]

queue = broker(REDIS, shard_budget_s=BUDGET_S)
send = sync_tasks(queue, tasks, schedule_source(REDIS))
