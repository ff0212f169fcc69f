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


class ColdStart:
    """Calls that were sent without knowing a window, called blind here.

    More may be under way the longer the oldest one has been: the allowance grows while a slow
    answer is awaited, and neither with idle time nor with attempts that came to nothing.
    """

    __slots__ = ("_sent", "_under_way", "in_flight")

    def __init__(self) -> None:
        self.in_flight: int = 0
        """Blind calls that are under way."""
        self._sent = 0
        self._under_way: dict[int, float] = {}
        """When each call left, by its number; in order, so that the first one is the oldest."""

    def retry_at(self, now: float, limit: int, length_s: float, *, is_interactive: bool) -> float:
        """Return 0.0 if one more call may go, else when to try again.

        Args:
            now: Loop time.
            limit: Calls a window by the settings; no more are under way within a window's length.
            length_s: Length of a window.
            is_interactive: Whether the larger base applies.
        """
        count = self.in_flight + 1
        missing = count - min(INTERACTIVE_BASE if is_interactive else BASE, limit)
        if missing <= 0:
            return 0.0
        windows = math.ceil(count / limit) - 1
        oldest_at = next(iter(self._under_way.values()))
        allowed_at = oldest_at + max(missing / EXTRA_PER_S, windows * length_s)
        return allowed_at if now < allowed_at else 0.0

    def begin(self, now: float) -> int:
        """Note a blind call and return its number: how many there have been with it."""
        self._sent += 1
        self.in_flight += 1
        self._under_way[self._sent] = now
        return self._sent

    def end(self, number: int) -> None:
        """Note that a blind call has ended in any way."""
        self.in_flight -= 1
        del self._under_way[number]
