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

from typing import Any

from taskiq import AsyncBroker, ScheduleSource, TaskiqEvents

from intercom_async.sync.shards import BUDGET_S
from .taskiq_broker import SyncBroker
from .taskiq_schedules import SyncScheduleSource, close_with
from .workspace_tasks import Send, Step, WorkspaceTasks, check_queue


def broker(
    url: str, *, shard_budget_s: float = BUDGET_S, max_backlog: int = 100_000, **options: Any
) -> SyncBroker:
    """Return a broker whose settings suit tasks of `shard_budget_s`."""
    return SyncBroker(url, budget_s=shard_budget_s, max_backlog=max_backlog, **options)


def schedule_source(url: str) -> SyncScheduleSource:
    """Return where tasks wait for their time."""
    return SyncScheduleSource(url)


def sync_tasks(
    broker: AsyncBroker, tasks: WorkspaceTasks, source: ScheduleSource, *, cron: str | None = None
) -> Send:
    """Add the tasks to a broker, open `Workspaces` in its workers, and return what sends a step.

    Steps with a delay wait in `source`; `cron` says when a sync of every workspace begins.
    """
    parts = {"broker": (broker, AsyncBroker), "source": (source, ScheduleSource)}
    check_queue(tasks, cron, "pycron", **parts)
    schedule = [] if cron is None else [{"cron": cron, "kwargs": Step(task="all").arguments}]

    @broker.task(task_name="intercom", schedule=schedule)
    async def work(task: str, workspace_id: str = "", shard: str = "") -> None:
        await tasks.perform(task, workspace_id, shard, send=send)

    async def send(step: Step) -> None:
        if step.due is None:
            await work.kiq(**step.arguments)
        else:
            await work.schedule_by_time(source, step.due, **step.arguments)

    broker.add_event_handler(TaskiqEvents.WORKER_STARTUP, lambda _: tasks.open())
    broker.add_event_handler(TaskiqEvents.WORKER_SHUTDOWN, lambda _: tasks.close())
    close_with(broker, source)
    return send
