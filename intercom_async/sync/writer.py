"""Brings rows and the state that tells of them to the target, together.

As in a database's group commit, one commit takes what has come in while the one before was under
way, so that slow disks make commits larger and not the sync slower. Where commits are cheap they
are frequent: little is read again after a crash. For the same end parents and their children, small
rows for a call each, do not queue behind the large pages of other streams: the two take turns in
being the first of a commit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from intercom_async.clock import CLOCK
from .checkpoint import State
from .holes import Hole, add, remove
from .memory_budget import MemoryBudget
from .partitions import Part
from .sinks.base import Sink, call
from .sinks.entries import Entry, Put
from .stream_run import StreamRun
from .throughput import LEAST_HELD_BYTES, SinkThroughput

MOST_WAITING = 1_000
"""Batches that wait here; further ones wait with those who give them."""
SHARE = 1
"""Time between two commits, in times of what the last one took."""
SHORTEST_S, LONGEST_S = 0.05, 0.25
"""Bounds of that time, in seconds."""


@dataclass(slots=True)
class Batch:
    """Entries, and how far they bring their stream; both are in the target or neither is."""

    stream_run: StreamRun
    entries: list[Entry] = field(default_factory=list[Entry])
    part: Part | None = None
    position: str | None = None
    counted: int = 0
    """Rows of the part that were read, unchanged ones included."""
    is_last: bool = False
    holes: list[Hole] = field(default_factory=list[Hole])
    """What turned out to be missing."""
    filled: list[Hole] = field(default_factory=list[Hole])
    """What is no longer missing."""
    apply: Callable[[], None] | None = None
    """Changes the state in some other way."""
    size: int = 0
    """Bytes of its rows, as of when it was given to the writer."""


class Writer:
    """Writes batches; those of one stream in the order in which they come.

    Args:
        sink: The target.
        state: What is remembered; changed here only, right before it is written.
    """

    def __init__(self, sink: Sink, state: State) -> None:
        self._sink = sink
        self._state = state
        self._throughput = SinkThroughput()
        self._parents: deque[Batch] = deque()
        self._others: deque[Batch] = deque()
        self._size = 0
        self.unwritten: int = 0
        """Batches that are on their way, or wait here."""
        self.sink_lock: anyio.Lock = anyio.Lock()
        """Held while the sink is called."""
        self._turns = deque([self._parents, self._others])
        self.memory_budget: MemoryBudget = MemoryBudget(LEAST_HELD_BYTES)

    async def run(self, batches: MemoryObjectReceiveStream[Batch]) -> None:
        """Write until the stream of batches is closed."""
        pause_s = SHORTEST_S
        async with batches:
            while await self._gather(batches, pause_s):
                taken = self._next()
                begun_s = CLOCK.now()
                await self.commit(taken)
                took_s = CLOCK.now() - begun_s
                self._throughput.note(sum(batch.size for batch in taken), took_s)
                self.memory_budget.resize(self._throughput.held_bytes)
                pause_s = min(max(SHARE * took_s, SHORTEST_S), LONGEST_S)

    async def _gather(self, batches: MemoryObjectReceiveStream[Batch], within_s: float) -> bool:
        """Wait a while for enough to commit; say whether there is anything at all."""
        try:
            if not self._waiting:
                self._sort_in(await batches.receive())
            with anyio.move_on_after(within_s):
                while self._waiting < MOST_WAITING and self._size < self._throughput.commit_bytes:
                    self._sort_in(await batches.receive())
            while self._waiting < MOST_WAITING:
                self._sort_in(batches.receive_nowait())
        except (anyio.EndOfStream, anyio.WouldBlock):
            pass
        return self._waiting > 0

    @property
    def _waiting(self) -> int:
        return len(self._parents) + len(self._others)

    def _sort_in(self, batch: Batch) -> None:
        line = self._parents if batch.stream_run.has_children else self._others
        line.append(batch)
        self._size += batch.size

    def _next(self) -> list[Batch]:
        """Take as much as is one commit, of one line first and then of the other.

        Within a line the order stays: positions only grow, and a parent is written before its
        children are noted as done.
        """
        self._turns.rotate()
        taken, size = list[Batch](), 0
        for line in self._turns:
            while line and size < self._throughput.commit_bytes:
                taken.append(line.popleft())
                size += taken[-1].size
        self._size -= size
        return taken

    async def commit(self, batches: list[Batch]) -> None:
        """Write some batches, and the state they lead to.

        It is not interrupted: what is cancelled half-way would be in doubt.
        """
        entries: list[Entry] = []
        for batch in batches:
            entries += batch.entries
            _apply(batch)
        state = self._state.encode(whole=False)
        async with self.sink_lock:
            await call(self._sink, self._sink.commit, entries, state)
        for batch in batches:
            self.memory_budget.give_back(batch.size)
        self.unwritten -= len(batches)

    def expect(self, batch: Batch) -> None:
        """Note that a batch is on its way."""
        batch.size = sum(len(entry.body) for entry in batch.entries if isinstance(entry, Put))
        self.memory_budget.take(batch.size)
        self.unwritten += 1


def _apply(batch: Batch) -> None:
    """Note in the state what a batch brings."""
    holes = batch.stream_run.state.holes
    if batch.part is not None:
        batch.part.rows += batch.counted
        batch.part.is_done = batch.is_last
        batch.part.position = batch.position or batch.part.position
    for hole in batch.filled:
        remove(holes, hole)
    # What is missing still is noted behind what was thought to be filled.
    for hole in batch.holes:
        add(holes, hole)
    if batch.apply is not None:
        batch.apply()
