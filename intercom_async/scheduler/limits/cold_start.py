"""Cold start: how many calls may be under way before any reply has named a window."""

from __future__ import annotations

from .blind_calls import BlindCall, BlindCalls

BASE = 8
"""Calls under way before the first reply (report: "cold at 95 %")."""
INTERACTIVE_BASE = 24
"""The same for interactive calls, so that nobody waits for another caller's slow answer
(test_cold_start.py::test_interactive_calls_have_a_larger_base)."""
EXTRA_PER_S = 10.0
"""Calls that are added for each second that the oldest one is under way
(test_cold_start.py::test_more_calls_may_go_while_no_answer_comes)."""


class ColdStart:
    """Calls of an app that were sent without knowing a window, called blind here.

    More may be under way the longer the oldest one has been: the allowance grows while a slow
    answer is awaited, and neither with idle time nor with attempts that came to nothing. But
    whatever becomes of them, no more are sent in any time as long as a window than one takes: no
    more of the app than a window of the app, and no more of all apps than one of the workspace.

    Args:
        calls: Those of all apps of the workspace.
    """

    __slots__ = ("_calls", "_sent", "_under_way", "charged")

    def __init__(self, calls: BlindCalls) -> None:
        self.charged: int = 0
        """Blind calls that the present windows may have counted, and no reply has placed yet."""
        self._calls = calls
        self._sent = 0
        self._under_way: dict[int, BlindCall] = {}
        """Each call by its number; in order, so that the first one is the oldest."""

    def join(self, calls: BlindCalls) -> None:
        """Count calls among those of other apps that belong to the same workspace."""
        self._calls.move(self, calls)
        self._calls = calls

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
            allowed_at = next(iter(self._under_way.values())).sent_at + missing / EXTRA_PER_S
        if self.charged + cost > limit:
            counted_until = self.counted_until(now, length_s)
            if self.charged and self.charged + cost > limit:
                allowed_at = max(allowed_at, counted_until)
        return allowed_at if now < allowed_at else 0.0

    def counted_until(self, now: float, length_s: float) -> float:
        """Forget calls that no present window can have counted; return when more may be."""
        return self._calls.counted_until(now, length_s)

    def begin(self, now: float, cost: int, length_s: float) -> int:
        """Note a blind call and return its number: how many there have been with it."""
        self._sent += 1
        self.counted_until(now, length_s)
        call = self._under_way[self._sent] = BlindCall(self, now, cost)
        self._calls.add(call)
        return self._sent

    def end(self, number: int, *, is_lost: bool = False) -> None:
        """Note that a blind call has ended; one that is lost may have been counted all the same."""
        call = self._under_way.pop(number)
        if not is_lost:
            self._calls.discard(call)
