"""One run of a history in shards: processes that are killed, stopped, fenced, and one that ends it.

Readers see nothing of it until it ends, and it does not end while a shard is not read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import anyio

from intercom_async import Intercom
from intercom_async.sync import BusyTargetError, Report, Sink, Stream
from intercom_async.sync.errors import ShardRunError, SyncError
from intercom_async.sync.shards import Shard, ShardReport, finish_run, plan_shards, run_shard
from . import postgres
from .crashing_disk import CrashingDisk, Killed
from .focus import ZONES
from .network import Network
from .steps import Change, Run, Settings, ShardStep

TRIES = 5
"""Processes that take up a shard until it is read."""


class ShardedRunError(Exception):
    """A run in shards that shows its rows too early, or ends too early."""


class ShardedRun:
    """One run in shards.

    Args:
        client: The client of all processes.
        network: Its calls.
        streams: What is read.
        run: What happens.
        settings: Those of the history.
        folder: Where disks of single processes count.
        sink: The target of the processes that plan, read the rest and end the run.
        stop: Set when all of them are to stop.
    """

    def __init__(
        self,
        client: Intercom,
        network: Network,
        streams: Sequence[Stream],
        run: Run,
        settings: Settings,
        folder: Path,
        sink: Sink,
        stop: anyio.Event,
    ) -> None:
        self._client = client
        self._network = network
        self._streams = streams
        self._run = run
        self._settings = settings
        self._folder = folder
        self._sink = sink
        self._stop = stop
        self._done: set[int] = set()

    async def run(self) -> Report:
        """Plan, read and end it."""
        run, seen = self._run, self._seen()
        shards = await self._plan()
        for step in run.shards if shards else ():
            shards = await self._as_planned(shards, partial(self._happens, step)) or shards
        for _ in range(TRIES):
            again = await self._as_planned(shards, self._read_all)
            if again is None:
                break
            shards = again
        if self._seen() != seen:
            raise ShardedRunError("rows of a run that is not ended are seen")
        return await self._finish()

    async def _plan(self) -> list[Shard]:
        self._done = set()
        return await plan_shards(
            self._client, self._sink, self._streams, rows_per_shard=self._run.rows_per_shard,
            full=self._run.full,
        )  # fmt: skip

    async def _as_planned(
        self, shards: list[Shard], work: Callable[[Sequence[Shard]], Awaitable[None]]
    ) -> list[Shard] | None:
        """Do something with shards; return those of another plan where theirs is void by now."""
        try:
            await work(shards)
        except SyncError as error:
            if not _is_void(error):
                raise
        else:
            return None
        return await self._plan()

    async def _read_all(self, shards: Sequence[Shard]) -> None:
        for shard in shards:
            await self._read_to_end(shard)

    def _seen(self) -> list[str]:
        """Return what readers see."""
        names = [stream.name for stream in self._streams]
        return sorted(f"{name} {row}" for name, rows in postgres.read(names) for row in rows)

    async def _finish(self) -> Report:
        run = self._run
        return await finish_run(
            self._client, self._sink, self._streams, lookback_s=self._settings.lookback_s,
            hard_delete=run.departed == "drop", erase_deleted=run.departed == "erase",
            stop=self._stop,
        )  # fmt: skip

    async def _happens(self, step: ShardStep, shards: Sequence[Shard]) -> None:
        shard = shards[step.pick % len(shards)]
        if step.do == "zone":
            await self._network.change(Change("zone", text=ZONES[step.pick % len(ZONES)]))
        elif step.do == "finish":
            await self._finish_early(shards)
        elif step.do == "rivals":
            async with anyio.create_task_group() as group:
                group.start_soon(self._rival, shard)
                group.start_soon(self._rival, shard)
        elif step.do == "kill":
            disk = CrashingDisk(self._folder, kill_at=step.at)
            try:
                await self._read(shard, postgres.CrashingPostgres(disk), self._stop)
            except BaseException as error:
                if not _is_kill(error) or self._network.is_killed:
                    raise
        else:
            stop = anyio.Event()
            if step.do == "stop":
                self._network.at_call(self._network.calls + step.at, _setting(stop))
            await self._read(shard, self._sink, stop)

    async def _finish_early(self, shards: Sequence[Shard]) -> None:
        """Try to end the run while shards of it are not read."""
        if {shard.number for shard in shards} <= self._done:
            return
        try:
            await self._finish()
        except ShardRunError:
            return
        raise ShardedRunError("the run was ended before its shards were read")

    async def _rival(self, shard: Shard) -> None:
        """Read a shard that another process takes up as well."""
        try:
            await self._read(
                shard, postgres.CrashingPostgres(CrashingDisk(self._folder)), self._stop
            )
        except SyncError as error:
            if not (isinstance(error, BusyTargetError) or _is_void(error)):
                raise

    async def _read_to_end(self, shard: Shard) -> None:
        for _ in range(TRIES):
            report = await self._read(shard, self._sink, self._stop)
            if report.rest is None:
                return

    async def _read(self, shard: Shard, sink: Sink, stop: anyio.Event) -> ShardReport:
        again = Shard.from_json(shard.to_json())
        report = await run_shard(self._client, again, sink, streams=self._streams, stop=stop)
        if report.rest is None:
            self._done.add(shard.number)
        return report


def _setting(stop: anyio.Event) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        stop.set()

    return work


def _is_void(error: SyncError) -> bool:
    """Say whether shards are refused as they can no longer be read as they were planned."""
    return "plan it again" in str(error)


def _is_kill(error: BaseException) -> bool:
    if not isinstance(error, BaseExceptionGroup):
        return isinstance(error, Killed)
    group = cast("BaseExceptionGroup[BaseException]", error)
    return group.subgroup(Killed) is not None
