"""taskiq: syncs of workspaces as tasks on Redis Streams; needs taskiq-redis.

queue = broker("redis://localhost:6379/0")
source = schedule_source("redis://localhost:6379/0")
send = sync_tasks(queue, tasks, source, cron="0 * * * *")        # tasks: WorkspaceTasks
scheduler = TaskiqScheduler(queue, [source, LabelScheduleSource(queue)])

taskiq worker module:queue                                        # on any machine, many
taskiq scheduler module:scheduler --skip-first-run                # once
await send(Step(task="sync", workspace_id="abc123"))              # anywhere
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from taskiq import AsyncBroker, ScheduleSource, TaskiqEvents
from taskiq.serializers import JSONSerializer
from taskiq_redis import ListRedisScheduleSource

from intercom_async.sync.shards import BUDGET_S
from .taskiq_broker import SyncBroker
from .workspace_tasks import Step, WorkspaceTasks


def broker(
    url: str, *, shard_budget_s: float = BUDGET_S, max_backlog: int = 100_000, **options: Any
) -> SyncBroker:
    """Return a broker whose settings suit tasks of `shard_budget_s`."""
    return SyncBroker(url, budget_s=shard_budget_s, max_backlog=max_backlog, **options)


def schedule_source(url: str) -> ListRedisScheduleSource:
    """Return where tasks wait for their time; as JSON, so that nobody's code is run."""
    return ListRedisScheduleSource(url, serializer=JSONSerializer())


def sync_tasks(
    broker: AsyncBroker, tasks: WorkspaceTasks, source: ScheduleSource, *, cron: str | None = None
) -> Callable[[Step], Awaitable[None]]:
    """Add the tasks to a broker, open `Workspaces` in its workers, and return what sends a step.

    Args:
        broker: The broker.
        tasks: What the tasks do.
        source: Where steps with a delay wait; a scheduler process sends them.
        cron: When a sync of every workspace begins.
    """
    schedule = [] if cron is None else [{"cron": cron, "args": ["all", "", ""]}]

    @broker.task(task_name="intercom", schedule=schedule)
    async def work(task: str, workspace_id: str, shard: str) -> None:
        for step in await tasks.run(task, workspace_id, shard):
            await send(step)

    async def send(step: Step) -> None:
        arguments = (step.task, step.workspace_id, step.shard)
        if step.delay_s > 0:
            at = datetime.now(UTC) + timedelta(seconds=step.delay_s)
            await work.schedule_by_time(source, at, *arguments)
        else:
            await work.kiq(*arguments)

    async def open_workspaces(_: object) -> None:
        await tasks.workspaces.__aenter__()

    async def close_workspaces(_: object) -> None:
        await tasks.workspaces.close()

    broker.add_event_handler(TaskiqEvents.WORKER_STARTUP, open_workspaces)
    broker.add_event_handler(TaskiqEvents.WORKER_SHUTDOWN, close_workspaces)
    return send
