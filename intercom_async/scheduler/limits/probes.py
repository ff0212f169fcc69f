"""Calls that are sent, besides their own purpose, to find something out.

Boundary probes are the last calls of a window whose end is known only vaguely. Sent together, all
of them could be counted in the next window, which would then begin with a burst that nobody has
allowed; so they are sent one by one, and the very last one goes when it is as likely to be counted
in the next window, which halves the uncertainty.

A job that uses every window up would otherwise never send near the end of one, and the offset of
the server's clock becomes less certain with time: after hours, interactive calls would wait for a
window that began long ago. It costs half a call, on average, in each of a few windows.
"""

from __future__ import annotations

from .server_clock import ServerClock
from .window_budget import WindowBudget

MAX_PROBES = 20
"""Calls at the end of a window that can be boundary probes; with more left, the clock is not asked
(cost only: `LAST_ONE_IN` allows fewer below a limit of 1,600)."""
LAST_ONE_IN = 80
"""One in so many calls of the limit goes at the end, one by one, while the offset is very uncertain
(report: "no date")."""
SPACING_S = 0.5
"""Seconds between two boundary probes (report: "no date")."""
UNCERTAIN_S = 1.0
"""Seconds. An offset interval wider than this counts as very uncertain (report: "no date")."""
MIN_DOUBT_S = 0.02
"""Seconds. Uncertainty beyond the spread of round trips that is worth a probe
(test_window_ends.py::test_a_job_of_an_hour_does_not_forget_when_windows_begin)."""
MIN_LIMIT = 20
"""Calls. With a smaller limit no call waits for the end of its window
(test_probes.py::test_a_small_window_sends_no_boundary_probe)."""


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
        # One reply more says no more than by how much round trips differ.
        doubt_s = latest - earliest - (rtt_s - clock.lead_s)
        is_last = left == 1 and budget.limit >= MIN_LIMIT and doubt_s > MIN_DOUBT_S
        middle_at = budget.reset_ms / 1000 - (earliest + latest) / 2 if is_last else 0.0
        is_uncertain = clock.width_s(now) > max(UNCERTAIN_S, 2 * rtt_s)
        if is_uncertain and left <= max(1, budget.limit // LAST_ONE_IN):
            return max(self.next_at, middle_at)
        return middle_at

    def note_sent(self, now: float) -> None:
        """Note that a call was sent, probe or not."""
        self.next_at = now + SPACING_S
