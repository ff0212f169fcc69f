"""Keeps as many chains of pages under way as the limit can use, and no more.

Nobody says how many that is: it is the limit times the latency, and both change. But the scheduler
shows it. As long as no call of ours waits for its turn, the limit is not used up, and another chain
is begun: first a part that nobody reads, else half of what another chain has before it. Once calls
wait, more chains would only wait as well. Chains end by themselves, and the children of rows are
read by workers whose number grows by the same rule.

Rows flow through one bounded stream to the one writer: a slow disk slows reading down, and memory
holds no more than what is under way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import anyio
from anyio.abc import TaskGroup

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.priority import Priority, fairness_key
from .checkpoint import State
from .cut_points import BEGINNING
from .page_reader import Reader
from .partitions import Part, split
from .planner import count_and_cut
from .progress import ProgressMonitor
from .sinks.base import Sink
from .stream_run import Chain, StreamRun
from .streams import Children, Listing, Ranged
from .writer import Batch, Writer

TICK_S = 0.05
MOST_AT_ONCE = 320
"""Chains and workers; a client has 500 calls under way at most, and leaves some to others."""
FEWEST_WORKERS = 8
WORTH_PAGES = 4
"""What has fewer pages before it is not cut: its chain ends soon."""
WAITING_BATCHES = 1_000
"""Pages are bounded by their bytes (`MemoryBudget`); the children of a row are small."""
FIRST_CHAINS = 24
"""Chains that a stream begins with, however busy the limit is: its calls take turns with those of
other streams, and rows should come evenly, not at the end."""


class Engine:
    """Reads all streams into the sink.

    Args:
        intercom: A view with bulk priority.
        stream_runs: What is read, parents before children.
        state: What is remembered; updated as rows are written.
        sink: The target.
        hint: Before this moment no rows are expected.
        high_watermark: Up to when rows are asked for.
        low_watermark: From when on the next run of a stream_run reads changes.
        stop: Set from outside to finish the pages in hand and end.
        monitor: Told several times a second how it goes.
    """

    def __init__(
        self,
        intercom: Intercom,
        stream_runs: list[StreamRun],
        state: State,
        sink: Sink,
        *,
        hint: int | None,
        low_watermark: Callable[[StreamRun], int],
        stop: anyio.Event,
        monitor: ProgressMonitor,
    ) -> None:
        self._intercom = intercom
        self._stream_runs = stream_runs
        self._writer = Writer(sink, state)
        self._hint = hint
        self._low_watermark = low_watermark
        self._stop = stop
        self._monitor = monitor
        self._width = FEWEST_WORKERS
        self._running = 0

    async def run(self) -> None:
        """Read until everything is read, has failed, or is to stop."""
        give, take = anyio.create_memory_object_stream[Batch](WAITING_BATCHES)
        async with anyio.create_task_group() as group:
            group.start_soon(self._writer.run, take)
            async with give, anyio.create_task_group() as readers:
                self._readers = readers
                self._reader = Reader(
                    give,
                    self._writer,
                    low_watermark=self._low_watermark,
                    stop=self._stop,
                    wake=self._hydrate,
                )
                for stream_run in self._stream_runs:
                    self._begin(stream_run, readers)
                await self._steer()
            self._monitor.tick(is_last=True)

    def _begin(self, stream_run: StreamRun, group: TaskGroup) -> None:
        """Start what a stream begins with."""
        source = stream_run.stream.source
        if isinstance(source, Children):
            stream_run.queue.extend(stream_run.saved.pending)
            self._hydrate(stream_run)
        elif isinstance(source, Listing):
            if not stream_run.saved.parts:
                stream_run.saved.parts.append(Part(low=0, high=0, floor=0))
                stream_run.saved.is_planned = True
            for part in stream_run.saved.parts:
                if not part.is_done:
                    self._start(group, stream_run, self._list, stream_run, part)
        elif stream_run.saved.is_planned:
            self._wait_for_readers(stream_run)
        else:
            self._start(group, stream_run, self._plan, stream_run)

    def _start(
        self, group: TaskGroup, stream_run: StreamRun, work: Callable[..., Any], *args: Any
    ) -> None:
        # Streams take turns in their lane, so that none waits for the end of a longer one.
        with fairness_key(f"sync {stream_run.name}"):
            group.start_soon(work, *args)

    async def _list(self, stream_run: StreamRun, part: Part) -> None:
        chain = Chain(part, part.high)
        stream_run.chains.append(chain)
        try:
            await self._reader.read_list(stream_run, part)
        finally:
            stream_run.chains.remove(chain)

    async def _plan(self, stream_run: StreamRun) -> None:
        """Cut the span of a stream into parts and let them be read."""
        source, run = cast("Ranged", stream_run.stream.source), stream_run.saved
        stream_run.touch()
        counted = await count_and_cut(
            stream_run.client,
            source,
            stream_run.field,
            stream_run.cut_points,
            run.since or BEGINNING,
            stream_run.high_watermark,
            rate_per_s=self._intercom.statistics().rate_per_s,
            hint=self._hint,
        )
        run.parts[:] = counted.parts
        run.is_planned = True
        self._wait_for_readers(stream_run)

    def _wait_for_readers(self, stream_run: StreamRun) -> None:
        for part in stream_run.saved.parts:
            if not part.is_done:
                part.failure = None
                stream_run.waiting.append(part)
        for _ in range(min(FIRST_CHAINS, len(stream_run.waiting))):
            self._start_chain(stream_run, stream_run.waiting.popleft())

    async def _steer(self) -> None:
        """Begin more work as long as the limit is not used up."""
        while (
            any(stream_run.is_open for stream_run in self._stream_runs) and not self._stop.is_set()
        ):
            self._monitor.tick()
            if self._intercom.statistics().queued[Priority.BULK] == 0:
                self._widen()
            await CLOCK.sleep(TICK_S)

    def _widen(self) -> None:
        """Begin a quarter more than there is."""
        room = MOST_AT_ONCE - self._running
        more = min(room, max(2, math.ceil(self._running / 4)))
        for stream_run in self._stream_runs:
            if any(stream_run.queue) and stream_run.workers >= self._width:
                self._width = min(MOST_AT_ONCE, self._width + max(1, self._width // 4))
            if stream_run.queue:
                self._hydrate(stream_run)
        for _ in range(more):
            if self._writer.room.is_short or not self._begin_chain():
                return

    def _begin_chain(self) -> bool:
        """Begin one chain, of the stream that has fewest; say whether there was one to begin."""
        stream_runs = [
            stream_run
            for stream_run in self._stream_runs
            if stream_run.refusal is None and isinstance(stream_run.stream.source, Ranged)
        ]
        for stream_run in sorted(stream_runs, key=lambda stream_run: len(stream_run.chains)):
            part = stream_run.waiting.popleft() if stream_run.waiting else self._cut_off(stream_run)
            if part is not None:
                self._start_chain(stream_run, part)
                return True
        return False

    def _start_chain(self, stream_run: StreamRun, part: Part) -> None:
        chain = Chain(part, part.high, part.position)
        stream_run.chains.append(chain)
        self._start(self._readers, stream_run, self._chain, stream_run, chain)

    def _cut_off(self, stream_run: StreamRun) -> Part | None:
        """Take half of what the chain with the most before it has not read."""
        source = cast("Ranged", stream_run.stream.source)
        if not stream_run.saved.is_planned or any(
            len(child.queue) for child in stream_run.children
        ):
            return None
        worth = WORTH_PAGES * source.per_page
        chains = [chain for chain in stream_run.chains if chain.pages > 0]
        for chain in sorted(chains, key=_rest, reverse=True)[:3]:
            if _rest(chain) >= worth:
                part = split(chain.part, chain.reached, stream_run.cut_points)
                if part is not None:
                    stream_run.saved.parts.append(part)
                    return part
        return None

    async def _chain(self, stream_run: StreamRun, chain: Chain) -> None:
        self._running += 1
        try:
            await self._reader.read_part(stream_run, chain)
        finally:
            stream_run.chains.remove(chain)
            self._running -= 1
        if stream_run.waiting and stream_run.refusal is None and not self._stop.is_set():
            # Else it would wait for calls to spare, and those come only when other streams end.
            self._start_chain(stream_run, stream_run.waiting.popleft())

    def _hydrate(self, stream_run: StreamRun) -> None:
        """Have as many workers as there is work for."""
        while stream_run.workers < min(self._width, len(stream_run.queue) + stream_run.workers):
            if len(stream_run.queue) <= 0 or self._stop.is_set():
                return
            stream_run.workers += 1
            self._start(
                self._readers, stream_run, self._work, stream_run, stream_run.queue.popleft()
            )

    async def _work(self, stream_run: StreamRun, key: str) -> None:
        self._running += 1
        try:
            while True:
                await self._reader.read_children(stream_run, key)
                if not stream_run.queue or self._stop.is_set() or stream_run.refusal is not None:
                    return
                key = stream_run.queue.popleft()
        finally:
            stream_run.workers -= 1
            self._running -= 1


def _rest(chain: Chain) -> int:
    """Return how much a chain has before it; where nobody says, as much as lies behind it."""
    rest = chain.part.rest
    return chain.part.rows if rest is None else rest
