"""What is around rows that break each page with them is read, wherever they lie."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Collection
from datetime import UTC
from itertools import accumulate
from typing import Any, Literal, get_args

import anyio
import msgspec
import pytest
from hypothesis import example, given, settings, strategies as st

from intercom_async import Intercom
from intercom_async.errors import ServerError
from intercom_async.models.page import Page
from intercom_async.sync.builtin_streams import STREAMS
from intercom_async.sync.checkpoint import StreamState
from intercom_async.sync.counting_client import CountingClient
from intercom_async.sync.cut_points import CutPoints, Days, Seconds
from intercom_async.sync.followed import Followed
from intercom_async.sync.holes import Hole
from intercom_async.sync.isolation import Isolation
from intercom_async.sync.isolation_budget import (
    BUDGET_CALLS,
    CALLS_A_FAILURE,
    CALLS_A_ROW,
    IsolationBudget,
)
from intercom_async.sync.list_order import FEWEST_STEPS
from intercom_async.sync.page_reading import MAX_PAGE, Taken
from intercom_async.sync.raw_rows import Row
from intercom_async.sync.server_time import ServerTime
from intercom_async.sync.stream_run import StreamRun
from intercom_async.sync.streams import Ranged, Selection
from intercom_async.transport import MemoryTransport, Reply

BEGIN = 1_000_000
"""The first second of the spans that are read."""
DAY_S = 86_400
Order = Literal["asked", "newest", "own", "paged"]
"""That which is asked for, the newest first, one of its own, or that with pages as asked for."""
ERROR = ServerError(call="POST /conversations/search", status=500)


class Search:
    """A search over rows of some seconds, of which some break each page with them.

    Args:
        seconds: When each row was made.
        broken: Numbers of the rows that break a page.
        is_counted: Whether pages say how many rows there are.
        order: In which order it gives rows.
        undated: Numbers of the rows that do not show when they were made.
        unit_s: Seconds that it does not tell apart: a day's where it compares days.
        offset_s: How much earlier its days begin than those of UTC.
        most: Rows that it gives of those that are asked for, at most.
    """

    def __init__(
        self,
        seconds: list[int],
        broken: set[int],
        *,
        is_counted: bool = True,
        order: Order = "asked",
        undated: Collection[int] = (),
        unit_s: int = 1,
        offset_s: int = 0,
        most: int = MAX_PAGE,
    ) -> None:
        self.rows = sorted(((second, number) for number, second in enumerate(sorted(seconds))))
        self.broken = broken
        self.is_counted = is_counted
        self.order: Order = order
        self.undated = undated
        self.unit_s = unit_s
        self.offset_s = offset_s
        self.most = most
        self.read: set[int] = set()
        self.calls = 0
        self.cost = 0

    async def page(
        self,
        run: StreamRun,
        selection: Selection,
        position: str | None = None,
        followed: Followed | None = None,
    ) -> tuple[Page[Any], int]:
        del run, followed
        low, high = self.unit(selection.low), self.unit(selection.high)
        found = [row for row in self.rows if low <= self.unit(row[0]) <= high]
        is_downward = selection.order == "descending"
        if self.order in ("own", "paged"):
            found.sort(key=lambda row: zlib.crc32(str(row[1]).encode()))
        if is_downward or self.order == "newest":
            found.reverse()
        begin = int(position or 0)
        end = begin + min(self.most, selection.per_page)
        self.calls += 1
        self.cost += len(found[begin:end]) < self.most
        if self.broken & {number for _, number in found[begin:end]}:
            self.cost += CALLS_A_FAILURE - 1
            raise ERROR
        listed = found[begin:end]
        if self.order == "paged":
            listed.sort(reverse=is_downward)
        rows = [self.row(second, number) for second, number in listed]
        following = str(end) if end < len(found) else None
        total = len(found) if self.is_counted else None
        return Page(items=rows, total_count=total, checkpoint=following), BEGIN

    def unit(self, second: int) -> int:
        return (second + self.offset_s) // self.unit_s

    def row(self, second: int, number: int) -> msgspec.Raw:
        shown = None if number in self.undated else second
        return msgspec.Raw(msgspec.json.encode({"id": str(number), "created_at": shown}))

    async def numbered_page(
        self, run: StreamRun, selection: Selection, number: int, size: int
    ) -> tuple[Page[Any], int]:
        del run, selection, number, size
        raise NotImplementedError

    async def counts_are_true(self, run: StreamRun, field: str) -> bool:
        del run, field
        return True

    async def hand_over_page(
        self,
        run: StreamRun,
        page: Page[Any],
        read_at: int,
        *,
        edges: tuple[int, int],
        field: str | None = None,
    ) -> Taken:
        del read_at, edges, field
        rows = [row for row in run.read(page.items) if isinstance(row, Row)]
        self.read |= {int(row.key) for row in rows}
        return Taken(rows, len(rows), [])


def stream_run(name: str, points: CutPoints) -> StreamRun:
    async def nothing(_: Any) -> Reply:
        return Reply(500, {}, b"")

    (stream,) = (one for one in STREAMS if one.name == name)
    client = CountingClient(Intercom("token", transport=MemoryTransport(nothing)))
    state = StreamState(version="2.14")
    return StreamRun(stream, client, state, points, ServerTime(BEGIN, is_known=True))


def of_pages(run: StreamRun, most: int) -> StreamRun:
    """Return a run that asks for so many rows a page."""
    assert isinstance(run.stream.source, Ranged)
    source = dataclasses.replace(run.stream.source, per_page=most)
    run.stream = dataclasses.replace(run.stream, source=source)
    return run


def isolate(search: Search, last: int, *, is_shown: bool = False) -> list[Hole]:
    """Read a span around its broken rows; return the holes that are left.

    Lists before it have shown their order, newest first, or not.
    """

    by_days = search.unit_s == DAY_S

    async def read() -> list[Hole]:
        of_days = stream_run("contacts", Days(UTC)) if by_days else None
        run = of_pages(of_days or stream_run("conversations", Seconds()), search.most)
        for _ in range(FEWEST_STEPS * is_shown):
            run.orders.note("created_at", is_kept=True, is_step=True)
        isolation = Isolation(search, run, "created_at", ERROR, IsolationBudget())
        return await isolation.between(BEGIN, BEGIN + last)

    return anyio.run(read)


def is_named(search: Search, holes: list[Hole]) -> bool:
    """Say whether each row that was not read is in a hole."""
    unread = [row for row in search.rows if row[1] not in search.read]
    named = [((hole.low or 0) - hole.slack, (hole.high or 0) + hole.slack) for hole in holes]
    return all(any(low <= second <= high for low, high in named) for second, _ in unread)


def tells_enough(search: Search, holes: list[Hole]) -> bool:
    """Say whether holes that tell rows tell no fewer than were not read."""
    counts = [hole.rows for hole in holes]
    return not all(counts) or sum(counts) >= len(search.rows) - len(search.read)


def spread(gaps: list[int]) -> list[int]:
    """Return seconds with these gaps between them."""
    return list(accumulate(gaps, initial=BEGIN))


GAPS = st.integers(1, 10_000)
PICKS = st.sets(st.integers(0, 10_000), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("gaps", "broken"),
    [
        ([1_000] * 240, {30, 80, 130, 180, 230}),
        ([70_000] * 240, {0, 1, 2}),
        ([1] * 400, {0, 399}),
        ([100_000] * 12, {2, 3, 5, 11}),
    ],
)
def test_all_rows_but_the_broken_ones_are_read(gaps: list[int], broken: set[int]) -> None:
    search = Search(spread(gaps), broken)
    isolate(search, sum(gaps))

    assert set(range(len(gaps) + 1)) - search.read == broken


@settings(max_examples=40)
@given(gaps=st.lists(GAPS, min_size=20, max_size=400), picks=PICKS)
@example(gaps=[1_000] * 25 + [1] * 6, picks={0, 1, 3, 31})
@example(gaps=[1] * 9 + [71] + [1] * 19 + [60], picks={0, 9, 30})
@example(gaps=[1] * 9 + [2_038] + [1] * 10, picks={0, 9})
@example(gaps=[1] * 24 + [2_038], picks={0, 7, 25})
def test_a_broken_row_costs_itself_and_few_calls(gaps: list[int], picks: set[int]) -> None:
    seconds = spread(gaps)
    broken = {pick % len(seconds) for pick in picks}
    search = Search(seconds, broken)
    holes = isolate(search, seconds[-1] - BEGIN)

    lost = set(range(len(seconds))) - search.read
    assert lost >= broken
    assert lost == broken or search.cost >= CALLS_A_ROW
    assert is_named(search, holes)
    assert tells_enough(search, holes)
    # One that is not known to be there yet may cost as much; then an edge is counted once more.
    assert search.cost <= CALLS_A_ROW * (len(broken) + 1) + 3 * CALLS_A_FAILURE


@settings(max_examples=40)
@given(
    gaps=st.lists(st.integers(0, 2), min_size=1, max_size=400),
    picks=PICKS,
    is_counted=st.booleans(),
    order=st.sampled_from(get_args(Order)),
    undated=st.frozensets(st.integers(0, 400), max_size=3),
)
@example(gaps=[0] * 399, picks={100, 300}, is_counted=True, order="asked", undated=frozenset())
@example(gaps=[1] * 99, picks={40}, is_counted=False, order="asked", undated=frozenset())
@example(gaps=[1] * 99, picks={40}, is_counted=True, order="newest", undated=frozenset())
@example(gaps=[1] * 99, picks={40}, is_counted=False, order="newest", undated=frozenset())
@example(gaps=[2] * 119, picks={7}, is_counted=False, order="asked", undated=frozenset({18}))
@example(gaps=[2, 1], picks={0}, is_counted=True, order="own", undated=frozenset({2}))
def test_what_is_not_read_is_named(
    gaps: list[int],
    picks: set[int],
    *,
    is_counted: bool,
    order: Order,
    undated: frozenset[int],
) -> None:
    """Also where many rows share a second, nothing is counted, and an order is not kept."""
    seconds = spread(gaps)
    broken = {pick % len(seconds) for pick in picks}
    search = Search(seconds, broken, is_counted=is_counted, order=order, undated=undated)
    holes = isolate(search, seconds[-1] - BEGIN)

    assert is_named(search, holes)
    assert not broken & search.read


@pytest.mark.parametrize(
    ("gaps", "broken"), [([1, 1, 2, 2, 1], {2, 3, 4, 5}), ([1, 500, 10, 0, 10], {0, 3, 4, 5})]
)
def test_a_hole_tells_no_more_rows_than_were_not_read(gaps: list[int], broken: set[int]) -> None:
    """Who accepts more rows than there are accepts those that break later."""
    search = Search(spread(gaps), broken)
    holes = isolate(search, sum(gaps))

    assert is_named(search, holes)
    assert sum(hole.rows for hole in holes) <= len(search.rows) - len(search.read)


@pytest.mark.parametrize("before_s", [1, DAY_S, 1_000_000_007, 1_700_000_000])
@pytest.mark.parametrize("after_s", [1, 100_000, 100_000_000])
def test_rows_of_a_moment_are_found_in_decades(before_s: int, after_s: int) -> None:
    """The first span of all begins long before its rows, and of these no side reads one."""
    seconds = [BEGIN + before_s] * 4 + [BEGIN + before_s + 1] * 4
    search = Search(seconds, {0, 7})
    holes = isolate(search, before_s + after_s)

    assert set(range(len(seconds))) - search.read == {0, 7}
    assert [hole.rows for hole in holes] == [1, 1]
    # Each time that half a span is left out costs one call or, at the wrong half, two more.
    assert search.cost <= CALLS_A_ROW * 3 + (before_s + after_s).bit_length()


def test_one_row_of_a_second_costs_that_row() -> None:
    seconds = spread([5] * 50 + [0] * 9 + [5] * 50)
    for row in range(50, 60):
        search = Search(seconds, {row})
        holes = isolate(search, seconds[-1] - BEGIN)

        assert set(range(len(seconds))) - search.read == {row}
        assert is_named(search, holes)


@pytest.mark.parametrize("order", ["asked", "own", "paged"])
@pytest.mark.parametrize("unit_s", [1, DAY_S], ids=["seconds", "days"])
def test_cursors_walk_once_through_rows_of_one_moment(unit_s: int, order: Order) -> None:
    """Walking there again brings no row that the walks from both sides have not brought."""
    seconds = spread([0] * 700)
    search = Search(seconds, {350}, order=order, unit_s=unit_s)
    holes = isolate(search, 60)

    unread = len(seconds) - len(search.read)
    assert unread <= 3
    assert sum(hole.rows for hole in holes) == unread
    assert search.calls <= 70


@pytest.mark.parametrize(("most", "rows"), [(50, 400), (2, 30)])
@pytest.mark.parametrize("order", get_args(Order))
@pytest.mark.parametrize("unit_s", [1, DAY_S], ids=["seconds", "days"])
def test_pages_that_are_shorter_than_asked_for_end(
    unit_s: int, order: Order, most: int, rows: int
) -> None:
    """A query that brings the same rows again is not asked until nothing more may be spent."""
    seconds = spread([0] * rows)
    search = Search(seconds, {rows // 2}, order=order, unit_s=unit_s, most=most)
    holes = isolate(search, 60)

    assert is_named(search, holes)
    assert search.calls <= BUDGET_CALLS // 5


@pytest.mark.parametrize("is_counted", [True, False])
@pytest.mark.parametrize("unit_s", [1, DAY_S], ids=["seconds", "days"])
@pytest.mark.parametrize("undated", [1, 150, 298, 398], ids=str)
@pytest.mark.parametrize("gap", [0, 2])
def test_a_row_without_a_time_hides_no_other(
    gap: int, undated: int, unit_s: int, *, is_counted: bool
) -> None:
    """A query goes on behind the rows that came, not behind the span that they are of."""
    seconds = spread([5] * 5 + [gap] * 399 + [5] * 5)
    search = Search(seconds, {205}, is_counted=is_counted, undated={undated + 5}, unit_s=unit_s)
    holes = isolate(search, seconds[-1] - BEGIN)

    assert is_named(search, holes)
    assert set(range(len(seconds))) - search.read <= set(range(150, 261))
