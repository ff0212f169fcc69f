"""Cold start: how many calls may be under way before any reply has named a window."""

from __future__ import annotations

BASE = 8
"""Calls under way before the first reply (report: "cold at 95 %")."""
INTERACTIVE_BASE = 24
"""The same for interactive calls, so that nobody waits for another caller's slow answer."""
EXTRA_PER_S = 10.0
"""Calls a second that are added while no answer comes
(test_cold_start.py::test_more_calls_may_go_while_no_answer_comes)."""


class ColdStart:
    """Counts the calls that were sent without knowing a window."""

    __slots__ = ("_since", "in_flight", "sent")

    def __init__(self) -> None:
        self.in_flight: int = 0
        """Such calls that are under way."""
        self.sent: int = 0
        """Such calls in all."""
        self._since: float | None = None

    def retry_at(self, now: float, *, is_interactive: bool) -> float:
        """Return 0.0 if one more call may go, else when to try again."""
        if self._since is None:
            self._since = now
        passed_s = now - self._since
        base = INTERACTIVE_BASE if is_interactive else BASE
        if self.in_flight < base + int(passed_s * EXTRA_PER_S):
            return 0.0
        return now + 1.0 / EXTRA_PER_S
