"""Pages of a span in which some fail: those that can be read are handed over.

A second, or a day where the server compares days, may have more rows than a page. There no query
can begin further on, so a cursor leads behind each page, and pages of chosen sizes end beside the
row that cannot be read.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import msgspec

from intercom_async.errors import ClosedError, IntercomError
from .followed import Followed
from .holes import Hole
from .isolation_budget import CALLS_A_FAILURE, IsolationBudget
from .outage import OutageError, StoppedError
from .page_reading import MAX_PAGE, Edge, ReadPage, Reads, pages_that_end_between
from .stream_run import StreamRun
from .streams import Order, Ranged, Selection


class SpanPages:
    """Reads pages of a span in which some fail, and keeps count of what that takes.

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
        self._proven = 1
        """Rows that are known not to be readable."""
        self._alone: list[tuple[Edge, Edge]] = []
        """Edges with one such row between them."""
        self._holes: list[Hole] = []
        self._met: dict[str, int] = {}
        """Times of the rows that were read, by their keys."""
        self._is_counted = True
        """Whether each page has said how many rows there are."""
        self._is_dated = True
        """Whether each row has shown its time."""
        self._is_in_order = True
        """Whether nothing has shown that pages do not keep the order that is asked for."""
        self._goes_upward = False
        """Whether a page has come oldest first: lists may be newest first, whatever is asked."""
        self._is_bounded = False
        """Whether of rows that are not read, only a bound is known."""
        self._floor: int | None = None
        self._counts_are_true: bool | None = None

    def _selection(self, low: int, high: int, size: int, *, is_upward: bool) -> Selection:
        order: Order = "ascending" if is_upward else "descending"
        return Selection(self._field, low, high, min(MAX_PAGE, size), order, has_high=True)

    async def _walk_on(self, selection: Selection, page: ReadPage, edge: int) -> int | None:
        """Go on behind a page by its cursor, then close in; return the last good second.

        A page that fails gives no cursor. But pages of another size have other edges: walks of
        chosen sizes halve the rows that the poison may be among.
        """
        good, followed = len(page.moments), Followed()
        self._proven += 1
        while page.page.checkpoint is not None:
            following = await self._try(selection, page[0].checkpoint, followed)
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
            pages, size = pages_that_end_between(good, bad)
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
        """Say whether a page that is read downward shows that the rest is not wanted.

        Pages around a row that breaks them are too few to show an order: it is enough that neither
        they nor a list of the run have come out of it.
        """
        if self._floor is None or not moments or moments[-1] >= self._floor:
            return False
        is_sorted = all(newer >= older for newer, older in pairwise(moments))
        is_refuted = not self._is_in_order or self._run.orders.is_refuted(self._field)
        return is_sorted and not is_refuted

    @property
    def _per_page(self) -> int:
        """Rows a page where none fails."""
        source = self._run.stream.source
        return source.per_page if isinstance(source, Ranged) else MAX_PAGE

    def _first(self, moment: int) -> int:
        """Return where a query that asks for a moment begins: there, or where its day does."""
        return moment if self._tells_seconds else self._run.cut_points.floor(moment)

    async def _try(
        self, selection: Selection, position: str | None, followed: Followed | None = None
    ) -> ReadPage | None:
        """Read and hand over a page; None if it fails."""
        self._budget.spent += 1
        try:
            page, read_at = await self._reader.page(self._run, selection, position, followed)
        except (StoppedError, OutageError, ClosedError):
            raise
        except IntercomError as error:
            self._error = error
            self._calls += CALLS_A_FAILURE
            return None
        self._calls += len(page.items) < self._per_page
        taken = await self._reader.hand_over_page(
            self._run, page, read_at, edges=(selection.low, selection.high), field=self._field
        )
        source = self._run.stream.source
        is_partition = isinstance(source, Ranged) and self._field == source.partition_field
        # A row without a time counts as the one before it: it leads no query past another.
        near = selection.low if selection.order == "ascending" else selection.high
        moments: list[int] = []
        for row in taken.rows:
            shown = row.partition_at if is_partition else row.version
            self._is_dated = self._is_dated and bool(shown)
            near = shown or near
            moments.append(near)
        self._met.update(zip((row.key for row in taken.rows), moments, strict=True))
        return ReadPage(page, moments, frozenset(row.key for row in taken.rows))

    def _edge(self, moments: list[int], edge: int, *, is_upward: bool) -> int:
        """Return the second of the row farthest along."""
        if not moments:
            return edge
        return max(edge, *moments) if is_upward else min(edge, *moments)

    @property
    def _is_spent(self) -> bool:
        # One that is not known of yet may cost as much.
        return self._budget.is_used_up(self._calls, self._proven + 1)

    def _hole(self, low: int, high: int, *, rows: int = 0) -> None:
        hole = self._run.span_hole(self._field, low, high, str(self._error), rows=rows)
        if self._budget.is_spent:
            spent = f"{self._budget.spent} calls went to such pages, a later run goes on"
            hole = msgspec.structs.replace(hole, reason=f"{hole.reason}; {spent}", tries=0)
        self._holes.append(hole)
