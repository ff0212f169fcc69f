"""Reads what has changed in a stream, and doubts a search that finds no change.

Such an answer looks like a stream at rest. So its newest rows are asked for: one that has changed
since then shows that the search has missed it, and none at all, where the target holds some, that
the search finds nothing. In doubt the changes are read once more; what stays in doubt is a hole.
"""

from __future__ import annotations

from functools import partial
from typing import cast

from intercom_async.errors import ClosedError, IntercomError
from .control_rows import SEARCH_IDS, ControlRows
from .key_table import GONE
from .page_reader import ENDINGS, PageReader
from .partitions import OPEN
from .policy import Policy
from .raw_rows import Row
from .reconcile import list_hole
from .stream_run import StreamRun
from .streams import Ranged, Selection
from .surplus import SurplusSearch
from .tail_reader import TailReader
from .writer import Batch

READINGS = 2
"""Times that changes are read before a doubt becomes a hole."""
FINDS_NONE = "a search finds none of its rows"
MISSES = "a search for changes does not find rows that have changed"


class ChangeReader:
    """Reads changes, and asks for the newest rows where none came.

    Args:
        reader: Reads pages and hands over.
        control_rows: Finds rows by their ids.
        surplus: Looks for rows that no change tells of.
        policy: Says what a run reads.
    """

    def __init__(
        self, reader: PageReader, control_rows: ControlRows, surplus: SurplusSearch, policy: Policy
    ) -> None:
        self._reader = reader
        # A search may not know yet what has changed since H.
        self._settled_before = policy.settled_before
        self._tail_reader = TailReader(reader, policy.settled_before)
        self._control_rows = control_rows
        self._surplus = surplus
        self._policy = policy

    async def read(self, run: StreamRun, low: int) -> bool:
        """Read what has changed since a moment; say whether all of it was.

        Where that stays in doubt, the stream has a hole that asks for a sweep, of this run if it
        has time: it reads everything, or finds that all rows have gone.

        Args:
            run: The stream.
            low: The moment, UNIX seconds of the server.
        """
        is_counted = self._policy.is_counted(run, run.client.statistics().rate_per_s)
        if is_counted and run.count.since is None:
            await self._surplus.count(run)
        doubt: str | None = None
        for _ in range(READINGS):
            if not await self._follow(run, low):
                return False
            try:
                doubt = None if run.followed else await self._doubt(run, low)
                if doubt is None:
                    # What a reading of everything has not met may be gone: that is judged first.
                    return run.state.pass_ is not None or await self._settle(run)
            except ENDINGS:
                return False
        await self._reader.hand_over(Batch(run, holes=[list_hole(run, doubt or "")]))
        run.is_current = True
        return False

    async def settle(self, run: StreamRun) -> None:
        """Look whether a reading of everything that has ended has brought all rows."""
        count = run.count
        if run.is_current and run.state.pass_ is None and not count.is_settled:
            try:
                await self._settle(run)
            except ENDINGS:
                return

    async def _settle(self, run: StreamRun) -> bool:
        return await self._surplus.settle(run, partial(self._follow, run))

    async def _follow(self, run: StreamRun, low: int) -> bool:
        run.is_following = True
        is_read = await self._tail_reader.read(run, low)
        run.is_following = False
        return is_read and run.refusal is None

    async def _doubt(self, run: StreamRun, low: int) -> str | None:
        """Return why a search that found no change is not believed; None if it is."""
        state, source = run.state, cast("Ranged", run.stream.source)
        if state.pass_ is not None or state.seeded is None or not source.can_be_checked:
            return None
        if not run.table.count(without=GONE):
            return None
        try:
            page, _ = await self._reader.page(
                run, Selection(source.cursor_field, 1, OPEN, SEARCH_IDS)
            )
        except (*ENDINGS, ClosedError):
            raise
        except IntercomError:
            # A row that breaks its page may be among the newest.
            return await self._doubt_by_id(run)
        if not page.items and not page.unreadable:
            return FINDS_NONE
        rows = [row for row in run.read(page.items) if row is not None]
        is_missed = any(low <= row.version and self._is_unread(run, row) for row in rows)
        return MISSES if is_missed else None

    def _is_unread(self, run: StreamRun, row: Row) -> bool:
        """Say whether the search should have found a row: settled, or newer than the one held.

        Behind a change of this minute, which it may not know yet, there may be an older one.
        """
        held = run.table.get(row.key)
        is_newer = held is None or held.is_gone or (held.version < row.version and not row.is_ahead)
        return is_newer or row.version < self._settled_before

    async def _doubt_by_id(self, run: StreamRun) -> str | None:
        try:
            controls = await self._control_rows.of(run, hands_over=False)
        except (*ENDINGS, ClosedError):
            raise
        except IntercomError as error:
            return str(error)
        return None if controls.found else FINDS_NONE
