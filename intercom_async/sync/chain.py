"""A part of a stream while a chain of pages reads it."""

from __future__ import annotations

from dataclasses import dataclass, field

from .holes import Hole
from .list_order import ListOrder
from .partitions import Part


@dataclass(slots=True)
class Chain:
    """A part that is being read."""

    part: Part
    reached: int
    """The time of the last row that was read."""
    position: str | None = None
    """The checkpoint of the last page that was handed over."""
    pages: int = 0
    rows: int = 0
    promised: int | None = None
    """Rows that its first page promised."""
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
    def unread_below(self) -> int:
        """Down to which moment all of it is read: only where its list is in order."""
        return self.part.high if self.order is None else self.order.read_to(self.part.high)
