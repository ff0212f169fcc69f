"""A big table: seeded rows by number, writes kept on top, pages in any order.

A seeded row costs nothing until it is asked for. A write makes it a dict that stands in its place
from then on; new rows take the numbers after the seeded ones. Whatever is sorted by time is
arithmetic on numbers; any other question walks the seeded rows once and its answer, an array of
numbers, is kept: seeded rows never change.
"""

from __future__ import annotations

import bisect
import dataclasses
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from intercom_async.simulator.rows import Row, encode_json
from intercom_async.simulator.seed.base import Seeded
from intercom_async.simulator.versions import VERSIONS
from .unique import UniqueIndex

KEPT_ANSWERS = 32

Present = Callable[[Row, str], Row]
SortKey = Callable[[int], tuple[tuple[int, Any], int]]


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """A question to a table: three forms of one predicate.

    `numbers` narrows the seeded rows to those that can match; `is_exact` says that all of them do.
    """

    key: str
    numbers: Sequence[int]
    is_exact: bool
    test_number: Callable[[int], bool]
    test_row: Callable[[Row], bool]
    row_key: str | None = None
    """What the answer among written rows is kept under; None where it depends on more."""


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """What a list is sorted by; equal values go by number."""

    field: str = "created_at"
    is_descending: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """Where a page ended: the sort value and the number of its last row."""

    value: Any
    number: int


@dataclasses.dataclass(frozen=True, slots=True)
class Slice:
    """One page: numbers in order, how many rows there are in all, and where to go on."""

    numbers: list[int]
    total_count: int
    mark: Mark | None


class Table:
    """Rows of one kind."""

    def __init__(self, seeds: Seeded, present: Present) -> None:
        self.seeds = seeds
        self.present: Present = present
        self._written: dict[int, Row] = {}
        self._replaced: list[int] = []
        """Numbers of seeded rows that are written over or gone, ascending."""
        self.next_number: int = seeds.count
        """The number of the next new row."""
        self._answers: OrderedDict[tuple[str, str], Sequence[int]] = OrderedDict()
        self._orders: OrderedDict[tuple[str, Order], tuple[int, list[int]]] = OrderedDict()
        self._index = UniqueIndex(seeds.unique)
        self.generation: int = 0
        """Rises with every write."""
        self._encoded: dict[tuple[int, str], bytes] = {}

    # Single rows ----------------------------------------------------------------------------

    def number_of(self, record_id: str) -> int | None:
        """Return the number of a record that exists."""
        number = self.seeds.number_of(record_id)
        if number is None:
            return None
        if number in self._written:
            return number if self._written[number]["id"] == record_id else None
        if not self.is_seeded(number):
            return None
        return number if self.seeds.columns["id"](number) == record_id else None

    def is_seeded(self, number: int) -> bool:
        """Tell whether a number is still the seeded row's: neither written over nor deleted."""
        if not 0 <= number < self.seeds.count:
            return False
        at = bisect.bisect_left(self._replaced, number)
        return at == len(self._replaced) or self._replaced[at] != number

    def find(self, record_id: str) -> Row | None:
        """Return a row to look at; change it only through `change`."""
        number = self.number_of(record_id)
        return None if number is None else self.at(number)

    def at(self, number: int) -> Row:
        """Return the row of a number that exists."""
        row = self._written.get(number)
        return self.seeds.row(number) if row is None else row

    def change(self, record_id: str) -> Row:
        """Return the row to be written to, taken out of the seeded ones if need be."""
        number = self.number_of(record_id)
        if number is None:
            raise KeyError(record_id)
        row = self._written.get(number)
        if row is None:
            row = self._written[number] = self.seeds.row(number)
            bisect.insort(self._replaced, number)
        self._wrote(number)
        return row

    def add(self, row: Row) -> Row:
        """Take a new row in, which gets its id from its number and `created_at`."""
        number = self.next_number
        self.next_number += 1
        row["id"] = self.seeds.id_of(number, row["created_at"])
        self._written[number] = row
        self._wrote(number)
        return row

    def remove(self, record_id: str) -> None:
        """Delete a record; unknown ids are left alone."""
        number = self.number_of(record_id)
        if number is None:
            return
        if self._written.pop(number, None) is None:
            bisect.insort(self._replaced, number)
        self._wrote(number)

    def _wrote(self, number: int) -> None:
        self.generation += 1
        self._index.mark(number)
        for version in VERSIONS:
            self._encoded.pop((number, version), None)

    def encoded(self, number: int, version: str) -> bytes:
        """Return a row as it is sent in lists."""
        row = self._written.get(number)
        if row is None:
            return self.seeds.encoded(number, version)
        known = self._encoded.get((number, version))
        if known is None:
            known = self._encoded[(number, version)] = encode_json(self.present(row, version))
        return known

    def written(self) -> Iterator[tuple[int, Row]]:
        """Walk the rows that were written since the start."""
        yield from self._written.items()

    def unique(self, field: str, value: Any) -> Row | None:
        """Return the row that has `value` in a field of which each value is there once."""
        for written in self._index.find(self._written, field, value):
            row = self._written.get(written)
            if row is not None and row.get(field) == value:
                return row
        number = self.seeds.unique[field](value)
        if number is None or not self.is_seeded(number):
            return None
        return self.at(number) if self.seeds.columns[field](number) == value else None

    def __len__(self) -> int:
        return self.seeds.count - len(self._replaced) + len(self._written)

    # Lists ----------------------------------------------------------------------------------

    def everything(self) -> Filter:
        """Return the question that every row answers."""
        return Filter(
            key="",
            numbers=range(self.seeds.count),
            is_exact=True,
            test_number=lambda _: True,
            test_row=lambda _: True,
            row_key="",
        )

    def value_at(self, number: int, field: str) -> Any:
        """Return what a row is sorted by, None included."""
        row = self._written.get(number)
        if row is not None:
            return field_of(row, field)
        column = self.seeds.columns.get(field)
        return field_of(self.seeds.row(number), field) if column is None else column(number)

    def page(self, asked: Filter, order: Order, after: Mark | None, size: int) -> Slice:
        """Return up to `size` rows after a mark."""
        seeded = self._answer(asked, order)
        written_key = self._written_key(order)
        written = self._written_answer(asked, order, written_key)
        total = len(seeded) - self._replaced_among(seeded, asked, order) + len(written)
        left = _Run(seeded, self._seeded_key(order), order, after)
        right = _Run(written, written_key, order, after)
        numbers: list[int] = []
        if not written and not self._replaced:
            numbers += left.take_many(size + 1)
        while len(numbers) <= size and (run := _nearer(left, right)) is not None:
            number = run.take()
            if run is right or self.is_seeded(number):
                numbers.append(number)
        if len(numbers) <= size:
            return Slice(numbers, total, None)
        del numbers[size:]
        last = numbers[-1] if numbers else -1
        return Slice(numbers, total, Mark(self.value_at(last, order.field), last))

    def _written_answer(self, asked: Filter, order: Order, key: SortKey) -> list[int]:
        """Return the written numbers that match, in order; kept until the next write."""
        known = None if asked.row_key is None else self._orders.get((asked.row_key, order))
        if known is not None and known[0] == self.generation:
            return known[1]
        numbers = sorted(
            (number for number, row in self._written.items() if asked.test_row(row)), key=key
        )
        if asked.row_key is not None:
            self._orders[asked.row_key, order] = (self.generation, numbers)
            if len(self._orders) > KEPT_ANSWERS:
                self._orders.popitem(last=False)
        return numbers

    def numbers(self, asked: Filter, order: Order | None = None) -> list[int]:
        """Return all matching rows."""
        return self.page(asked, order or Order(), None, len(self) + 1).numbers

    def _written_key(self, order: Order) -> SortKey:
        return lambda number: (_sortable(field_of(self._written[number], order.field)), number)

    def _seeded_key(self, order: Order) -> SortKey:
        column = self.seeds.columns.get(order.field)
        if column is None:
            return lambda number: (
                _sortable(field_of(self.seeds.row(number), order.field)),
                number,
            )
        return lambda number: (_sortable(column(number)), number)

    def _answer(self, asked: Filter, order: Order) -> Sequence[int]:
        """Return the seeded numbers that match, in ascending order of the sort field."""
        is_in_order = order.field in self.seeds.monotone
        if asked.is_exact and is_in_order:
            return asked.numbers
        key = (asked.key, "" if is_in_order else order.field)
        known = self._answers.get(key)
        if known is None:
            test = asked.test_number
            matches: Sequence[int] = (
                asked.numbers
                if asked.is_exact
                else array("I", [number for number in asked.numbers if test(number)])
            )
            if not is_in_order:
                matches = array("I", sorted(matches, key=self._seeded_key(order)))
            known = self._answers[key] = matches
            if len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        self._answers.move_to_end(key)
        return known

    def _replaced_among(self, seeded: Sequence[int], asked: Filter, order: Order) -> int:
        if not self._replaced or not seeded:
            return 0
        if isinstance(seeded, range):
            low = bisect.bisect_left(self._replaced, seeded[0])
            return bisect.bisect_right(self._replaced, seeded[-1]) - low
        if order.field in self.seeds.monotone:
            return sum(
                1
                for number in self._replaced
                if (at := bisect.bisect_left(seeded, number)) < len(seeded) and seeded[at] == number
            )
        inside = set(asked.numbers) if asked.is_exact else None
        return sum(
            1
            for number in self._replaced
            if (number in inside if inside is not None else asked.test_number(number))
        )


class _Run:
    """One sorted list being walked from a place in one direction."""

    def __init__(
        self, numbers: Sequence[int], key: SortKey, order: Order, after: Mark | None
    ) -> None:
        self._numbers = numbers
        self._key = key
        self.is_descending = order.is_descending
        if after is None:
            self._at = len(numbers) if order.is_descending else 0
        else:
            find = bisect.bisect_left if order.is_descending else bisect.bisect_right
            self._at = find(numbers, (_sortable(after.value), after.number), key=key)
        self.head = self._look()

    def _look(self) -> tuple[tuple[int, Any], int] | None:
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


def _nearer(left: _Run, right: _Run) -> _Run | None:
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


def _sortable(value: Any) -> tuple[int, Any]:
    """Make values of different types comparable: nothing, then numbers, then text."""
    if value is None:
        return (0, 0)
    if isinstance(value, (int, float)):
        return (1, value)
    return (2, str(value))
