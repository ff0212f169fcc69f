"""Circuit breaker for 429s that name no window, as an overloaded server or proxy sends them.

A single one concerns its call only. Several in a row are an overload: all calls pause, longer each
time, and then a single call, the probe, finds out whether it is over.
"""

from __future__ import annotations

import math
from random import Random

from .limits.probes import Probe

THRESHOLD = 3
"""Failures in a row that open the breaker
(test_circuit_breaker.py::test_the_third_failure_in_a_row_opens_it)."""
FIRST_PAUSE_S, MAX_PAUSE_S = 0.5, 30.0
"""Seconds of the first pause, before it is doubled, and of the longest one
(test_circuit_breaker.py::test_pauses_double_up_to_the_longest)."""
MAX_DOUBLINGS = 6
"""Doublings of the first pause; bounds the exponent, since an overload may last for days
(test_circuit_breaker.py::test_a_streak_of_any_length_pauses_and_raises_nothing)."""


class CircuitBreaker:
    """Counts failures in a row and holds calls back while there are many.

    Args:
        random: Spreads the ends of pauses, so that processes do not probe in step.
    """

    __slots__ = ("_opened_at", "_probe", "_random", "consecutive_failures", "is_open")

    def __init__(self, random: Random) -> None:
        self._random = random
        self._probe = Probe()
        self._opened_at = -math.inf
        self.consecutive_failures: int = 0
        self.is_open: bool = False
        """Whether calls are held back, all of them or all but the probe."""

    @property
    def open_until(self) -> float:
        """Loop time before which no call goes."""
        return self._probe.not_before

    def retry_at(self, now: float) -> float:
        """Return 0.0 if a call may go although the breaker is open, else when to try again."""
        return self._probe.retry_at(now)

    def begin_probe(self, call: object) -> None:
        """Note that a call goes although the breaker is open: it is the probe."""
        self._probe.begin(call)

    def end_call(self, call: object) -> None:
        """Note that a call has ended in any way; if it was the probe, another may be."""
        self._probe.end(call)

    def record_success(self, sent_at: float) -> None:
        """Note any other answer; to a call that was sent after the breaker opened it closes it."""
        if not self.is_open or sent_at >= self._opened_at:
            self.consecutive_failures = 0
            self.is_open = False
            self._probe.holder = None
            # A late failure may have begun another pause while the probe was under way.
            self._probe.not_before = 0.0

    def record_failure(self, now: float) -> bool:
        """Note a failure; return whether it begins a pause for all calls."""
        self.consecutive_failures += 1
        if self.consecutive_failures < THRESHOLD or (self.is_open and now < self.open_until):
            return False
        if not self.is_open:
            self.is_open = True
            self._opened_at = now
        doublings = min(self.consecutive_failures - THRESHOLD + 1, MAX_DOUBLINGS)
        pause_s = min(MAX_PAUSE_S, FIRST_PAUSE_S * 2.0**doublings)
        self._probe.not_before = now + self._random.uniform(0.5, 1.0) * pause_s
        return True
