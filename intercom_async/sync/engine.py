"""Keeps as many readings under way as the limit can use, and no more; phase after phase.

Nobody says how many that is: it is the limit times the latency, and both change. But the scheduler
shows it. As long as no call of ours waits for a permit, the limit is not used up, and another chain
of pages is begun: first a part that nobody reads, else half of what another chain has before it.
Once calls wait, more chains would only wait as well. Chains end by themselves, and the children of
rows are read by workers whose number grows by the same rule.

A run has four phases, each of which ends before the next one begins:

1. what was read of deletions decides which streams are swept; holes are tried again; spans, lists
   and children are read side by side;
2. the changes meanwhile: streams that refer to others come before those;
3. what sweeps have not met is judged;
4. streams whose reading began too long ago are swept and judged, until none is left.

Rows flow through one bounded stream to the one writer: a slow disk slows reading down, and memory
holds no more than what is under way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import anyio
from anyio.abc import TaskGroup

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.errors import ClosedError, IntercomError
from intercom_async.priority import Priority
from .chain import Chain, going_on
from .changes import ChangeReader
from .checkpoint import Pass, State
from .control_rows import ControlRows
from .cut_points import BEGINNING
from .errors import TargetError
from .held_keys import HeldKeys, is_live
from .holes import Hole, next_tried
from .list_reconciler import ListReconciler
from .outage import OutageError, StoppedError
from .page_reader import PageReader
from .partitions import Part
from .planner import count_and_cut
from .policy import Policy
from .progress import ProgressMonitor
from .readings import Readings
from .reconcile import Reconciler
from .returned_rows import look_for_returned
from .server_time import TRUSTED_S
from .sinks.base import Sink
from .stream_run import StreamRun
from .streams import Children, Ranged
from .surplus import SurplusSearch, known_count
from .target_wait import TargetWait
from .writer import Batch, Writer

TICK_S = 0.05
"""Seconds between two looks at what other parts of the run have done."""
WAITING_BATCHES = 1_000
"""Pages are bounded by their bytes (`MemoryBudget`); the children of a row are small."""
FIRST_CHAINS = 24
"""Chains that a stream begins with, however busy others are, so that its rows come evenly."""
STOP_WITHIN_S = 5.0
"""Seconds that calls under way may take to end once the run is to stop, as test_kill.py shows."""
MAX_SWEEPS = 2
"""Sweeps that become due while a run reads: one that misses much is made once more."""


class Engine:
    """Reads all streams into the sink.

    Args:
        intercom: A view with bulk priority.
        runs: What is read, parents before children.
        state: What is remembered; updated as rows are written.
        sink: The target.
        policy: What is read, and how far back.
        hint: Before this moment no rows are expected.
        stop: Set from outside to finish the pages in hand and end.
        monitor: Told several times a second how it goes.
        wait: How long it waits for the target where it looks at it.
    """

    def __init__(
        self,
        intercom: Intercom,
        runs: list[StreamRun],
        state: State,
        sink: Sink,
        policy: Policy,
        *,
        hint: int | None,
        stop: anyio.Event,
        monitor: ProgressMonitor,
        wait: TargetWait | None = None,
    ) -> None:
        self._intercom = intercom
        self._runs = runs
        self._policy = policy
        self._writer = Writer(sink, state)
        self._held_keys = HeldKeys(sink, self._writer, wait or TargetWait(stop))
        self._hint = hint
        self._stop = stop
        self._monitor = monitor
        self.full: set[str] = set()
        """Streams of which everything was read."""

    async def run(self) -> None:
        """Read until everything is read, has failed, or is to stop."""
        await self._read(self._phases)

    async def read_spans(self) -> None:
        """Read the spans of the open readings and the children of their rows, and nothing else."""
        await self._read(self._read_all)

    async def _read(self, phases: Callable[[], Awaitable[None]]) -> None:
        give, take = anyio.create_memory_object_stream[Batch](WAITING_BATCHES)
        async with anyio.create_task_group() as group:
            group.start_soon(self._writer.run, take)
            async with give, anyio.create_task_group() as readers:
                self._readers = readers
                self._reader = PageReader(give, self._writer, stop=self._stop, wake=self._wake)
                settled_before = self._policy.settled_before
                controls = ControlRows(self._reader, self._held_keys)
                self._surplus = SurplusSearch(
                    self._reader, self._policy.lookback_s, asks_lists=self._policy.asks_lists
                )
                self._changes = ChangeReader(self._reader, controls, self._surplus, self._policy)
                self._readings = Readings(readers, self._reader, self._writer, self._stop)
                self._reconciler = Reconciler(
                    self._reader, self._held_keys, controls, self._surplus, settled_before
                )
                self._lists = ListReconciler(self._reader, self._held_keys, self._reconciler)
                readers.start_soon(self._end_when_stopped, readers)
                await phases()
                readers.cancel_scope.cancel()
            self._monitor.tick(is_last=True)

    def _wake(self, run: StreamRun) -> None:
        self._readings.hydrate(run)

    async def _end_when_stopped(self, readers: TaskGroup) -> None:
        await self._stop.wait()
        await CLOCK.sleep(STOP_WITHIN_S)
        readers.cancel_scope.cancel()

    async def _phases(self) -> None:
        ranged = [run for run in self._runs if isinstance(run.stream.source, Ranged)]
        await self._each(ranged, self._read_deletions)
        for run in ranged:
            self._decide(run)
        await self._read_all()
        await self._each_in_order(ranged, self._follow)
        await self._steer()
        await self._each(ranged, self._judge)
        again = [run for run in ranged if self._policy.is_list_due(run)]
        await self._each(again, self._read_deletions)
        await self._each(ranged, self._changes.settle)
        await self._each(ranged, self._retry_suspects)
        for _ in range(MAX_SWEEPS):
            again = [run for run in ranged if self._is_due(run)]
            if not again or self._stop.is_set():
                break
            for run in again:
                self._begin(run)
            await self._steer()
            await self._each(again, self._judge)
        await self._each(self._runs, self._look_again)
        await self._steer()

    # Phase 1: everything that is to be read whole.

    async def _read_all(self) -> None:
        for run in self._runs:
            self._begin(run)
        await self._steer()

    async def _read_deletions(self, run: StreamRun) -> None:
        """Read which rows were deleted, where the server tells it."""
        is_whole = run.state.seeded is not None and run.state.pass_ is None
        if self._policy.asks_lists and is_whole:
            await self._surplus.count_and_list(run)

    def _decide(self, run: StreamRun) -> None:
        """Decide what is read of a stream, from the state that is in the target by now."""
        run.state.pass_ = self._policy.next_pass(
            run, self._intercom.statistics().rate_per_s, self._policy.started_at
        )

    def _begin(self, run: StreamRun) -> None:
        """Start what a stream begins with."""
        source, holes = run.stream.source, next_tried(run.state.holes)
        if isinstance(source, Children):
            self._begin_children(run, holes)
        elif isinstance(source, Ranged):
            self._begin_spans(run, holes)
        elif self._policy.has_list(run):
            run.is_current = True
        else:
            self._start(run, self._lists.read, run)

    def _begin_spans(self, run: StreamRun, holes: Sequence[Hole]) -> None:
        records = [hole for hole in holes if hole.kind == "record"]
        if records:
            self._start(run, self._reconciler.retry_records, run, records)
        for hole in holes:
            if hole.kind == "span" and hole.low is not None and hole.high is not None:
                part = Part(low=hole.low, high=hole.high, floor=hole.low)
                run.waiting.append(Chain(part, part.high, heals=hole))
        pass_ = run.state.pass_
        if pass_ is not None:
            self.full.add(run.name)
        if pass_ is not None and not pass_.is_planned:
            self._start(run, self._plan, run, pass_)
        else:
            self._wait_for_readers(run)

    def _begin_children(self, run: StreamRun, holes: Sequence[Hole]) -> None:
        run.want(hole.key for hole in holes if hole.kind == "parent" and hole.key is not None)
        since, run.uncounted_from = self._policy.reread_from(run), self._policy.uncounted_from
        if since is not None and run.parent is not None:
            self._start(run, self._reread, run, run.parent, since)
        elif not len(run.families):
            run.state.reread = self._policy.started_at
        self._readings.hydrate(run)

    async def _reread(self, run: StreamRun, parent: StreamRun, since: int) -> None:
        """Read the children of parents again that have changed since a moment."""
        keys = await self._held_keys.select(parent, is_live)
        found = ((key, run.families.get(key)) for key in keys)
        run.want(key for key, family in found if self._policy.is_reread(family, since))
        run.want(run.state.truncated)
        run.is_rereading = True
        self._readings.hydrate(run)

    def _start(self, run: StreamRun, work: Callable[..., Any], *args: Any) -> None:
        """Start a reading of a stream's own."""
        run.tasks += 1

        async def counted() -> None:
            try:
                await work(*args)
            except (StoppedError, OutageError):
                return
            except (ClosedError, TargetError):
                raise
            except IntercomError as error:
                # It concerns this stream: the others are read nevertheless.
                self._reader.refuse(run, error)
            finally:
                run.tasks -= 1

        self._readings.spawn(run, counted)

    async def _plan(self, run: StreamRun, pass_: Pass) -> None:
        """Cut all time into parts and let them be read."""
        source = cast("Ranged", run.stream.source)
        run.touch()
        counted = await count_and_cut(
            run.client, source, source.partition_field, run.cut_points, BEGINNING, run.clock.now(),
            rate_per_s=self._intercom.statistics().rate_per_s, hint=self._hint,
            measured=known_count(run),
        )  # fmt: skip
        self._surplus.keep(run, counted.total)
        pass_.spans[:] = counted.parts
        pass_.is_planned = True
        self._wait_for_readers(run)

    def _wait_for_readers(self, run: StreamRun) -> None:
        spans = [] if run.state.pass_ is None else run.state.pass_.spans
        run.waiting.extend(going_on(part) for part in spans if not part.is_done)
        for _ in range(min(FIRST_CHAINS, len(run.waiting))):
            self._readings.start_chain(run, run.waiting.popleft())

    async def _steer(self) -> None:
        """Begin more work as long as the limit is not used up, until all of it is done."""
        for run in self._runs:
            self._readings.hydrate(run)
        while any(run.is_open for run in self._runs) and not self._stop.is_set():
            self._monitor.tick()
            if self._intercom.statistics().queued[Priority.BULK] == 0:
                self._readings.widen(self._runs)
            await CLOCK.sleep(TICK_S)
        while any(run.tasks or run.chains or run.workers for run in self._runs):
            # Asked to stop: each ends with its page, or is cancelled.
            await CLOCK.sleep(TICK_S)
        await self._settle()

    # Phase 2: what has changed meanwhile.

    async def _follow(self, run: StreamRun) -> None:
        """Read the changes of a stream, and move its watermark to where the reading began."""
        state, policy = run.state, self._policy
        pass_ = state.pass_
        if run.refusal is not None or (pass_ is not None and not pass_.is_done):
            return
        base = state.watermark if state.watermark is not None else state.seeded
        if pass_ is not None and base is None:
            base = pass_.changed_from
        low = policy.tail_from(base)
        if low is None:
            return
        run.touch()
        mark = run.clock.proven(run.newest)
        if not await self._changes.read(run, low):
            return

        # Where a row came later than any should, others may: the next run reads from there again.
        is_late = run.latest_find_s > max(policy.lookback_s, TRUSTED_S)

        def note() -> None:
            if not is_late or state.watermark is None:
                state.watermark = max(state.watermark or 0, mark)

        filled = [hole for hole in state.holes if hole.kind == "stream"]
        await self._reader.hand_over(Batch(run, filled=filled, apply=note))
        run.is_current = True

    # Phase 3: what is gone.

    async def _judge(self, run: StreamRun) -> None:
        """Judge what a complete reading has not met."""
        pass_ = run.state.pass_
        if run.refusal is not None or pass_ is None or not pass_.is_done or not run.is_current:
            return
        if pass_.kind == "sweep":
            await self._reconciler.end_sweep(run)
            return

        def note() -> None:
            run.state.pass_ = None
            run.state.seeded = run.state.swept = pass_.changed_from

        filled = [hole for hole in run.state.holes if hole.kind in ("unseeded", "sweep")]
        await self._reader.hand_over(Batch(run, filled=filled, apply=note))

    def _is_due(self, run: StreamRun) -> bool:
        """Say whether a stream's reading began too long ago, so that it is swept; begin it then."""
        if run.refusal is not None or not run.is_current:
            return False
        if run.state.pass_ is not None:
            return not run.state.pass_.is_planned
        rate, now = self._intercom.statistics().rate_per_s, run.clock.now()
        run.state.pass_ = self._policy.next_pass(
            run, rate, now, is_doubted=self._reconciler.has_no_controls(run), is_end=True
        )
        return run.state.pass_ is not None

    async def _retry_suspects(self, run: StreamRun) -> None:
        """Read rows by id on which evidence disagreed before."""
        if run.refusal is not None or self._stop.is_set():
            return
        begun, holes = self._policy.started_at, run.state.holes
        suspects = [hole for hole in holes if hole.kind == "suspect" and hole.since < begun]
        if suspects:
            await self._reconciler.retry_suspects(run, next_tried(suspects))

    async def _look_again(self, run: StreamRun) -> None:
        """Read rows by id of which something is not known, and that no sweep looks for."""
        if not isinstance(run.stream.source, Ranged):
            await self._retry_suspects(run)
            return
        if run.refusal is not None or self._stop.is_set():
            return
        begun, holes = self._policy.started_at, run.state.holes
        records = [hole for hole in holes if hole.kind == "record" and hole.since >= begun]
        if records:
            await self._reconciler.retry_records(run, next_tried(records))
        await look_for_returned(run, self._reader, self._reconciler)

    # Helpers.

    async def _each(self, runs: list[StreamRun], work: Callable[[StreamRun], Any]) -> None:
        """Do something for each stream, side by side."""
        for run in runs:
            self._start(run, work, run)
        while any(run.tasks for run in runs):
            self._monitor.tick()
            await CLOCK.sleep(TICK_S)
        await self._settle()

    async def _settle(self) -> None:
        """Wait until everything that was read is in the target, and in the state."""
        while self._writer.unwritten:
            self._monitor.tick()
            await CLOCK.sleep(TICK_S)

    async def _each_in_order(self, runs: list[StreamRun], work: Callable[[StreamRun], Any]) -> None:
        """Do something for each stream, those that refer to others first."""
        for run in sorted(runs, key=lambda run: _ORDER.get(run.name, 1)):
            if not self._stop.is_set():
                await self._each([run], work)


_ORDER = {"tickets": 0, "conversations": 0, "contacts": 2}
"""Streams that refer to others are read before those: what is referred to is found then."""
