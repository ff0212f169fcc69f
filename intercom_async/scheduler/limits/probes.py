"""Calls that are sent, besides their own purpose, to find something out.

A `Probe` is the one call that finds out whether a refusal is over: the first call that passes
becomes it, and all others wait for its end and for nothing else.

Boundary probes are the last calls of a window whose end is known only vaguely. Sent together, all
of them could be counted in the next window, which would then begin with a burst that nobody has
allowed; so they are sent one by one, and the very last one goes when it is as likely to be counted
in the next window, which halves the uncertainty.

A job that uses every window up would otherwise never send near the end of one, and the offset of
the server's clock becomes less certain with time: after hours, interactive calls would wait for a
window that began long ago. It costs half a call, on average, in each of a few windows.
"""

from __future__ import annotations

import math

from .server_clock import ServerClock
from .window_budget import WindowBudget

MAX_PROBES = 20
"""Calls at the end of a window that can be boundary probes; with more left, the clock is not asked
(no test: it saves time only, as `LAST_ONE_IN` allows fewer below a limit of 1,600)."""
LAST_ONE_IN = 80
"""One in so many calls of the limit goes at the end, one by one, while the offset is very uncertain
(report: "no date")."""
SPACING_S = 0.5
"""Seconds between two boundary probes (report: "no date")."""
UNCERTAIN_S = 1.0
"""Seconds. An offset interval wider than this counts as very uncertain (report: "no date")."""
MIN_DOUBT_S = 0.02
"""Seconds. Uncertainty beyond the spread of round trips that is worth a probe
(test_server_clock.py::test_a_job_of_an_hour_does_not_forget_when_windows_begin)."""
MIN_LIMIT = 20
"""Calls. With a smaller limit no call waits for the end of its window
(test_probes.py::test_a_small_window_sends_no_boundary_probe)."""


class Probe:
    """A single call, from a moment on, that finds out whether a refusal is over."""

    __slots__ = ("holder", "not_before")

    def __init__(self) -> None:
        self.holder: object | None = None
        """What stands for the call that is the probe now; None if there is none."""
        self.not_before: float = 0.0
        """Loop time before which no probe is sent."""

    def retry_at(self, now: float) -> float:
        """Return 0.0 if a call may become the probe, else when to try again.

        Infinity while another call is the probe: try again when it has ended.
        """
        if self.holder is not None:
            return math.inf
        return self.not_before if now < self.not_before else 0.0

    def begin(self, holder: object) -> None:
        """Make a call the probe.

        Args:
            holder: Whatever stands for the call, the same object for `end`.
        """
        self.holder = holder

    def end(self, holder: object) -> bool:
        """Note that a call has ended in any way; return whether it was the probe."""
        if self.holder is not holder:
            return False
        self.holder = None
        return True


class Recovery:
    """A period in which calls go one by one, from a refusal until a later call is served."""

    __slots__ = ("_probe", "since")

    def __init__(self) -> None:
        self._probe = Probe()
        self.since: float | None = None
        """Loop time of the refusal; None while calls go as usual."""

    def start(self, now: float, *, pause_s: float = 0.0) -> None:
        """Note a refusal, after which no call goes for `pause_s` seconds."""
        self.since = now
        self._probe.not_before = now + pause_s

    def pause_s(self, now: float) -> float:
        """Return how many seconds no call goes yet."""
        return max(0.0, self._probe.not_before - now)

    def retry_at(self, now: float) -> float:
        """Return 0.0 if a call may go, else when to try again."""
        return self._probe.retry_at(now)

    def begin_call(self, call: object) -> None:
        """Make a call the probe."""
        self._probe.begin(call)

    def end_call(self, call: object) -> None:
        """Note that a call has ended in any way; if it was the probe, another may be."""
        self._probe.end(call)

    def note_served(self, sent: float) -> None:
        """Note a call that was served; if it was sent since the refusal, calls go as usual."""
        if self.since is not None and sent >= self.since:
            self.since = self._probe.holder = None
            self._probe.not_before = 0.0


class BoundaryProbe:
    """Says when the last calls of a window are sent."""

    __slots__ = ("next_at",)

    def __init__(self) -> None:
        self.next_at: float = 0.0
        """The moment from which the next one may be sent."""

    def send_at(
        self, left: int, budget: WindowBudget, clock: ServerClock, now: float, *, rtt_s: float
    ) -> float:
        """Return when the next call may be sent if it is a boundary probe; 0.0 if it is not.

        Args:
            left: Calls left in the window.
            budget: The window.
            clock: Offset of the server's clock.
            now: Loop time.
            rtt_s: Average round trip.
        """
        earliest, latest = clock.arrival_offsets(now)
        doubt_s = doubtful_s(clock, now, rtt_s)
        is_last = left == 1 and budget.limit >= MIN_LIMIT and doubt_s > MIN_DOUBT_S
        middle_at = budget.reset_ms / 1000 - (earliest + latest) / 2 if is_last else 0.0
        is_uncertain = clock.width_s(now) > max(UNCERTAIN_S, 2 * rtt_s)
        if is_uncertain and left <= max(1, budget.limit // LAST_ONE_IN):
            return max(self.next_at, middle_at)
        return middle_at


def doubtful_s(clock: ServerClock, now: float, rtt_s: float) -> float:
    """Return how uncertain it is when a window ends, but for how much round trips differ.

    One reply more says no more than that.
    """
    earliest, latest = clock.arrival_offsets(now)
    return latest - earliest - (rtt_s - clock.lead_s)
