"""The server's clock, as an interval: what this loop's time plus a difference can be there.

Replies name the window they were counted in. A request that left at `sent` and whose answer came at
`received` was counted somewhere in between, so if its window is [start, end) on the server's clock,
the difference between the two clocks lies in [start - received, end - sent). Each reply narrows
that interval; two replies on both sides of a window's end narrow it to about a round trip.

What matters is when a call is counted that leaves now. It cannot be counted sooner than its way
takes, and the reply that confines the interval has been on its way back after it was counted. Both
ways together take as long as the quickest call has taken: by nearly so much, calls may leave before
a window is sure to have begun (`counting`).

The Date header narrows it, too, as long as it agrees: it is written by a clock that need not be the
limiter's, so it is trusted to a part of a second, and not at all once it has contradicted a window.
The wall clock of this machine is never read: it may be wrong, and it may jump.
"""

from __future__ import annotations

import math
from functools import lru_cache

from intercom_async.moments import from_http_date

DRIFT = 1e-4
"""Seconds a second by which two clocks may part: 100 ppm, several times what crystals do."""
LEAD = 0.45
"""Of the quickest call's time: the rest allows for calls that differ, and for one quicker yet."""
SOON_DRIFT = 1.5e-4
"""The same for the moment from which a call cannot be counted too soon: it costs a 429 to miss."""
DATE_SLACK_S = 0.75
"""The clock that writes Date may be off by so much from the limiter's."""
DATE_WIDTH_S = 1.0
"""Below this the windows say more of the server's clock than its Date header does."""


class LimiterClock:
    """Bounds of what the server's clock shows; pure arithmetic on moments it is given."""

    __slots__ = (
        "_high",
        "_high_at",
        "_is_date_trusted",
        "_low",
        "_low_at",
        "_quickest_s",
        "_soonest",
        "_soonest_at",
        "is_known",
        "lead_s",
        "version",
    )

    def __init__(self) -> None:
        self._low = self._high = 0.0
        self._low_at = self._high_at = 0.0
        self._is_date_trusted = True
        self._soonest = self._soonest_at = 0.0
        self._quickest_s = math.inf
        self.lead_s: float = 0.0
        """So long before a reply came, a call can have left that was counted no sooner.

        It never grows: what is known may stem from the quickest reply.
        """
        self.is_known: bool = False
        """Whether a reply has said anything of the server's clock."""
        self.version: int = 0
        """Grows with each change, so that others know when to calculate anew."""

    def bounds(self, now: float) -> tuple[float, float]:
        """Return the least and the greatest difference from loop time at `now`."""
        return (
            self._low - DRIFT * (now - self._low_at),
            self._high + DRIFT * (now - self._high_at),
        )

    def counting(self, now: float) -> tuple[float, float]:
        """Return the least and the greatest difference at which a call may be counted.

        The call leaves at `now`, and how long it takes to be counted is not in the greatest one.
        """
        low, high = self.bounds(now)
        soonest = self._soonest - SOON_DRIFT * (now - self._soonest_at)
        return min(max(low, soonest), high), high

    def width_s(self, now: float) -> float:
        """Return how uncertain the server's time is."""
        return self._high - self._low + DRIFT * (2 * now - self._low_at - self._high_at)

    def likely(self, now: float) -> float:
        """Return the difference in the middle of what is possible."""
        low = self._low - DRIFT * (now - self._low_at)
        return (low + self._high + DRIFT * (now - self._high_at)) / 2

    def agrees(self, start: float, end: float, *, sent: float, received: float) -> bool:
        """Take in a window like `counted_in`, unless it contradicts what is known."""
        if received - sent < self._quickest_s:
            self._quicken(received - sent)
        return self.is_known and self._narrow(start - received, end - sent, received)

    def counted_in(self, start: float, end: float, *, sent: float, received: float) -> None:
        """Take in that a request sent and answered at these moments was counted in a window."""
        if self.agrees(start, end, sent=sent, received=received):
            soonest = start - received + self.lead_s
            if soonest > self._soonest - SOON_DRIFT * (received - self._soonest_at):
                self._soonest, self._soonest_at = soonest, received
                self.version += 1
            return
        # The newest word counts: one of the clocks was set, or a Date has misled us.
        self._is_date_trusted = self._is_date_trusted and not self.is_known
        self._low, self._high = start - received, end - sent
        self._low_at = self._high_at = self._soonest_at = received
        self._soonest = start - received + self.lead_s
        self.is_known = True
        self.version += 1

    def _quicken(self, rtt_s: float) -> None:
        """Take in that a call was quicker than all before it."""
        lead_s = LEAD * rtt_s
        self._soonest -= self.lead_s - lead_s
        self._quickest_s, self.lead_s = rtt_s, lead_s
        self.version += 1

    def dated(self, date: float, *, sent: float, received: float) -> None:
        """Take in a Date header, in whole seconds, as long as it agrees with the windows."""
        if self._is_date_trusted:
            self._is_date_trusted = self._narrow(
                date - DATE_SLACK_S - received, date + 1.0 + DATE_SLACK_S - sent, received
            )

    def _narrow(self, low: float, high: float, now: float) -> bool:
        """Take in bounds; say whether they agree with what is known, else do nothing."""
        known_low = self._low - DRIFT * (now - self._low_at)
        known_high = self._high + DRIFT * (now - self._high_at)
        if low > known_high or high < known_low:
            return False
        if low > known_low:
            self._low, self._low_at = low, now
            self.version += 1
        if high < known_high:
            self._high, self._high_at = high, now
            self.version += 1
        return True

    def forget(self) -> None:
        """Begin anew: what was known has turned out to be wrong."""
        self.is_known = False
        self._is_date_trusted = False
        self.version += 1


@lru_cache(maxsize=8)
def parse_date(text: str) -> float | None:
    """Read a Date header as UNIX seconds; None if it is none.

    Remembered, because it is the same for all replies of a second and takes 10 µs to read.
    """
    return from_http_date(text)
