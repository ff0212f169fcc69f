"""One stream while it is being synced: what is known of its rows, and what is still to be read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from intercom_async.clock import CLOCK
from .checkpoint import SavedRun, StreamState
from .counting_client import CountingClient
from .cut_points import CutPoints
from .partitions import Part
from .raw_rows import Row, RowReader
from .report import Failure, StreamReport
from .streams import Children, Listing, Ranged, Stream

MOST_RECENT = 5_000
"""Rows of which the digest is kept; beyond that, unchanged ones are written once more."""


@dataclass(slots=True)
class Chain:
    """A part that is being read."""

    part: Part
    reached: int
    """The time of the last row that was read."""
    position: str | None = None
    """The checkpoint of the last page that was handed over."""
    pages: int = 0


@dataclass
class StreamRun:
    """One stream at work.

    Args:
        stream: What is read.
        client: What reads it, and counts.
        state: What is remembered of it; changed by the writer only.
        run: Its open run.
        cut_points: Where its spans may be cut.
        is_shown: Whether its rows go to the target; else they only lead to their children.
    """

    stream: Stream
    client: CountingClient
    state: StreamState
    saved: SavedRun
    cut_points: CutPoints
    high_watermark: int = 0
    """Up to when rows are asked for."""
    is_shown: bool = True
    was_resumed: bool = False
    children: list[StreamRun] = field(default_factory=list["StreamRun"])
    waiting: deque[Part] = field(default_factory=deque[Part])
    """Parts that nobody reads yet."""
    chains: list[Chain] = field(default_factory=list[Chain])
    queue: deque[str] = field(default_factory=deque[str])
    """Keys of parents that nobody reads yet."""
    page_bytes: int = 0
    """Size of the last page's rows: about what the next one will need."""
    workers: int = 0
    is_planning: bool = False
    refusal: str | None = None
    """Why the stream as a whole cannot be read."""
    failed: dict[str, str] = field(default_factory=dict[str, str])
    unreadable: int = 0
    unchanged: int = 0
    rows: int = 0
    missing: int = 0
    begun_s: float | None = None
    ended_s: float | None = None
    seen: set[str] | None = None
    """Keys of a list that were given, where pages may shift while they are read."""

    def __post_init__(self) -> None:
        source = self.stream.source
        ranged = source if isinstance(source, Ranged) else None
        self.reader: RowReader = RowReader(
            self.stream.key,
            ranged.partition_field if ranged else None,
            ranged.cursor_field if ranged else None,
        )
        self.parent: StreamRun | None = None

    @property
    def name(self) -> str:
        """The stream's name."""
        return self.stream.name

    @property
    def has_children(self) -> bool:
        """Whether it is read along with the children or the parents of its rows."""
        return bool(self.children) or isinstance(self.stream.source, Children)

    @property
    def field(self) -> str:
        """The field by which this run reads."""
        source = cast("Ranged", self.stream.source)
        return source.partition_field if self.saved.kind == "full" else source.cursor_field

    @property
    def is_open(self) -> bool:
        """Whether there is anything left to read, now or later."""
        if self.refusal is not None:
            return False
        if isinstance(self.stream.source, Children):
            parent = self.parent
            comes_more = parent is not None and parent.is_open
            return bool(self.queue or self.workers or comes_more)
        return bool(not self.saved.is_planned or self.waiting or self.chains)

    @property
    def is_complete(self) -> bool:
        """Whether everything that was asked for is in the target."""
        if self.refusal is not None or self.unreadable:
            return False
        if isinstance(self.stream.source, Children):
            parent = self.parent
            return not self.saved.pending and (parent is None or parent.is_complete)
        return self.saved.is_planned and all(part.is_done for part in self.saved.parts)

    def touch(self) -> None:
        """Note that it is at work."""
        self.begun_s = CLOCK.now() if self.begun_s is None else self.begun_s
        self.ended_s = CLOCK.now()

    def select(self, chain: Chain, items: Iterable[Any]) -> tuple[list[Row], bool]:
        """Return the rows of a page that belong to a part, and whether the rest lies below it."""
        rows: list[Row] = []
        is_partitioned_read = self.saved.kind == "full"
        is_past, is_sorted = False, True
        for raw in items:
            row = self.reader.read(raw)
            if row is None:
                self.unreadable += 1
                continue
            moment = row.partition_at if is_partitioned_read else row.cursor_at
            if moment is None:
                rows.append(row)
                continue
            # Sorting is not documented for every version. Where it is not kept, the part is read
            # to the end of its list.
            is_sorted = is_sorted and moment <= chain.reached
            chain.reached = min(chain.reached, moment)
            is_past = is_past or moment < chain.part.floor
            if chain.part.holds(moment):
                rows.append(row)
        return rows, is_past and is_sorted

    def fresh(self, rows: Iterable[Row]) -> list[Row]:
        """Return rows that the target does not have as they are."""
        kept: list[Row] = []
        recent = self.state.recent
        for row in rows:
            if recent and recent.get(row.key) == row.digest:
                self.unchanged += 1
            else:
                kept.append(row)
        return kept

    def unseen(self, items: Iterable[Any]) -> list[Row]:
        """Return the rows of a list's page that no earlier page has given."""
        rows: list[Row] = []
        seen = self.seen if self.seen is not None else set[str]()
        self.seen = seen
        for raw in items:
            row = self.reader.read(raw)
            if row is None:
                self.unreadable += 1
            elif row.key not in seen:
                seen.add(row.key)
                rows.append(row)
        return rows

    def remember(self, rows: Iterable[Row], low_watermark: int) -> dict[str, str]:
        """Return digests of rows that the next run will read again."""
        if len(self.saved.recent) >= MOST_RECENT:
            return {}
        return {
            row.key: row.digest
            for row in rows
            if row.cursor_at is not None and row.cursor_at >= low_watermark
        }

    def failures(self) -> list[Failure]:
        """Return what is missing, and why."""
        if self.refusal is not None:
            return [Failure(stream=self.name, what="all of it", reason=self.refusal)]
        found = [
            Failure(stream=self.name, what=what, reason=reason)
            for what, reason in self.failed.items()
        ]
        if self.unreadable:
            reason = f"without a readable {self.stream.key!r}"
            found.append(Failure(stream=self.name, what=f"{self.unreadable} rows", reason=reason))
        return found

    def report(self, *, is_complete: bool) -> StreamReport:
        """Return what became of it."""
        seconds = (
            0.0 if self.begun_s is None or self.ended_s is None else self.ended_s - self.begun_s
        )
        return StreamReport(
            name=self.name,
            kind=self.saved.kind,
            rows=self.rows,
            unchanged=self.unchanged,
            calls=self.client.count.calls,
            seconds=seconds,
            missing=self.missing,
            was_resumed=self.was_resumed,
            is_complete=is_complete,
        )

    @property
    def expected(self) -> int | None:
        """Rows when it is done, as far as the server's word goes."""
        if not isinstance(self.stream.source, Ranged | Listing) or not self.saved.parts:
            return None
        total = 0
        for part in self.saved.parts:
            if part.count is None and not part.is_done:
                return None
            total += part.rows if part.is_done else max(part.rows, part.count or 0)
        return total
