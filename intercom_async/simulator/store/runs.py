"""Sorted runs of numbers that are walked together, from a place on and in one direction."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from intercom_async.simulator.rows import Row
from .steps import SortKey

KeyOf: TypeAlias = Callable[[int], SortKey]


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """What a list is sorted by; equal values go by number."""

    field: str = "created_at"
    is_descending: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended: the sort value and the number of its last row."""

    value: Any
    number: int


class Run:
    """One sorted list being walked from a place in one direction."""

    def __init__(
        self, numbers: Sequence[int], key: KeyOf, order: Order, after: Position | None
    ) -> None:
        self._numbers = numbers
        self._key = key
        self.is_descending = order.is_descending
        if after is None:
            self._at = len(numbers) if order.is_descending else 0
        else:
            find = bisect.bisect_left if order.is_descending else bisect.bisect_right
            self._at = find(numbers, (sortable(after.value), after.number), key=key)
        self.head = self._look()

    def _look(self) -> SortKey | None:
        at = self._at - 1 if self.is_descending else self._at
        return self._key(self._numbers[at]) if 0 <= at < len(self._numbers) else None

    def take_many(self, count: int) -> Sequence[int]:
        """Return the next numbers at once and go on."""
        if self.is_descending:
            start = max(0, self._at - count)
            taken = self._numbers[start : self._at][::-1]
            self._at = start
        else:
            taken = self._numbers[self._at : self._at + count]
            self._at += len(taken)
        self.head = self._look()
        return taken

    def take(self) -> int:
        """Return the next number and go on."""
        if self.is_descending:
            self._at -= 1
            number = self._numbers[self._at]
        else:
            number = self._numbers[self._at]
            self._at += 1
        self.head = self._look()
        return number


def nearer(left: Run, right: Run) -> Run | None:
    """Return the run whose next row comes first; None at the end of both."""
    if left.head is None:
        return None if right.head is None else right
    if right.head is None:
        return left
    return left if (left.head > right.head) is left.is_descending else right


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
