"""A question to a table, and one page of its answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence

from intercom_async.simulator.rows import Row
from .runs import Position


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """One predicate in three forms: for seeded rows by number, for written rows, and as a key.

    Args:
        key: What its answers are kept under; equal keys mean the same predicate.
        numbers: The seeded rows that can match, ascending.
        is_exact: All of `numbers` do match.
        test_number: The predicate on a seeded row's number.
        test_row: The predicate on a written row.
        written: The written rows that can match; None for any of them.
    """

    key: str
    numbers: Sequence[int]
    is_exact: bool
    test_number: Callable[[int], bool]
    test_row: Callable[[Row], bool]
    written: Collection[int] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class TablePage:
    """One page: numbers in order, how many rows there are in all, and where to go on."""

    numbers: list[int]
    total_count: int
    mark: Position | None
