"""The one token bucket: how fast what is left of a window is given out.

Spread evenly over the time that is left, several processes that know nothing of each other share a
window equally: each sees in the headers what is left and slows down as it shrinks. The bucket holds
only a few milliseconds of calls, so that timers need not fire once a call.
"""

from __future__ import annotations

TOLERANCE_S = 0.01


class Pace:
    """Spaces grants at a rate that may change with every one (a generic cell rate algorithm)."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = 0.0

    @property
    def next_at(self) -> float:
        """The moment from which the next grant may be made."""
        return self._next - TOLERANCE_S

    def spend(self, now: float, rate_per_s: float, cost: int) -> None:
        """Note a grant at this rate."""
        self._next = max(self._next, now - TOLERANCE_S) + cost / rate_per_s
