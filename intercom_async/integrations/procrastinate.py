"""procrastinate: syncs of workspaces as jobs in PostgreSQL.

app = make_app("postgresql://localhost/jobs")
send = sync_tasks(app, tasks, cron="0 * * * *")                   # tasks: WorkspaceTasks
async with app.open_async():
    await send(Step(task="sync", workspace_id="abc123"))          # anywhere
    await run_worker(app, tasks)                                  # on any machine, many
"""

from __future__ import annotations

from typing import Any

from procrastinate import App, PsycopgConnector

from .workspace_tasks import Send, Step, WorkspaceTasks, check_queue

QUEUE = "intercom"
DEAD_AFTER_S = 60.0
"""Seconds without a heartbeat, of which a worker sends one each ten, after which it counts as dead
(test_procrastinate.py::test_what_a_dead_worker_left_is_done)."""


def make_app(conninfo: str, **options: Any) -> App:
    """Return an app on a database; `app.schema_manager.apply_schema_async()` makes its tables."""
    return App(connector=PsycopgConnector(conninfo=conninfo, **options))


def sync_tasks(
    app: App, tasks: WorkspaceTasks, *, cron: str | None = None, dead_after_s: float = DEAD_AFTER_S
) -> Send:
    """Add the tasks to an app and return what sends a step.

    `cron` says when a sync of every workspace begins. The jobs of a worker that has sent no
    heartbeat for `dead_after_s` seconds are done by others.
    """
    check_queue(tasks, cron, "croniter", dead_after_s=dead_after_s, app=(app, App))

    @app.task(name="intercom", queue=QUEUE)
    async def work(timestamp: int = 0, **arguments: str) -> None:  # noqa: ARG001 (of periodic jobs)
        await tasks.perform(**arguments, send=send)

    async def send(step: Step) -> None:
        await work.configure(schedule_at=step.due).defer_async(**step.arguments)

    @app.periodic(cron="* * * * * */10")
    @app.task(name="intercom.recover", queue=QUEUE)
    async def recover(timestamp: int) -> None:  # noqa: ARG001 (procrastinate's)
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=dead_after_s):
            await app.job_manager.retry_job(job)

    if cron is not None:
        app.periodic(cron=cron, task_kwargs=dict(Step(task="all").arguments))(work)
    return send


async def run_worker(app: App, tasks: WorkspaceTasks, **options: Any) -> None:
    """Run a worker, and `Workspaces` as long as it runs; options as of `run_worker_async`."""
    async with tasks.workspaces:
        await app.run_worker_async(queues=[QUEUE], **options)
