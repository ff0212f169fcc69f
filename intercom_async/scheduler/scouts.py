"""The last calls of a window whose end nobody knows yet: sent one by one, they find it out.

Were they sent together, all of them could be counted in the next window, which would then begin
with a burst that nobody has allowed.
"""

from __future__ import annotations

MOST = 20
"""At most so many calls are the last ones."""
ONE_IN = 80
"""Of a small limit, only every so-manieth call is one of them."""
APART_S = 0.5
UNCERTAIN_S = 1.0
"""Above this the server's clock is not known well enough."""


class Scouts:
    """Spaces the last calls."""

    __slots__ = ("next_at",)

    def __init__(self) -> None:
        self.next_at: float = 0.0
        """The moment from which the next one may be sent."""

    def are_next(self, left: int, limit: int, *, width_s: float, rtt_s: float) -> bool:
        """Say whether the next call is one of the last.

        Args:
            left: What is left of the window.
            limit: Of the window.
            width_s: How uncertain the server's clock is.
            rtt_s: How long calls take.
        """
        return left <= max(1, limit // ONE_IN) and width_s > max(UNCERTAIN_S, 2 * rtt_s)

    def went(self, now: float) -> None:
        """Note that a call was sent."""
        self.next_at = now + APART_S
