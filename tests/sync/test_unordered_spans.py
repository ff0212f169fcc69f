"""What is around a row that breaks pages is read or named, whatever order a search keeps."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import example, given, settings, strategies as st

from intercom_async.sync.isolation_budget import CALLS_A_ROW
from .test_isolation import (
    BEGIN,
    DAY_S,
    PICKS,
    Order,
    Search,
    is_named,
    isolate,
    spread,
    tells_enough,
)


@settings(max_examples=60)
@given(
    gaps=st.lists(st.sampled_from([0, 1, 5_000, 90_000]), min_size=1, max_size=60),
    picks=PICKS,
    order=st.sampled_from(get_args(Order)),
    offset_s=st.sampled_from([0, 5 * 3_600, -11 * 3_600]),
    is_counted=st.booleans(),
)
@example(gaps=[1] * 8, picks={6}, order="paged", offset_s=-11 * 3_600, is_counted=True)
@example(gaps=[90_000] * 8, picks={6}, order="paged", offset_s=0, is_counted=False)
@example(gaps=[1, 5_000], picks={1, 2}, order="newest", offset_s=-11 * 3_600, is_counted=True)
def test_where_days_are_compared_what_is_not_read_is_named(
    gaps: list[int], picks: set[int], order: Order, offset_s: int, *, is_counted: bool
) -> None:
    """No order tells where a row is, unless the pages before have shown it."""
    seconds = spread(gaps)
    broken = {pick % len(seconds) for pick in picks}
    search = Search(
        seconds, broken, is_counted=is_counted, order=order, unit_s=DAY_S, offset_s=offset_s
    )
    holes = isolate(search, seconds[-1] - BEGIN)

    assert is_named(search, holes)
    assert tells_enough(search, holes)
    assert not broken & search.read
    assert search.cost <= most_calls(len(broken))


@settings(max_examples=40)
@given(
    gaps=st.lists(st.sampled_from([0, 1, 500, 90_000]), min_size=1, max_size=60),
    picks=PICKS,
    unit_s=st.sampled_from([1, DAY_S]),
    is_counted=st.booleans(),
)
@example(gaps=[90_000] * 9, picks={7}, unit_s=DAY_S, is_counted=False)
@example(gaps=[500] * 9, picks={7}, unit_s=1, is_counted=False)
def test_lists_that_are_newest_first_show_no_other_order(
    gaps: list[int], picks: set[int], unit_s: int, *, is_counted: bool
) -> None:
    """A list that is asked for oldest first may still be newest first."""
    seconds = spread(gaps)
    broken = {pick % len(seconds) for pick in picks}
    search = Search(seconds, broken, is_counted=is_counted, order="newest", unit_s=unit_s)
    holes = isolate(search, seconds[-1] - BEGIN, is_shown=True)

    assert is_named(search, holes)


@pytest.mark.parametrize(
    ("gaps", "row", "order", "unit_s", "calls"),
    [
        ([0, 1, 1], 2, "newest", 1, 32),
        ([0, 5_000, 1], 3, "paged", 1, 30),
        ([0, 0, 90_000], 3, "own", 1, 20),
        ([90_000, 5_000, 0], 2, "newest", DAY_S, 38),
    ],
)
def test_a_reading_that_leaps_twice_alike_is_not_made_again(
    gaps: list[int], row: int, order: Order, unit_s: int, calls: int
) -> None:
    """Only where rows move meanwhile may another reading in order come to its end."""
    search = Search(spread(gaps), {row}, order=order, unit_s=unit_s)
    holes = isolate(search, sum(gaps))

    assert is_named(search, holes)
    assert search.calls <= calls


@pytest.mark.parametrize("rows", [40, 100, 400])
@pytest.mark.parametrize("order", get_args(Order))
def test_a_span_that_ends_within_a_day_has_the_rows_of_that_day(order: Order, rows: int) -> None:
    """The newest day of a workspace is not over when it is read."""
    begin = BEGIN - BEGIN % DAY_S + DAY_S
    seconds = [BEGIN, *range(begin, begin + 10 * rows, 10)]
    search = Search(seconds, {rows // 2}, order=order, unit_s=DAY_S)
    holes = isolate(search, seconds[-1] + 60 - BEGIN)

    assert is_named(search, holes)
    assert sum(hole.rows for hole in holes) == len(seconds) - len(search.read)


def most_calls(broken: int) -> int:
    """Return what rows that break pages may cost in a list out of order, one that fails twice.

    In 6,000 random spans of up to 400 rows they cost at most 113 for each, and for one more.
    """
    return 5 * CALLS_A_ROW * (broken + 1)


@pytest.mark.parametrize("order", ["own", "paged"])
@pytest.mark.parametrize("unit_s", [1, DAY_S], ids=["seconds", "days"])
def test_a_broken_row_costs_few_whatever_the_order(order: Order, unit_s: int) -> None:
    seconds = spread([40_000] * 60)
    for row in (0, 17, 60):
        search = Search(seconds, {row}, order=order, unit_s=unit_s)
        holes = isolate(search, seconds[-1] - BEGIN)
        assert search.cost <= most_calls(1)

        unread = set(range(len(seconds))) - search.read
        assert row in unread
        assert len(unread) <= 3
        assert is_named(search, holes)
