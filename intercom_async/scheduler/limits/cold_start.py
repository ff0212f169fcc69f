"""Cold start: how many calls may be under way before any reply has named a window."""

from __future__ import annotations

import math

BASE = 8
"""Calls under way before the first reply (report: "cold at 95 %")."""
INTERACTIVE_BASE = 24
"""The same for interactive calls, so that nobody waits for another caller's slow answer
(test_cold_start.py::test_interactive_calls_have_a_larger_base)."""
EXTRA_PER_S = 10.0
"""Calls that are added for each second that the oldest one is under way
(test_cold_start.py::test_more_calls_may_go_while_no_answer_comes)."""
COUNTED_LENGTHS = 1.01
"""Lengths of a window for which a call may be counted in the same window as one that goes now: a
little more than one, since ways take different times
(test_cold_start.py::test_no_window_gets_more_than_it_takes)."""


class ColdStart:
    """Calls that were sent without knowing a window, called blind here.

    More may be under way the longer the oldest one has been: the allowance grows while a slow
    answer is awaited, and neither with idle time nor with attempts that came to nothing. But
    whatever becomes of them, no more are sent in any time as long as a window than one takes.
    """

    __slots__ = ("_counted", "_sent", "_under_way", "charged")

    def __init__(self) -> None:
        self.charged: int = 0
        """Blind calls that the present windows may have counted, and no reply has placed yet."""
        self._sent = 0
        self._under_way: dict[int, float] = {}
        """When each call left, by its number; in order, so that the first one is the oldest."""
        self._counted: dict[int, tuple[float, int]] = {}
        """When each of `charged` left, and its cost; in order as well."""

    def retry_at(
        self, now: float, limit: int, length_s: float, cost: int, *, is_interactive: bool
    ) -> float:
        """Return 0.0 if one more call may go, else when to try again.

        Args:
            now: Loop time.
            limit: Calls a window by the settings; no more go within a window's length.
            length_s: Length of a window.
            cost: Calls that it counts as.
            is_interactive: Whether the larger base applies.
        """
        allowed_at = 0.0
        missing = (
            len(self._under_way) + 1 - min(INTERACTIVE_BASE if is_interactive else BASE, limit)
        )
        if missing > 0 and self._under_way:
            allowed_at = next(iter(self._under_way.values())) + missing / EXTRA_PER_S
        if self.charged + cost > limit:
            counted_until = self.counted_until(now, length_s)
            if self.charged and self.charged + cost > limit:
                allowed_at = max(allowed_at, counted_until)
        return allowed_at if now < allowed_at else 0.0

    def counted_until(self, now: float, length_s: float) -> float:
        """Forget calls that no present window can have counted; return when more will be."""
        while self._counted:
            number = next(iter(self._counted))
            sent_at, cost = self._counted[number]
            if sent_at + COUNTED_LENGTHS * length_s > now:
                return sent_at + COUNTED_LENGTHS * length_s
            self.charged -= cost
            del self._counted[number]
        return math.inf

    def begin(self, now: float, cost: int, length_s: float) -> int:
        """Note a blind call and return its number: how many there have been with it."""
        self._sent += 1
        self._under_way[self._sent] = now
        self.counted_until(now, length_s)
        self._counted[self._sent] = (now, cost)
        self.charged += cost
        return self._sent

    def end(self, number: int, *, is_lost: bool = False) -> None:
        """Note that a blind call has ended; one that is lost may have been counted all the same."""
        del self._under_way[number]
        if not is_lost and number in self._counted:
            self.charged -= self._counted.pop(number)[1]
