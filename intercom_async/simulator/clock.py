"""The simulator's time, which a test can stop, set, move and let run faster or slower."""

from __future__ import annotations

from intercom_async.clock import CLOCK, Clock
from .seed.draw import mix

LAST_AT = 1e11
"""UNIX seconds that the clock stays below: in the year 5138, so that every time that is reckoned
from it still has a date (`test_control_bodies.py`)."""


def _check(moment: float) -> None:
    if not 0 <= moment < LAST_AT:
        raise ValueError(f"a clock at {moment:g} s is not in the years 1970 to 5138")


class SimulatorClock:
    """UNIX time that starts as the machine's.

    `now` is the time in which rate-limit windows are counted. What the Date header says may part
    from it: by `skew_s`, by `drift` more with each second, and by up to `jitter_s` from one answer
    to the next, as answers of several machines do.
    """

    def __init__(self, source: Clock = CLOCK) -> None:
        self._source = source
        self.reset()

    def reset(self) -> None:
        """Be the machine's clock again."""
        self._frozen_at: float | None = None
        self._shift_s = 0.0
        self._rate = 1.0
        self._slewed_from = 0.0
        self._drifts_from = 0.0
        self._drift = 0.0
        self._reports = 0
        self.skew_s: float = 0.0
        """Seconds by which the Date header is ahead."""
        self.jitter_s: float = 0.0
        """Seconds by which one Date header differs from the next at most, either way."""

    def now(self) -> float:
        """Return UNIX seconds as the simulator counts them."""
        if self._frozen_at is not None:
            return self._frozen_at + self._shift_s
        source = self._source.unix()
        if self._rate != 1.0:
            source = self._slewed_from + (source - self._slewed_from) * self._rate
        return source + self._shift_s

    def reported(self) -> float:
        """Return UNIX seconds as the next Date header reports them."""
        now = self.now()
        reported = now + self.skew_s
        if self._drift:
            reported += (now - self._drifts_from) * self._drift
        if self.jitter_s:
            self._reports += 1
            reported += (mix(0, self._reports, 0xC10C) / 2**63 - 1) * self.jitter_s
        return reported

    @property
    def is_frozen(self) -> bool:
        """Whether it stands still."""
        return self._frozen_at is not None

    @property
    def drift(self) -> float:
        """Seconds by which the Date header parts from the windows' clock each second."""
        return self._drift

    @drift.setter
    def drift(self, rate: float) -> None:
        self._drift = rate
        self._drifts_from = self.now()

    def move(self, seconds: float) -> None:
        """Step: let `seconds` pass at once; a negative number goes back.

        Raises:
            ValueError: The clock would leave the years 1970 to 5138.
        """
        _check(self.now() + seconds)
        self._shift_s += seconds

    def slew(self, rate: float) -> None:
        """Run at another speed from now on: 1.001 gains a millisecond every second."""
        if rate <= 0:
            raise ValueError("a clock's rate must be above 0")
        stands_at = self.now()
        self._slewed_from = self._source.unix()
        self._rate = rate
        if self._frozen_at is None:
            self._shift_s = stands_at - self._slewed_from

    def freeze(self, at: float | None = None) -> None:
        """Stop at a moment (default: this one), until `thaw`; `move` still works.

        Raises:
            ValueError: The moment is not in the years 1970 to 5138.
        """
        if at is not None:
            _check(at)
        self._frozen_at = self.now() if at is None else at
        self._shift_s = 0.0

    def thaw(self) -> None:
        """Go on from where the clock stands."""
        stands_at = self.now()
        self._frozen_at = None
        self._slewed_from = self._source.unix()
        self._shift_s = stands_at - self._slewed_from
