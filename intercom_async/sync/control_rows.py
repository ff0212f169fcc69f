"""Rows that show that a search by ids works: what it leaves out beside them is not there."""

from __future__ import annotations

from typing import NamedTuple

import anyio

from .held_keys import HeldKeys, is_live, is_met
from .page_reader import PageReader
from .stream_run import StreamRun

SEARCH_IDS = 15
"""Ids in one search."""
CONTROLS = 3
"""Rows that are searched together with one that may be archived: a search that leaves them out as
well proves nothing."""


class Controls(NamedTuple):
    """What a search by ids finds of rows that it has to find."""

    found: list[str]
    """Some of them."""
    is_all: bool
    """Whether it was asked for each row that it could have found."""


class ControlRows:
    """Finds rows that a search by ids finds.

    Args:
        reader: Searches, and hands over what is found.
        held_keys: Gives the keys that the target holds.
    """

    def __init__(self, reader: PageReader, held_keys: HeldKeys) -> None:
        self._reader = reader
        self._held_keys = held_keys
        self._known: dict[StreamRun, Controls] = {}
        self._lock = anyio.Lock()

    async def of(self, run: StreamRun, *, hands_over: bool = True) -> Controls:
        """Search rows that the sweep has met or, if it has met none, rows that nothing is said of.

        Each of them may have gone since it was read, so that only those that are found count.

        Args:
            run: The stream.
            hands_over: Whether what is found is written.

        Raises:
            IntercomError: The search failed.
        """
        async with self._lock:
            if run not in self._known:
                self._known[run] = await self._find(run, hands_over=hands_over)
        return self._known[run]

    async def _find(self, run: StreamRun, *, hands_over: bool) -> Controls:
        rows = await self._held_keys.select(run, is_met) or await self._undoubted(run)
        searched = rows[:: -(-len(rows) // SEARCH_IDS) or 1]
        found = set[str]()
        if searched:
            found = await self._reader.find(run, searched, hands_over=hands_over, proves=False)
        shown = [key for key in searched if key in found][:CONTROLS]
        return Controls(shown, len(searched) == len(rows))

    async def _undoubted(self, run: StreamRun) -> list[str]:
        """Return some rows that no hole names, one more than are searched where there are more."""
        doubted = {hole.key for hole in run.state.holes if hole.key is not None}
        most = len(doubted) + SEARCH_IDS + 1
        rows = await self._held_keys.select(run, is_live, most=most)
        return [key for key in rows if key not in doubted][: SEARCH_IDS + 1]

    def leave_none(self, run: StreamRun) -> bool:
        """Say whether rows were needed, and no row is left that a search by ids finds."""
        known = self._known.get(run)
        return known is not None and known.is_all and not known.found

    def forget(self, run: StreamRun) -> None:
        """Forget what was found of a stream, which is read again."""
        self._known.pop(run, None)
