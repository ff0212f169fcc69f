"""The one token bucket: how fast what is left of a window is given out.

Spread evenly over the time that is left, several processes that know nothing of each other share a
window equally: each sees in the headers what is left and slows down as it shrinks. The bucket holds
only a few milliseconds of calls, so that timers need not fire once a call.
"""

from __future__ import annotations

TOLERANCE_S = 0.01


class Pace:
    """Spaces grants at a rate that may change with every one (a generic cell rate algorithm)."""

    __slots__ = ("_cost", "_next", "_since")

    def __init__(self) -> None:
        self._next = 0.0
        self._since = 0.0
        self._cost = 1

    @property
    def next_at(self) -> float:
        """The moment from which the next grant may be made."""
        return self._next - TOLERANCE_S

    def spend(self, now: float, rate_per_s: float, cost: int) -> None:
        """Note a grant at this rate."""
        self._since = max(self._next, now - TOLERANCE_S)
        self._cost = cost
        self._next = self._since + cost / rate_per_s

    def hasten(self, rate_per_s: float) -> None:
        """Let the next grant be made as soon as this rate allows, if that is sooner."""
        self._next = min(self._next, self._since + self._cost / rate_per_s)
