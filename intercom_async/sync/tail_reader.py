"""Reads what has changed in a stream since a moment.

Where the server tells seconds apart, in the order in which changes came: what changes meanwhile
comes at the end. Else newest first, again from each pass's beginning until a pass is one page: a
row that changes during a pass jumps to the front, behind the pass's back, and is read by the next.
A pass ends before its list does only where the order of the list was shown (`list_order`). Rows
that have changed since H say nothing of it: within the lookback, a search may place them by an
older time. What such a place hides from a pass has not changed between the beginning of the pass
and H; what changed after H is read by the next run, which begins a lookback before this one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, cast

from intercom_async.errors import ClosedError, IntercomError
from .distinct_rows import MOST_READINGS, DistinctRows
from .followed import Followed
from .list_order import FEWEST_STEPS, ListOrder
from .numbered_spans import isolation_of
from .page_reader import ENDINGS, MAX_IDS, REFUSALS, PageReader
from .partitions import OPEN
from .raw_rows import Row
from .stream_run import StreamRun
from .streams import Ranged, Selection
from .writer import Batch

CLOCK_SLACK_S = 1
"""Seconds that Date and a row's time may differ on the server: passes overlap by them."""
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
    promised: int = 0
    """Rows that it was counted to have."""


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
        came = DistinctRows(most_named=MAX_IDS)
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

        Returns:
            Whether the list was in that order, and as long as it was counted; else it proves
            nothing but that the rows are there which came.
        """
        field = source.cursor_field
        selection = Selection(field, low, OPEN, source.per_page, "ascending")
        position, reached, promised, steps = None, low, None, 0
        followed, came.counted_at = Followed(), run.clock.now() - CLOCK_SLACK_S
        while True:
            # What lies before the last row is read only where the list is in order.
            begin = reached if steps >= FEWEST_STEPS else low
            try:
                page, read_at = await self._reader.page(run, selection, position, followed)
            except (*ENDINGS, *REFUSALS, ClosedError):
                raise
            except IntercomError as error:
                await self._isolate_tail(run, field, begin, run.clock.now() + 60, error)
                return True
            taken = await self._reader.hand_over_page(
                run, page, read_at, edges=(begin, run.clock.now()), field=field
            )
            before = reached
            # A row that changed meanwhile comes again: it must not stand for one that is left out.
            came.take([row.key for row in taken.rows], taken.total - len(taken.rows))
            run.followed += taken.total
            for row in taken.rows:
                if row.version and row.version < reached and reached > low:
                    return False
                reached = max(reached, row.version)
            steps += position is not None and reached > before
            # A row that comes meanwhile is in a later count: it stands for no other.
            promised = _larger(promised, page.total_count)
            if page.checkpoint is None:
                # Rows of one moment show no order, and without a count nothing shows a leap.
                is_whole = not position or steps > 0
                if promised is not None:
                    is_whole = came.count >= promised
                return is_whole
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
        field, agreed, since = source.cursor_field, 0, low
        is_doubted, promised = False, 0
        for _ in range(MAX_PASSES):
            began, rows = run.clock.now() - CLOCK_SLACK_S, run.rows
            found = await self._pass_down(run, source, field, low, least, came)
            least = 0
            agreed = agreed + 1 if run.rows == rows and not found.is_sorted else 0
            is_doubted = is_doubted or found.is_doubted
            promised = max(promised, found.promised)
            if found.is_atomic or source.is_append_only or agreed >= AGREEING:
                if is_doubted:
                    try:
                        await self._prove(run, field, since, promised, came)
                    except (*ENDINGS, *REFUSALS, ClosedError):
                        raise
                    except IntercomError as error:
                        high = run.clock.now() + 60
                        await self._isolate_tail(run, field, since, high, error, floor=since)
                return True
            low = max(low, began)
        reason = "rows change faster than they can be read"
        run.hole(run.span_hole(field, low, run.clock.now(), reason))
        return True

    async def _pass_down(
        self, run: StreamRun, source: Ranged, field: str, low: int, least: int, rows: DistinctRows
    ) -> _Pass:
        selection = Selection(field, low, OPEN, source.per_page)
        position, came, promised = None, 0, None
        rows.begin_again(is_alike=False)
        order = ListOrder(run.orders, field, changing_from=self._settled_before)
        is_atomic, followed = False, Followed()
        began, moved = run.clock.now(), set[str]()
        is_first = not rows.counted_at
        rows.counted_at = rows.counted_at or began - CLOCK_SLACK_S
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
            came += taken.total
            rows.take([row.key for row in taken.rows], taken.total - len(taken.rows))
            run.followed += taken.total
            if position is not None:
                # They may have come after the first page, and stand for none that it counted.
                moved.update(row.key for row in taken.rows if row.version >= began)
            if position is not None or not is_first:
                rows.note_new(row.key for row in _younger(taken.rows, rows.counted_at))
            promised = max(page.total_count or 0, least) if promised is None else promised
            if page.checkpoint is None and came < promised:
                await self._read_again(run, field, low, promised, max(least, rows.count), rows)
            if page.checkpoint is None or (order.is_proven and order.is_below(low)):
                # What lies below, where it ends before its list does, is counted and not read.
                is_doubted = page.checkpoint is None and rows.repeated > 0
                is_doubted = is_doubted and not 0 < promised <= rows.count - len(moved)
                return _Pass(is_atomic and order.is_kept, order.is_kept, is_doubted, promised)
            position = page.checkpoint

    async def _prove(
        self, run: StreamRun, field: str, low: int, promised: int, rows: DistinctRows
    ) -> None:
        """Count changes of which some came more than once; read them again if others are missing.

        A row that moves during a pass shifts those behind it: one comes twice, and the next pass
        has the one that moved. Rows of one moment may come in another order on each page: one comes
        twice in place of another.

        Args:
            run: The stream.
            field: The field that changes are told by.
            low: Since when.
            promised: Rows that a pass has counted, at most.
            rows: What the passes have brought.
        """
        source, repeated = cast("Ranged", run.stream.source), rows.repeated
        page, read_at = await self._reader.page(run, Selection(field, low, OPEN, source.per_page))
        count = page.total_count
        taken = await self._reader.hand_over_page(
            run, page, read_at, edges=(low, run.clock.now()), field=field
        )
        # What came or moved since the last pass is the newest, and is here.
        keys = [row.key for row in taken.rows]
        new = rows.count_new(keys)
        rows.note_new(row.key for row in _younger(taken.rows, rows.counted_at))
        rows.take(keys, 0)
        if count is not None:
            rows.expect(promised)
            rows.take_count(count, read_at - CLOCK_SLACK_S)
        is_whole = repeated <= new if count is None else rows.united >= count
        if not is_whole:
            await self._read_again(run, field, low, count or 0, 0, rows)

    async def _read_again(
        self,
        run: StreamRun,
        field: str,
        low: int,
        promised: int,
        least: int,
        rows: DistinctRows,
    ) -> None:
        """Read changes once more of which too few came; those that are still missing are a hole.

        A pass may miss a few changes that move while they are read; the next pass, which overlaps
        with this one, has them. So a second reading of the list decides, upward: what changes
        meanwhile moves to its end, and is read there. Where rows come more than once, further ones
        do, together with what came before.

        Args:
            run: The stream.
            field: The field that changes are told by.
            low: Since when.
            promised: Changes that were counted.
            least: Rows that are there: a reading with fewer tells nothing.
            rows: What has come.
        """
        source = cast("Ranged", run.stream.source)
        selection = Selection(field, low, OPEN, source.per_page, "ascending")
        rows.expect(promised)
        for number in range(MOST_READINGS):
            rows.begin_again(is_alike=number > 0)
            counted = await self._read_list(run, selection, rows)
            if rows.has_shrunk:
                continue
            came = rows.united if rows.repeated else rows.count
            is_whole = counted or not rows.repeated or rows.is_settled
            if (
                is_whole
                and came >= (counted or 0)
                and (came >= least or await self._have_gone(run, rows))
            ):
                return
            if not rows.repeated or rows.is_settled:
                break
        if await self._reader.counts_are_true(run, field):
            came = max(least, rows.count, rows.united if rows.repeated else 0)
            came = came if came < promised else rows.count
            reason = f"{promised} changes were counted, and {came} came"
            hole = run.span_hole(field, low, run.clock.now(), reason)
            await self._reader.hand_over(Batch(run, holes=[hole]))

    async def _have_gone(self, run: StreamRun, rows: DistinctRows) -> bool:
        """Say whether all rows that came before, and that a whole list lacks, have gone since.

        A search by ids has to find one that is there: else it finds none at all.
        """
        lacking, known = rows.lacking(), rows.known()
        if not lacking or known is None or len(lacking) >= MAX_IDS:
            return False
        if not cast("Ranged", run.stream.source).can_be_checked:
            return False
        asked = [known, *lacking]
        return await self._reader.find(run, asked, hands_over=False, proves=False) == {known}

    async def _read_list(
        self, run: StreamRun, selection: Selection, rows: DistinctRows
    ) -> int | None:
        """Read a list to its end; return how many rows its last page counted."""
        position, followed = None, Followed()
        first, began, young = None, 0, dict[str, int]()
        while True:
            page, read_at = await self._reader.page(run, selection, position, followed)
            taken = await self._reader.hand_over_page(
                run,
                page,
                read_at,
                edges=(selection.low, run.clock.now()),
                field=selection.field,
            )
            if position is None:
                first, began = page.total_count, read_at - CLOCK_SLACK_S
            young.update((row.key, row.version) for row in _younger(taken.rows, rows.counted_at))
            rows.take([row.key for row in taken.rows], taken.total - len(taken.rows))
            if (position := page.checkpoint) is None:
                break
        if first is not None and page.total_count is not None:
            # What went before this reading, and what went during it.
            rows.note_new(key for key, changed_at in young.items() if changed_at < began)
            rows.take_count(first, began)
            rows.note_new(key for key, changed_at in young.items() if changed_at >= began)
            rows.take_count(page.total_count, read_at - CLOCK_SLACK_S)
        return page.total_count

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


def _younger(rows: Iterable[Row], moment: int) -> list[Row]:
    """Return the rows that have changed at a moment or later."""
    return [row for row in rows if row.version >= moment]


def _larger(one: int | None, other: int | None) -> int | None:
    """Return the larger of two counts, either of which may not be known."""
    return max((each for each in (one, other) if each is not None), default=None)
