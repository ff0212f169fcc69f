"""Windows whose last call is given out long before they can be full, and what to make of it.

Others can use a large part of a window between two of our calls. A server whose count is wrong now
and then says the same: it names none left, and would have served hundreds. By one reply the two
cannot be told apart, and to wait for the next window costs at most one. Where one window after the
other ends like this, a single call tries whether it is true. A 429 says that it is, and it takes
twice as many such windows until the next trial; otherwise each such window is tried.
"""

from __future__ import annotations

SUDDEN_SHARE = 0.25
"""Fraction of the limit that others would have to use between two replies for an end to be sudden
(test_sudden_ends.py::test_a_window_that_others_fill_at_once_is_rarely_tried)."""
MIN_IN_A_ROW, MAX_IN_A_ROW = 2, 200
"""Windows in a row that end suddenly until one of them is tried: at first, and at most
(test_sudden_ends.py::test_a_window_that_others_fill_at_once_is_rarely_tried)."""


class SuddenEnds:
    """Counts windows that end suddenly."""

    __slots__ = ("_in_a_row", "_last_ms", "_needed", "_tried_ms")

    def __init__(self) -> None:
        self._in_a_row = 0
        self._last_ms = 0
        """End of the last window that ended suddenly, UNIX milliseconds."""
        self._needed = MIN_IN_A_ROW
        self._tried_ms = 0
        """The window that was tried last and is not known to have been full; 0 if there is none."""

    def is_tried(self, reset_ms: int, length_ms: int) -> bool:
        """Note a window that ends suddenly; return whether to try if that is true.

        Args:
            reset_ms: End of the window, UNIX milliseconds.
            length_ms: Length of windows.
        """
        if reset_ms != self._last_ms:
            self._in_a_row = self._in_a_row + 1 if reset_ms - self._last_ms == length_ms else 1
            self._last_ms = reset_ms
            if self._tried_ms:
                # It went on after all, and so may this one.
                self._needed = 1
        if self._in_a_row < self._needed:
            return False
        self._tried_ms = reset_ms
        return True

    def note_full(self, reset_ms: int) -> None:
        """Note a window that is full, as a 429 has said."""
        if self._tried_ms == reset_ms:
            self._tried_ms = self._in_a_row = 0
            self._needed = min(max(MIN_IN_A_ROW, 2 * self._needed), MAX_IN_A_ROW)
