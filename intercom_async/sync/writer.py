"""Brings rows and the state that tells of them to the target, together.

As in a database's group commit, one commit takes what has come in while the one before was under
way, so that slow disks make commits larger and not the sync slower. Where commits are cheap they
are frequent: little is read again after a crash. For the same end parents and their children, small
rows for a call each, do not queue behind the large pages of other streams: the two take turns.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import anyio
import anyio.to_thread
from anyio.streams.memory import MemoryObjectReceiveStream

from intercom_async.clock import CLOCK
from .builtin_streams import TOMBSTONES
from .checkpoint import State
from .memory_budget import MemoryBudget
from .partitions import Part
from .raw_rows import Row
from .sinks.base import Sink
from .stream_run import StreamRun
from .streams import Listing
from .throughput import LEAST_HELD_BYTES, SinkThroughput

MOST_WAITING = 1_000
"""Batches that wait here; further ones wait with those who give them."""
SHARE = 1
"""Time between two commits, in times of what the last one took."""
SHORTEST_S, LONGEST_S = 0.05, 0.25
DIGEST_SPACE = 2**63


@dataclass(slots=True)
class Batch:
    """Rows, and how far they bring their stream; either both are in the target or neither is."""

    stream_run: StreamRun
    rows: list[Row] = field(default_factory=list[Row])
    part: Part | None = None
    position: str | None = None
    counted: int = 0
    """Rows of the part that were read, unchanged ones included."""
    is_last: bool = False
    found: list[str] = field(default_factory=list[str])
    """Keys whose children are to be read."""
    done: str | None = None
    """The key whose children these are."""
    tombstones: dict[str, bytes] = field(default_factory=dict[str, bytes])
    recent: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def size(self) -> int:
        """Bytes of its rows."""
        return sum(len(row.body) for row in self.rows)


class Writer:
    """Writes batches; those of one stream in the order in which they come.

    Args:
        sink: The target.
        state: What is remembered; changed here only, right before it is written.
    """

    def __init__(self, sink: Sink, state: State) -> None:
        self._sink = sink
        self._state = state
        self._speed = SinkThroughput()
        self._parents: deque[Batch] = deque()
        self._others: deque[Batch] = deque()
        self._size = 0
        self._turns = deque([self._parents, self._others])
        self.room: MemoryBudget = MemoryBudget(LEAST_HELD_BYTES)

    async def run(self, batches: MemoryObjectReceiveStream[Batch]) -> None:
        """Write until the stream of batches is closed."""
        pause_s = SHORTEST_S
        async with batches:
            while await self._gather(batches, pause_s):
                taken = self._next()
                begun_s = CLOCK.now()
                await self.commit(taken)
                took_s = CLOCK.now() - begun_s
                self._speed.note(sum(batch.size for batch in taken), took_s)
                self.room.resize(self._speed.held_bytes)
                pause_s = min(max(SHARE * took_s, SHORTEST_S), LONGEST_S)

    async def _gather(self, batches: MemoryObjectReceiveStream[Batch], within_s: float) -> bool:
        """Wait a while for enough to commit; say whether there is anything at all."""
        try:
            if not self._waiting:
                self._sort_in(await batches.receive())
            with anyio.move_on_after(within_s):
                while self._waiting < MOST_WAITING and self._size < self._speed.commit_bytes:
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
        """Take as much of one line as is one commit.

        Within a line the order stays: positions only grow, and a parent is written before its
        children are noted as done.
        """
        self._turns.rotate()
        if not self._turns[0]:
            self._turns.rotate()
        line, taken, size = self._turns[0], list[Batch](), 0
        while line and size < self._speed.commit_bytes:
            taken.append(line.popleft())
            size += taken[-1].size
        self._size -= size
        return taken

    async def commit(self, batches: list[Batch]) -> None:
        """Write some batches, and the state they lead to.

        It is not interrupted: what is cancelled half-way would be in doubt.
        """
        latest: dict[str, dict[str, bytes]] = {}
        for batch in batches:
            self._apply(batch, latest)
        rows = {name: list(bodies.values()) for name, bodies in latest.items()}
        state = self._state.encode()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._sink.commit, rows, state)
        for batch in batches:
            if batch.stream_run.is_shown:
                batch.stream_run.rows += len(batch.rows)
            self.room.give_back(batch.size)

    def expect(self, batch: Batch) -> None:
        """Note that a batch is on its way."""
        self.room.take(batch.size)

    def _apply(self, batch: Batch, rows: dict[str, dict[str, bytes]]) -> None:
        """Note what a batch brings; of a row that comes twice, the later one."""
        stream_run, run = batch.stream_run, batch.stream_run.saved
        if batch.rows and stream_run.is_shown:
            rows.setdefault(stream_run.name, {}).update((row.key, row.body) for row in batch.rows)
            run.rows += len(batch.rows)
        if batch.tombstones:
            rows.setdefault(TOMBSTONES, {}).update(batch.tombstones)
        if isinstance(stream_run.stream.source, Listing):
            total = run.total + sum(int(row.digest, 16) for row in batch.rows)
            run.total = total % DIGEST_SPACE
        if batch.part is not None:
            batch.part.rows += batch.counted
            batch.part.is_done = batch.is_last
            batch.part.position = batch.position or batch.part.position
        run.recent.update(batch.recent)
        for child in stream_run.children:
            child.saved.pending.update(dict.fromkeys(batch.found))
        if batch.done is not None:
            run.pending.pop(batch.done, None)
