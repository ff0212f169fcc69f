"""Where windows end: their length, and what their ends are multiples of.

Intercom's windows are ten seconds long and end at multiples of ten seconds. Nothing promises that,
so both are followed: ends that lie closer together than the length make it shorter, an end that
stays the same for longer than the length makes it longer.

A window is named by its end in whole milliseconds, so that names compare exactly.
"""

from __future__ import annotations

import math

from .tuning import Tuning, tuning

LEAST_MS = 500
"""Ends that lie closer together than this are no windows, but noise."""
LONG_MS = 60_000
"""Intercom had windows of a minute once; what outlasts its length is taken for one at first."""


class Grid:
    """The windows of a server, as far as they are known.

    Args:
        window_s: Their length until the replies say something else.
    """

    __slots__ = ("_gap_ms", "last_ms", "length_ms", "phase_ms", "tuning", "version")

    def __init__(self, window_s: float) -> None:
        self.length_ms: int = max(1, round(window_s * 1000))
        self.phase_ms: int = 0
        self.tuning: Tuning = tuning(window_s)
        self.version: int = 0
        """Grows with each change, so that others know when to calculate anew."""
        self.last_ms: int = 0
        """The window that was named last; 0 before the first one."""
        self._gap_ms = 0

    @property
    def length_s(self) -> float:
        """The length of a window."""
        return self.tuning.window_s

    def window_at(self, server_time: float) -> int:
        """Return the window in which a moment of the server's clock lies."""
        moment_ms = int(server_time * 1000)
        return moment_ms - (moment_ms - self.phase_ms) % self.length_ms + self.length_ms

    def learn(self, end_ms: int, *, restarted: bool) -> bool:
        """Take in the end of a window; say whether it fits the windows as they are known now.

        Args:
            end_ms: The end.
            restarted: Whether the server has begun to count anew with it. An end that moves
                while the count goes on is no window's.
        """
        last_ms = self.last_ms
        if end_ms == last_ms:
            return True
        fits = (end_ms - self.phase_ms) % self.length_ms == 0
        if last_ms and not fits and not restarted:
            return False
        self.last_ms = end_ms
        if fits:
            return True
        if last_ms:
            # One odd gap is a clock that was set; two are windows of another length.
            gap_ms = abs(end_ms - last_ms)
            shorter_ms = math.gcd(gap_ms, self._gap_ms) if self._gap_ms else 0
            self._gap_ms = gap_ms
            if LEAST_MS <= shorter_ms < self.length_ms:
                self._set_length(shorter_ms)
        self.phase_ms = end_ms % self.length_ms
        self.version += 1
        return True

    def forget(self) -> None:
        """Begin anew with the next end, whatever it is."""
        self.last_ms = 0
        self._gap_ms = 0

    def outlasted(self) -> None:
        """Note that a window has lasted longer than windows should."""
        self._set_length(LONG_MS)
        self.phase_ms = self.last_ms % self.length_ms

    def _set_length(self, length_ms: int) -> None:
        self.length_ms = length_ms
        self.tuning = tuning(length_ms / 1000)
        self._gap_ms = 0
        self.version += 1
