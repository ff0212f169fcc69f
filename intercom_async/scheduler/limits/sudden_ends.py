"""Windows whose last call is given out long before they can be full, and what to make of it.

Others can use a large part of a window between two of our calls. A server whose count is wrong now
and then says the same: it names none left, and would have served hundreds. By one reply the two
cannot be told apart, and to wait for the next window costs at most one. Where one window after the
other ends like this, a single call tries whether it is true. A 429 says that it is, and it takes
twice as many such windows until the next trial. A reply that leaves more than a few says that it is
not, and then each such window is tried; no answer, or one of the last places, says neither.
"""

from __future__ import annotations

import math

SUDDEN_SHARE = 0.25
"""Fraction of the limit that others would have to use between two replies for an end to be sudden
(test_sudden_ends.py::test_a_window_that_others_fill_at_once_is_rarely_tried)."""
SUDDEN_LEFT_ONE_IN = 10
"""One in so many calls of the limit, or fewer, are left where a window ends suddenly
(test_contradictory_counts.py::test_counts_that_cannot_be_true_slow_nothing_down)."""
MIN_IN_A_ROW, MAX_IN_A_ROW = 2, 200
"""Windows in a row that end suddenly until one of them is tried: at first, and at most
(test_sudden_ends.py::test_a_window_that_others_fill_at_once_is_rarely_tried)."""


class SuddenEnds:
    """Counts windows that end suddenly."""

    __slots__ = ("_in_a_row", "_last_ms", "_needed", "_tried_at", "_tried_ms")

    def __init__(self) -> None:
        self._in_a_row = 0
        self._last_ms = 0
        """End of the last window that ended suddenly, UNIX milliseconds."""
        self._needed = MIN_IN_A_ROW
        self._tried_ms = 0
        """The window that was tried last, while the trial has decided nothing; 0 after that."""
        self._tried_at = math.inf
        """When it was, loop time in seconds."""

    def is_tried(self, reset_ms: int, length_ms: int, now: float) -> bool:
        """Note a window that ends suddenly; return whether to try if that is true.

        Args:
            reset_ms: End of the window, UNIX milliseconds.
            length_ms: Length of windows.
            now: Loop time.
        """
        if reset_ms != self._last_ms:
            self._in_a_row = self._in_a_row + 1 if reset_ms - self._last_ms == length_ms else 1
            self._last_ms = reset_ms
        # What the trial's own reply says of the end is believed: one call finds it out, not all.
        if self._in_a_row < self._needed or reset_ms == self._tried_ms:
            return False
        self._tried_ms, self._tried_at = reset_ms, now
        return True

    def note_served(self, reset_ms: int, sent: float) -> None:
        """Note a reply that leaves more than a few calls of a window.

        Args:
            reset_ms: End of the window, UNIX milliseconds.
            sent: When the request left; before the trial, its reply says nothing of the end.
        """
        if self._tried_ms == reset_ms and sent >= self._tried_at:
            # It went on after all, and so may the next one.
            self._tried_ms, self._needed = 0, 1

    def note_full(self, reset_ms: int) -> None:
        """Note a window that is full, as a 429 has said."""
        if self._tried_ms == reset_ms:
            self._tried_ms = self._in_a_row = 0
            self._needed = min(max(MIN_IN_A_ROW, 2 * self._needed), MAX_IN_A_ROW)
