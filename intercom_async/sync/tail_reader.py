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

from typing import NamedTuple, cast

from intercom_async.errors import ClosedError, IntercomError
from .counted_changes import CountedChanges
from .distinct_rows import DistinctRows
from .followed import Followed
from .isolated_changes import isolate_changes
from .list_order import ListOrder
from .page_reader import ENDINGS, REFUSALS, PageReader
from .partitions import OPEN
from .rising_changes import CLOCK_SLACK_S, RisingChanges
from .stream_run import StreamRun
from .streams import Ranged, Selection

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


class TailReader:
    """Reads changes.

    Args:
        reader: Reads pages and hands over.
        settled_before: H: a row that has changed since then may stand at an older place.
    """

    def __init__(self, reader: PageReader, settled_before: int) -> None:
        self._reader = reader
        self._settled_before = settled_before
        self._rising = RisingChanges(reader, settled_before)

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
                if await self._rising.read(run, source, low, came):
                    return True
                least = came.count
            return await self._read_downward(run, source, low, least, came)
        except ENDINGS:
            return False
        except REFUSALS as error:
            self._reader.refuse(run, error)
            return False

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
            await isolate_changes(self._reader, run, counted.field, since, high, error, floor=since)

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
                await isolate_changes(self._reader, run, field, low, high, error, floor=low)
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
