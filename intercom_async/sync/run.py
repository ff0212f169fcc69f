"""A sync from end to end: whose workspace it is, what is to be read, and what becomes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

import anyio

from intercom_async.client import Intercom
from intercom_async.models.admins import Me
from intercom_async.priority import Priority
from intercom_async.resources.admins import Admins
from .attachment_folder import AttachmentFolder, check_has_files
from .builtin_streams import STREAMS
from .carried import LeftOut, begin_again, keep_families, keep_streams
from .checked_run import checked_run
from .checkpoint import State, check_fits, read_state
from .chosen_streams import check_may_drop, chosen_streams
from .damage import damaged_streams, hidden_parents, restored_tombstones
from .engine import Engine
from .errors import SyncConfigError
from .evidence import TOMBSTONES, Tombstone
from .first_answer import first_answer, stopped_before_it_began, told_by, unless_stopped
from .holes import remove
from .loading import load, recall
from .outage import OutageGate, StoppedError
from .policy import Policy
from .prepared import PreparedRuns
from .progress import ProgressMonitor
from .referring import compare_stored, remember
from .report import Progress, Report
from .run_options import Reconcile, RunOptions
from .short_lists import short_list_notes
from .sinks.base import Opened, Sink, Table, call, used
from .sinks.ending import ended_when
from .stream_run import StreamRun
from .streams import Children, Stream
from .target_wait import TargetWait
from .truncated import truncated_notes
from .ungrouped import ungrouped

T = TypeVar("T")

LOOKBACK_S = 3_600
"""For how long after its change a row may not be found by search: connectors allow up to an hour
(test_sync_model.py::test_a_row_that_is_found_late)."""
RECONCILE_WITHIN_S = 7 * 86_400
"""Seconds in which rows that have gone are found, unless `reconcile_within_s` says otherwise."""
PATIENCE_S = 600
"""Seconds for which a run waits for a server that does not answer, unless `patience_s` says so."""


async def sync(
    intercom: Intercom,
    streams: Iterable[str | Stream] | None = None,
    *,
    sink: Sink,
    since: datetime | int | None = None,
    full: bool = False,
    lookback_s: int = LOOKBACK_S,
    reconcile: Reconcile = "auto",
    reconcile_within_s: int = RECONCILE_WITHIN_S,
    patience_s: float = PATIENCE_S,
    wait_s: float = 0.0,
    repair: bool = False,
    verify: bool = False,
    hard_delete: bool = False,
    erase_deleted: bool = False,
    drop_streams: Iterable[str] = (),
    attachments: str | os.PathLike[str] | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    stop: anyio.Event | None = None,
) -> Report:
    """Copy a workspace's streams to a target, as fast as the limit allows, and report the result.

    The first run reads everything; later runs read what has changed and find what is gone. A run
    that was interrupted, in whatever way, is resumed by the next one: no row is lost or doubled.
    The guide "Bulk sync" says what a complete run guarantees.

    Args:
        intercom: An open client; all calls are sent with bulk priority.
        streams: Names, or streams of your own; by default those of the target, or all streams.
        sink: The target.
        since: Read changes from this time on at the latest; a new target gets changes only, unless
            everything is asked for by ``full`` or ``reconcile="now"``.
        full: Read everything again, and look for rows that are gone, whatever ``reconcile`` says.
        lookback_s: Seconds after its change within which a search finds a row.
        reconcile: When to look for rows that are gone: ``auto`` as the API and the rate allow,
            ``now`` in this run, along with recent children that nothing counts, ``never``.
        reconcile_within_s: Seconds since the last look for them at which a target is no longer
            complete.
        patience_s: Seconds to wait for an outage of the server to end.
        wait_s: Seconds to wait for a target that another process is writing to.
        repair: Read streams again whose files or tables are damaged.
        verify: First compare everything that is stored with its digests.
        hard_delete: Remove rows that are gone, instead of setting ``_deleted_at``.
        erase_deleted: Keep only the ids and times of rows that `hard_delete` does not remove.
        drop_streams: Streams of the target that are removed from it.
        attachments: A folder for the files of conversations and tickets, which are saved while
            their parts are read, before the links expire.
        on_progress: Called several times a second, in the event loop.
        stop: Set it to finish the pages in hand, save and return.

    Raises:
        TargetError: The target cannot be written to, is not this sync's, or is damaged.
        SyncConfigError: A stream is not known, or an argument is invalid. It is a `SyncError`
            and a `ConfigError`, like that of `plan` and of the sinks.
    """
    options = checked_run(
        intercom, sink, on_progress, stop, streams=streams, since=since, full=full,
        lookback_s=lookback_s, reconcile=reconcile, reconcile_within_s=reconcile_within_s,
        patience_s=patience_s, wait_s=wait_s, repair=repair, verify=verify,
        hard_delete=hard_delete, erase_deleted=erase_deleted, drop_streams=drop_streams,
        attachments=attachments,
    )  # fmt: skip
    run = _Run(intercom, sink, options, stop or anyio.Event())
    with used(sink):
        await call(sink, check_may_drop, options, sink)
        try:
            with ungrouped():
                try:
                    opened = await run.patiently(lambda: _open(sink, verify=verify or repair))
                except StoppedError:
                    return stopped_before_it_began(None)
                return await run.go(opened, on_progress)
        finally:
            with anyio.CancelScope(shield=True):
                await call(sink, sink.close)


def _open(sink: Sink, *, verify: bool) -> Opened:
    """Open a target; let go of it if that fails half-way."""
    try:
        return sink.open(verify=verify)
    except BaseException:
        sink.close()
        raise


class _Run:
    """One call of `sync`."""

    def __init__(
        self, intercom: Intercom, sink: Sink, options: RunOptions, stop: anyio.Event
    ) -> None:
        self._intercom = intercom.with_options(
            priority=Priority.BULK, max_wait_s=None, deadline_s=None
        )
        self._sink = sink
        self._stop = stop
        self._options = options
        self._wait = TargetWait(stop, options.wait_s)
        self._notes: list[str] = []

    async def patiently(self, method: Callable[[], T]) -> T:
        """Call the sink with what can be long, again for a while if another process holds it.

        Raises:
            BusyTargetError: It is held for longer than the run waits.
            StoppedError: The run was asked to stop while it waited, or the call was long.
        """

        def ended() -> T:
            with ended_when(self._stop.is_set):
                return method()

        return await self._wait.until_free(lambda: call(self._sink, ended))

    async def go(self, opened: Opened, on_progress: Callable[[Progress], object] | None) -> Report:
        """Read, publish and report."""
        options = self._options
        state, base = self._states(opened)
        damaged, notes = damaged_streams(opened, self._sink.where, repair=options.repair)
        self._notes += notes
        chosen = chosen_streams(options, state, damaged, self._sink.where, is_older=opened.is_older)
        check_has_files(chosen, options.attachments)
        gate = OutageGate(self._probe, self._stop, options.patience_s)
        try:
            me = await unless_stopped(
                self._stop, lambda: first_answer(self._intercom, Admins.ME.at(), gate)
            )
        except StoppedError:
            return stopped_before_it_began(state, gate.outages)
        clock, app, workspace = told_by(me)
        started_at = clock.now()
        is_resumed = opened.state is not None and opened.state != opened.base
        if state is None:
            state = State(workspace=workspace, streams={}, is_dated=True)
        check_fits(state, workspace, self._sink.where)
        files = await call(self._sink, AttachmentFolder.of, options.attachments, chosen)
        chosen = files.wrap(chosen)
        state.is_dated = state.is_dated and clock.is_believed
        policy = self._policy(started_at, is_resumed=is_resumed, is_dated=state.is_dated)
        keep_families(state, base)
        state.drop((*damaged, *hidden_parents(damaged, chosen, state), *options.drop_streams))
        is_all = opened.is_older or TOMBSTONES in damaged
        left_out = await call(
            self._sink,
            lambda: LeftOut(self._sink, state, base, chosen, STREAMS, is_all=is_all),
        )
        self._notes += [
            f"{name}: what a stopped run had read is read again, as this run leaves it out"
            for name in left_out.given_up
        ]
        prepared = PreparedRuns(self._intercom, state, app, clock, gate, base)
        runs = prepared.of(chosen)
        self._notes += prepared.notes
        published = [*runs, *prepared.carried(left_out.streams)]
        try:
            await self._load(published, damaged, opened, state)
            orphans = await self.patiently(lambda: recall(self._sink, runs, policy))
        except StoppedError:
            return stopped_before_it_began(state, gate.outages)
        # From here on the target belongs to this workspace.
        await call(self._sink, self._sink.commit, orphans, state.encode(whole=False))

        monitor = ProgressMonitor(self._intercom, runs, on_progress)
        engine = Engine(
            self._intercom, runs, state, self._sink, policy,
            hint=app.created_at, stop=self._stop, monitor=monitor, wait=self._wait,
        )  # fmt: skip
        await gate.watch(engine.run, lambda: monitor.throttled)
        if gate.refusal is not None and not self._stop.is_set():
            # What was read is in the journal.
            raise gate.refusal
        self._close_holes(runs, policy)
        await self._remember(runs, started_at)
        was_stopped = self._stop.is_set() and not all(run.is_complete for run in runs)
        # Publishing ends sweeps that are open: what the run came to is said of the time before.
        streams = tuple(
            run.report(
                is_complete=run.is_complete,
                kind="full" if _first(run) in engine.full else "changes",
            )
            for run in runs
            if run.is_shown
        )
        failures = tuple(failure for run in runs for failure in run.failures())
        if not was_stopped:
            was_stopped = not await self._publish(published, state)
        if not was_stopped:
            await call(self._sink, files.remove_departed, runs, options.departed)
        return Report(
            workspace=workspace,
            streams=streams,
            failures=failures,
            seconds=monitor.seconds,
            calls=monitor.calls + 1,
            throttled=monitor.throttled,
            retries=monitor.retries,
            utilisation=monitor.utilisation,
            was_stopped=was_stopped,
            started_at=started_at,
            ended_at=clock.now(),
            complete_from=started_at - policy.lookback_s,
            deletions_to=policy.all_checked_to(runs),
            lookback_s=policy.lookback_s,
            outages=tuple(gate.outages),
            notes=tuple(self._notes + policy.warnings(runs)),
        )

    def _states(self, opened: Opened) -> tuple[State | None, State | None]:
        """Return what the target remembers, and what its generation does."""
        state, base = (
            None if body is None else read_state(body, self._sink.where)
            for body in (opened.state, opened.base)
        )
        if state is not None:
            keep_streams(state, base)
        return state, base

    async def _load(
        self, published: Sequence[StreamRun], damaged: Sequence[str], opened: Opened, state: State
    ) -> None:
        """Make the target ready, and note what it holds.

        Raises:
            StoppedError: The run is to stop, and there is much to note.
        """
        shown = [run.sink_table for run in published if run.is_shown]
        tables = [*shown, Table(TOMBSTONES, "id", Tombstone, None, "found_at")]
        await call(self._sink, lambda: self._sink.begin(tables, repaired=damaged))
        await self.patiently(lambda: load(self._sink, published, opened))
        if TOMBSTONES in damaged:
            await self._restore_tombstones(published, state)

    async def _restore_tombstones(self, published: Sequence[StreamRun], state: State) -> None:
        """Write tombstones for the rows that stand as deleted, as the old ones are damaged."""
        found = await self.patiently(lambda: restored_tombstones(self._sink, published))
        await call(self._sink, self._sink.commit, found, state.encode(whole=False))
        self._notes.append(
            f"tombstones: made again for {len(found):,} deleted rows, without their reasons; of"
            " rows that were removed there are none"
        )

    def _policy(self, started_at: int, *, is_resumed: bool, is_dated: bool) -> Policy:
        options = self._options
        if options.since is not None and options.since > started_at:
            raise SyncConfigError("since lies in the future, by the server's clock")
        return Policy(
            started_at, options.lookback_s, options.reconcile, options.reconcile_within_s,
            options.since, options.full, is_resumed, is_dated,
        )  # fmt: skip

    async def _probe(self) -> Me:
        return (await self._intercom.send(Admins.ME.at())).data

    def _close_holes(self, runs: Sequence[StreamRun], policy: Policy) -> None:
        """Note what is missing by rule, and what no longer is."""
        for run in runs:
            for hole in [one for one in run.state.holes if one.kind == "sweep"]:
                remove(run.state.holes, hole)
            if _has_read_children(run):
                # What was refused to an earlier run has been read by this one.
                for hole in [one for one in run.state.holes if one.kind == "stream"]:
                    remove(run.state.holes, hole)
            overdue = policy.overdue(run)
            if overdue is not None:
                run.hole(overdue)
            if run.state.seeded is None and run.state.pass_ is None and policy.since is not None:
                unseeded = policy.unseeded(run)
                if unseeded is not None:
                    run.hole(unseeded)

    async def _remember(self, runs: Sequence[StreamRun], started_at: int) -> None:
        """Note in the state what later runs have to know, and what people have to."""
        whole = {one.name for one in runs if one.is_complete}
        is_stopped = self._stop.is_set
        with suppress(StoppedError):  # the next run makes up for it
            await self.patiently(lambda: compare_stored(self._sink, runs, whole, is_stopped))
        for run in runs:
            if run.is_rereading and not run.is_left_open:
                # A row that failed is a hole, and tried again: the others need not be.
                run.state.reread = started_at
            if run.is_complete:
                run.state.has_unknown_parents = False
            self._notes += truncated_notes(run) + short_list_notes(run)
            # What was not read to its end may hold the rest.
            left = {to: keys for to, keys in remember(run).items() if to in whole}
            run.dangling = sum(map(len, left.values()))
            self._notes += [
                f"{run.name}: {len(keys):,} {to} that its rows refer to are neither there nor "
                f"known to be gone, {', '.join(keys[:3])} first"
                for to, keys in left.items()
            ]

    async def _publish(self, runs: Sequence[StreamRun], state: State) -> bool:
        """Let readers see what was read; return whether they do: what a stop leaves is resumed."""

        def encode() -> bytes:
            for run in runs:
                if isinstance(run.stream.source, Children):
                    run.state.families = run.families.dump()
            state.is_dated = True
            return state.encode(whole=True)

        begin_again(runs)
        encoded, options = await call(self._sink, encode), self._options
        if options.attachments is None or options.departed == "keep":
            # Otherwise the files of rows that are gone are looked for afterwards.
            for run in runs:
                run.forget_rows()
        with anyio.CancelScope(shield=True):
            try:
                await self.patiently(
                    lambda: self._sink.publish(
                        encoded, departed=options.departed, dropped=options.drop_streams
                    )
                )
            except StoppedError:  # what was read is in the journal
                return False
        return True


def _has_read_children(run: StreamRun) -> bool:
    """Say whether a stream of children, and that of their parents, were read to the end."""
    return run.parent is not None and not run.is_left_open and run.parent.is_complete


def _first(run: StreamRun) -> str:
    """Return the stream that decides whether everything is read: of children, their parent."""
    return run.name if run.parent is None else run.parent.name
