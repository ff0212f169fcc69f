"""One workspace read by several processes: plan, read shard by shard, finish.

    shards = await plan_shards(intercom, sink, ["contacts", "conversations"])
    for shard in shards:
        await queue.put(shard.to_json())                   # any queue

    done = await run_shard(intercom, Shard.from_json(text), sink, budget_s=480)
    if done.rest is not None:                              # out of time: hand the rest on
        await queue.put(done.rest.to_json())
    elif done.left == 0:                                   # the last one of the run
        report = await finish_run(intercom, sink)

This makes nothing faster: one process uses up the whole budget of a token. It is for workspaces
whose decoding needs more memory or processors than one machine has, and for platforms that restart
workers after some minutes. For many workspaces, give each a sync of its own.

A shard is a span of time of one stream, and the children of its rows. Its progress is kept in the
target and is committed together with its rows, so a shard may be delivered twice, and a worker may
be killed: the next one goes on behind the last commit. What is no span (lists such as tags) and
what has changed meanwhile is read by `finish_run`, which promises what `sync` promises.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from secrets import token_hex
from typing import Any

import anyio
import msgspec

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.config import check_kind
from intercom_async.models.admins import App, Me
from intercom_async.priority import Priority
from intercom_async.resources.admins import Admins
from intercom_async.response import Response
from .arguments import (
    as_sync_config_errors,
    checked_count,
    checked_flag,
    checked_names,
    checked_path,
    checked_seconds,
)
from .attachment_folder import AttachmentFolder, may_have_files
from .builtin_streams import STREAMS
from .checked_run import checked_run
from .checkpoint import State, check_fits, read_state
from .chosen_streams import check_known
from .engine import STOP_WITHIN_S, Engine
from .errors import ShardRunError, SyncConfigError, SyncError
from .first_answer import first_answer, told_by, unless_stopped
from .holes import failures_of
from .loading import load
from .outage import OutageGate, StoppedError
from .policy import Policy
from .prepared import PreparedRuns
from .progress import ProgressMonitor
from .report import Progress, Report
from .run import LOOKBACK_S, RECONCILE_WITHIN_S, sync
from .run_options import check_client, check_hooks, check_streams
from .server_time import ServerTime
from .shard import Shard, ShardReport
from .shard_plan import ShardPlanner, check_covers
from .shard_states import check_as_planned, is_read, merged_state, unread_shards
from .shard_targets import planning_target, shard_target
from .sinks.base import Opened, Sink, call
from .sinks.sharding import ShardSink
from .streams import Ranged, Stream, resolve
from .ungrouped import ungrouped

__all__ = ["Shard", "ShardReport", "finish_run", "plan_shards", "run_shard"]

ROWS_PER_SHARD = 20_000
"""Rows of a shard, unless `rows_per_shard` says otherwise."""
BUDGET_S = 480.0
"""Seconds that a shard may take: queues deliver a task again that takes much longer
(test_taskiq.py::test_the_broker_waits_longer_than_a_task_takes)."""
MOST_HELD_BACK = 0.5
"""Part of a short budget that is left for what is under way when it ends; at most
`STOP_WITHIN_S` (test_shards.py::test_a_shard_hands_its_rest_on)."""


async def plan_shards(
    intercom: Intercom,
    sink: Sink,
    streams: Iterable[str | Stream] | None = None,
    *,
    rows_per_shard: int = ROWS_PER_SHARD,
    full: bool = False,
) -> list[Shard]:
    """Cut what is to be read into shards, note them in the target, and return them.

    While a run is open, the shards of it that are not read yet are returned and nothing is planned,
    so a plan may be made twice. One that was planned with another API version, or while the
    workspace had another zone, is void, and all of it is planned again. A stream that was read
    before needs no shard: `finish_run` reads what has changed.

    Args:
        intercom: An open client.
        sink: The target; one that several machines can write to.
        streams: As `sync` takes them.
        rows_per_shard: Rows of a stream that one shard covers, about.
        full: Read everything again, and look for what is gone.

    Raises:
        SyncConfigError: Only one process can write to the target, or an argument is invalid.
        ShardRunError: The open run leaves out a stream that is asked for, or is not a full one.
        BusyTargetError: Another sync writes to the target.
        TargetError: The target belongs to another workspace, or cannot be written to.
    """
    check_client(intercom)
    checked_count("rows_per_shard", rows_per_shard)
    checked_flag("full", full)
    streams = check_streams(streams)
    if streams is not None:
        resolve(streams, STREAMS)
    target = planning_target(sink)
    view, gate, (clock, app, _) = await _begun(intercom)
    unread = await unread_shards(target, intercom.version, app)
    if unread is not None:
        state = await call(target, target.planned)
        check_covers(state, streams, is_full=full, where=target.where)
        return unread
    try:
        planner = ShardPlanner(view, target, app, clock, gate)
        records = await planner.plan(
            token_hex(8), streams, rows_per_shard=rows_per_shard, is_full=full
        )
    finally:
        with anyio.CancelScope(shield=True):
            await call(target, target.close)
    return [Shard.from_json(record.spec) for record in records]


async def open_shards(intercom: Intercom, sink: Sink) -> list[Shard] | None:
    """Return the shards of the open run that are not read yet, whatever it reads.

    None where no run is open that this client can go on with: it is planned, or planned again.
    """
    target = planning_target(sink)
    _, _, (_, app, _) = await _begun(intercom)
    return await unread_shards(target, intercom.version, app)


async def run_shard(
    intercom: Intercom,
    shard: Shard,
    sink: Sink,
    *,
    budget_s: float = BUDGET_S,
    streams: Iterable[Stream] = (),
    attachments: str | os.PathLike[str] | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    stop: anyio.Event | None = None,
) -> ShardReport:
    """Read a shard, from where it was left, for so long at most.

    Args:
        intercom: An open client of the shard's workspace.
        shard: The shard.
        sink: The target of the run.
        budget_s: Seconds after which it hands its rest on.
        streams: Streams of your own, where the run has any.
        attachments: A folder for files, as `sync` takes it; one that all processes of the run
            share.
        on_progress: Called several times a second, from the loop.
        stop: Set it to hand the rest on at once.

    Raises:
        ShardRunError: The run is over, or another one has begun.
        SyncError: It was planned with another API version, or while the workspace had another
            zone; plan it again.
        BusyTargetError: Another process has taken the shard up.
        TargetError: The target belongs to another workspace, or cannot be written to.
        SyncConfigError: An argument is invalid, or the run does not read the parts that files
            belong to.
    """
    check_client(intercom)
    with as_sync_config_errors():
        check_kind("shard", shard, Shard, "a Shard")
    if not checked_seconds("budget_s", budget_s):
        raise SyncConfigError("budget_s must be more than 0 seconds")
    own = checked_names("streams", streams, (Stream,))
    folder = None if attachments is None else checked_path("attachments", attachments)
    check_hooks(on_progress, stop)
    if shard.version != intercom.version:
        raise SyncError(
            f"the run was planned with API version {shard.version}, this client has "
            f"{intercom.version}: plan it again"
        )
    target = shard_target(sink, shard)
    reading = _ShardReading(_bulk(intercom), shard, target, folder, stop)
    try:
        with ungrouped():
            return await reading.run(budget_s, own, on_progress)
    finally:
        with anyio.CancelScope(shield=True):
            await call(target, target.close)


async def finish_run(
    intercom: Intercom,
    sink: Sink,
    streams: Iterable[str | Stream] | None = None,
    *,
    lookback_s: int = LOOKBACK_S,
    reconcile_within_s: int = RECONCILE_WITHIN_S,
    hard_delete: bool = False,
    erase_deleted: bool = False,
    attachments: str | os.PathLike[str] | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    stop: anyio.Event | None = None,
) -> Report:
    """End a run: bring its rows together, read what has changed meanwhile, and publish.

    It may be called twice, and again after it was killed or stopped: it goes on. Without an open
    run it is a sync of the target.

    Args:
        intercom: An open client.
        sink: The target of the run.
        streams: As `sync` takes them; by default those of the target.
        lookback_s: As `sync` takes it.
        reconcile_within_s: As `sync` takes it.
        hard_delete: As `sync` takes it.
        erase_deleted: As `sync` takes it.
        attachments: As `sync` takes it: the folder of the run's shards.
        on_progress: Called several times a second, from the loop.
        stop: Set it to finish the pages in hand, save and return.

    Raises:
        SyncConfigError: An argument is invalid; nothing was opened.
        ShardRunError: Shards of the run are not read yet; it says how many.
    """
    options: dict[str, Any] = {
        "lookback_s": lookback_s, "reconcile_within_s": reconcile_within_s,
        "hard_delete": hard_delete, "erase_deleted": erase_deleted, "attachments": attachments,
    }  # fmt: skip
    # What is wrong is refused while the run is still one that can be planned and ended otherwise.
    checked = checked_run(intercom, sink, on_progress, stop, streams=streams, **options)
    target = planning_target(sink)
    shards = await call(target, target.pending)
    waiting = sum(not shard.is_done for shard in shards)
    if waiting:
        raise ShardRunError(f"{waiting} of {len(shards)} shards are not read yet")
    if shards:
        await call(target, target.take_over, merged_state)
    return await sync(
        intercom, checked.streams, sink=sink, **options, on_progress=on_progress, stop=stop
    )


def _bulk(intercom: Intercom) -> Intercom:
    return intercom.with_options(priority=Priority.BULK, max_wait_s=None, deadline_s=None)


async def _begun(intercom: Intercom) -> tuple[Intercom, OutageGate, tuple[ServerTime, App, str]]:
    """Return what a plan begins with: how it reads, its gate, and the workspace."""
    view = _bulk(intercom)
    gate = OutageGate(_probe(view), anyio.Event(), BUDGET_S)
    return view, gate, told_by(await first_answer(view, Admins.ME.at(), gate))


def _probe(view: Intercom) -> Callable[[], Awaitable[Me]]:
    async def probe() -> Me:
        return (await view.send(Admins.ME.at())).data

    return probe


class _ShardReading:
    """One call of `run_shard`.

    Args:
        view: The client, with bulk priority.
        shard: What is read.
        target: Where its rows go.
        folder: Where its files go; None: they are not saved.
        stop: Set from outside, it ends it before its time. It may be shared with other readings,
            so it is never set here.
    """

    def __init__(
        self,
        view: Intercom,
        shard: Shard,
        target: ShardSink,
        folder: Path | None,
        stop: anyio.Event | None,
    ) -> None:
        self._view = view
        self._shard = shard
        self._target = target
        self._folder = folder if may_have_files(shard.stream) else None
        self._asked = stop
        self._stop = anyio.Event()
        self._begun_s = CLOCK.now()

    async def run(
        self,
        budget_s: float,
        streams: Iterable[Stream],
        on_progress: Callable[[Progress], object] | None,
    ) -> ShardReport:
        """Read, and say how far it came."""
        shard, target = self._shard, self._target
        opened = await call(target, target.open)
        if target.is_done or opened.state is None:
            return ShardReport(shard=shard, left=target.left)
        state = read_state(opened.state, target.where)
        chosen = await call(target, self._chosen, state, streams)
        gate = OutageGate(_probe(self._view), self._stop, budget_s)
        found = ShardReport(shard=shard, rest=shard.rest(), left=target.left)
        async with anyio.create_task_group() as group:
            group.start_soon(self._end_in_time, budget_s)
            if self._asked is not None:
                group.start_soon(self._end_when_asked, self._asked)
            try:
                me = await unless_stopped(
                    self._stop, lambda: first_answer(self._view, Admins.ME.at(), gate)
                )
            except StoppedError:
                # The server has not answered in all that time: the next process may find it well.
                found = msgspec.structs.replace(found, seconds=CLOCK.now() - self._begun_s)
            else:
                found = await self._read(me, opened, state, chosen, gate, on_progress)
            group.cancel_scope.cancel()
        return found

    def _chosen(self, state: State, streams: Iterable[Stream]) -> tuple[Stream, ...]:
        """Return the streams of the shard, which save their files where that was asked for."""
        known = {stream.name: stream for stream in (*STREAMS, *streams)}
        names = [name for name, saved in state.streams.items() if saved.is_shown]
        check_known(names, known)
        if not isinstance(known[self._shard.stream].source, Ranged):
            raise SyncConfigError(
                f"streams: {self._shard.stream} was planned in spans of time, and is a list here"
            )
        chosen = resolve([known[name] for name in names], STREAMS)
        return AttachmentFolder.of(self._folder, chosen).wrap(chosen)

    async def _read(
        self,
        me: Response[Me],
        opened: Opened,
        state: State,
        chosen: tuple[Stream, ...],
        gate: OutageGate,
        on_progress: Callable[[Progress], object] | None,
    ) -> ShardReport:
        """Read as long as there is time."""
        shard, target = self._shard, self._target
        clock, app, workspace = told_by(me)
        check_fits(state, workspace, target.where)
        check_as_planned(state, shard, self._view.version, app)
        state.is_dated = state.is_dated and clock.is_believed
        runs = PreparedRuns(self._view, state, app, clock, gate).of(chosen)
        await call(target, target.begin, [run.sink_table for run in runs if run.is_shown])
        await call(target, load, target, runs, opened)
        monitor = ProgressMonitor(self._view, runs, on_progress)
        policy = Policy(clock.now(), LOOKBACK_S, "never", RECONCILE_WITHIN_S)
        engine = Engine(
            self._view, runs, state, target, policy, hint=None, stop=self._stop, monitor=monitor
        )
        await gate.watch(engine.read_spans, lambda: monitor.throttled)
        if gate.refusal is not None:
            raise gate.refusal
        # A stream that the server refuses is done, too: the end of the run tries it once more.
        is_done = all(run.refusal is not None or is_read(run) for run in runs)
        left = target.left
        if is_done:
            left = await call(target, target.finish, state.encode(whole=False))
        return ShardReport(
            shard=shard,
            rest=None if is_done else shard.rest(),
            rows=sum(run.rows for run in runs if run.is_shown),
            calls=monitor.calls + 1,
            seconds=CLOCK.now() - self._begun_s,
            failures=tuple(
                failure for run in runs for failure in failures_of(run.name, run.state.holes)
            ),
            left=left,
        )

    async def _end_in_time(self, budget_s: float) -> None:
        elapsed_s = CLOCK.now() - self._begun_s
        held_back_s = min(STOP_WITHIN_S, MOST_HELD_BACK * budget_s)
        await CLOCK.sleep(max(0.0, budget_s - elapsed_s - held_back_s))
        self._stop.set()

    async def _end_when_asked(self, asked: anyio.Event) -> None:
        await asked.wait()
        self._stop.set()
