"""Readings that are under way, side by side: chains of pages, and workers that read children."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import anyio
from anyio.abc import TaskGroup

from intercom_async.priority import fairness_key
from .chain import Chain
from .child_reader import ChildReader
from .page_reader import PageReader
from .partitions import split
from .stream_run import StreamRun
from .streams import Ranged
from .writer import Writer

MOST_AT_ONCE = 320
"""Chains and workers; a client has 500 calls under way at most, and leaves some to others."""
FEWEST_WORKERS = 8
"""Workers for the children of rows that a run begins with."""
WORTH_PAGES = 4
"""Chains with fewer pages left than this are not split: they end soon."""


class Readings:
    """Begins readings, as many as there is work and room for.

    Args:
        group: Where they run.
        reader: Reads parts.
        writer: Says when there is room for more.
        stop: Set when nothing more is to be begun.
    """

    def __init__(
        self, group: TaskGroup, reader: PageReader, writer: Writer, stop: anyio.Event
    ) -> None:
        self._group = group
        self._reader = reader
        self._child_reader = ChildReader(reader)
        self._writer = writer
        self._stop = stop
        self._width = FEWEST_WORKERS
        self._running = 0

    def spawn(self, run: StreamRun, work: Callable[..., Any], *args: Any) -> None:
        """Start a task that reads a stream."""
        # Streams share their lane evenly, so that none waits for the end of a longer one.
        with fairness_key(f"sync {run.name}"):
            self._group.start_soon(work, *args)

    def widen(self, runs: list[StreamRun]) -> None:
        """Begin a quarter more than there is."""
        room = MOST_AT_ONCE - self._running
        more = min(room, max(2, math.ceil(self._running / 4)))
        for run in runs:
            if any(run.queue) and run.workers >= self._width:
                self._width = min(MOST_AT_ONCE, self._width + max(1, self._width // 4))
            if run.queue:
                self.hydrate(run)
        for _ in range(more):
            if self._writer.memory_budget.is_short or not self._begin_chain(runs):
                return

    def _begin_chain(self, runs: list[StreamRun]) -> bool:
        """Begin one chain, of the stream that has fewest; say whether there was one to begin."""
        ranged = [
            run for run in runs if run.refusal is None and isinstance(run.stream.source, Ranged)
        ]
        for run in sorted(ranged, key=lambda run: len(run.chains)):
            chain = run.waiting.popleft() if run.waiting else self._cut_off(run)
            if chain is not None:
                self.start_chain(run, chain)
                return True
        return False

    def start_chain(self, run: StreamRun, chain: Chain) -> None:
        """Read a part."""
        run.chains.append(chain)
        self.spawn(run, self._chain, run, chain)

    def _cut_off(self, run: StreamRun) -> Chain | None:
        """Take half of what the chain with the most before it has not read.

        Not before its first page was handed over, which shows down to where it has read.
        """
        source, pass_ = cast("Ranged", run.stream.source), run.state.pass_
        if pass_ is None or not pass_.is_planned or any(len(child.queue) for child in run.children):
            return None
        worth = WORTH_PAGES * source.per_page
        chains = [chain for chain in run.chains if chain.order is not None and not chain.again]
        for chain in sorted(chains, key=_rest, reverse=True)[:3]:
            if _rest(chain) >= worth:
                reached = min(chain.reached, run.clock.now())
                part = split(chain.part, reached, run.cut_points)
                if part is not None:
                    pass_.spans.append(part)
                    return Chain(part, part.high)
        return None

    async def _chain(self, run: StreamRun, chain: Chain) -> None:
        self._running += 1
        try:
            await self._reader.read_part(run, chain)
        finally:
            run.chains.remove(chain)
            self._running -= 1
        if run.waiting and run.refusal is None and not self._stop.is_set():
            # Else it would wait for calls to spare, and those come only when other streams end.
            self.start_chain(run, run.waiting.popleft())

    def hydrate(self, run: StreamRun) -> None:
        """Have as many workers as there is work for."""
        while run.workers < min(self._width, len(run.queue) + run.workers):
            if len(run.queue) <= 0 or self._stop.is_set() or run.refusal is not None:
                return
            run.workers += 1
            self.spawn(run, self._work, run, run.queue.popleft())

    async def _work(self, run: StreamRun, key: str) -> None:
        self._running += 1
        try:
            while True:
                await self._child_reader.read(run, key)
                if not run.queue or self._stop.is_set() or run.refusal is not None:
                    return
                key = run.queue.popleft()
        finally:
            run.workers -= 1
            self._running -= 1


def _rest(chain: Chain) -> int:
    """Return how much a chain has before it; where nobody says, as much as lies behind it."""
    rest = chain.part.rest
    return chain.part.rows if rest is None else rest
