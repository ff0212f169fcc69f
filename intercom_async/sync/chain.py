"""A part of a stream while a chain of pages reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .distinct_rows import DistinctRows
from .holes import Hole
from .list_order import ListOrder
from .partitions import Part
from .raw_rows import Row


@dataclass(slots=True)
class Chain:
    """A part that is being read."""

    part: Part
    reached: int
    """The time of the last row that was read."""
    position: str | None = None
    """The checkpoint of the last page that was handed over."""
    rows: DistinctRows = field(default_factory=DistinctRows)
    """What has come of it, each row once."""
    pages: int = 0
    promised: int | None = None
    """Rows that its first page promised; None where nothing counts them."""
    began: int = 0
    """When its first page was asked for."""
    asked_at: int = 0
    """When its last page was asked for."""
    came: set[str] = field(default_factory=set[str])
    """Rows on later pages that were made since, and that the first one may not have counted."""
    before: tuple[int, int] | None = None
    """Rows that the last reading promised, and that it brought."""
    again: int = 0
    """Readings after the first, as fewer rows came than were promised."""
    least: int = 0
    """Rows that the first reading brought, and that are there: the second one may not lack them."""
    heals: Hole | None = None
    """The hole that it fills."""
    holes: list[Hole] = field(default_factory=list[Hole])
    """What was found to be missing on the way."""
    order: ListOrder | None = None
    """That of its list, once a page of it was read."""

    @property
    def expected(self) -> int:
        """Rows that the reading has to bring by its own word.

        Where rows come more than once, those that were made meanwhile may be on the pages that
        follow: they stand for no other.
        """
        return (self.promised or 0) + (len(self.came) if self.rows.repeated else 0)

    @property
    def unread_below(self) -> int:
        """Down to which moment all of it is read: only where its list is in order."""
        return self.part.high if self.order is None else self.order.read_to(self.part.high)

    def note_count(self, total: int | None) -> None:
        """Note how many rows its first page has counted, for a run that goes on with this one."""
        part = self.part
        part.count = total if part.count is None else part.count
        part.counted = total if part.counted is None else part.counted

    def note_new(self, rows: Iterable[Row]) -> None:
        """Note which rows of a page were made since the part was counted."""
        if since := self.rows.counted_at:
            self.rows.note_new(row.key for row in rows if row.is_made_since(since))


def going_on(part: Part) -> Chain:
    """Return the chain that reads a part, behind what a stopped run has read of it.

    That counts for the list as a whole.
    """
    rows = DistinctRows(part.rows if part.position is not None else 0)
    return Chain(part, part.high, part.position, rows)
