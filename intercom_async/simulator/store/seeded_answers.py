"""Answers among seeded rows: found by one scan, and kept, because seeded rows never change."""

from __future__ import annotations

import bisect
from collections import OrderedDict
from collections.abc import Iterator, Sequence

from intercom_async.simulator.seed.base import Seeded
from .filters import Filter
from .runs import KeyOf, Order, sortable
from .steps import STEP_ROWS, Scans, StepPolicy, in_order, matching

KEPT_ANSWERS = 32
"""Answers to questions that a table keeps, the least recently used dropped."""


class ReplacedRows:
    """The numbers of seeded rows that are written over or gone; a row never comes back."""

    def __init__(self) -> None:
        self.log: list[int] = []
        """In the order in which they were replaced."""
        self._inside: set[int] = set()
        self._sorted: list[int] = []

    def add(self, number: int) -> None:
        """Note that a row is replaced, for the first time."""
        self._inside.add(number)
        self.log.append(number)
        bisect.insort(self._sorted, number)

    def __contains__(self, number: object) -> bool:
        return number in self._inside

    def __len__(self) -> int:
        return len(self.log)

    def numbers(self) -> list[int]:
        """Return all of them, ascending."""
        return self._sorted

    def between(self, numbers: range) -> int:
        """Return how many of a range are replaced."""
        low = bisect.bisect_left(self._sorted, numbers.start)
        return bisect.bisect_left(self._sorted, numbers.stop) - low


class SeededAnswers:
    """The answers of one table.

    Args:
        seeds: The rows.
        replaced: Which of them are no longer the seeded ones.
        policy: Whether a scan may be left to steps.
    """

    def __init__(self, seeds: Seeded, replaced: ReplacedRows, policy: StepPolicy) -> None:
        self._seeds = seeds
        self._replaced = replaced
        self._scans = Scans(policy)
        self._kept: OrderedDict[tuple[str, str], Sequence[int]] = OrderedDict()
        self._counts: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """By the key of a filter: how far the log was read, and how many of it match."""

    def of(self, asked: Filter, order: Order) -> Sequence[int]:
        """Return the numbers that match, in ascending order of the sort field."""
        is_in_order = order.field in self._seeds.monotone
        if asked.is_exact and is_in_order:
            return asked.numbers
        key = (asked.key, "" if is_in_order else order.field)
        if key not in self._kept:
            sort_key = None if is_in_order else self.key_of(order)
            self._scans.run(key, len(asked.numbers), lambda: self._scan(key, asked, sort_key))
        self._kept.move_to_end(key)
        return self._kept[key]

    def _scan(self, key: tuple[str, str], asked: Filter, sort_key: KeyOf | None) -> Iterator[None]:
        numbers: Sequence[int] = asked.numbers
        if not asked.is_exact:
            numbers = yield from matching(numbers, asked.test_number)
        if sort_key is not None:
            numbers = yield from in_order(numbers, sort_key)
        self._kept[key] = numbers
        if len(self._kept) > KEPT_ANSWERS:
            self._kept.popitem(last=False)

    def key_of(self, order: Order) -> KeyOf:
        """Return the function from a number to its sort key."""
        seeds = self._seeds
        column = seeds.columns.get(order.field) or seeds.search_columns.get(order.field)
        if column is None:
            return lambda number: (sortable(order.value_of(seeds.row(number))), number)
        return lambda number: (sortable(column(number)), number)

    def count_replaced(self, asked: Filter) -> int:
        """Return how many of the rows that match are replaced."""
        if not self._replaced:
            return 0
        if asked.is_exact and isinstance(asked.numbers, range):
            return self._replaced.between(asked.numbers)
        if asked.is_exact and len(asked.numbers) <= STEP_ROWS:
            return sum(one in self._replaced for one in asked.numbers)
        unread = len(self._replaced) - self._counts.get(asked.key, (0, 0))[0]
        if unread:
            self._scans.run(("replaced", asked.key), unread, lambda: self._count(asked))
        self._counts.move_to_end(asked.key)
        return self._counts[asked.key][1]

    def _count(self, asked: Filter) -> Iterator[None]:
        """Read the rest of the log of replaced rows."""
        at, found = self._counts.get(asked.key, (0, 0))
        while at < len(self._replaced):
            part = self._replaced.log[at : at + STEP_ROWS]
            at += len(part)
            found += sum(map(asked.test_number, part))
            yield
        self._counts[asked.key] = (at, found)
        if len(self._counts) > KEPT_ANSWERS:
            self._counts.popitem(last=False)
