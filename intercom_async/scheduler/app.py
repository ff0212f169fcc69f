"""One app of a scheduler: its gate, its queue, and how often somebody in a hurry comes by."""

from __future__ import annotations

from collections.abc import Hashable

from intercom_async.priority import Priority

from .gate import Gate
from .lanes import Lanes
from .permit import Permit
from .tuning import Tuning

SMALL_PART = 0.25
"""Of what is left: so many waiting calls are no backlog, and go at once."""
UNHURRIED = (Priority.BACKGROUND, Priority.BULK)


class App:
    """What a scheduler keeps for one app."""

    __slots__ = ("_arrival_at", "_tuning", "gate", "key", "lanes")

    def __init__(self, key: Hashable, gate: Gate, tuning: Tuning) -> None:
        self.key = key
        self.gate = gate
        self.lanes = Lanes()
        self._tuning = tuning
        self._arrival_at = 0.0

    def arrived(self, priority: Priority, now: float) -> None:
        """Follow how often interactive calls come, so that room can be kept for them."""
        if priority is not Priority.INTERACTIVE:
            return
        gate = self.gate
        apart_s = max(now - self._arrival_at, 1e-3)
        weight = min(1.0, apart_s / self._tuning.window_s)
        gate.arrivals_per_s += weight * (1.0 / apart_s - gate.arrivals_per_s)
        self._arrival_at = now

    def settle_arrivals(self, now: float) -> None:
        """Let the expectation fade when nobody comes any more."""
        if self.gate.arrivals_per_s and now - self._arrival_at > 2 * self._tuning.window_s:
            self.gate.arrivals_per_s = 0.0

    def is_paced(self, permit: Permit, now: float) -> bool:
        """Say whether a call is spread over the window.

        Interactive calls never are, others with a backlog always; a few normal calls go at once
        as long as nobody else uses the window.
        """
        if permit.priority is Priority.INTERACTIVE:
            return False
        if permit.priority in UNHURRIED or not self.gate.is_known:
            return True
        return not self.gate.is_roomy(now, self.lanes.live, SMALL_PART)
