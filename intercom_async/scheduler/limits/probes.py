"""The last calls of a window of whose end little is known: they find it out.

Were they sent together, all of them could be counted in the next window, which would then begin
with a burst that nobody has allowed. So they are sent one by one; and the very last one is sent
when it is as likely to be counted in the next window, which halves what is not known.

A job that uses each window up would otherwise never send near the end of one, and what is known of
the server's clock becomes less with time: after hours, people would wait for a window that has
begun long ago. It costs half a call, on the average, in each of a few windows.
"""

from __future__ import annotations

from .server_clock import LimiterClock
from .window_budget import Ledger

MOST = 20
"""At most so many calls are the last ones."""
ONE_IN = 80
"""Of a small limit, only every so-manieth call is one of them."""
APART_S = 0.5
UNCERTAIN_S = 1.0
"""Above this the server's clock is not known well enough."""
KNOWN_S = 0.02
"""More than this, beyond what calls differ in their time, is worth finding out."""
LEAST_LIMIT = 20
"""Of a smaller limit no call waits for the end of its window."""


class Scouts:
    """Says when the last calls are sent."""

    __slots__ = ("next_at",)

    def __init__(self) -> None:
        self.next_at: float = 0.0
        """The moment from which the next one may be sent."""

    def moment(
        self, left: int, ledger: Ledger, clock: LimiterClock, now: float, *, rtt_s: float
    ) -> float:
        """Return when the next call may be sent if it is one of the last; 0.0 if it is not.

        Args:
            left: What is left of the window.
            ledger: The account of the window.
            clock: What is known of when calls are counted.
            now: Loop time.
            rtt_s: How long calls take.
        """
        soonest, latest = clock.counting(now)
        # One reply more says no more than by how much calls differ in their time.
        doubt_s = latest - soonest - (rtt_s - clock.lead_s)
        is_last = left == 1 and ledger.limit >= LEAST_LIMIT and doubt_s > KNOWN_S
        turns_at = ledger.window / 1000 - (soonest + latest) / 2 if is_last else 0.0
        is_unknown = clock.width_s(now) > max(UNCERTAIN_S, 2 * rtt_s)
        if is_unknown and left <= max(1, ledger.limit // ONE_IN):
            return max(self.next_at, turns_at)
        return turns_at

    def went(self, now: float) -> None:
        """Note that a call was sent."""
        self.next_at = now + APART_S
