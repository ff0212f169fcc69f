"""The simulator's time, which a test can stop, set and move."""

from __future__ import annotations

from intercom_async.clock import CLOCK, Clock


class SimulatorClock:
    """UNIX time that starts as the machine's.

    `skew_s` shifts only what clients are told (the Date header): the difference between two
    machines' clocks as a client sees it.
    """

    def __init__(self, source: Clock = CLOCK) -> None:
        self._source = source
        self._shift_s = 0.0
        self._frozen_at: float | None = None
        self.skew_s: float = 0.0

    def now(self) -> float:
        """Return UNIX seconds as the simulator counts them."""
        base = self._source.unix() if self._frozen_at is None else self._frozen_at
        return base + self._shift_s

    def told(self) -> float:
        """Return UNIX seconds as the Date header says them."""
        return self.now() + self.skew_s

    def move(self, seconds: float) -> None:
        """Let `seconds` pass at once; a negative number goes back."""
        self._shift_s += seconds

    def freeze(self, at: float | None = None) -> None:
        """Stop at a moment (default: this one), until `thaw`; `move` still works."""
        self._frozen_at = self.now() if at is None else at
        self._shift_s = 0.0

    def thaw(self) -> None:
        """Go on from where the clock stands."""
        stands_at = self.now()
        self._frozen_at = None
        self._shift_s = stands_at - self._source.unix()

    def reset(self) -> None:
        """Be the machine's clock again, without skew."""
        self._frozen_at = None
        self._shift_s = 0.0
        self.skew_s = 0.0
