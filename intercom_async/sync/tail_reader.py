"""Reads what has changed in a stream since a moment.

Where the server tells seconds apart, in the order in which changes came: what changes meanwhile
comes at the end. Else newest first, again from each pass's beginning until a pass is one page: a
row that changes during a pass jumps to the front, behind the pass's back, and is read by the next.
Where no pass gets there, as too much has just changed to show an order, rows are counted: once as
many have come as there are, each was read by this run.
A pass ends before its list does only where the order of the list was shown (`list_order`). Rows
that have changed since H say nothing of it: within the lookback, a search may place them by an
older time. What such a place hides from a pass has not changed between the beginning of the pass
and H; what changed after H is read by the next run, which begins a lookback before this one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, cast

from intercom_async.errors import ClosedError, IntercomError
from .counted_changes import CLOCK_SLACK_S, CountedChanges
from .distinct_rows import DistinctRows
from .followed import Followed
from .list_order import ListOrder
from .numbered_spans import isolation_of
from .page_reader import ENDINGS, REFUSALS, PageReader
from .partitions import OPEN
from .rising_list import RisingList
from .stream_run import StreamRun
from .streams import Ranged, Selection
from .writer import Batch

MOST_NAMED = 10_000
"""Changes whose keys are kept, to be searched for where a later reading lacks them."""
MAX_PASSES = 50
"""Newest-first passes until one is a page; each is as long as the changes during the one before."""

AGREEING = 2
"""Passes in a row that bring nothing new, where order proves nothing."""


class _Pass(NamedTuple):
    """What a newest-first pass was like."""

    is_atomic: bool
    """Whether all that it asked for came with one page: nothing moved meanwhile."""
    is_sorted: bool
    is_doubted: bool
    """Whether a row that came more than once may have come in place of another."""
    is_counted: bool = False
    """Whether it has read its list, which counts its rows, to the end."""


class _Rising(NamedTuple):
    """What a list of changes that begins with the earliest was like."""

    is_whole: bool
    """Whether all of it came."""
    is_left: bool = False
    """Whether it was left with its first page, as more follow."""
    counted: int = 0
    """How many rows that page has counted."""
    is_isolated: bool = False
    """Whether its rows were read around one that cannot be read."""
    middle: int = 0
    """The moment of the row in its middle; 0 where no half of it proves anything."""


class TailReader:
    """Reads changes.

    Args:
        reader: Reads pages and hands over.
        settled_before: H: a row that has changed since then may stand at an older place.
    """

    def __init__(self, reader: PageReader, settled_before: int) -> None:
        self._reader = reader
        self._settled_before = settled_before

    async def read(self, run: StreamRun, low: int) -> bool:
        """Read what has changed since a moment; say whether all of it was.

        Args:
            run: The stream.
            low: The moment, UNIX seconds of the server.
        """
        source = cast("Ranged", run.stream.source)
        run.followed_from, least = low, 0
        came = DistinctRows(most_named=MOST_NAMED)
        try:
            if not source.is_append_only and source.tells_seconds(run.state.version or ""):
                if await self._read_upward(run, source, low, came):
                    return True
                least = came.count
            return await self._read_downward(run, source, low, least, came)
        except ENDINGS:
            return False
        except REFUSALS as error:
            self._reader.refuse(run, error)
            return False

    async def _read_upward(
        self, run: StreamRun, source: Ranged, low: int, came: DistinctRows
    ) -> bool:
        """Read changes in the order in which they came: what changes meanwhile comes at the end.

        Where they are more than a page, those of before H are a list of their own: nothing comes
        into it any longer, and a row that does cannot stand for one that is left out.

        Returns:
            Whether the lists were in that order, and as long as they were counted; else they prove
            nothing but that the rows are there which came.
        """
        selection = Selection(source.cursor_field, low, OPEN, source.per_page, "ascending")
        settled = self._settled_before - CLOCK_SLACK_S
        came.counted_at = run.clock.now() - CLOCK_SLACK_S
        first = await self._read_rising(run, selection, came, is_one_page=low < settled)
        if not first.is_left:
            return first.is_whole
        is_isolated = False
        for part in (replace(selection, high=settled), replace(selection, low=settled)):
            found = await self._read_rising(run, part, came)
            if not found.is_whole and not await self._read_halves(run, part, found.middle, came):
                return False
            is_isolated |= found.is_isolated
        return is_isolated or came.count >= first.counted

    async def _read_halves(
        self, run: StreamRun, selection: Selection, middle: int, came: DistinctRows
    ) -> bool:
        """Read a list into which no row comes again; say whether all came that it has by now.

        A row that changes, or goes, before it is read is missing as one that is left out is. The
        shorter a list is, the less leaves it, and what a page has is of one moment.
        """
        if not selection.low < middle < selection.high:
            return False
        for half in (replace(selection, high=middle), replace(selection, low=middle)):
            found = await self._read_rising(run, half, came, is_again=True)
            if not found.is_whole and not await self._read_halves(run, half, found.middle, came):
                return False
        return True

    async def _read_rising(
        self,
        run: StreamRun,
        selection: Selection,
        came: DistinctRows,
        *,
        is_one_page: bool = False,
        is_again: bool = False,
    ) -> _Rising:
        """Read a list of changes that begins with the earliest.

        Args:
            run: The stream.
            selection: The list.
            came: What comes.
            is_one_page: Whether it is left where it has more than a page.
            is_again: Whether rows of it that cannot be read were counted before.
        """
        field, position, followed = selection.field, None, Followed()
        # Rows of the second of the first page may be in its count.
        later = run.clock.now() + CLOCK_SLACK_S + 1
        rising = RisingList(selection, later)
        while True:
            try:
                page, read_at = await self._reader.page(run, selection, position, followed)
            except (*ENDINGS, *REFUSALS, ClosedError):
                raise
            except IntercomError as error:
                high = min(selection.high, run.clock.now() + 60)
                await self._isolate_tail(run, field, rising.read_to, high, error)
                return _Rising(is_whole=True, is_isolated=True)
            is_followed = page.checkpoint is not None
            if position is None:
                came.expect(page.total_count or 0)
            if is_one_page and is_followed:
                return _Rising(is_whole=False, is_left=True, counted=page.total_count or 0)
            high = min(selection.high, run.clock.now())
            taken = await self._reader.hand_over_page(
                run, page, read_at, edges=(rising.read_to, high), field=field
            )
            run.followed += taken.total
            unreadable = 0 if is_again else taken.total - len(taken.rows)
            came.take([row.key for row in taken.rows], unreadable)
            came.note_new(row.key for row in taken.rows if row.is_made_since(later))
            if not rising.take(taken, page.total_count, is_followed=is_followed):
                return _Rising(is_whole=False)
            if not is_followed:
                at = read_at - CLOCK_SLACK_S
                is_whole = rising.has_all(page.total_count, at, self._settled_before)
                return _Rising(is_whole, middle=rising.middle)
            position = page.checkpoint

    async def _read_downward(
        self, run: StreamRun, source: Ranged, low: int, least: int, came: DistinctRows
    ) -> bool:
        """Read changes newest first, again from each pass's beginning until a pass is one page.

        A row that changes during a pass jumps to the front, behind the pass's back: the next pass
        reads it there. Where rows are not in the order of their times, as a search may place a row
        by an older time than the one it shows, no page ends a pass; then two passes have to bring
        nothing new.

        Args:
            run: The stream.
            source: What gives its rows.
            low: Since when.
            least: Rows that were read upward, and are there: a first pass with fewer is in doubt.
            came: What has come.
        """
        field, agreed, since, is_doubted = source.cursor_field, 0, low, False
        counted = CountedChanges(self._reader, run, field, came, self._settled_before)
        for number in range(MAX_PASSES):
            began, rows = run.clock.now() - CLOCK_SLACK_S, run.rows
            found = await self._pass_down(run, source, counted, low, least)
            least, low = 0, max(low, began)
            agreed = agreed + 1 if run.rows == rows and not found.is_sorted else 0
            is_doubted = (is_doubted or found.is_doubted) and counted.decided_since != since
            is_last = found.is_atomic or source.is_append_only or agreed >= AGREEING
            if counted.is_to_be_read_again():
                low = since
            elif is_last or counted.decided_since is not None:
                if is_doubted:
                    await self._prove(run, counted, since)
                return True
            elif number and found.is_counted and await counted.are_whole(since):
                return True
        reason = "rows change faster than they can be read"
        run.hole(run.span_hole(field, low, run.clock.now(), reason))
        return True

    async def _prove(self, run: StreamRun, counted: CountedChanges, since: int) -> None:
        try:
            await counted.prove(since)
        except (*ENDINGS, *REFUSALS, ClosedError):
            raise
        except IntercomError as error:
            high = run.clock.now() + 60
            await self._isolate_tail(run, counted.field, since, high, error, floor=since)

    async def _pass_down(
        self, run: StreamRun, source: Ranged, counted: CountedChanges, low: int, least: int
    ) -> _Pass:
        field, rows = counted.field, counted.rows
        selection, position = Selection(field, low, OPEN, source.per_page), None
        order = ListOrder(run.orders, field, changing_from=self._settled_before)
        is_atomic, followed = False, Followed()
        counted.begin_pass(least, source.per_page)
        while True:
            try:
                page, read_at = await self._reader.page(run, selection, position, followed)
            except (*ENDINGS, *REFUSALS, ClosedError):
                raise
            except IntercomError as error:
                high = order.read_to(run.clock.now() + 60)
                await self._isolate_tail(run, field, low, high, error, floor=low)
                is_atomic = position is None or (is_atomic and order.is_kept)
                return _Pass(is_atomic, order.is_kept, is_doubted=False)
            high = order.read_to(run.clock.now())
            taken = await self._reader.hand_over_page(
                run, page, read_at, edges=(low, high), field=field
            )
            order.take(row.version for row in taken.rows if row.version)
            is_atomic = is_atomic or (
                position is None and (page.checkpoint is None or order.is_below(low))
            )
            run.followed += taken.total
            counted.take_page(page.total_count, taken, is_followed=page.checkpoint is not None)
            is_to_end = page.checkpoint is None
            if is_to_end and counted.came < counted.promised:
                await counted.read_again(low, counted.promised, max(least, rows.count))
            if is_to_end or (order.is_proven and order.is_below(low)):
                # What lies below, where it ends before its list does, is counted and not read.
                is_doubted = is_to_end and rows.repeated > 0 and not counted.is_pass_whole
                is_counted = is_to_end and counted.promised > 0
                counted.end_pass(is_to_end=is_to_end)
                return _Pass(is_atomic and order.is_kept, order.is_kept, is_doubted, is_counted)
            position = page.checkpoint

    async def _isolate_tail(
        self,
        run: StreamRun,
        field: str,
        low: int,
        high: int,
        error: IntercomError,
        *,
        floor: int | None = None,
    ) -> None:
        if not await self._reader.answers_at_all(run, field):
            self._reader.refuse(run, error)
            return
        budget = self._reader.isolation_budget
        isolation = isolation_of(self._reader, run, field, error, budget)
        holes = await isolation.between(low, max(low, high), floor=floor)
        await self._reader.hand_over(Batch(run, holes=holes))
