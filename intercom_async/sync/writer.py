"""Brings rows and the state that tells of them to the target, together.

As in a database's group commit, one commit takes everything that has come in while the one before
was under way, so that slow disks make commits larger and not the sync slower. Where commits are
cheap they are frequent: little is read again after a crash.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio
import anyio.to_thread
from anyio.streams.memory import MemoryObjectReceiveStream

from intercom_async.clock import CLOCK

from .catalogue import TOMBSTONES
from .feed import Feed
from .partition import Part
from .room import Room
from .rows import Row
from .sinks.base import Sink
from .state import State
from .streams import Listing

MOST_BYTES = 4 * 2**20
"""No more rows than these are one commit."""
LEAST_HELD_BYTES, MOST_HELD_BYTES = 6 * 2**20, 16 * 2**20
"""Of pages that are being read or wait to be written; beyond them, none is asked for."""
HELD_S = 0.6
"""No more than is written in so many seconds is held: all of it is read again after a crash."""
SHARE = 1
"""Time between two commits, in times of what the last one took."""
SHORTEST_S, LONGEST_S = 0.05, 0.25
DIGEST_SPACE = 2**63


@dataclass(slots=True)
class Batch:
    """Rows, and how far they bring their stream; either both are in the target or neither is."""

    feed: Feed
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
    """Writes batches in the order in which they come.

    Args:
        sink: The target.
        state: What is remembered; changed here only, right before it is written.
    """

    def __init__(self, sink: Sink, state: State) -> None:
        self._sink = sink
        self._state = state
        self.room: Room = Room(MOST_HELD_BYTES)

    async def run(self, batches: MemoryObjectReceiveStream[Batch]) -> None:
        """Write until the stream of batches is closed."""
        pause_s, per_s = SHORTEST_S, 0.0
        async with batches:
            while True:
                taken = await self._gather(batches, pause_s)
                if not taken:
                    return
                size = sum(batch.size for batch in taken)
                begun_s = CLOCK.now()
                await self.commit(taken)
                took_s = CLOCK.now() - begun_s
                pause_s = min(max(SHARE * took_s, SHORTEST_S), LONGEST_S)
                if took_s > 0.0:
                    per_s += 0.5 * (size / took_s - per_s)
                held = int(HELD_S * per_s)
                self.room.resize(min(max(held, LEAST_HELD_BYTES), MOST_HELD_BYTES))

    async def _gather(
        self, batches: MemoryObjectReceiveStream[Batch], within_s: float
    ) -> list[Batch]:
        """Return what comes within a while; nothing at the end of the stream."""
        taken: list[Batch] = []
        size = 0
        try:
            taken.append(await batches.receive())
            size = taken[0].size
            with anyio.move_on_after(within_s):
                while size < MOST_BYTES:
                    batch = await batches.receive()
                    taken.append(batch)
                    size += batch.size
        except anyio.EndOfStream:
            pass
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
            if batch.feed.is_shown:
                batch.feed.rows += len(batch.rows)
            self.room.give_back(batch.size)

    def expect(self, batch: Batch) -> None:
        """Note that a batch is on its way."""
        self.room.take(batch.size)

    def _apply(self, batch: Batch, rows: dict[str, dict[str, bytes]]) -> None:
        """Note what a batch brings; of a row that comes twice, the later one."""
        feed, run = batch.feed, batch.feed.run
        if batch.rows and feed.is_shown:
            rows.setdefault(feed.name, {}).update((row.key, row.body) for row in batch.rows)
            run.rows += len(batch.rows)
        if batch.tombstones:
            rows.setdefault(TOMBSTONES, {}).update(batch.tombstones)
        if isinstance(feed.stream.source, Listing):
            total = run.total + sum(int(row.digest, 16) for row in batch.rows)
            run.total = total % DIGEST_SPACE
        if batch.part is not None:
            batch.part.rows += batch.counted
            batch.part.is_done = batch.is_last
            batch.part.position = batch.position or batch.part.position
        run.recent.update(batch.recent)
        for child in feed.children:
            child.run.pending.update(dict.fromkeys(batch.found))
        if batch.done is not None:
            run.pending.pop(batch.done, None)
