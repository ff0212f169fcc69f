"""Pace where there are no usable headers: a proxy strips them, or what they say is not believed.

The settings' rate, less one in a hundred calls, holds until a 429 names another one ("rate limit of
167 in 10_seconds"): such a 429 is all that is known then. It pauses all calls for a quarter of the
time it names, longer with each further one, and after that a single call finds out whether the
pause was long enough.
"""

from __future__ import annotations

USED_SHARE = 0.99
"""Fraction of the rate that is used. Where windows begin is not known, so one more call may fall
into one than is its part: a call that was quicker on its way than the others
(report: "constant headers")."""
FIRST_PAUSE_SHARE = 0.25
"""Fraction of the named time that the first pause lasts; doubled up to the whole of it
(test_fallback_pace.py::test_pauses_double_up_to_the_named_time)."""
SLOWDOWN = 0.9
"""Factor for the rate after each refusal at a rate that had been named before: others use the limit
as well (test_fallback_pace.py::test_refusals_at_a_named_rate_slow_down)."""
MIN_SHARE = 0.05
"""Fraction of the named rate below which refusals do not slow down further
(test_fallback_pace.py::test_refusals_at_a_named_rate_slow_down)."""
SPEEDUP = 1.01
"""Factor for the rate after each named time without a refusal, up to `USED_SHARE` of the named
rate (test_fallback_pace.py::test_a_clean_window_speeds_up)."""


class FallbackPace:
    """A rate, learned from 429s alone.

    Args:
        rate_per_s: Calls a second by the settings.
    """

    __slots__ = (
        "_clean_since",
        "_has_served",
        "_named_per_s",
        "_pause_share",
        "_period_s",
        "_rejected_at",
        "rate_per_s",
    )

    def __init__(self, rate_per_s: float) -> None:
        self.rate_per_s: float = USED_SHARE * rate_per_s
        """Calls a second that may go."""
        self._named_per_s: float | None = None
        self._period_s = 0.0
        self._pause_share = FIRST_PAUSE_SHARE
        self._clean_since = 0.0
        self._rejected_at = 0.0
        self._has_served = False

    def use_limit(self, rate_per_s: float) -> None:
        """Go by a limit that headers name without a window, unless a 429 has named a rate."""
        if self._named_per_s is None:
            self.rate_per_s = USED_SHARE * rate_per_s

    def reject(self, limit: int, period_s: float, now: float) -> float:
        """Learn from a 429 and return how many seconds all calls pause.

        Args:
            limit: Calls that the 429 names.
            period_s: Seconds that it names them for.
            now: Loop time.
        """
        named_per_s = limit / period_s
        if self._named_per_s != named_per_s:
            self._named_per_s, self._period_s = named_per_s, period_s
            self.rate_per_s = USED_SHARE * named_per_s
        elif self._has_served:
            # At this rate, and not only in a window that had been used up before.
            self.rate_per_s = max(MIN_SHARE * named_per_s, SLOWDOWN * self.rate_per_s)
        self._has_served = False
        pause_s = self._pause_share * period_s
        self._pause_share = min(1.0, 2.0 * self._pause_share)
        self._clean_since = self._rejected_at = now
        return pause_s

    def note_served(self, sent: float, now: float) -> None:
        """Note any other answer: pauses are short again, and each clean period speeds up.

        Args:
            sent: When the request left; before the last refusal, it says nothing of the rate.
            now: Loop time.
        """
        if sent < self._rejected_at:
            return
        self._pause_share = FIRST_PAUSE_SHARE
        self._has_served = True
        if self._named_per_s is not None and now - self._clean_since > self._period_s:
            self._clean_since = now
            self.rate_per_s = min(USED_SHARE * self._named_per_s, SPEEDUP * self.rate_per_s)
