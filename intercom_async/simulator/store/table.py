"""A big table: seeded rows by number, writes kept on top, pages in any order.

A seeded row costs nothing until it is asked for. A write makes it a dict that stands in its place
from then on; new rows take the numbers after the seeded ones. What is sorted by time is arithmetic
on numbers. Any other question scans the seeded rows once, in steps if they are many, and its
answer is kept as an array of numbers, because seeded rows never change.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from intercom_async.simulator.rows import Row, encode_json
from intercom_async.simulator.seed.base import Seeded
from intercom_async.simulator.versions import VERSIONS
from .lag import Lag
from .runs import KeyOf, Order, Position, Run, field_of, nearer, sortable
from .steps import Scans, StepPolicy, in_order, matching
from .unique import UniqueIndex

KEPT_ANSWERS = 32
"""Answers to questions that a table keeps, the least recently used dropped (`test_load.py`)."""

Present = Callable[[Row, str], Row]


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
class TablePage:
    """One page: numbers in order, how many rows there are in all, and where to go on."""

    numbers: list[int]
    total_count: int
    mark: Position | None


class Table:
    """Rows of one kind."""

    def __init__(self, seeds: Seeded, present: Present, policy: StepPolicy, lag: Lag) -> None:
        self.seeds = seeds
        self.lag = lag
        self._scans = Scans(policy)
        self.present: Present = present
        self._written: dict[int, Row] = {}
        self.replaced: list[int] = []
        """Numbers of seeded rows that are written over or gone, ascending."""
        self.next_number: int = seeds.count
        """The number of the next new row."""
        self._answers: OrderedDict[tuple[str, str], Sequence[int]] = OrderedDict()
        self._orders: OrderedDict[tuple[str, Order], tuple[int, list[int]]] = OrderedDict()
        self._index = UniqueIndex(seeds.unique)
        self.generation: int = 0
        """Rises with every write."""
        self._encoded: dict[tuple[int, str], bytes] = {}

    def set_lag(self, *, search_s: float, read_s: float) -> None:
        """Let searches and reads show changes late from now on, by up to so many seconds."""
        self.lag.search_s, self.lag.read_s = search_s, read_s
        # What was encoded with other caps of embedded lists is not sent any more.
        self._encoded.clear()

    def state(self) -> Row:
        """Return what was written, for `put_state` of a table with the same seeds."""
        return {
            "written": list(self._written.items()),
            "replaced": self.replaced,
            "next": self.next_number,
        }

    def put_state(self, state: Row) -> None:
        """Have what was written to another table."""
        self._written.update((int(number), row) for number, row in state["written"])
        self.replaced[:] = state["replaced"]
        self.next_number = state["next"]
        for number in self._written:
            self._wrote(number)

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

    def has(self, number: int) -> bool:
        """Tell whether a number is a record's that exists."""
        return number in self._written or self.is_seeded(number)

    def is_seeded(self, number: int) -> bool:
        """Tell whether a number is still the seeded row's: neither written over nor deleted."""
        if not 0 <= number < self.seeds.count:
            return False
        at = bisect.bisect_left(self.replaced, number)
        return at == len(self.replaced) or self.replaced[at] != number

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
        if self.lag.is_on:
            self.lag.note(number, self.at(number))
        row = self._written.get(number)
        if row is None:
            row = self._written[number] = self.seeds.row(number)
            bisect.insort(self.replaced, number)
        self._wrote(number)
        return row

    def add(self, row: Row) -> Row:
        """Take a new row in, which gets its id from its number and `created_at`."""
        number = self.next_number
        self.next_number += 1
        row["id"] = self.seeds.id_of(number, row["created_at"])
        self._written[number] = row
        if self.lag.is_on:
            self.lag.note(number, None)
        self._wrote(number)
        return row

    def remove(self, record_id: str) -> None:
        """Delete a record; unknown ids are left alone."""
        number = self.number_of(record_id)
        if number is None:
            return
        if self._written.pop(number, None) is None:
            bisect.insort(self.replaced, number)
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
        shown = self.lag.read(number, row) if self.lag.is_on else row
        if shown is not row:
            return encode_json(self.present(shown, version))
        known = self._encoded.get((number, version))
        if known is None:
            known = self._encoded[(number, version)] = encode_json(self.present(row, version))
        return known

    def read(self, row: Row, version: str) -> Row:
        """Return a row as a read by id shows it."""
        return self.present(self.seen(row), version)

    def seen(self, row: Row) -> Row:
        """Return the form of a row that reads see by now."""
        number = self.number_of(row["id"]) if self.lag.is_on else None
        return row if number is None else self.lag.read(number, row)

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
        return self.seeds.count - len(self.replaced) + len(self._written)

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

    def page(
        self,
        asked: Filter,
        order: Order,
        after: Position | None,
        size: int,
        *,
        is_search: bool = False,
    ) -> TablePage:
        """Return up to `size` rows after a mark; a search may see written rows late."""
        seeded = self._answer(asked, order)
        rows = self.lag.searched(self._written) if is_search and self.lag.is_on else self._written
        written_key = _written_key(rows, order)
        written = self._written_answer(asked, order, rows, written_key)
        total = len(seeded) - self._replaced_among(seeded, asked, order) + len(written)
        left = Run(seeded, self._seeded_key(order), order, after)
        right = Run(written, written_key, order, after)
        numbers: list[int] = []
        if not written and not self.replaced:
            numbers += left.take_many(size + 1)
        while len(numbers) <= size and (run := nearer(left, right)) is not None:
            number = run.take()
            if run is right or self.is_seeded(number):
                numbers.append(number)
        if len(numbers) <= size:
            return TablePage(numbers, total, None)
        del numbers[size:]
        last = numbers[-1]
        row = rows.get(last)
        value = self.value_at(last, order.field) if row is None else field_of(row, order.field)
        return TablePage(numbers, total, Position(value, last))

    def _written_answer(
        self, asked: Filter, order: Order, rows: Mapping[int, Row], key: KeyOf
    ) -> list[int]:
        """Return the written numbers that match, in order; kept until the next write."""
        if rows is not self._written:
            asked = dataclasses.replace(asked, row_key=None)
        known = None if asked.row_key is None else self._orders.get((asked.row_key, order))
        if known is not None and known[0] == self.generation:
            return known[1]
        numbers = sorted((number for number, row in rows.items() if asked.test_row(row)), key=key)
        if asked.row_key is not None:
            self._orders[asked.row_key, order] = (self.generation, numbers)
            if len(self._orders) > KEPT_ANSWERS:
                self._orders.popitem(last=False)
        return numbers

    def numbers(self, asked: Filter, order: Order | None = None) -> list[int]:
        """Return all matching rows."""
        return self.page(asked, order or Order(), None, len(self) + 1).numbers

    def _seeded_key(self, order: Order) -> KeyOf:
        column = self.seeds.columns.get(order.field)
        if column is None:
            return lambda number: (
                sortable(field_of(self.seeds.row(number), order.field)),
                number,
            )
        return lambda number: (sortable(column(number)), number)

    def _answer(self, asked: Filter, order: Order) -> Sequence[int]:
        """Return the seeded numbers that match, in ascending order of the sort field."""
        is_in_order = order.field in self.seeds.monotone
        if asked.is_exact and is_in_order:
            return asked.numbers
        key = (asked.key, "" if is_in_order else order.field)
        if key not in self._answers:
            sort_key = None if is_in_order else self._seeded_key(order)
            self._scans.run(key, len(asked.numbers), lambda: self._scan(key, asked, sort_key))
        self._answers.move_to_end(key)
        return self._answers[key]

    def _scan(self, key: tuple[str, str], asked: Filter, sort_key: KeyOf | None) -> Iterator[None]:
        """Find the answer to a question, and keep it."""
        numbers: Sequence[int] = asked.numbers
        if not asked.is_exact:
            numbers = yield from matching(numbers, asked.test_number)
        if sort_key is not None:
            numbers = yield from in_order(numbers, sort_key)
        self._answers[key] = numbers
        if len(self._answers) > KEPT_ANSWERS:
            self._answers.popitem(last=False)

    def _replaced_among(self, seeded: Sequence[int], asked: Filter, order: Order) -> int:
        if not self.replaced or not seeded:
            return 0
        if isinstance(seeded, range):
            low = bisect.bisect_left(self.replaced, seeded[0])
            return bisect.bisect_right(self.replaced, seeded[-1]) - low
        if order.field in self.seeds.monotone:
            return sum(
                1
                for number in self.replaced
                if (at := bisect.bisect_left(seeded, number)) < len(seeded) and seeded[at] == number
            )
        inside = set(asked.numbers) if asked.is_exact else None
        return sum(
            1
            for number in self.replaced
            if (number in inside if inside is not None else asked.test_number(number))
        )


def _written_key(rows: Mapping[int, Row], order: Order) -> KeyOf:
    return lambda number: (sortable(field_of(rows[number], order.field)), number)
