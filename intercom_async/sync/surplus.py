"""Counts all rows of a stream: more than are held are rows that no change tells of.

A row can come without a new time: a conversation that is imported with the time that it had
elsewhere, a contact that is unarchived. No search for changes finds it; a sweep does.

What comes and goes around a count must not stand for such a row. One that has gone before the
count is known to be gone when it is compared, as the list of deleted rows is read after the count.
One that the target has learnt of since, and that the count may lack, is added to it. So what is
left over is never too little. It may be too much: by rows that went between the count and the list,
and by new ones that were counted. Where these would make the difference, all is asked once more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from intercom_async.errors import ClosedError, IntercomError
from .deletions import DeletionReader
from .key_table import GONE
from .page_reader import ENDINGS, PageReader
from .page_reading import MAX_IDS
from .planner import measure
from .row_count import Measured
from .stream_run import StreamRun
from .streams import Ranged
from .writer import Batch

MAX_COUNTS = 6
"""Times that a run counts the rows of a stream, where some come or go with each count
(test_surplus.py::test_rows_that_come_all_the_time_cost_no_sweep)."""

NEAR_S = 60
"""Seconds before a count since which changes are read first."""

MOST_PAGES = 2
"""Pages of a list of deleted rows that is read once more where it may have left some out: archived
contacts ask for it each night until a sweep (test_lacking_deletions.py)."""

Follow = Callable[[int], Awaitable[bool]]
"""Reads what has changed since a moment; says whether all of it was."""


class SurplusSearch:
    """Looks for rows that the server counts, and that are neither held nor known to be missing.

    Args:
        reader: Searches, and hands over.
        lookback_s: For how long a search may miss a row that came, or find one that has gone.
        asks_lists: Whether the run asks which rows were deleted.
    """

    def __init__(self, reader: PageReader, lookback_s: int, *, asks_lists: bool) -> None:
        self._reader = reader
        self._asks_lists = asks_lists
        self._lookback_s = lookback_s

    async def count(self, run: StreamRun) -> None:
        """Ask how many rows a stream has."""
        source, asked_at = cast("Ranged", run.stream.source), run.clock.now()
        counted = await measure(run.client, source, source.partition_field, run.cut_points, 0)
        since, gone = asked_at - self._lookback_s, len(run.just_gone)
        run.count.begin(counted, asked_at, run.clock.now(), since, gone)

    async def count_and_list(self, run: StreamRun) -> None:
        """Ask how many rows a stream has, then which were deleted, where the server may tell it."""
        if cast("Ranged", run.stream.source).deletions is None:
            return
        await self.count(run)
        since = max(run.state.deletions or 0, run.state.swept or 0) - self._lookback_s
        lists = DeletionReader(self._reader, self._lookback_s)
        run.was_told = await lists.read(run, since)
        is_short = run.was_told and lists.pages <= MOST_PAGES
        run.count.listed_from = since if is_short else None

    async def _list_again(self, run: StreamRun) -> None:
        """Read the list of deleted rows once more where more rows are held than were counted.

        It may have left some out. Where it has not, they are archived, or counted late: a sweep
        that is due tells, and none is made for it.
        """
        since, count = run.count.listed_from, run.count
        if since is None or count.was_doubted or count.total is None or count.is_kept:
            return
        # Most of what came was made before the count, and is in it.
        if _difference(run) - count.came + count.came_later < run.state.surplus:
            count.was_doubted = True
            await DeletionReader(self._reader, self._lookback_s).read(run, since)

    async def settle(self, run: StreamRun, follow: Follow | None = None) -> bool:
        """Count until what comes and goes makes no difference, or a few times.

        Args:
            run: The stream, counted, and with all changes read since.
            follow: Reads its changes, once it is counted again; None where none are read.

        Returns:
            Whether its changes were read to the end.
        """
        if run.count.is_kept and not await self._compare(run, follow):
            return False
        await self._list_again(run)
        for _ in range(MAX_COUNTS - 1):
            await self._leave_out_gone(run)
            if not self._is_doubtful(run):
                break
            asked_at = run.count.asked_at
            # What went since a reading of everything began stands for what that has left out.
            if run.was_told or (run.count.is_kept and self._may_list(run)):
                await self.count_and_list(run)
            else:
                await self.count(run)
            # What the target had by then is in this count. Most often that is all there is; else
            # what came since may be counted, too.
            if follow is None or not has_more(run):
                continue
            if not await self._catch_up(run, follow, asked_at):
                return False
        else:
            await self._leave_out_gone(run)
            if self._is_doubtful(run):
                # New rows come with each count: most of them were made after it.
                run.count.came = run.count.came_later
        run.count.is_settled = True
        await self._forget_left_over(run)
        return True

    async def _compare(self, run: StreamRun, follow: Follow | None) -> bool:
        """Compare what a reading of everything has brought with the count that it began with.

        Where no part tells of its own that all has come, rows are counted once more: those that
        came meanwhile with an old time would stand for others that the reading has left out.

        Returns:
            Whether changes, if they were read, were read to the end.
        """
        count = run.count
        if count.total is not None and not count.is_proof and not has_more(run):
            await self.count(run)
            if follow is not None and has_more(run):
                is_read = await self._catch_up(run, follow, count.asked_at)
                if not is_read:
                    return False
        if await self._is_no_count(run):
            count.total = None
        return True

    async def _catch_up(self, run: StreamRun, follow: Follow, since: int) -> bool:
        """Read changes of which a count is too large; say whether all of them were read.

        Those of the last minute are most often all that came. What a search finds later is read
        only where they do not explain the count.

        Args:
            run: The stream.
            follow: Reads its changes.
            since: When it was read or counted before.
        """
        count, most = run.count, surplus(run) - run.state.surplus
        before = count.explained
        if not await follow(since - NEAR_S):
            return False
        if count.explained - before >= most or self._lookback_s <= NEAR_S:
            return True
        return await follow(since - self._lookback_s)

    def _may_list(self, run: StreamRun) -> bool:
        return self._asks_lists and cast("Ranged", run.stream.source).deletions is not None

    async def _is_no_count(self, run: StreamRun) -> bool:
        """Say whether a reading of everything has brought fewer rows, and that tells nothing.

        A hole may hide any number of rows, and a server may count rows where there are none.
        """
        if not has_more(run):
            return False
        if any(hole.kind == "span" and not hole.rows for hole in run.state.holes):
            return True
        field = cast("Ranged", run.stream.source).partition_field
        return not await self._reader.counts_are_true(run, field)

    async def _forget_left_over(self, run: StreamRun) -> None:
        """Forget what sweeps did not find as far as it is not counted any longer.

        It would hide as many rows that no change tells of. Where neither a list nor a sweep of this
        run tells what went, rows that have gone unnoticed may make it less.
        """
        state, left_over = run.state, surplus(run)
        is_known = run.was_told or (run.was_swept and state.pass_ is None)
        if run.count.total is None or not is_known or left_over >= state.surplus:
            return

        def note() -> None:
            state.surplus = left_over

        await self._reader.hand_over(Batch(run, apply=note))

    async def left_over(self, run: StreamRun) -> int | None:
        """Return the surplus that a sweep leaves; None where the rows were not counted before.

        Rows that have gone since the count, or that came after they could be swept, are none of it:
        they would hide as many that no change tells of, up to the next sweep.
        """
        if run.count.total is None or not run.count.is_settled:
            return None
        left_over = max(0, surplus(run) - run.count.came)
        if left_over:
            await self.count(run)
            left_over = min(left_over, surplus(run))
        run.count.left_over, run.count.is_settled = left_over, False
        return left_over

    def keep(self, run: StreamRun, total: int | None) -> None:
        """Keep the count with which a reading of everything begins: it shows if all rows came.

        Spans do not show it, though each has a count of its own. One that another chain goes on
        with is not read to its end. And where days are compared and become others meanwhile, as
        those of another zone, a day at a cut may be in neither of two spans.
        """
        if run.is_current:
            return
        if run.count.since is None:
            now, gone = run.clock.now(), len(run.just_gone)
            run.count.begin(Measured(total, 0.0), now, now, now - self._lookback_s, gone)
        run.count.keep(total)

    def _is_doubtful(self, run: StreamRun) -> bool:
        """Say whether it depends on what came or went meanwhile if there is a surplus."""
        most, count = surplus(run), run.count
        if count.is_kept and most > run.state.surplus:
            # Rows have gone since, or were counted by the days of before.
            return True
        gone = len(run.just_gone) - count.gone_before
        return most > run.state.surplus >= most - count.came - gone and count.came + gone > 0

    async def _leave_out_gone(self, run: StreamRun) -> None:
        """Take rows off the count that went a moment ago, as far as a search still finds them.

        With more of them than a search has room for, or one that fails, a surplus is left to a
        sweep.
        """
        count = run.count
        if count.total is None or not has_more(run):
            return
        if not 0 < len(run.just_gone) <= MAX_IDS:
            return
        try:
            found = await self._reader.find(run, run.just_gone, hands_over=False, proves=False)
        except (*ENDINGS, ClosedError):
            raise
        except IntercomError:
            return
        count.total -= len(found)


def known_count(run: StreamRun) -> Measured | None:
    """Return the count of a moment ago, for a reading of everything that needs no other one.

    One that looks for a surplus needs it itself, to tell what it has not found.
    """
    return None if has_surplus(run) else run.count.take()


def has_surplus(run: StreamRun) -> bool:
    """Say whether rows were counted that no change tells of, and that no sweep looked for."""
    return run.count.is_settled and has_more(run)


def has_more(run: StreamRun) -> bool:
    """Say whether more rows were counted than are held, beyond those that sweeps do not find."""
    return surplus(run) > run.state.surplus


def named_surplus(run: StreamRun) -> int:
    """Return how many rows the server counts and does not give, as far as this run knows it."""
    return run.count.left_over or (run.state.surplus if run.count.is_settled else 0)


def surplus(run: StreamRun) -> int:
    """Return how many rows were counted that are neither held nor known to be missing.

    Args:
        run: The stream; 0 if its rows were not counted in this run.
    """
    return max(0, _difference(run))


def _difference(run: StreamRun) -> int:
    """Return how many rows were counted beyond what is known; below 0 where these are more."""
    count = run.count
    if count.total is None:
        return 0
    held = run.table.count(without=GONE)
    missing = sum(
        max(1, hole.rows)
        for hole in run.state.holes
        if hole.key is None or run.table.get(hole.key) is None
    )
    return count.total + count.came - held - missing
