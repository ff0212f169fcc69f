"""The windows of a whole workspace: what all of its apps may send together.

No header shows them. What the apps of this process send is counted here; what others send is
learned from the 429s that nothing else explains. Then less is sent, spread over the first part of
the window, and after that one call more at a time for as long as the server takes them: so that the
share found is neither too small for long nor passed by many.
"""

from __future__ import annotations

from .ledger import Ledger
from .tuning import Tuning

FIRST_CUT = 0.97
"""Of what was served before the first rejection; the rest is found again a call at a time."""
PACED_PART = 0.7
"""Of a window, over which what is known to be ours is spread."""
BURST_PART = 0.02


class Workspace:
    """The account of all apps together.

    Args:
        limit: Calls a window.
        tuning: Spans and shares.
    """

    __slots__ = ("_ledgers", "_newest", "_tuning", "limit", "quota")

    def __init__(self, limit: int, tuning: Tuning) -> None:
        self.limit = limit
        self.quota: int | None = None
        """Our share as learned; None as long as nobody else seems to be there."""
        self._tuning = tuning
        self._ledgers: dict[int, Ledger] = {}
        self._newest = -1

    def ledger(self, index: int) -> Ledger:
        """Return the account of a window; a new one learns from the one before."""
        found = self._ledgers.get(index)
        if found is None:
            if index > self._newest:
                self._learn(self._ledgers.get(self._newest))
                self._newest = index
                for old in [old for old in self._ledgers if old < index - 2]:
                    del self._ledgers[old]
            found = self._ledgers[index] = Ledger(self.limit)
        return found

    @property
    def newest(self) -> Ledger | None:
        """The account of the latest window that a call was charged to."""
        return self._ledgers.get(self._newest)

    def _learn(self, last: Ledger | None) -> None:
        """Set the share from what the window before has served."""
        if last is None or self.quota is None:
            return
        served = last.acknowledged - last.rejected
        if last.is_full or served > self.quota:
            self.quota = max(1, served)
        if self.quota >= self.limit:
            self.quota = None

    def has_room(self, index: int, *, cost: int, elapsed_s: float, paced: bool) -> bool | None:
        """Say whether a call may go: yes, not in this window (False), or soon (None)."""
        ledger = self.ledger(index)
        if ledger.is_full or ledger.charged + cost > self.limit:
            return False
        quota = self.quota
        if quota is None:
            return True
        if ledger.charged < quota:
            if not paced:
                return True
            part = min(1.0, elapsed_s / (PACED_PART * self._tuning.window_s))
            return True if ledger.charged < quota * (part + BURST_PART) + 1 else None
        beyond = max(0, ledger.acknowledged - quota)
        return True if ledger.outstanding <= beyond else None

    def charge(self, indices: tuple[int, ...], cost: int) -> None:
        """Charge a call to windows."""
        for index in indices:
            self.ledger(index).outstanding += cost

    def settle(self, indices: tuple[int, ...], cost: int) -> None:
        """Take charges back, because of a reply or because nothing was sent."""
        for index in indices:
            ledger = self._ledgers.get(index)
            if ledger is not None:
                ledger.outstanding -= cost

    def lose(self, indices: tuple[int, ...], cost: int) -> None:
        """Leave charges where they are: the call may have been counted."""
        self.settle(indices, cost)
        for index in indices:
            ledger = self._ledgers.get(index)
            if ledger is not None:
                ledger.lost += cost

    def acknowledge(self, indices: tuple[int, ...], index: int | None, cost: int) -> None:
        """Count a reply in the window it names, or in those it was charged to."""
        self.settle(indices, cost)
        for counted in indices if index is None else (index,):
            self.ledger(counted).acknowledged += cost

    def fill(self, index: int) -> None:
        """Note that the server has turned a call away for the workspace's sake."""
        ledger = self.ledger(index)
        ledger.rejected += 1
        if not ledger.is_full:
            ledger.is_full = True
            if self.quota is None:
                served = ledger.acknowledged - ledger.rejected
                self.quota = max(1, int(FIRST_CUT * served))
