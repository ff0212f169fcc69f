"""What a list of numbered pages, newest first, does not show of a span is named."""

from __future__ import annotations

from typing import Any

import anyio
from hypothesis import example, given, settings, strategies as st

from intercom_async.models.page import Page
from intercom_async.sync.cut_points import Seconds
from intercom_async.sync.isolation_budget import IsolationBudget
from intercom_async.sync.numbered_spans import NumberedSpan
from intercom_async.sync.stream_run import StreamRun
from intercom_async.sync.streams import Selection
from .test_isolation import BEGIN, ERROR, Search, is_named, stream_run

ROWS, PAGE = 600, 250
GAP_S = 10


class Logs(Search):
    """Activity logs of which some are not in their place.

    Args:
        broken: Numbers of the rows that break a page.
        swaps: Pairs of places that are swapped.
    """

    def __init__(self, broken: set[int], swaps: list[tuple[int, int]]) -> None:
        super().__init__([BEGIN + GAP_S * number for number in range(ROWS)], broken)
        self.shown = self.rows[::-1]
        for one, other in swaps:
            self.shown[one], self.shown[other] = self.shown[other], self.shown[one]

    async def numbered_page(
        self, run: StreamRun, selection: Selection, number: int, size: int
    ) -> tuple[Page[Any], int]:
        del run, selection
        end = number * size
        rows = self.shown[end - size : end]
        if self.broken & {number for _, number in rows}:
            raise ERROR
        items = [self.row(*row) for row in rows]
        more = "more" if end < ROWS else None
        return Page(items=items, total_count=ROWS, checkpoint=more), BEGIN


OLDER = st.integers(0, ROWS - 3)
"""Numbers of all rows but the two newest."""


@settings(max_examples=30)
@given(
    broken=st.sets(OLDER, min_size=1, max_size=2),
    swapped=st.tuples(OLDER, OLDER),
    floor=st.integers(0, ROWS // 2),
)
@example(broken={361}, swapped=(361, 599 - PAGE), floor=300)
@example(broken={310}, swapped=(310, 5), floor=300)
def test_what_is_not_in_its_place_ends_no_span(
    broken: set[int], swapped: tuple[int, int], floor: int
) -> None:
    """Once rows are out of order, one from before the span does not say that the rest is."""
    one, other = swapped
    logs = Logs(broken, [(0, 1), (ROWS - 1 - one, ROWS - 1 - other)])

    async def read() -> bool:
        run = stream_run("activity_logs", Seconds())
        span = NumberedSpan(logs, run, "created_at", ERROR, IsolationBudget())
        begin = BEGIN + GAP_S * floor
        holes = await span.between(BEGIN, BEGIN + GAP_S * ROWS, floor=begin)
        logs.rows = [row for row in logs.rows if row[0] >= begin]
        return is_named(logs, holes)

    assert anyio.run(read)
