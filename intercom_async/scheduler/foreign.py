"""What others use of the same windows: how much as a rule, and how fast just now."""

from __future__ import annotations

import math

from .ledger import Ledger
from .tuning import Tuning

ROUNDING = 2
"""So few calls of others are rounding and replies under way, not a neighbour."""
FADE = 0.7
"""What is left of the fastest seen use after each span in which it was slower."""
SILENCE_S = 4.0
"""Without any reply for so long, what was seen counts half."""
MOST_HELD_BACK = 0.05
"""Of a limit: no margin is greater."""
ABSENT = 0.01
"""Others that use less of a window on the average are not there."""


class Foreign:
    """Follows what others use; told of every reply and of every window that is over."""

    __slots__ = ("_per_s", "_seen", "_windows", "share")

    def __init__(self) -> None:
        self._windows = 0
        self.share: float = 0.0
        """Of a window, on the average of the last ones."""
        self._per_s = 0.0
        self._seen: tuple[float, int, int] | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether no window has been seen to its end."""
        return not self._windows

    @property
    def is_absent(self) -> bool:
        """Whether nobody else has used the last windows; unknown is no."""
        return self.share < ABSENT and self._windows > 0

    def close(self, ledger: Ledger) -> None:
        """Take in a window that is over."""
        if ledger.acknowledged:
            share = min(1.0, ledger.foreign_at_most / ledger.limit)
            self.share = 0.5 * self.share + 0.5 * share if self._windows else share
            self._windows += 1
            if self.share < ABSENT / 10:
                self.share = 0.0

    def estimate(self, ledger: Ledger, elapsed_part: float) -> int:
        """Return how much of a window others have used by now."""
        low, high = ledger.foreign_at_least, ledger.foreign_at_most
        if low >= high:
            return low
        return min(max(int(self.share * ledger.limit * elapsed_part), low), high)

    def watch(self, window: int, ledger: Ledger, now: float, tuning: Tuning) -> None:
        """Follow how fast others use a window up."""
        seen = self._seen
        if seen is None or seen[1] != window:
            self._seen = (now, window, ledger.foreign_at_most)
            return
        passed_s = now - seen[0]
        if passed_s >= tuning.foreign_span_s:
            foreign = ledger.foreign_at_most
            slope = max(0.0, (foreign - seen[2]) / passed_s)
            self._per_s = max(slope, 0.5 * slope + 0.5 * FADE * self._per_s)
            self._seen = (now, window, foreign)

    def margin(self, now: float, limit: int, rtt_s: float) -> int:
        """Return how much others may use before a reply would say so."""
        seen = self._seen
        if seen is None or not self._per_s:
            return 0
        # What was seen a while ago says less and less: silence must not hold calls back for ever.
        trust: float = 0.5 ** (max(0.0, now - seen[0] - rtt_s) / SILENCE_S)
        margin = math.ceil(self._per_s * trust * rtt_s)
        return min(margin, math.ceil(MOST_HELD_BACK * limit))
