"""Closes in on rows that break every page containing them, and reads all others.

From above with fewer and fewer rows a page, each a fresh query that begins at the last good row's
second; from below in the other order; then the rest is halved by time. A page that fails gives no
cursor, so one row a page finds the poison but never steps over it. What cannot be read is a hole.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple, Protocol, TypeAlias

import msgspec

from intercom_async.errors import ClosedError, IntercomError
from intercom_async.models.page import Page
from .holes import Hole
from .outage import OutageError, StoppedError
from .raw_rows import Row
from .stream_run import StreamRun
from .streams import Ranged, Selection

MAX_CALLS = 60
"""Calls for one failing page; what is not isolated by then is a hole as it is."""
BUDGET_CALLS, BUDGET_SHARE = 500, 0.05
"""Calls that all failing pages of a run may take together: so many, or so large a part of its
pages. What is left then is a hole as it is (test_isolation_budget.py)."""
MAX_PAGE = 150
"""Rows that a page may have."""
MORE_PAGES = 8
"""Pages beyond the fewest that may be read to end exactly where it is wanted."""
DEEPEST = 48
"""Halvings of a span, enough for any span of seconds."""

_Moments: TypeAlias = "tuple[Page[Any], list[int]]"
"""A page, and the moments of its rows."""


class Taken(NamedTuple):
    """A page that was handed over."""

    rows: list[Row]
    total: int
    """Rows that the page had, those that cannot be read included."""
    holes: list[Hole]


class Reads(Protocol):
    """What reads and hands over pages."""

    async def page(
        self, run: StreamRun, selection: Selection, position: str | None = None
    ) -> tuple[Page[Any], int]:
        """Read one page of a selection."""
        ...

    async def counts_are_true(self, run: StreamRun, field: str) -> bool:
        """Say whether the server counts no rows where there are none."""
        ...

    async def hand_over_page(
        self,
        run: StreamRun,
        page: Page[Any],
        read_at: int,
        *,
        edges: tuple[int, int],
        field: str | None = None,
    ) -> Taken:
        """Hand over the rows of a page."""
        ...


class IsolationBudget:
    """Counts what a run spends on pages that fail, so that a workspace full of them ends, too."""

    def __init__(self) -> None:
        self.pages: int = 0
        """Pages that the run has asked for, for whatever reason."""
        self.spent: int = 0
        """Calls for pages that fail."""

    @property
    def is_spent(self) -> bool:
        """Whether no more calls are to be made for them."""
        return self.spent >= max(BUDGET_CALLS, BUDGET_SHARE * self.pages)


class Isolation:
    """Reads a span in which a page fails.

    Args:
        reader: Reads pages and hands over their rows.
        run: The stream.
        field: The field that the span is of.
        error: What the page failed with.
        budget: What the whole run may spend.
    """

    def __init__(
        self,
        reader: Reads,
        run: StreamRun,
        field: str,
        error: IntercomError,
        budget: IsolationBudget,
    ) -> None:
        self._reader = reader
        self._run = run
        self._field = field
        self._error = error
        self._tells_seconds = not run.slack_s
        self._budget = budget
        self._calls = 0
        self._holes: list[Hole] = []
        self._floor: int | None = None
        self._counts_are_true: bool | None = None

    async def between(self, low: int, high: int, *, floor: int | None = None) -> list[Hole]:
        """Read all that can be read from `low` up to and including `high`; return the holes.

        Args:
            low: Its first second.
            high: Its last second.
            floor: Rows before this moment are not wanted, though a query that begins with a whole
                day gives them: in a page in order, one of them ends the reading.

        Raises:
            StoppedError: The run is to end.
            OutageError: The server does not answer.
        """
        self._floor = floor
        await self._read(low, high, 0)
        return self._holes

    async def _read(self, low: int, high: int, depth: int) -> None:
        """Read a span, of which a page is known to fail."""
        top = await self._approach(low, high, is_upward=False)
        if top is None:
            return
        bottom = await self._approach(low, top, is_upward=True)
        if bottom is None:
            return
        await self._halve(bottom, max(bottom, top), depth)

    async def _halve(self, low: int, high: int, depth: int) -> None:
        cut = self._cut(low, high)
        if cut is None or depth >= DEEPEST or self._is_spent:
            self._hole(low, high)
            return
        for begin, end in ((cut, high), (low, cut - 1)):
            failed_at = await self._walk(begin, end)
            if failed_at is not None:
                await self._halve(begin, min(end, failed_at), depth + 1)

    def _cut(self, low: int, high: int) -> int | None:
        """Return where a span is halved; None where it cannot be."""
        points = self._run.cut_points
        if self._tells_seconds:
            return None if low >= high else low + (high - low + 1) // 2
        cut = points.ceil(low + (high - low + 1) // 2)
        if not low < cut <= high:
            cut = points.floor(high)
        return cut if low < cut <= high else None

    async def _walk(self, low: int, high: int) -> int | None:
        """Read a span downward, page by page; return the last good second where a page fails."""
        position, reached, came, promised = None, high, 0, None
        while True:
            source = self._run.stream.source
            per_page = source.per_page if isinstance(source, Ranged) else MAX_PAGE
            selection = Selection(self._field, low, high, per_page, has_high=True)
            page = await self._try(selection, position)
            if page is None:
                return reached
            reached = self._edge(page[1], reached, is_upward=False)
            came += len(page[1])
            promised = page[0].total_count if promised is None else promised
            if page[0].checkpoint is None:
                return reached if await self._is_short(came, promised) else None
            position = page[0].checkpoint

    async def _approach(self, low: int, high: int, *, is_upward: bool) -> int | None:
        """Read toward the poison from one side; return the second it was closed in to.

        None says that no page has failed: all of the span is read.
        """
        edge, size, at_edge = (low if is_upward else high), MAX_PAGE, 0
        while size >= 1 and not self._is_spent:
            selection = Selection(
                self._field,
                edge if is_upward else low,
                high if is_upward else edge,
                min(MAX_PAGE, size + at_edge),
                "ascending" if is_upward else "descending",
                has_high=True,
            )
            page = await self._try(selection, None)
            if page is None:
                size //= 2
                continue
            if not is_upward and self._is_past(page[1]):
                return None
            if page[0].checkpoint is None:
                is_short = await self._is_short(len(page[1]), page[0].total_count)
                return self._edge(page[1], edge, is_upward=is_upward) if is_short else None
            moved = self._edge(page[1], edge, is_upward=is_upward)
            if selection.per_page >= MAX_PAGE and self._first(moved) == self._first(edge):
                # A query cannot begin further on: a second, or a day, has more rows than a page.
                return await self._walk_on(selection, page, moved)
            if moved == edge:
                # The query begins before the edge, by days that are not the workspace's.
                at_edge, size = len(page[1]), 2 * size
                continue
            edge = moved
            at_edge = sum(1 for moment in page[1] if self._first(moment) == self._first(edge))
        return edge

    async def _walk_on(self, selection: Selection, page: _Moments, edge: int) -> int | None:
        """Go on behind a page by its cursor, then close in; return the last good second.

        A page that fails gives no cursor. But pages of another size have other edges: walks of
        chosen sizes halve the rows that the poison may be among.
        """
        good = len(page[1])
        while page[0].checkpoint is not None:
            following = await self._try(selection, page[0].checkpoint)
            if following is None:
                break
            page = following
            if selection.order != "ascending" and self._is_past(page[1]):
                return None
            good += len(page[1])
            edge = self._edge(page[1], edge, is_upward=selection.order == "ascending")
        else:
            return edge if await self._is_short(good, page[0].total_count) else None
        bad = good + selection.per_page
        while not self._is_spent:
            pages, size = _pages_that_end_between(good, bad)
            if not size:
                break
            read, edge = await self._walk_pages(selection, pages, size, edge)
            if read == pages:
                good = pages * size
            else:
                good, bad = max(good, read * size), (read + 1) * size
        return edge

    async def _walk_pages(
        self, selection: Selection, pages: int, size: int, edge: int
    ) -> tuple[int, int]:
        """Read some pages of a size; return how many could be read, and the last good second."""
        chosen, position = replace(selection, per_page=size), None
        for number in range(pages):
            page = await self._try(chosen, position)
            if page is None:
                return number, edge
            edge = self._edge(page[1], edge, is_upward=selection.order == "ascending")
            position = page[0].checkpoint
            if position is None:
                break
        return pages, edge

    async def _is_short(self, came: int, promised: int | None) -> bool:
        """Say whether fewer rows came than were counted, where counts are to be believed."""
        if promised is None or came >= promised:
            return False
        if self._counts_are_true is None:
            self._counts_are_true = await self._reader.counts_are_true(self._run, self._field)
        return self._counts_are_true

    def _is_past(self, moments: list[int]) -> bool:
        """Say whether a page that is read downward shows that the rest is not wanted."""
        if self._floor is None or not moments or moments[-1] >= self._floor:
            return False
        return all(newer >= older for newer, older in pairwise(moments))

    def _first(self, moment: int) -> int:
        """Return where a query that asks for a moment begins: there, or where its day does."""
        return moment if self._tells_seconds else self._run.cut_points.floor(moment)

    async def _try(self, selection: Selection, position: str | None) -> _Moments | None:
        """Read and hand over a page; None if it fails."""
        self._calls += 1
        self._budget.spent += 1
        try:
            page, read_at = await self._reader.page(self._run, selection, position)
        except (StoppedError, OutageError, ClosedError):
            raise
        except IntercomError as error:
            self._error = error
            return None
        taken = await self._reader.hand_over_page(
            self._run, page, read_at, edges=(selection.low, selection.high), field=self._field
        )
        source = self._run.stream.source
        is_partition = isinstance(source, Ranged) and self._field == source.partition_field
        moments = [
            (row.partition_at if is_partition else row.version) or selection.low
            for row in taken.rows
        ]
        return page, moments

    def _edge(self, moments: list[int], edge: int, *, is_upward: bool) -> int:
        """Return the second of the row farthest along."""
        if not moments:
            return edge
        return max(edge, *moments) if is_upward else min(edge, *moments)

    @property
    def _is_spent(self) -> bool:
        return self._calls >= MAX_CALLS or self._budget.is_spent

    def _hole(self, low: int, high: int) -> None:
        hole = self._run.span_hole(self._field, low, high, str(self._error))
        if self._budget.is_spent:
            spent = f"{self._budget.spent} calls went to such pages, a later run goes on"
            hole = msgspec.structs.replace(hole, reason=f"{hole.reason}; {spent}", tries=0)
        self._holes.append(hole)


def _pages_that_end_between(good: int, bad: int) -> tuple[int, int]:
    """Return how many pages of which size end after `good` rows and before `bad`, near the middle.

    Both are 0 where there are no such rows.
    """
    middle = (good + bad) // 2
    for rows in sorted(range(good + 1, bad), key=lambda rows: abs(rows - middle)):
        fewest = -(-rows // MAX_PAGE)
        for pages in range(fewest, fewest + MORE_PAGES):
            if rows % pages == 0:
                return pages, rows // pages
    return 0, 0
