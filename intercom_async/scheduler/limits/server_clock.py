"""Offset of the server's clock from loop time, as an interval that every reply narrows.

Replies name the window they were counted in. A request that left at `sent` and was answered at
`received` was counted in between, so if its window is [start, end) on the server's clock, the
offset lies in [start - received, end - sent). Two replies on both sides of a window's end narrow
the interval to about a round trip.

What matters is when a call that leaves now is counted. It cannot be counted before it has travelled
to the server, and the reply that bounds the interval travelled back after it was counted. Both ways
together take at least as long as the quickest call, so calls may leave by nearly that much before a
window is sure to have begun (`arrival_offsets`).

The Date header narrows the interval too, while it agrees: another clock than the limiter's may
write it, so it is trusted to a fraction of a second, and no longer once it has contradicted a
window. The wall clock of this machine is never read: it may be wrong, and it may jump.
"""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime
from functools import lru_cache

DRIFT = 1e-4
"""Seconds per second by which the two clocks may drift apart: 100 ppm, several times what crystals
do (test_server_clock.py::test_the_offset_lies_within_its_bounds)."""
LEAD_SHARE = 0.45
"""Fraction of the quickest round trip by which a call may leave before a window is sure to have
begun; the rest allows for calls that differ and for one quicker yet
(test_window_ends.py::test_an_interactive_call_does_not_wait_for_a_window_that_has_begun)."""
ARRIVAL_DRIFT = 1.5e-4
"""Seconds per second, `DRIFT` for the earliest arrival: to be early there costs a 429
(test_window_ends.py::test_a_job_of_an_hour_does_not_forget_when_windows_begin)."""
DATE_SLACK_S = 0.75
"""Seconds by which the clock that writes Date may differ from the limiter's; more than this is
learned from the windows instead (report: "date +7 s")."""
DATE_USEFUL_WIDTH_S = 1.0
"""Seconds. While the offset is known less exactly than this, Date is read
(report: "cold at 95 %")."""


class ServerClock:
    """Bounds of the offset; pure arithmetic on moments it is given."""

    __slots__ = (
        "_earliest",
        "_earliest_at",
        "_high",
        "_high_at",
        "_is_date_trusted",
        "_low",
        "_low_at",
        "_quickest_s",
        "is_known",
        "lead_s",
        "version",
    )

    def __init__(self) -> None:
        self._low = self._high = 0.0
        self._low_at = self._high_at = 0.0
        self._is_date_trusted = True
        self._earliest = self._earliest_at = 0.0
        self._quickest_s = math.inf
        self.lead_s: float = 0.0
        """Seconds before a reply came in which a call can have left that was counted no sooner.

        It never grows: what is known may stem from the quickest reply.
        """
        self.is_known: bool = False
        """Whether a reply has said anything about the server's clock."""
        self.version: int = 0
        """Counts changes, so that users of the clock know when to recalculate."""

    def bounds(self, now: float) -> tuple[float, float]:
        """Return the smallest and the largest possible offset at loop time `now`."""
        return (
            self._low - DRIFT * (now - self._low_at),
            self._high + DRIFT * (now - self._high_at),
        )

    def arrival_offsets(self, now: float) -> tuple[float, float]:
        """Return the offsets between which a call that leaves at `now` is counted.

        The time it takes to be counted is in the smaller one only.
        """
        low, high = self.bounds(now)
        earliest = self._earliest - ARRIVAL_DRIFT * (now - self._earliest_at)
        return min(max(low, earliest), high), high

    def width_s(self, now: float) -> float:
        """Return how many seconds wide the interval is."""
        return self._high - self._low + DRIFT * (2 * now - self._low_at - self._high_at)

    def likely_offset(self, now: float) -> float:
        """Return the middle of the interval."""
        low = self._low - DRIFT * (now - self._low_at)
        return (low + self._high + DRIFT * (now - self._high_at)) / 2

    def try_window(self, start: float, end: float, *, sent: float, received: float) -> bool:
        """Learn from a window like `observe_window`, unless it contradicts what is known."""
        if received - sent < self._quickest_s:
            self._note_quickest(received - sent)
        return self.is_known and self._narrow(start - received, end - sent, received)

    def observe_window(self, start: float, end: float, *, sent: float, received: float) -> None:
        """Learn that a request sent and answered at these moments was counted in a window."""
        if self.try_window(start, end, sent=sent, received=received):
            earliest = start - received + self.lead_s
            if earliest > self._earliest - ARRIVAL_DRIFT * (received - self._earliest_at):
                self._earliest, self._earliest_at = earliest, received
                self.version += 1
            return
        # The newest reply counts: one of the clocks was set, or a Date has misled us.
        self._is_date_trusted = self._is_date_trusted and not self.is_known
        self._low, self._high = start - received, end - sent
        self._low_at = self._high_at = self._earliest_at = received
        self._earliest = start - received + self.lead_s
        self.is_known = True
        self.version += 1

    def _note_quickest(self, rtt_s: float) -> None:
        """Learn that a call was quicker than all before it."""
        lead_s = LEAD_SHARE * rtt_s
        self._earliest -= self.lead_s - lead_s
        self._quickest_s, self.lead_s = rtt_s, lead_s
        self.version += 1

    def observe_date(self, date: float, *, sent: float, received: float) -> None:
        """Learn from a Date header, in whole UNIX seconds, while it agrees with the windows."""
        if self._is_date_trusted:
            self._is_date_trusted = self._narrow(
                date - DATE_SLACK_S - received, date + 1.0 + DATE_SLACK_S - sent, received
            )

    def _narrow(self, low: float, high: float, now: float) -> bool:
        """Intersect with other bounds; return whether they overlap, and change nothing if not."""
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
        """Drop what is known, Date included: it has turned out to be wrong."""
        self.is_known = False
        self._is_date_trusted = False
        self.version += 1


@lru_cache(maxsize=8)
def parse_date(text: str) -> float | None:
    """Return a Date header as UNIX seconds; None if it is not one.

    Cached, because it is the same for all replies of a second and takes 10 µs to parse.
    """
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
