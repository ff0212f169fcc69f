"""How interactive calls arrive, and how many to hold back for them while no other client is active.

`headroom` decides, also beside other clients and with leases. Interactive calls arrive at random,
so for `x` expected arrivals until the window ends the reserve is `x + 3√x` (three standard
deviations of a Poisson process), or the largest recent burst, whichever is larger. It shrinks as
the window runs out and is released `release_s` before its end, because capacity that is still
unused by then is lost. The few calls that are still expected then are kept a little longer.
"""

from __future__ import annotations

import math

BURST_GAP_S = 0.5
"""Seconds after its first arrival in which a burst may go on
(test_reserve.py::test_a_burst_is_remembered_and_forgotten)."""
BURST_DECAY = 0.8
"""Factor applied to the remembered burst size after every window without a larger one
(test_reserve.py::test_a_burst_is_remembered_and_forgotten)."""
MIN_GAP_S = 1e-3
"""Seconds that arrivals at one moment are taken to lie apart; keeps the rate finite
(test_reserve.py::test_calls_of_one_moment_give_a_finite_rate)."""
MAX_BURST_SHARE = 0.05
"""Largest fraction of the limit that a burst may reserve; without it one burst of 400 calls would
starve bulk jobs for minutes (test_reserve.py::test_a_burst_reserves_a_bounded_share)."""
RELEASE_S = 0.19
"""Seconds before a window's end at which the reserve is released, for windows of ten seconds: calls
that come later may be counted in the next window as well
(test_reserve.py::test_room_is_reserved_until_just_before_the_end)."""
SPREADS = 3.0
"""Standard deviations of the expected arrivals that are held back besides them. Two cost 0.1 % of
the limit less, and leave one page of an app in a hundred without room at the end of a window
(test_reserve.py::test_three_standard_deviations_of_the_expected_calls_are_reserved)."""
LATE_SHARE = 1 / 250
"""Largest fraction of the limit that is kept from the release on, for the calls still expected:
without it one arrival in fifty finds the window full, and waits for the next one
(test_reserve.py::test_a_few_calls_are_kept_nearly_to_the_end)."""
LATE_PART = 0.2
"""Fraction of the time from the release to the end in which these go to anybody
(test_reserve.py::test_a_few_calls_are_kept_nearly_to_the_end)."""
FORGET_WINDOWS = 2
"""Windows without an interactive call after which none is expected
(test_reserve.py::test_nobody_is_expected_after_two_idle_windows)."""
STEADY_WINDOWS = 3
"""Windows over which arrivals are averaged at most where a few of them speak for those of all
processes (report: "16 processes, interactive")."""
INITIAL_SPAN = 0.1
"""Windows that the first arrival is taken to speak for, so that one call is no flood
(test_reserve.py::test_the_steady_rate_is_right_from_the_first_calls_on)."""
MIN_BURST = 2
"""Calls that make a burst (test_reserve.py::test_a_single_call_is_no_burst)."""


class InteractiveReserve:
    """Follows how interactive calls arrive."""

    __slots__ = (
        "_arrived_at",
        "_burst",
        "_burst_began_at",
        "_burst_size",
        "_first_at",
        "arrivals_per_s",
        "span_s",
        "steady_per_s",
    )

    def __init__(self) -> None:
        self.arrivals_per_s: float = 0.0
        """Average arrivals a second (EWMA over one window)."""
        self.steady_per_s: float = 0.0
        """The same over up to three windows, and from the first arrivals on: less quick to follow,
        and far more exact where it is multiplied."""
        self.span_s: float = 1.0
        """Seconds that it is the average of."""
        self._first_at = 0.0
        self._burst = 0.0
        self._burst_size = 0
        self._burst_began_at = -math.inf
        self._arrived_at = -math.inf

    @property
    def burst(self) -> int:
        """Calls of the largest recent burst."""
        return int(self._burst) if self._burst >= MIN_BURST else 0

    def note_arrival(self, now: float, window_s: float) -> None:
        """Note an interactive call."""
        gap_s = max(now - self._arrived_at, MIN_GAP_S)
        if not self.steady_per_s:
            self._first_at = now
        span_s = min(now - self._first_at + INITIAL_SPAN * window_s, STEADY_WINDOWS * window_s)
        self.steady_per_s += (1.0 - min(gap_s, span_s) * self.steady_per_s) / span_s
        self.span_s = span_s
        weight = gap_s / window_s if gap_s < window_s else 1.0
        self.arrivals_per_s += weight * (1.0 / gap_s - self.arrivals_per_s)
        self._arrived_at = now
        if now - self._burst_began_at > BURST_GAP_S:
            self._burst_began_at = now
            self._burst_size = 0
        self._burst_size += 1
        self._burst = max(self._burst, self._burst_size)

    def decay(self) -> None:
        """Let the remembered burst shrink, once a window."""
        self._burst *= BURST_DECAY

    def forget_idle(self, now: float, window_s: float) -> None:
        """Forget the arrival rate after two idle windows."""
        if self.arrivals_per_s and now - self._arrived_at > FORGET_WINDOWS * window_s:
            self.arrivals_per_s = self.steady_per_s = self._burst = 0.0

    def held_back(self, limit: int, left_s: float, release_s: float) -> int:
        """Return how many calls to hold back.

        Args:
            limit: Limit of the window.
            left_s: Seconds until the window ends.
            release_s: Seconds before the end at which the reserve is released.
        """
        if not self.arrivals_per_s:
            return 0
        expected = self.arrivals_per_s * left_s
        if left_s <= release_s:
            if left_s <= LATE_PART * release_s:
                return 0
            return min(math.ceil(expected), int(LATE_SHARE * limit))
        burst = self._burst if self._burst >= MIN_BURST else 0.0
        reserve = max(expected + SPREADS * math.sqrt(expected), min(burst, MAX_BURST_SHARE * limit))
        return math.ceil(reserve)
