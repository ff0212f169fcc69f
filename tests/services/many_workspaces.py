"""Syncs twenty workspaces on four workers of a queue, of which one is killed each half minute.

    python -m tests.services.many_workspaces taskiq
    python -m tests.services.many_workspaces procrastinate

Each workspace is simulated, with limits of its own; every second one is synced in shards. In the
end each target is compared with that of a sync in one process, and the servers' ledgers say how
many calls were refused.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import anyio

from intercom_async.integrations.workspace_tasks import Step
from tests.support.servers import RedisServer, running_postgres
from .fleet import Fleet, running_fleet
from .sync_worker import make_tasks

TASKIQ = (
    *("taskiq", "worker", "tests.services.sync_worker:queue", "--workers", "1"),
    # Each task holds connections to PostgreSQL, which has a hundred by default.
    *("--max-async-tasks", "10"),
)
PROCRASTINATE = ("tests.services.sync_worker",)

Send = Callable[[Step], Awaitable[None]]


async def sender(queue: str, fleet: Fleet, stack: AsyncExitStack) -> Send:
    """Return what sends a step to the workers."""
    if queue == "taskiq":
        from intercom_async.integrations import taskiq  # noqa: PLC0415 (only its queue is needed)

        url = fleet.environment["SYNC_REDIS"]
        broker = taskiq.broker(url, shard_budget_s=float(fleet.environment["SYNC_BUDGET_S"]))
        send = taskiq.sync_tasks(broker, make_tasks(), taskiq.schedule_source(url))
        await broker.startup()
        stack.push_async_callback(broker.shutdown)
        return send
    from intercom_async.integrations import procrastinate  # noqa: PLC0415

    app = procrastinate.make_app(fleet.environment["SYNC_POSTGRES"])
    send = procrastinate.sync_tasks(app, make_tasks())
    await stack.enter_async_context(app.open_async())
    await app.schema_manager.apply_schema_async()
    return send


async def run(options: argparse.Namespace) -> bool:
    """Sync all workspaces and compare; say whether no call was refused.

    Raises:
        AssertionError: A target differs.
    """
    command = TASKIQ if options.queue == "taskiq" else PROCRASTINATE
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(running_postgres())
        redis = RedisServer(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        redis.start()
        stack.callback(redis.kill)
        fleet = await stack.enter_async_context(
            running_fleet(
                options.workspaces,
                postgres,
                redis.url if options.queue == "taskiq" else "",
                budget_s=options.budget_s,
                conversations=options.conversations,
                app_per_minute=options.per_minute,
                window_s=10.0,
            )
        )
        send = await sender(options.queue, fleet, stack)
        begun = time.monotonic()  # noqa: TID251 (real time)
        for number, name in enumerate(fleet.simulators):
            await send(Step(task="plan" if number % 2 else "sync", workspace_id=name))
        for _ in range(options.workers):
            fleet.work(command)
        async with anyio.create_task_group() as group:
            group.start_soon(fleet.keep_killing, command, options.kill_every)
            await fleet.until_published(options.within_s)
            group.cancel_scope.cancel()
        took_s = time.monotonic() - begun  # noqa: TID251
        killed = fleet.killed
        fleet.stop()
        served, refused = fleet.calls()
        print(  # noqa: T201
            f"{options.queue}: {options.workspaces} workspaces in {took_s:.0f} s, "
            f"{killed} workers killed, {served} calls, {refused} refused",
            flush=True,
        )
        await fleet.compare()
        rows = sum(len(found) for name in fleet.simulators for found in fleet.rows(name).values())
        print(f"{rows} rows, equal to those of a sync in one process, none twice")  # noqa: T201
        return refused == 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 1 where a call was refused; a difference is an error."""
    parser = argparse.ArgumentParser(prog="python -m tests.services.many_workspaces")
    parser.add_argument("queue", choices=("taskiq", "procrastinate"))
    parser.add_argument("--workspaces", type=int, default=20)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--conversations", type=int, default=400, help="of each workspace")
    parser.add_argument("--per-minute", type=int, default=300, help="limit of each workspace")
    parser.add_argument("--budget-s", type=float, default=10.0, help="seconds that a task may take")
    parser.add_argument("--kill-every", type=float, default=30.0, help="seconds")
    parser.add_argument(
        "--within-s", type=float, default=900.0, help="seconds after which it fails"
    )
    return 0 if anyio.run(run, parser.parse_args(arguments)) else 1


if __name__ == "__main__":
    sys.exit(main())
