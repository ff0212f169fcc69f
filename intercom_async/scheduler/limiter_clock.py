"""The server's clock, as an interval: what this loop's time plus a difference can be there.

Replies name the window they were counted in. A request that left at `sent` and whose answer came at
`received` was counted somewhere in between, so if its window is [start, end) on the server's clock,
the difference between the two clocks lies in [start - received, end - sent). Each reply narrows
that interval; two replies on both sides of a window's end narrow it to about a round trip.

The wall clock of this machine is never read: it may be wrong, and it may jump.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime

DRIFT = 1e-4
"""Seconds a second by which two clocks may part: 100 ppm, several times what crystals do."""
DATE_SLACK_S = 0.5
"""The Date header comes from a clock that need not be the limiter's."""


class LimiterClock:
    """Bounds of what the server's clock shows; pure arithmetic on moments it is given."""

    __slots__ = ("_high", "_high_at", "_is_date_trusted", "_low", "_low_at")

    def __init__(self) -> None:
        self._low = self._high = 0.0
        self._low_at = self._high_at = -1.0
        self._is_date_trusted = True

    @property
    def is_known(self) -> bool:
        """Whether a reply has said anything of the server's clock."""
        return self._low_at >= 0.0

    def bounds(self, now: float) -> tuple[float, float]:
        """Return the least and the greatest difference from loop time at `now`."""
        return (
            self._low - DRIFT * (now - self._low_at),
            self._high + DRIFT * (now - self._high_at),
        )

    def width_s(self, now: float) -> float:
        """Return how uncertain the server's time is."""
        low, high = self.bounds(now)
        return high - low

    def counted_in(self, start: float, end: float, *, sent: float, received: float) -> None:
        """Take in that a request sent and answered at these moments was counted in a window."""
        self._narrow(start - received, end - sent, received)

    def dated(self, date: float, *, sent: float, received: float) -> None:
        """Take in a Date header, in whole seconds, as long as it agrees with the windows."""
        if not self._is_date_trusted:
            return
        low, high = date - DATE_SLACK_S - received, date + 1.0 + DATE_SLACK_S - sent
        if self.is_known:
            known_low, known_high = self.bounds(received)
            if low > known_high or high < known_low:
                self._is_date_trusted = False
                return
            low, high = max(low, known_low), min(high, known_high)
        self._set(low, high, received)

    def _narrow(self, low: float, high: float, now: float) -> None:
        if self.is_known:
            known_low, known_high = self.bounds(now)
            joint_low, joint_high = max(low, known_low), min(high, known_high)
            if joint_low <= joint_high:
                if joint_low > known_low:
                    self._low, self._low_at = joint_low, now
                if joint_high < known_high:
                    self._high, self._high_at = joint_high, now
                return
            # The newest word counts: a clock was set, or what narrowed this was a Date.
        self._set(low, high, now)

    def _set(self, low: float, high: float, now: float) -> None:
        self._low, self._high = low, high
        self._low_at = self._high_at = now


def parse_date(text: str) -> float | None:
    """Read a Date header as UNIX seconds; None if it is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
