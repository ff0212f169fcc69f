"""The windows of a whole workspace: what all of its apps may send together.

No header shows them. What the apps of this process send is counted here; that others send, too, is
learned from the 429s that nothing else explains. At the first one, what others have used is the
limit less what was served to us; going on at that speed they leave us a share. It is spread over
the larger part of the window, and in the rest a call more at a time finds out whether there is
more, bolder with each window that takes all, and not at all for a window after a rejection.
"""

from __future__ import annotations

from .window_budget import Ledger
from .window_schedule import Grid

DEEPEST_CUT = 0.7
"""Of what was served: one rejection does not lower our share further."""
PACED_PART = 0.65
"""Of a window, over which what is known to be ours is spread."""
BURST_PART = 0.02
"""Of our share, that may be ahead of its time."""
RESTS = 1
"""Windows without a try after one with a rejection."""
BOLDNESS = 16
"""A try after one good window has one call in so many of those beyond our share under way."""


class Workspace:
    """The account of all apps together.

    Args:
        limit: Calls a window.
        grid: Where windows end.
    """

    __slots__ = (
        "_boldness",
        "_grid",
        "_ledgers",
        "_length_ms",
        "_newest",
        "_rests",
        "limit",
        "quota",
    )

    def __init__(self, limit: int, grid: Grid) -> None:
        self.limit: int = limit
        self.quota: int | None = None
        """Our share as learned; None as long as nobody else seems to be there."""
        self._grid = grid
        self._length_ms = grid.length_ms
        self._ledgers: dict[int, Ledger] = {}
        self._newest = 0
        self._rests = 0
        self._boldness = 0

    def ledger(self, window: int) -> Ledger:
        """Return the account of a window; a new one learns from the one before."""
        found = self._ledgers.get(window)
        if found is None:
            if self._length_ms != self._grid.length_ms:
                self._length_ms, self._newest = self._grid.length_ms, 0
            if window > self._newest:
                self._learn(self._ledgers.get(self._newest))
                self._newest = window
            far = 2 * self._grid.length_ms
            for old in [old for old in self._ledgers if abs(old - window) > far]:
                del self._ledgers[old]
            found = self._ledgers[window] = Ledger(window, self.limit)
        return found

    def _learn(self, last: Ledger | None) -> None:
        """Take in that a window is over: all that was served is ours, and the next try bolder."""
        if last is None or self.quota is None or last.is_full:
            return
        if self._rests:
            self._rests -= 1
            return
        served = last.acknowledged - last.rejected
        if served > self.quota:
            self.quota = served
            self._boldness += 1
        if self.quota >= self.limit:
            self.quota = None

    def allows(self, ledger: Ledger, quota: int, *, left_s: float, paced: bool) -> bool | None:
        """Say whether our share has room for a call: yes, not in this window (False), or soon.

        Args:
            ledger: The account of the window.
            quota: Our share.
            left_s: How much of the window is left.
            paced: Whether the call is spread over the window.
        """
        if ledger.charged < quota:
            if not paced:
                return True
            part = min(1.0, (1.0 - left_s / self._grid.length_s) / PACED_PART)
            return True if ledger.charged < quota * (part + BURST_PART) + 1 else None
        if self._rests:
            return False
        beyond = max(0, ledger.acknowledged - quota)
        return True if ledger.outstanding <= beyond * self._boldness // BOLDNESS else None

    def fill(self, ledger: Ledger, *, named: int | None, left_s: float) -> None:
        """Note that the server has turned a call away for the workspace's sake.

        Args:
            ledger: The account of the window that is full.
            named: The limit as the server gives it.
            left_s: How much of the window is left.
        """
        ledger.rejected += 1
        if ledger.is_full:
            return
        ledger.is_full = True
        if named:
            self.limit = ledger.limit = named
        served = max(1, ledger.acknowledged - ledger.rejected)
        passed = max(0.1, 1.0 - left_s / self._grid.length_s)
        others = max(0, self.limit - served) / passed
        self.quota = max(1, int(DEEPEST_CUT * served), min(served, int(self.limit - others)))
        self._rests = RESTS
        self._boldness = 0
