"""A big table: seeded rows by number, writes kept on top, pages in any order.

A seeded row costs nothing until it is asked for. A write makes it a dict that stands in its place
from then on; new rows take the numbers after the seeded ones. What is sorted by time is arithmetic
on numbers. Any other question scans the seeded rows once, in steps if they are many, and its
answer is kept as an array of numbers, because seeded rows never change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from intercom_async.simulator.rows import Row, encode_json
from intercom_async.simulator.seed.base import Seeded
from intercom_async.simulator.versions import VERSIONS
from .changes import Changes
from .filters import Filter, TablePage
from .lag import Lag
from .runs import Order, Position, Run, field_of, is_first
from .seeded_answers import ReplacedRows, SeededAnswers
from .steps import STEP_ROWS, IndexMissing, SortKey, StepPolicy
from .unique import UniqueIndex
from .written_answers import WrittenAnswers

Present = Callable[[Row, str], Row]


class Table:
    """Rows of one kind.

    Args:
        seeds: The rows that are there from the start.
        present: Makes what is sent of a row, in a version.
        policy: Whether long answers may be left to steps.
        lag: What searches and reads still see of earlier forms.
        is_alone: What is sent of a row depends on no other record.
    """

    def __init__(
        self,
        seeds: Seeded,
        present: Present,
        policy: StepPolicy,
        lag: Lag,
        *,
        is_alone: bool = False,
    ) -> None:
        self._is_alone = is_alone
        self.seeds = seeds
        self.lag = lag
        self.changes: Changes = Changes(lag.now)
        """Marks the rows that are written."""
        self._policy = policy
        self.present: Present = present
        self._written: dict[int, Row] = {}
        self.replaced: ReplacedRows = ReplacedRows()
        """Seeded rows that are written over or gone."""
        self.next_number: int = seeds.count
        """The number of the next new row."""
        self._seeded_answers = SeededAnswers(seeds, self.replaced, policy)
        self._written_answers = WrittenAnswers(self._written, self.changes, policy)
        self._index = UniqueIndex(seeds.unique, self.changes.watch())
        self._encoded: dict[tuple[int, str], tuple[tuple[int, int], bytes]] = {}
        """By number and version: what it depends on, as it was, and what was sent."""
        self._encodings = 0

    def set_lag(self, *, search_s: float, read_s: float) -> None:
        """Set how late searches and reads show a change, in seconds at most."""
        self.lag.search_s, self.lag.read_s = search_s, read_s
        # What was encoded with other caps of embedded lists is not sent any more.
        self.encode_again()
        self._written_answers.clear()

    def encode_again(self) -> None:
        """Send nothing more of what is encoded, as something else that it shows has changed."""
        self._encodings += 1

    def written_numbers(self) -> list[int]:
        """Return the numbers of the written rows."""
        return [*self._written]

    def put_replaced(self, numbers: list[int]) -> None:
        """Let the seeded rows of these numbers be gone, or written by `put_written`."""
        for number in numbers:
            self.replaced.add(number)
            self._wrote(number)

    def put_written(self, rows: list[tuple[int, Row]]) -> None:
        """Take in the written rows of another table with the same seeds."""
        for number, row in rows:
            self._written[number] = row
            self._wrote(number)
            if "_indexed_at" in row:
                self.show_later(number, row["_indexed_at"])

    def discarded(self) -> Iterator[None]:
        """Free what was written, in steps: freeing all of it at once takes long."""
        for held in (self._written, self._encoded):
            while held:
                for _ in range(min(STEP_ROWS, len(held))):
                    held.popitem()
                yield

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
        return 0 <= number < self.seeds.count and number not in self.replaced

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
            self._note(number, self.at(number))
        self._policy.has_written()
        return self._taken_over(number)

    def take_over(self, number: int) -> None:
        """Keep a row that exists as a written one, because what other records say of it changed."""
        self._taken_over(number)

    def _taken_over(self, number: int) -> Row:
        row = self._written.get(number)
        if row is None:
            row = self._written[number] = self.seeds.row(number)
            self.replaced.add(number)
        self._wrote(number)
        return row

    def _note(self, number: int, before: Row | None) -> None:
        """Keep what a row is before it is changed, and look at it again once that is over."""
        self.changes.mark_at(number, self.lag.note(number, before))

    def show_later(self, number: int, at: float) -> None:
        """Let lists show a row from `at` on, UNIX seconds."""
        self.changes.mark_at(number, at)

    def add(self, row: Row) -> Row:
        """Add a new row; its id is made of its number and `created_at`."""
        self._policy.has_written()
        number = self.next_number
        self.next_number += 1
        row["id"] = self.seeds.id_of(number, row["created_at"])
        self._written[number] = row
        if self.lag.is_on:
            self._note(number, None)
        self._wrote(number)
        return row

    def remove(self, record_id: str) -> None:
        """Delete a record; unknown ids are left alone."""
        number = self.number_of(record_id)
        if number is None:
            return
        self._policy.has_written()
        if self._written.pop(number, None) is None:
            self.replaced.add(number)
        self._wrote(number)

    def _wrote(self, number: int) -> None:
        self.changes.mark(number)
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
        state = self._encodings, 0 if self._is_alone else self._policy.writes
        known = self._encoded.get((number, version))
        if known is None or known[0] != state:
            known = state, encode_json(self.present(row, version))
            self._encoded[number, version] = known
        return known[1]

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

    def catch_up(self) -> bool:
        """Look at some of the rows that were written; tell whether more are left."""
        return self._index.catch_up(self._written, STEP_ROWS)

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
        )

    def value_at(self, number: int, field: str) -> Any:
        """Return a field of a row that exists, None included."""
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
        self.changes.mark_due()
        seeded = self._seeded_answers.of(asked, order)
        is_late = is_search and self.lag.is_on
        seen = self._seen_late if is_late else self._written.get
        written = self._written_answers.of(asked, order, seen, is_late=is_late)
        total = len(seeded) - self._seeded_answers.count_replaced(asked) + len(written.keys)
        left = Run(seeded, self._seeded_answers.key_of(order), order, after, self.replaced)
        right = Run(written.keys, _itself, order, after)
        numbers: list[int] = []
        while len(numbers) <= size:
            if is_first(left, right):
                if left.head is None:
                    break
                found = left.take(right.head, size + 1 - len(numbers))
                numbers += [one for one in found if one not in self.replaced]
            else:
                keys = right.take(left.head, size + 1 - len(numbers))
                numbers += [one for _, one in keys]
        if len(numbers) <= size:
            return TablePage(numbers, total, None)
        del numbers[size:]
        last = numbers[-1]
        kind, value = (written.by_number.get(last) or self._seeded_answers.key_of(order)(last))[0]
        return TablePage(numbers, total, Position(value if kind else None, last))

    def _seen_late(self, number: int) -> Row | None:
        """Return a written row as searches see it by now."""
        row = self._written.get(number)
        return None if row is None else self.lag.searched(number, row)

    def prepared(self, asked: Filter, order: Order) -> Iterator[None]:
        """Find an answer in steps, so that pages of it cost little afterwards."""
        while True:
            try:
                with self._policy.interruptible():
                    self.page(asked, order, None, 1)
            except IndexMissing as missing:
                yield from missing.steps
            else:
                return

    def walk(self, asked: Filter, order: Order) -> Iterator[list[int]]:
        """Return all matching rows in parts; rows that are written meanwhile may be missed."""
        mark: Position | None = None
        while True:
            part = self.page(asked, order, mark, STEP_ROWS)
            yield part.numbers
            mark = part.mark
            if mark is None:
                return

    def numbers(self, asked: Filter, order: Order | None = None) -> list[int]:
        """Return all matching rows."""
        return self.page(asked, order or Order(), None, len(self) + 1).numbers


def _itself(key: SortKey) -> SortKey:
    return key
