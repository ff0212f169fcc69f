"""Syncs of many workspaces as tasks of a queue, whichever queue it is.

    tasks = WorkspaceTasks(
        Workspaces(token_of, store=store), lambda workspace_id: PostgresSink(URL, schema=...)
    )
    async def work(task: str, workspace_id: str, shard: str) -> None:     # in a worker
        await tasks.perform(task, workspace_id, shard, send=send)

    async def send(step: Step) -> None:                                   # anywhere
        await queue.put(work, kwargs=step.arguments, not_before=step.due)

A task does its part for `budget_s` at most and says what is to be sent next: its rest, the shards
of a plan, the end of a run, or itself again once the limit has room. A task may be delivered twice
and a worker may be killed: what was committed is not read again, and of two that do the same, one
goes on. `integrations.taskiq` and `integrations.procrastinate` send the steps with their queues.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal, cast, get_args

import anyio
import msgspec

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.config import check_able, check_count, check_kind, is_positive_number, shown
from intercom_async.errors import ConfigError, RateLimitedError, WaitTooLongError
from intercom_async.sync import BusyTargetError, Sink, sync
from intercom_async.sync.errors import ShardRunError
from intercom_async.sync.shards import (
    BUDGET_S,
    ROWS_PER_SHARD,
    Shard,
    finish_run,
    open_shards,
    plan_shards,
    run_shard,
)
from intercom_async.workspaces import Workspaces
from ._arguments import check_streams
from ._cron import Parser, is_cron

TaskName = Literal["all", "sync", "plan", "shard", "finish"]
"""What a task does: begin a sync of every workspace; sync one workspace; cut one into shards, read
one of them, end the run."""
RETRY_S = 10.0
"""Seconds after which a task is sent again whose call was refused without naming a time: a window
(test_workspace_tasks.py::test_a_full_limit_sends_the_task_again_later)."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A task to send."""

    task: TaskName
    workspace_id: str = ""
    shard: str = ""
    """The shard's JSON, of the task ``shard``."""
    delay_s: float = 0.0
    """Seconds before which it should not run."""

    @property
    def arguments(self) -> dict[str, str]:
        """The arguments of the task, for `WorkspaceTasks.run`: what a queue carries."""
        return {"task": self.task, "workspace_id": self.workspace_id, "shard": self.shard}

    @property
    def due(self) -> datetime | None:
        """When the task should run at the earliest, counted from now; None: at once."""
        if self.delay_s <= 0:
            return None
        return datetime.fromtimestamp(CLOCK.unix(), UTC) + timedelta(seconds=self.delay_s)


Send = Callable[[Step], Awaitable[None]]
"""Puts a step into a queue."""


class WorkspaceTasks:
    """What the tasks do.

    Args:
        workspaces: Clients of the workspaces; the worker opens it.
        sink_of: Makes the target of a workspace; each workspace has one of its own.
        streams: As `sync` takes them.
        budget_s: Seconds that a task may take.
        rows_per_shard: As `plan_shards` takes it.
        workspace_ids: Returns the workspaces of the task ``all``.

    Raises:
        ConfigError: An argument cannot be used.
    """

    def __init__(
        self,
        workspaces: Workspaces,
        sink_of: Callable[[str], Sink],
        *,
        streams: Iterable[str] | None = None,
        budget_s: float = BUDGET_S,
        rows_per_shard: int = ROWS_PER_SHARD,
        workspace_ids: Callable[[], Awaitable[Iterable[str]]] | None = None,
    ) -> None:
        check_able("workspaces", workspaces, "client")
        check_able("sink_of", sink_of)
        check_able("workspace_ids", workspace_ids, may_be_none=True)
        check_count("rows_per_shard", rows_per_shard)
        if not is_positive_number(budget_s):
            raise ConfigError(f"budget_s must be more than 0 seconds, not {shown(budget_s)}")
        names = check_streams(streams)
        self.workspaces = workspaces
        self.budget_s = budget_s
        self._sink_of = sink_of
        self._streams = names
        self._rows_per_shard = rows_per_shard
        self._workspace_ids = workspace_ids

    async def open(self) -> None:
        """Open `Workspaces`: a worker begins."""
        await self.workspaces.__aenter__()

    async def close(self) -> None:
        """Close `Workspaces`: a worker ends."""
        await self.workspaces.close()

    async def perform(
        self, task: str, workspace_id: str = "", shard: str = "", *, send: Send
    ) -> None:
        """Do a task and send what comes next.

        Raises:
            ConfigError: As of `run`.
        """
        for step in await self.run(task, workspace_id, shard):
            await send(step)

    async def run(self, task: str, workspace_id: str = "", shard: str = "") -> list[Step]:
        """Do a task; return what is to be sent next.

        Raises:
            ConfigError: There is no such task, or nothing knows the workspaces of ``all``.
        """
        if task == "all":
            if self._workspace_ids is None:
                raise ConfigError("the task all needs workspace_ids")
            return [Step(task="sync", workspace_id=one) for one in await self._workspace_ids()]
        if task not in get_args(TaskName):
            raise ConfigError(f"there is no task {task!r}")
        step = Step(task=cast("TaskName", task), workspace_id=workspace_id, shard=shard)
        try:
            async with self.workspaces.client(workspace_id) as intercom:
                return await self._run(intercom, step)
        except (RateLimitedError, WaitTooLongError) as error:
            return [msgspec.structs.replace(step, delay_s=error.retry_after_s or RETRY_S)]
        except (BusyTargetError, ShardRunError):
            # Another worker does the same, or has done it: the one that goes on sends what follows.
            return []

    async def _run(self, intercom: Intercom, step: Step) -> list[Step]:
        sink, workspace_id = self._sink_of(step.workspace_id), step.workspace_id
        end = Step(task="finish", workspace_id=workspace_id)
        if step.task == "plan":
            try:
                shards = await plan_shards(
                    intercom, sink, self._streams, rows_per_shard=self._rows_per_shard
                )
            except ShardRunError:
                # An open run of other streams goes on; its end reads those that it leaves out.
                left = await open_shards(intercom, sink)
                if left is None:
                    return [step]  # It has ended meanwhile.
                shards = left
            return [self._read(workspace_id, shard) for shard in shards] or [end]
        if step.task == "shard":
            shard = Shard.from_json(step.shard)
            done = await run_shard(intercom, shard, sink, budget_s=self.budget_s)
            if done.rest is not None:
                return [self._read(workspace_id, done.rest)]
            return [] if done.left else [end]
        stop = anyio.Event()
        timer = asyncio.get_running_loop().call_later(self.budget_s, stop.set)
        try:
            work = finish_run if step.task == "finish" else sync
            report = await work(intercom, streams=self._streams, sink=sink, stop=stop)
        finally:
            timer.cancel()
        return [step] if report.was_stopped else []

    def _read(self, workspace_id: str, shard: Shard) -> Step:
        return Step(task="shard", workspace_id=workspace_id, shard=shard.to_json())


def check_queue(
    tasks: object,
    cron: object,
    parser: Parser,
    *,
    dead_after_s: object = 1.0,
    **parts: tuple[object, type[object]],
) -> None:
    """Refuse what the tasks cannot be added to a queue with.

    Args:
        tasks: What the tasks do.
        cron: When a sync of every workspace begins; None for never.
        parser: What the queue reads `cron` with.
        dead_after_s: Seconds after which a worker counts as dead.
        **parts: Parts of the queue's library, each with the class it must be of.

    Raises:
        ConfigError: An argument is of another kind.
    """
    for name, (value, kind) in parts.items():
        check_kind(name, value, kind, f"of the class {kind.__name__}")
    check_kind("tasks", tasks, WorkspaceTasks, "WorkspaceTasks(…)")
    if cron is not None and not (isinstance(cron, str) and is_cron(cron, parser)):
        raise ConfigError(f"cron must be a text such as '0 * * * *', not {shown(cron)}")
    if not is_positive_number(dead_after_s):
        raise ConfigError(f"dead_after_s must be more than 0 seconds, not {shown(dead_after_s)}")
