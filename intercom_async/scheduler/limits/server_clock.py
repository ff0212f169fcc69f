"""Offset of the server's clock from loop time, as an interval that every reply narrows.

Replies name the window they were counted in. A request that left at `sent` and was answered at
`received` was counted in between, so if its window is [start, end) on the server's clock, the
offset lies in [start - received, end - sent). Two replies on both sides of a window's end narrow
the interval to about a round trip.

What matters is when a call that leaves now is counted. It cannot be counted before it has travelled
to the server, and the reply that bounds the interval travelled back after it was counted. Both ways
together take at least as long as the quickest call, so calls may leave by nearly that much before a
window is sure to have begun (`arrival_offsets`).

A reply may contradict the interval. If it names a window that should be over, the server's clock is
behind what was thought (`shift_back`); if it names one that should not have begun, it is ahead
(`shift_ahead`). Either bound moves no further than the reply requires: to take the whole window for
possible would mean to wait for the whole of it.

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
(test_server_clock.py::test_an_interactive_call_does_not_wait_for_a_window_that_has_begun)."""
ARRIVAL_DRIFT_FACTOR = 1.5
"""Factor of the drift for the earliest arrival: to be early there costs a 429
(test_server_clock.py::test_a_job_of_an_hour_does_not_forget_when_windows_begin)."""
MAX_DRIFT = 0.1
"""Seconds per second; a clock that is slewed faster than this is set instead
(test_contradictions.py::test_a_slewed_clock_is_followed)."""
DRIFT_MARGIN = 1.25
"""Factor by which the drift that two contradictions show is exceeded
(test_contradictions.py::test_a_slewed_clock_is_followed)."""
DRIFT_DECAY = 0.95
"""Factor for the learned drift after each window that began when it was expected
(test_contradictions.py::test_a_learned_drift_is_forgotten)."""
FAST_DRIFT = 1e-3
"""Seconds per second; while the clocks drift faster, each window is opened by a single probe
(test_contradictions.py::test_a_slewed_clock_is_followed)."""
AHEAD_SLACK_S = 0.2
"""Seconds by which the interval is widened when the server's clock turns out to be ahead
(test_contradictions.py::test_a_clock_that_steps_is_followed)."""
DATE_SLACK_S = 0.75
"""Seconds by which the clock that writes Date may differ from the limiter's; more than this is
learned from the windows instead (report: "date +7 s")."""
DATE_USEFUL_WIDTH_S = 1.0
"""Seconds. While the offset is known less exactly than this, Date is read
(report: "cold at 95 %")."""


class ServerClock:
    """Bounds of the offset; pure arithmetic on moments it is given."""

    __slots__ = (
        "_arrival_drift",
        "_earliest",
        "_earliest_at",
        "_high",
        "_high_at",
        "_high_is_date",
        "_is_date_trusted",
        "_low",
        "_low_at",
        "_low_is_date",
        "drift",
        "is_known",
        "lead_s",
        "quickest_s",
        "version",
    )

    def __init__(self) -> None:
        self._low = self._high = 0.0
        self._low_at = self._high_at = 0.0
        self._is_date_trusted = True
        self._low_is_date = self._high_is_date = False
        self.drift: float = DRIFT
        """Seconds per second by which the clocks may drift apart, as far as is known."""
        self._arrival_drift = ARRIVAL_DRIFT_FACTOR * DRIFT
        self._earliest = self._earliest_at = 0.0
        self.quickest_s: float = math.inf
        """The quickest round trip so far, in seconds."""
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
            self._low - self.drift * (now - self._low_at),
            self._high + self.drift * (now - self._high_at),
        )

    def arrival_offsets(self, now: float) -> tuple[float, float]:
        """Return the offsets between which a call that leaves at `now` is counted.

        The time it takes to be counted is in the smaller one only.
        """
        low, high = self.bounds(now)
        earliest = self._earliest - self._arrival_drift * (now - self._earliest_at)
        return min(max(low, earliest), high), high

    def width_s(self, now: float) -> float:
        """Return how many seconds wide the interval is."""
        return self._high - self._low + self.drift * (2 * now - self._low_at - self._high_at)

    def likely_offset(self, now: float) -> float:
        """Return the middle of the interval."""
        low = self._low - self.drift * (now - self._low_at)
        return (low + self._high + self.drift * (now - self._high_at)) / 2

    def nothing_new_until(self, end: float) -> float:
        """Return until when replies of the window that was observed last narrow nothing.

        Args:
            end: End of the window, UNIX seconds of the server.
        """
        return (end - self._high + self.drift * self._high_at) / (1.0 + self.drift)

    def try_window(self, start: float, end: float, sent: float, received: float) -> bool:
        """Learn from a window like `observe_window`, unless it contradicts what is known."""
        if received - sent < self.quickest_s:
            self._note_quickest(received - sent)
        if not self.is_known:
            return False
        low, high = start - received, end - sent
        if (
            low <= self._low - self.drift * (received - self._low_at)
            and self._high + self.drift * (received - self._high_at) <= high
        ):
            return True  # nothing new, as nearly always
        return self._narrow(low, high, received)

    def observe_window(self, start: float, end: float, *, sent: float, received: float) -> None:
        """Learn that a request sent and answered at these moments was counted in a window."""
        if self.try_window(start, end, sent, received):
            earliest = start - received + self.lead_s
            if earliest > self._earliest - self._arrival_drift * (received - self._earliest_at):
                self._earliest, self._earliest_at = earliest, received
                self.version += 1
            return
        self.restart(start, end, sent=sent, received=received)

    def _note_quickest(self, rtt_s: float) -> None:
        """Learn that a call was quicker than all before it."""
        lead_s = LEAD_SHARE * rtt_s
        self._earliest -= self.lead_s - lead_s
        self.quickest_s, self.lead_s = rtt_s, lead_s
        self.version += 1

    def observe_date(self, date: float, *, sent: float, received: float) -> None:
        """Learn from a Date header, in whole UNIX seconds, while it agrees with the windows."""
        if self._is_date_trusted:
            low, high = date - DATE_SLACK_S - received, date + 1.0 + DATE_SLACK_S - sent
            self._is_date_trusted = self._narrow(low, high, received, is_date=True)

    def _narrow(self, low: float, high: float, now: float, *, is_date: bool = False) -> bool:
        """Intersect with other bounds; return whether they overlap, and change nothing if not."""
        known_low = self._low - self.drift * (now - self._low_at)
        known_high = self._high + self.drift * (now - self._high_at)
        if low > known_high or high < known_low:
            return False
        if low > known_low:
            self._low, self._low_at, self._low_is_date = low, now, is_date
            self.version += 1
        if high < known_high:
            self._high, self._high_at, self._high_is_date = high, now, is_date
            self.version += 1
        return True

    # Contradictions --------------------------------------------------------------------------

    def contradiction_s(self, start: float, end: float, *, sent: float, received: float) -> float:
        """Return by how many seconds a reply contradicts the interval; 0.0 if it does not.

        Positive if the server's clock is behind (the window should be over), negative if it is
        ahead (the window should not have begun).
        """
        low, high = self.bounds(received)
        behind_s = low - (end - sent)
        if behind_s > 0.0:
            return behind_s
        return min(0.0, high - (start - received))

    def rests_on_date(self, contradiction_s: float) -> bool:
        """Return whether the bound that a reply contradicts stems from Date alone."""
        return self._low_is_date if contradiction_s > 0.0 else self._high_is_date

    def restart(self, start: float, end: float, *, sent: float, received: float) -> None:
        """Go by one reply's window alone; Date is not trusted any more if it has been used."""
        self._is_date_trusted = self._is_date_trusted and not self.is_known
        self._low_is_date = self._high_is_date = False
        self._low, self._high = start - received, end - sent
        self._low_at = self._high_at = self._earliest_at = received
        self._earliest = start - received + self.lead_s
        self.is_known = True
        self.version += 1

    def restart_longer(
        self, start: float, end: float, *, first_received: float, sent: float, received: float
    ) -> None:
        """Go by a window that is longer than was thought, as two replies have named it.

        Date is trusted again: what it contradicted was the length.
        """
        self.restart(start, end, sent=sent, received=received)
        self._low = start - first_received
        self._earliest = self._low + self.lead_s
        self._is_date_trusted = True

    def shift_back(self, end: float, *, sent: float, received: float, gap_s: float) -> None:
        """Follow a server's clock that is behind: the window ends after the reply, by `gap_s`."""
        high = end - sent
        self._shift_to(high - gap_s - (received - sent), high, received)

    def shift_ahead(self, start: float, *, received: float) -> None:
        """Follow a server's clock that is ahead: the window has begun when the reply came."""
        low = start - received
        self._shift_to(low, low + self.width_s(received) + AHEAD_SLACK_S, received)

    def _shift_to(self, low: float, high: float, now: float) -> None:
        self._low, self._high, self._earliest = low, high, low + self.lead_s
        self._low_is_date = self._high_is_date = False
        self._low_at = self._high_at = self._earliest_at = now
        self.version += 1

    def learn_drift(self, drift: float) -> None:
        """Let the interval widen faster, as the clocks have been seen to drift apart."""
        self._set_drift(max(self.drift, min(MAX_DRIFT, DRIFT_MARGIN * drift)))

    def relax_drift(self) -> None:
        """Let a learned drift decay, once a window that began when it was expected."""
        self._set_drift(max(DRIFT, DRIFT_DECAY * self.drift))

    def _set_drift(self, drift: float) -> None:
        self.drift, self._arrival_drift = drift, ARRIVAL_DRIFT_FACTOR * drift
        self.version += 1

    def adopt(self, low: float, high: float, now: float) -> None:
        """Begin with bounds of the offset that another process has learned."""
        if self.is_known:
            return
        self._low, self._high = low, high
        self._low_at = self._high_at = self._earliest_at = now
        self._earliest = low
        self.is_known = True
        self.version += 1

    def narrow(self, low: float, high: float, now: float) -> None:
        """Learn bounds of the offset from another process, unless they contradict what is known.

        Every process enters a window as soon as the one that knows best when it begins, instead of
        a part of a second later.
        """
        if self.is_known:
            self._narrow(low, high, now)

    def learn_from(self, other: ServerClock, now: float) -> None:
        """Learn what was seen of the same server elsewhere.

        Where the two contradict each other the clock was set, and what was seen last is true.
        """
        if not other.is_known:
            return
        if other.drift > self.drift:
            self._set_drift(other.drift)
        low, high = other.bounds(now)
        is_date = other._low_is_date or other._high_is_date
        if not self.is_known:
            self.adopt(low, high, now)
            self._low_is_date = self._high_is_date = is_date
        elif not self._narrow(low, high, now, is_date=is_date) and self._seen_at < other._seen_at:
            self._shift_to(low, high, now)

    @property
    def _seen_at(self) -> float:
        """Loop time of the last reply that a bound stems from."""
        return max(self._low_at, self._high_at)

    def forget(self) -> None:
        """Drop what is known, Date included: it has turned out to be wrong."""
        self.is_known = False
        self._is_date_trusted = self._low_is_date = self._high_is_date = False
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
