"""Circuit breaker for 429s that name no window, as an overloaded server or proxy sends them.

A single one concerns its call only. Several in a row are an overload: all calls pause, longer each
time, and then one call at a time finds out whether it is over.
"""

from __future__ import annotations

import math
from random import Random

THRESHOLD = 3
"""Failures in a row that open the breaker
(test_throttling.py::test_an_overload_pauses_all_calls)."""
FIRST_PAUSE_S, MAX_PAUSE_S = 0.5, 30.0
"""Seconds of the first pause, before it is doubled, and of the longest one
(test_throttling.py::test_an_overload_pauses_all_calls)."""


class CircuitBreaker:
    """Counts failures in a row."""

    __slots__ = ("_random", "consecutive_failures", "is_open", "open_until")

    def __init__(self, random: Random) -> None:
        self._random = random
        self.consecutive_failures: int = 0
        self.is_open: bool = False
        """Whether calls are held back, all of them or all but one."""
        self.open_until: float = 0.0
        """Loop time before which no call goes."""

    def record_success(self) -> None:
        """Note any other answer: the overload is over."""
        self.consecutive_failures = 0
        self.is_open = False

    def record_failure(self, now: float) -> bool:
        """Note a failure; return whether it begins a pause for all calls."""
        self.consecutive_failures += 1
        self.is_open = self.consecutive_failures >= THRESHOLD
        if not self.is_open or now < self.open_until:
            return False
        doublings = self.consecutive_failures - THRESHOLD + 1
        pause_s = min(MAX_PAUSE_S, FIRST_PAUSE_S * 2.0**doublings)
        self.open_until = now + self._random.uniform(0.5, 1.0) * pause_s
        return True

    def retry_at(self, now: float, in_flight: int) -> float:
        """Return 0.0 if a call may go although the breaker is open, else when to try again."""
        if now < self.open_until:
            return self.open_until
        return 0.0 if in_flight == 0 else math.inf
