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
from .feed import Chain, Feed
from .grid import BEGINNING
from .monitor import Monitor
from .partition import Part, split
from .planner import count_rows, cut, wanted_parts
from .reader import Reader
from .sinks.base import Sink
from .state import State
from .streams import Children, Listing, Ranged
from .writer import Batch, Writer

TICK_S = 0.05
MOST_AT_ONCE = 320
"""Chains and workers; a client has 500 calls under way at most, and leaves some to others."""
FEWEST_WORKERS = 8
WORTH_PAGES = 4
"""What has fewer pages before it is not cut: its chain ends soon."""
WAITING_BATCHES = 1_000
"""Pages are bounded by their bytes (`Room`); the children of a row are small."""
FIRST_CHAINS = 24
"""Chains that a stream begins with, however busy the limit is: its calls take turns with those of
other streams, and rows should come evenly, not at the end."""


class Engine:
    """Reads all feeds into the sink.

    Args:
        intercom: A view with bulk priority.
        feeds: What is read, parents before children.
        state: What is remembered; updated as rows are written.
        sink: The target.
        hint: Before this moment no rows are expected.
        horizon: Up to when rows are asked for.
        follow_from: From when on the next run of a feed reads changes.
        stop: Set from outside to finish the pages in hand and end.
        monitor: Told several times a second how it goes.
    """

    def __init__(
        self,
        intercom: Intercom,
        feeds: list[Feed],
        state: State,
        sink: Sink,
        *,
        hint: int | None,
        follow_from: Callable[[Feed], int],
        stop: anyio.Event,
        monitor: Monitor,
    ) -> None:
        self._intercom = intercom
        self._feeds = feeds
        self._writer = Writer(sink, state)
        self._hint = hint
        self._follow_from = follow_from
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
                    follow_from=self._follow_from,
                    stop=self._stop,
                    wake=self._hydrate,
                )
                for feed in self._feeds:
                    self._begin(feed, readers)
                await self._steer()
            self._monitor.tick(is_last=True)

    def _begin(self, feed: Feed, group: TaskGroup) -> None:
        """Start what a feed begins with."""
        source = feed.stream.source
        if isinstance(source, Children):
            feed.queue.extend(feed.run.pending)
            self._hydrate(feed)
        elif isinstance(source, Listing):
            if not feed.run.parts:
                feed.run.parts.append(Part(low=0, high=0, floor=0))
                feed.run.is_planned = True
            for part in feed.run.parts:
                if not part.is_done:
                    self._start(group, feed, self._list, feed, part)
        elif feed.run.is_planned:
            self._wait_for_readers(feed)
        else:
            self._start(group, feed, self._plan, feed)

    def _start(self, group: TaskGroup, feed: Feed, work: Callable[..., Any], *args: Any) -> None:
        # Streams take turns in their lane, so that none waits for the end of a longer one.
        with fairness_key(f"sync {feed.name}"):
            group.start_soon(work, *args)

    async def _list(self, feed: Feed, part: Part) -> None:
        chain = Chain(part, part.high)
        feed.chains.append(chain)
        try:
            await self._reader.read_list(feed, part)
        finally:
            feed.chains.remove(chain)

    async def _plan(self, feed: Feed) -> None:
        """Cut the span of a feed into parts and let them be read."""
        source, run, client = cast("Ranged", feed.stream.source), feed.run, feed.client
        feed.touch()
        low, high = run.since or BEGINNING, feed.horizon
        begun_s, calls = CLOCK.now(), client.tally.calls
        total = await count_rows(client, source, feed.field, feed.grid, low, high)
        latency_s = (CLOCK.now() - begun_s) / max(1, client.tally.calls - calls)

        async def count(low: int, high: int) -> int | None:
            return await count_rows(client, source, feed.field, feed.grid, low, high)

        run.parts[:] = await cut(
            count,
            feed.grid,
            low,
            high,
            parts=wanted_parts(self._intercom.statistics().rate_per_s, latency_s),
            per_page=source.per_page,
            total=total,
            hint=self._hint,
        )
        run.is_planned = True
        self._wait_for_readers(feed)

    def _wait_for_readers(self, feed: Feed) -> None:
        for part in feed.run.parts:
            if not part.is_done:
                part.failure = None
                feed.waiting.append(part)
        for _ in range(min(FIRST_CHAINS, len(feed.waiting))):
            self._start_chain(feed, feed.waiting.popleft())

    async def _steer(self) -> None:
        """Begin more work as long as the limit is not used up."""
        while any(feed.is_open for feed in self._feeds) and not self._stop.is_set():
            self._monitor.tick()
            if self._intercom.statistics().queued[Priority.BULK] == 0:
                self._widen()
            await CLOCK.sleep(TICK_S)

    def _widen(self) -> None:
        """Begin a quarter more than there is."""
        room = MOST_AT_ONCE - self._running
        more = min(room, max(2, math.ceil(self._running / 4)))
        for feed in self._feeds:
            if any(feed.queue) and feed.workers >= self._width:
                self._width = min(MOST_AT_ONCE, self._width + max(1, self._width // 4))
            if feed.queue:
                self._hydrate(feed)
        for _ in range(more):
            if self._writer.room.is_short or not self._begin_chain():
                return

    def _begin_chain(self) -> bool:
        """Begin one chain, of the stream that has fewest; say whether there was one to begin."""
        feeds = [
            feed
            for feed in self._feeds
            if feed.refusal is None and isinstance(feed.stream.source, Ranged)
        ]
        for feed in sorted(feeds, key=lambda feed: len(feed.chains)):
            part = feed.waiting.popleft() if feed.waiting else self._cut_off(feed)
            if part is not None:
                self._start_chain(feed, part)
                return True
        return False

    def _start_chain(self, feed: Feed, part: Part) -> None:
        chain = Chain(part, part.high, part.position)
        feed.chains.append(chain)
        self._start(self._readers, feed, self._chain, feed, chain)

    def _cut_off(self, feed: Feed) -> Part | None:
        """Take half of what the chain with the most before it has not read."""
        source = cast("Ranged", feed.stream.source)
        if not feed.run.is_planned or any(len(child.queue) for child in feed.children):
            return None
        worth = WORTH_PAGES * source.per_page
        chains = [chain for chain in feed.chains if chain.pages > 0]
        for chain in sorted(chains, key=_rest, reverse=True)[:3]:
            if _rest(chain) >= worth:
                part = split(chain.part, chain.reached, feed.grid)
                if part is not None:
                    feed.run.parts.append(part)
                    return part
        return None

    async def _chain(self, feed: Feed, chain: Chain) -> None:
        self._running += 1
        try:
            await self._reader.read_part(feed, chain)
        finally:
            feed.chains.remove(chain)
            self._running -= 1
        if feed.waiting and feed.refusal is None and not self._stop.is_set():
            # Else it would wait for calls to spare, and those come only when other streams end.
            self._start_chain(feed, feed.waiting.popleft())

    def _hydrate(self, feed: Feed) -> None:
        """Have as many workers as there is work for."""
        while feed.workers < min(self._width, len(feed.queue) + feed.workers):
            if len(feed.queue) <= 0 or self._stop.is_set():
                return
            feed.workers += 1
            self._start(self._readers, feed, self._work, feed, feed.queue.popleft())

    async def _work(self, feed: Feed, key: str) -> None:
        self._running += 1
        try:
            while True:
                await self._reader.read_children(feed, key)
                if not feed.queue or self._stop.is_set() or feed.refusal is not None:
                    return
                key = feed.queue.popleft()
        finally:
            feed.workers -= 1
            self._running -= 1


def _rest(chain: Chain) -> int:
    """Return how much a chain has before it; where nobody says, as much as lies behind it."""
    rest = chain.part.rest
    return chain.part.rows if rest is None else rest
