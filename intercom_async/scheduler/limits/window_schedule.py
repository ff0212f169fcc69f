"""Length and phase of the server's windows, as far as replies have shown them.

Intercom's windows last ten seconds and end at multiples of ten seconds of UNIX time. Nothing
promises that, so both are learned, from several replies that agree and never from one: two gaps
between window ends that are shorter than the length shorten it; an end that five replies name over
more than one and a half lengths, while the count goes on, lengthens it.

A window is identified by its end in whole UNIX milliseconds (`reset_ms`), so that identities
compare exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable

MIN_LENGTH_MS = 500
"""Milliseconds. Ends closer together than this are taken for noise, not for windows
(test_window_matching.py::test_windows_of_another_length_are_used_up)."""
MINUTE_MS = 60_000
"""Milliseconds. First guess for a window that outlasts its expected length; Intercom had windows of
a minute once (test_window_schedule.py::test_a_window_that_outlasts_its_length_lasts_a_minute)."""
NOMINAL_LENGTH_S = 10.0
"""Seconds. The window length that all spans in this package are given for; shorter windows scale
them down (test_window_schedule.py::test_spans_shrink_with_the_window_and_never_grow)."""


class WindowSchedule:
    """When windows begin and end on the server's clock.

    Args:
        window_s: Length in seconds, until replies show another one.
    """

    __slots__ = (
        "_initial_s",
        "_is_guess",
        "_last_gap_ms",
        "_listeners",
        "last_reset_ms",
        "length_ms",
        "length_s",
        "phase_ms",
        "scale",
        "spread_ms",
        "version",
    )

    length_ms: int
    """Length of a window in milliseconds."""
    length_s: float
    """The same in seconds."""
    scale: float
    """Factor for spans that are given for windows of ten seconds; at most 1."""
    spread_ms: int
    """Milliseconds, beyond a window, between the ends of windows one of which was the present one
    without it being known which: the most so far."""

    def __init__(self, window_s: float) -> None:
        self.phase_ms: int = 0
        """Milliseconds by which window ends lie after multiples of the length."""
        self.version: int = 0
        """Counts changes, so that users of the schedule know when to recalculate."""
        self.last_reset_ms: int = 0
        """End of the window that a reply named last; 0 before the first reply."""
        self._last_gap_ms = 0
        self._is_guess = False
        """Whether the length is a first guess, to be corrected by the next gap."""
        self._initial_s = window_s
        self._listeners: list[Callable[[], None]] = []
        self._use_length(max(1, round(window_s * 1000)), window_s)

    @property
    def is_learned(self) -> bool:
        """Whether windows have been seen to last longer or shorter than the settings say."""
        return self.length_ms != max(1, round(self._initial_s * 1000))

    def on_length_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change of the length."""
        self._listeners.append(listener)

    def fits(self, reset_ms: int) -> bool:
        """Return whether a window of the schedule ends at this moment."""
        return (reset_ms - self.phase_ms) % self.length_ms == 0

    def window_at(self, server_time: float) -> int:
        """Return the end, in milliseconds, of the window that contains a moment of server time."""
        moment_ms = int(server_time * 1000)
        return moment_ms - (moment_ms - self.phase_ms) % self.length_ms + self.length_ms

    def elapsed_share(self, left_s: float) -> float:
        """Return the part of a window, from 0 to 1, that has passed when `left_s` seconds are left.

        Outside the window the value is below 0 or above 1.
        """
        return 1.0 - left_s / self.length_s

    def learn(self, reset_ms: int, *, count_restarted: bool) -> bool:
        """Adopt a window's end; return whether it fits the schedule, as it is or as corrected.

        Args:
            reset_ms: End of the window in milliseconds.
            count_restarted: Whether the server's count began again with it. An end that moves
                while the count goes on is no window's end.
        """
        last_ms = self.last_reset_ms
        if reset_ms == last_ms:
            return True
        fits = self.fits(reset_ms)
        if last_ms and not fits and not count_restarted:
            return False
        self.last_reset_ms = reset_ms
        gap_ms = abs(reset_ms - last_ms)
        if last_ms and self._is_guess:
            self._is_guess = False
            if gap_ms >= MIN_LENGTH_MS and gap_ms != self.length_ms:
                self._set_length(gap_ms)
                self.phase_ms = reset_ms % self.length_ms
                return True
        if fits:
            return True
        if last_ms:
            # One odd gap is a clock that was set; two are windows of another length.
            shorter_ms = math.gcd(gap_ms, self._last_gap_ms) if self._last_gap_ms else 0
            self._last_gap_ms = gap_ms
            if MIN_LENGTH_MS <= shorter_ms < self.length_ms:
                self._set_length(shorter_ms)
        self.phase_ms = reset_ms % self.length_ms
        self.version += 1
        return True

    def adopt(self, length_ms: int) -> None:
        """Use a length that another process has learned."""
        if length_ms != self.length_ms:
            self._set_length(length_ms)

    def forget(self) -> None:
        """Accept the next window end whatever it is."""
        self.last_reset_ms = 0
        self._last_gap_ms = 0

    def reset(self) -> None:
        """Return to the settings' length: what replies have shown is not believed."""
        self.forget()
        self._is_guess = False
        initial_ms = max(1, round(self._initial_s * 1000))
        if self.length_ms != initial_ms:
            self._set_length(initial_ms)

    def lengthen(self) -> None:
        """Take the current window, which has outlasted its length, for one of a minute or more.

        The next gap between window ends says how long windows are.
        """
        self._set_length(max(MINUTE_MS, 2 * self.length_ms))
        self.phase_ms = self.last_reset_ms % self.length_ms
        self._is_guess = True

    def _set_length(self, length_ms: int) -> None:
        self._use_length(length_ms, length_ms / 1000)
        self._last_gap_ms = 0
        self.version += 1
        for listener in self._listeners:
            listener()

    def _use_length(self, length_ms: int, length_s: float) -> None:
        self.length_ms = length_ms
        self.length_s = length_s
        self.spread_ms = 0
        self.scale = min(length_s / NOMINAL_LENGTH_S, 1.0)
