"""Reads changes in the order in which they came, where the server tells seconds apart.

What changes meanwhile comes at the end. So changes that are more than a page are read in lists that
end in the past, which a row can leave, and none comes into: the count of such a list shows each row
of it that was not read, whether it has left it or was left out. What has changed since is read in
the same way, until it is one page; what a page has is of one moment.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from intercom_async.errors import ClosedError, IntercomError
from .distinct_rows import DistinctRows
from .followed import Followed
from .isolated_changes import isolate_changes
from .page_reader import ENDINGS, REFUSALS, PageReader
from .partitions import OPEN
from .rising_list import RisingList
from .stream_run import StreamRun
from .streams import Ranged, Selection

CLOCK_SLACK_S = 1
"""Seconds that Date and a row's time may differ on the server: lists end by them before now, and
passes overlap by them."""
MOST_LISTS = 8
"""Lists that end in the past until what has changed since is one page
(test_rising_changes.py::test_changes_that_never_become_a_page)."""


class _Read(NamedTuple):
    """What a list of changes that begins with the earliest was like."""

    is_whole: bool
    """Whether all of it came."""
    counted: int = 0
    """How many rows its first page has counted."""
    is_left: bool = False
    """Whether it was left with its first page, as more follow."""
    is_isolated: bool = False
    """Whether its rows were read around one that cannot be read."""
    reached: int = 0
    """The moment of its last row, UNIX seconds; 0 where it was out of order."""
    passed: int = 0
    """Rows of it that are earlier."""


class RisingChanges:
    """Reads the changes of a stream upward.

    Args:
        reader: Reads pages and hands over.
        settled_before: H: nothing that comes later is placed before it.
    """

    def __init__(self, reader: PageReader, settled_before: int) -> None:
        self._reader = reader
        self._settled_before = settled_before

    async def read(self, run: StreamRun, source: Ranged, low: int, came: DistinctRows) -> bool:
        """Read what has changed since a moment.

        Args:
            run: The stream.
            source: What gives its rows.
            low: The moment, UNIX seconds of the server.
            came: What comes.

        Returns:
            Whether the lists were in order, and as long as they were counted; else they prove
            nothing but that the rows are there which came.
        """
        rest = Selection(source.cursor_field, low, OPEN, source.per_page, "ascending")
        high = self._settled_before - CLOCK_SLACK_S
        came.counted_at = run.clock.now() - CLOCK_SLACK_S
        every = rest
        first = found = await self._read_list(run, rest, came, is_one_page=True, is_again=True)
        came.expect(first.counted)
        for _ in range(MOST_LISTS):
            if not found.is_left:
                break
            high = high if high > rest.low else run.clock.now() - CLOCK_SLACK_S
            if high <= rest.low:
                break
            if not await self._read_closed(run, replace(rest, high=high), came):
                return False
            rest = replace(rest, low=high)
            found = await self._read_list(run, rest, came, is_one_page=True, is_again=True)
        if found.is_left:
            found = await self._read_list(run, rest, came)
        is_counted = first.is_left and found.is_whole and not found.is_isolated
        if is_counted and came.count < first.counted:
            # Rows went, or more than one answer in a row was of a part of the index.
            return await self._counts_no_more(run, every, came)
        return found.is_whole

    async def _read_closed(self, run: StreamRun, selection: Selection, came: DistinctRows) -> bool:
        """Read a list that ends in the past; say whether all came that it had when it began.

        Each page begins with the last row of the one before, and counts what follows. Where it
        counts fewer rows than were left, these have gone on since, or that page lacked some: what
        it has read is asked for once more.
        """
        listed, first = DistinctRows(), selection
        before, left = None, 0
        while selection.low < selection.high:
            found = await self._read_list(run, selection, came, listed, is_one_page=True)
            if (
                before is not None
                and (found.is_isolated or found.counted < left)
                and not await self._has_all(run, before, came, listed)
            ):
                return False
            if found.is_isolated:
                return True
            if not found.is_left:
                if not found.is_whole and not await self._has_all(run, selection, came, listed):
                    return False
                break
            before, left = replace(selection, high=found.reached), found.counted - found.passed
            if found.reached <= selection.low:
                # No page ends among rows of one moment.
                moment, before = replace(selection, high=selection.low + 1), None
                if not await self._has_all(run, moment, came, listed):
                    return False
                found = found._replace(reached=moment.high)
            selection = replace(selection, low=found.reached)
        return await self._counts_no_more(run, first, listed)

    async def _has_all(
        self, run: StreamRun, selection: Selection, came: DistinctRows, listed: DistinctRows
    ) -> bool:
        return (await self._read_list(run, selection, came, listed, is_again=True)).is_whole

    async def _counts_no_more(
        self, run: StreamRun, selection: Selection, listed: DistinctRows
    ) -> bool:
        """Say whether another answer counts no more rows than a list has brought.

        One of a part of the index counts what that has.
        """
        try:
            page, _ = await self._reader.page(run, replace(selection, per_page=1))
        except (*ENDINGS, *REFUSALS, ClosedError):
            raise
        except IntercomError:
            return False
        return page.total_count is not None and listed.count >= page.total_count

    async def _read_list(
        self,
        run: StreamRun,
        selection: Selection,
        came: DistinctRows,
        listed: DistinctRows | None = None,
        *,
        is_one_page: bool = False,
        is_again: bool = False,
    ) -> _Read:
        """Read a list of changes that begins with the earliest.

        Args:
            run: The stream.
            selection: The list.
            came: Changes that have come.
            listed: Those of one list, if it is read by several selections.
            is_one_page: Whether it is left with its first page where that counts its rows.
            is_again: Whether rows of it that cannot be read were taken before.
        """
        field, position, followed = selection.field, None, Followed()
        # Rows of the second of the first page may be in its count.
        rising = RisingList(selection, run.clock.now() + CLOCK_SLACK_S + 1)
        later = came.counted_at + 2 * CLOCK_SLACK_S + 1
        while True:
            try:
                page, read_at = await self._reader.page(run, selection, position, followed)
            except (*ENDINGS, *REFUSALS, ClosedError):
                raise
            except IntercomError as error:
                high = min(selection.high, run.clock.now() + 60)
                await isolate_changes(self._reader, run, field, selection.low, high, error)
                return _Read(is_whole=True, is_isolated=True)
            total, is_followed = page.total_count, page.checkpoint is not None
            high = min(selection.high, run.clock.now())
            taken = await self._reader.hand_over_page(
                run, page, read_at, edges=(rising.read_to, high), field=field
            )
            run.followed += taken.total
            unreadable = 0 if is_again else taken.total - len(taken.rows)
            for rows in (came, listed) if listed is not None else (came,):
                rows.take([row.key for row in taken.rows], unreadable)
            came.note_new(row.key for row in taken.rows if row.is_made_since(later))
            if not rising.take(taken, total, is_followed=is_followed):
                return _Read(is_whole=False, counted=rising.counted)
            if is_one_page and is_followed and total is not None and taken.rows:
                reached, passed = rising.reached, rising.passed
                return _Read(
                    is_whole=False, counted=total, is_left=True, reached=reached, passed=passed
                )
            if not is_followed:
                is_whole = rising.has_all(total, read_at - CLOCK_SLACK_S, self._settled_before)
                return _Read(is_whole, rising.counted)
            position = page.checkpoint


def calls_of(rows: int, per_page: int) -> int:
    """Return the calls that changes take of which none leaves meanwhile.

    Where they are more than a page, pages begin with the last row of the one before, and three
    calls more are made: the page that shows it, another count, and what has changed since.
    """
    if rows <= per_page:
        return 1
    return -(-(rows - 1) // max(1, per_page - 1)) + 3
