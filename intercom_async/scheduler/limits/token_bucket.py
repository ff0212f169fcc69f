"""Token bucket that spaces calls at a rate which may change with every call (GCRA).

The whole state is one timestamp, the moment from which the next call conforms. The bucket holds a
few milliseconds of calls, so that timers need not fire once a call.
"""

from __future__ import annotations

TOLERANCE_S = 0.01
"""Seconds of calls that the bucket holds unless told otherwise: at 167 calls a second, one or two
(test_token_bucket.py::test_calls_that_come_late_may_catch_up_by_the_tolerance)."""


class TokenBucket:
    """Generic cell rate algorithm with one timestamp.

    Args:
        tolerance_s: Seconds of calls that may go at once after a pause.
    """

    __slots__ = ("_cost", "_since", "_tat", "_tolerance_s")

    def __init__(self, tolerance_s: float = TOLERANCE_S) -> None:
        self._tolerance_s = tolerance_s
        self._tat = 0.0
        """Theoretical arrival time: when the next call would come at exactly the rate."""
        self._since = 0.0
        self._cost = 1

    @property
    def next_at(self) -> float:
        """The moment from which the next call conforms."""
        return self._tat - self._tolerance_s

    def take(self, now: float, rate_per_s: float, cost: int) -> None:
        """Take the tokens of a call that goes now, at this rate."""
        self._since = max(self._tat, now - self._tolerance_s)
        self._cost = cost
        self._tat = self._since + cost / rate_per_s

    def speed_up(self, rate_per_s: float) -> None:
        """Space the last call by this rate instead, if that lets the next one go sooner."""
        self._tat = min(self._tat, self._since + self._cost / rate_per_s)

    def give_back(self, rate_per_s: float, cost: int) -> None:
        """Return the tokens of a call that did not go after all."""
        self._tat -= cost / rate_per_s
