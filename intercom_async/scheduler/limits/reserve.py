"""What is kept back for interactive calls: as many as are likely to come before a window ends.

Arrivals are taken for random, so for `x` expected ones `x + 2√x` are kept; where they come in
bursts, at least a burst is. It melts as the window goes, and shortly before the end nothing is
kept: what nobody has asked for by then is lost.
"""

from __future__ import annotations

import math

BURST_SPAN_S = 0.5
"""Arrivals within this time are one burst."""
BURST_FADE = 0.8
"""What is remembered of the greatest burst after each window in which none was as great."""
LEAST_APART_S = 1e-3
"""What comes together is taken to be so far apart."""
MOST = 0.05
"""Of a limit: bursts keep no more than this."""


class Reserve:
    """Follows how interactive calls arrive."""

    __slots__ = ("_arrived_at", "_begun_at", "_burst", "_size", "per_s")

    def __init__(self) -> None:
        self.per_s: float = 0.0
        """Arrivals a second on the average."""
        self._burst = 0.0
        self._size = 0
        self._begun_at = -math.inf
        self._arrived_at = -math.inf

    def arrived(self, now: float, window_s: float) -> None:
        """Note an arrival."""
        apart_s = max(now - self._arrived_at, LEAST_APART_S)
        weight = apart_s / window_s if apart_s < window_s else 1.0
        self.per_s += weight * (1.0 / apart_s - self.per_s)
        self._arrived_at = now
        if now - self._begun_at > BURST_SPAN_S:
            self._begun_at = now
            self._size = 0
        self._size += 1
        self._burst = max(self._burst, self._size)

    def fade(self) -> None:
        """Note that a window is over."""
        self._burst *= BURST_FADE

    def settle(self, now: float, window_s: float) -> None:
        """Expect nobody when nobody has come for two windows."""
        if self.per_s and now - self._arrived_at > 2 * window_s:
            self.per_s = self._burst = 0.0

    def kept(self, limit: int, left_s: float, release_s: float) -> int:
        """Return how many calls are kept.

        Args:
            limit: Of the window.
            left_s: How much of it is left.
            release_s: With less left, nothing is kept.
        """
        if not self.per_s or left_s <= release_s:
            return 0
        coming = self.per_s * left_s
        burst = self._burst if self._burst >= 2 else 0.0  # noqa: PLR2004 (one is no burst)
        return math.ceil(max(coming + 2.0 * math.sqrt(coming), min(burst, MOST * limit)))
