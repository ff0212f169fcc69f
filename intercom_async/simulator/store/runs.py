"""Sorted runs of rows that are walked together, from a place on and in one direction."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Callable, Container, Sequence
from typing import Any, TypeAlias

from intercom_async.simulator.rows import Row
from .steps import SortKey

KeyOf: TypeAlias = Callable[[Any], SortKey]


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """What a list is sorted by; equal values go by number.

    `read` finds the value in a row where the field is no path into it.
    """

    field: str = "created_at"
    is_descending: bool = True
    read: Callable[[Row], Any] | None = dataclasses.field(default=None, compare=False)

    def value_of(self, row: Row) -> Any:
        """Return what a row is sorted by."""
        return field_of(row, self.field) if self.read is None else self.read(row)


@dataclasses.dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended: the sort value and the number of its last row."""

    value: Any
    number: int


class Run:
    """A sorted sequence being walked from a place in one direction.

    Args:
        items: The sequence, ascending.
        key: Returns the sort key of an item.
        order: Its direction is the direction of the walk.
        after: Where to begin; None for the first item in the direction.
        skipped: Items that are never the head.
    """

    def __init__(
        self,
        items: Sequence[Any],
        key: KeyOf,
        order: Order,
        after: Position | None,
        skipped: Container[Any] = (),
    ) -> None:
        self._items = items
        self._key = key
        self._skipped = skipped
        self.is_descending: bool = order.is_descending
        if after is None:
            self._at = len(items) if order.is_descending else 0
        else:
            find = bisect.bisect_left if order.is_descending else bisect.bisect_right
            self._at = find(items, (sortable(after.value), after.number), key=key)
        self.head = self._look()

    def _look(self) -> SortKey | None:
        """Go to the next item that is not skipped, and return its key; None at the end."""
        items, skipped = self._items, self._skipped
        if self.is_descending:
            while self._at and items[self._at - 1] in skipped:
                self._at -= 1
            return self._key(items[self._at - 1]) if self._at else None
        while self._at < len(items) and items[self._at] in skipped:
            self._at += 1
        return self._key(items[self._at]) if self._at < len(items) else None

    def take(self, bound: SortKey | None, most: int) -> Sequence[Any]:
        """Return the next item, and those after it that come before a key; go on behind them.

        `most` is how many are returned at most.
        """
        if self.is_descending:
            start = max(0, self._at - most)
            if bound is not None:
                # A row that was written over has the same key as the one that it was.
                end = self._at - 1
                start = bisect.bisect_right(self._items, bound, start, end, key=self._key)
            taken = self._items[start : self._at][::-1]
            self._at = start
        else:
            end = min(len(self._items), self._at + most)
            if bound is not None:
                end = bisect.bisect_left(self._items, bound, self._at + 1, end, key=self._key)
            taken = self._items[self._at : end]
            self._at = end
        self.head = self._look()
        return taken


def is_first(left: Run, right: Run) -> bool:
    """Tell whether the next row of `left` comes before that of `right`."""
    if left.head is None or right.head is None:
        return right.head is None
    return (left.head > right.head) is left.is_descending


def field_of(row: Row, path: str) -> Any:
    """Return a field by its dotted path; None where any step is missing."""
    value: Any = row
    for step in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(step)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return value  # pyright: ignore[reportUnknownVariableType]


def sortable(value: Any) -> tuple[int, Any]:
    """Make values of different types comparable: nothing, then numbers, then text."""
    if value is None:
        return (0, 0)
    if isinstance(value, (int, float)):
        return (1, value)
    return (2, str(value))
