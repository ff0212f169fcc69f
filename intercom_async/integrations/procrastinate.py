"""procrastinate: syncs of workspaces as jobs in PostgreSQL.

app = make_app("postgresql://localhost/jobs")
send = sync_tasks(app, tasks, cron="0 * * * *")                   # tasks: WorkspaceTasks
async with app.open_async():
    await send(Step(task="sync", workspace_id="abc123"))          # anywhere
    await run_worker(app, tasks)                                  # on any machine, many
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

from procrastinate import App, PsycopgConnector

from .workspace_tasks import Step, WorkspaceTasks

QUEUE = "intercom"
DEAD_AFTER_S = 60.0
"""Seconds without a heartbeat, of which a worker sends one each ten, after which it counts as dead
(test_procrastinate.py::test_what_a_dead_worker_left_is_done)."""


def make_app(conninfo: str, **options: Any) -> App:
    """Return an app on a database; `app.schema_manager.apply_schema_async()` makes its tables."""
    return App(connector=PsycopgConnector(conninfo=conninfo, **options))


def sync_tasks(
    app: App, tasks: WorkspaceTasks, *, cron: str | None = None, dead_after_s: float = DEAD_AFTER_S
) -> Callable[[Step], Awaitable[None]]:
    """Add the tasks to an app and return what sends a step.

    Args:
        app: The app.
        tasks: What the tasks do.
        cron: When a sync of every workspace begins.
        dead_after_s: Seconds without a heartbeat after which a worker's jobs are done by others.
    """

    @app.task(name="intercom", queue=QUEUE)
    async def work(task: str, workspace_id: str = "", shard: str = "") -> None:
        for step in await tasks.run(task, workspace_id, shard):
            await send(step)

    async def send(step: Step) -> None:
        await work.configure(schedule_in={"seconds": math.ceil(step.delay_s)}).defer_async(
            task=step.task, workspace_id=step.workspace_id, shard=step.shard
        )

    @app.periodic(cron="* * * * * */10")
    @app.task(name="intercom.recover", queue=QUEUE)
    async def recover(timestamp: int) -> None:
        del timestamp
        jobs = app.job_manager
        for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=dead_after_s):
            await jobs.retry_job(job)

    if cron is not None:
        app.periodic(cron=cron)(app.task(name="intercom.all", queue=QUEUE)(_all_of(send)))
    return send


def _all_of(send: Callable[[Step], Awaitable[None]]) -> Callable[[int], Awaitable[None]]:
    async def begin(timestamp: int) -> None:
        del timestamp
        await send(Step(task="all"))

    return begin


async def run_worker(app: App, tasks: WorkspaceTasks, **options: Any) -> None:
    """Run a worker, and `Workspaces` as long as it runs; options as of `run_worker_async`."""
    async with tasks.workspaces:
        await app.run_worker_async(queues=[QUEUE], **options)
