"""The one token bucket: how fast what is left of a window is given out.

Spread evenly over the time that is left, several processes that know nothing of each other share a
window equally: each sees in the headers what is left and slows down as it shrinks. The bucket holds
only a few milliseconds of calls, so that timers need not fire once a call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .usage import ROUNDING
from .window_budget import Ledger

if TYPE_CHECKING:
    from .app_limiter import Gate

TOLERANCE_S = 0.01
SLOW_GUARD = 0.8
"""Of the time that calls take: paced calls aim to be done this long before a window ends."""
EASE = 0.1
"""Of the limit's own rate: so much may be tried beyond what has been ours of late."""


class Pace:
    """Spaces grants at a rate that may change with every one (a generic cell rate algorithm)."""

    __slots__ = ("_cost", "_next", "_since")

    def __init__(self) -> None:
        self._next = 0.0
        self._since = 0.0
        self._cost = 1

    @property
    def next_at(self) -> float:
        """The moment from which the next grant may be made."""
        return self._next - TOLERANCE_S

    def spend(self, now: float, rate_per_s: float, cost: int) -> None:
        """Note a grant at this rate."""
        self._since = max(self._next, now - TOLERANCE_S)
        self._cost = cost
        self._next = self._since + cost / rate_per_s

    def hasten(self, rate_per_s: float) -> None:
        """Let the next grant be made as soon as this rate allows, if that is sooner."""
        self._next = min(self._next, self._since + self._cost / rate_per_s)


def even_rate(gate: Gate, ledger: Ledger, soft: int, now: float) -> float:
    """Return how fast paced calls may go: what is left over the time that is left.

    Args:
        gate: Whose calls they are.
        ledger: The window.
        soft: What is left of it to be given out.
        now: Loop time.
    """
    tuning = gate.grid.tuning
    steady = gate.limit / tuning.window_s
    guard_s = tuning.guard_s
    slow_s = SLOW_GUARD * gate.rtt_s
    if slow_s > guard_s:
        # With slow answers the last calls are known late: be done a little earlier.
        guard_s = min(slow_s, 2 * guard_s)
    left_s = gate.left_s(ledger, now) - guard_s
    is_alone = ledger.top - ledger.charged <= ROUNDING
    # Processes that begin together must not all hurry to use the first window up.
    steepest = 1.0 if not is_alone and gate.foreign.is_unknown else tuning.steepest
    # In proportion to what has been ours of late, so that many processes do not rush together.
    most = steady * (steepest * gate.foreign.own_part + EASE)
    rate = min(max(soft, 1) / max(left_s, tuning.horizon_s), most)
    if rate < steady and is_alone and gate.foreign.is_absent:
        # Nobody else: a floor keeps the last calls of a window from coming ever slower.
        return steady
    return rate
