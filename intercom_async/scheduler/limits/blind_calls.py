"""Calls that any present window may have counted, since no window was known when they were sent.

Apps of a workspace keep them together: each counts its own against its windows, and all of them
count against the workspace's. Where one app knows the windows and another has sent blindly, the
calls of both are in the workspace's window.
"""

from __future__ import annotations

import math
from typing import Protocol

COUNTED_LENGTHS = 1.01
"""Lengths of a window for which a call may be counted in the same window as one that goes now: a
little more than one, since ways take different times
(test_cold_start.py::test_no_window_gets_more_than_it_takes)."""


class BlindSender(Protocol):
    """Who has sent a blind call."""

    charged: int
    """Its calls that the present windows may have counted, and no reply has placed yet."""


class BlindCall:
    """A call that was sent without knowing a window."""

    __slots__ = ("cost", "sender", "sent_at")

    def __init__(self, sender: BlindSender, sent_at: float, cost: int) -> None:
        self.sender: BlindSender = sender
        self.sent_at: float = sent_at
        self.cost: int = cost


class BlindCalls:
    """Blind calls of all apps of a workspace that present windows may have counted."""

    __slots__ = ("_calls", "charged")

    def __init__(self) -> None:
        self.charged: int = 0
        """The same of all senders together."""
        self._calls: dict[BlindCall, None] = {}
        """In the order in which they left, but for those of a sender that came later."""

    def add(self, call: BlindCall) -> None:
        """Count a call that leaves, or one that was counted elsewhere until now."""
        self._calls[call] = None
        self.charged += call.cost
        call.sender.charged += call.cost

    def discard(self, call: BlindCall) -> None:
        """Count a call no more, if it is counted."""
        if call in self._calls:
            del self._calls[call]
            self.charged -= call.cost
            call.sender.charged -= call.cost

    def move(self, sender: BlindSender, others: BlindCalls) -> None:
        """Let a sender's calls be counted among those of others."""
        for call in [call for call in self._calls if call.sender is sender]:
            self.discard(call)
            others.add(call)

    def counted_until(self, now: float, length_s: float) -> float:
        """Forget calls that no present window can have counted; return when more will be."""
        while self._calls:
            call = next(iter(self._calls))
            until = call.sent_at + COUNTED_LENGTHS * length_s
            if until > now:
                return until
            self.discard(call)
        return math.inf

    def room_at(self, now: float, limit: int, length_s: float, cost: int) -> float:
        """Return 0.0 if all windows take one more call, else when to try again.

        Args:
            now: Loop time.
            limit: Calls a window of the workspace.
            length_s: Length of a window.
            cost: Calls that it counts as; what no window is large enough for has one alone.
        """
        if self.charged + cost <= limit:
            return 0.0
        until = self.counted_until(now, length_s)
        return until if self.charged and self.charged + cost > limit else 0.0
