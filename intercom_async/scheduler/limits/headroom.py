"""Headroom of a window: how many of its calls remain, and how many may be given out now.

What is held back from calls that are not interactive: a margin for external usage that no reply
shows yet, and a reserve for interactive calls. While other clients are certainly active, the
reserve is for *their* interactive calls as well: every process follows the same convention, so the
interactive calls of each find room although the bulk jobs of all others see it.
"""

from __future__ import annotations

import math
from random import Random

from .app_windows import AppWindows
from .cold_start import ColdStart
from .leases import Leases
from .reserve import LATE_PART, RELEASE_S, InteractiveReserve
from .usage import ROUNDING
from .window_budget import WindowBudget

SHARED_RESERVE = 0.1
"""Fraction of what is left of a window, at the limit's own rate, that every process leaves to the
interactive calls of all processes while others are active; a convention, so all must agree
(test_ablations.py::test_the_shared_reserve_keeps_interactive_calls_fast)."""
OWN_SPREADS = 3.0
"""Standard deviations of the expected interactive calls that are held back besides them: of many
processes, the one that expects the fewest decides (report: "16 processes, interactive")."""
MIN_OWN_SHARE = 1 / 20
"""Own share below which the own arrivals are not scaled up further, or processes that happen to
have less would hold back more for ever (report: "16 processes, interactive")."""
SPREAD_FACTOR = 1.5
"""Factor of the others' share with which the spread of the shared reserve is covered
(report: "4 processes, interactive")."""
MAX_RESERVE, MAX_RESERVE_CALLS = 0.5, 3
"""Fraction of what is left of a window, at the limit's own rate, and calls beyond it, that the
reserve is at most (report: "16 processes, interactive")."""


class Headroom:
    """Headroom of one app's windows.

    Args:
        windows: The app's windows.
        reserve: Arrivals of its interactive calls.
        cold_start: Calls that may be counted in any window.
        random: Rounds the own part of the last calls of a window.
    """

    __slots__ = ("_cold_start", "_random", "_reserve", "_windows", "leases")

    def __init__(
        self,
        windows: AppWindows,
        reserve: InteractiveReserve,
        cold_start: ColdStart,
        random: Random,
    ) -> None:
        self._windows = windows
        self._reserve = reserve
        self._cold_start = cold_start
        self._random = random
        self.leases: Leases | None = None
        """Leases of a budget that processes share; None without a store."""

    def of(self, budget: WindowBudget, now: float, *, may_use_reserve: bool) -> tuple[int, int]:
        """Return how many calls of a window remain, and how many of them may be given out now.

        Args:
            budget: The window.
            now: Loop time.
            may_use_reserve: Whether the interactive reserve counts as room.
        """
        if self.leases is not None:
            room = self.leases.room(budget)
            if room is not None:
                return self._leased(self.leases, budget, room, may_use_reserve=may_use_reserve)
        charged = budget.charged + self._cold_start.charged
        external_usage = self._windows.external
        holds_back = not may_use_reserve and self._reserve.arrivals_per_s > 0.0
        is_expected = external_usage.is_expected
        if not holds_back and budget.highest_used_seen <= charged and not is_expected:
            remaining = budget.limit - charged
            return remaining, remaining
        external = external_usage.estimate(budget)
        remaining = budget.limit - external - charged
        if now < external_usage.active_until:
            if may_use_reserve:
                # The margin would hold interactive calls back by what bulk jobs may take.
                return remaining, remaining
            return remaining, self._beside_others(budget, now, external, remaining)
        allocatable = remaining
        left_s = self._windows.left_s(budget, now)
        if external > ROUNDING or is_expected:
            allocatable -= self._margin(budget, now, external, left_s)
        if holds_back:
            allocatable -= self._reserve.held_back(budget.limit, left_s, self.release_s())
        return remaining, allocatable

    def _leased(
        self, leases: Leases, budget: WindowBudget, room: int, *, may_use_reserve: bool
    ) -> tuple[int, int]:
        """Return the headroom where processes lease calls.

        What others may use is leased to them, and the store keeps room for interactive calls.
        """
        charged = budget.charged + self._cold_start.charged
        remaining = budget.limit - self._windows.external.estimate(budget) - charged
        own = leases.allocatable(budget, room, may_use_reserve=may_use_reserve)
        return remaining, min(remaining, own)

    def allocatable(self, budget: WindowBudget, now: float) -> int:
        """Return how many calls of a window may be given out now, the reserve excluded."""
        return self.of(budget, now, may_use_reserve=False)[1]

    def room_at(self, budget: WindowBudget, now: float) -> float:
        """Return when a full window may have room: at its end, or as a blind call leaves it."""
        windows = self._windows
        counted_until = windows.workspace.blind.counted_until(now, windows.schedule.length_s)
        return min(windows.ends_at(budget, now), counted_until)

    def release_s(self) -> float:
        """Return how many seconds before a window's end the interactive reserve is released."""
        return RELEASE_S * self._windows.schedule.scale + self._windows.clock.lead_s

    def until_release_s(self, left_s: float) -> float:
        """Return in how many seconds calls are released, with `left_s` until a window's end."""
        release_s = self.release_s()
        return max(0.0, left_s - (release_s if left_s > release_s else LATE_PART * release_s))

    def _margin(self, budget: WindowBudget, now: float, external: int, left_s: float) -> int:
        windows = self._windows
        return windows.external.margin(
            now,
            external,
            budget.limit,
            rtt_s=windows.rtt_s,
            elapsed=windows.schedule.elapsed_share(left_s),
            window_s=windows.schedule.length_s,
        )

    def _beside_others(
        self, budget: WindowBudget, now: float, external: int, remaining: int
    ) -> int:
        """Return what may be given out, the reserve excluded, while others are active."""
        windows, limit = self._windows, budget.limit
        left_s, release_s = windows.left_s(budget, now), self.release_s()
        allocatable = remaining - self._margin(budget, now, external, left_s)
        own_share = windows.external.fair_share
        share = max(own_share, MIN_OWN_SHARE)
        all_per_s = self._reserve.steady_per_s / share
        expected = all_per_s * left_s
        if left_s <= release_s:
            # Each takes its part of what is left, so that not all rush for the same calls.
            if budget.last_charge is None:
                unseen = all_per_s * windows.external.age_s(now)
                left = max(0.0, allocatable - expected - unseen)
                part = math.floor(left * own_share + self._random.random())
                budget.last_charge = budget.charged + part
            return min(allocatable, budget.last_charge - budget.charged)
        budget.last_charge = None
        length_s = windows.schedule.length_s
        steady = limit * left_s / length_s
        # What all expect is inferred from few own arrivals: the fewer, the less exactly.
        doubt = 1.0 + left_s / (self._reserve.span_s * share)
        own = expected + OWN_SPREADS * math.sqrt(expected * doubt)
        spread = min(1.0, SPREAD_FACTOR * (1.0 - own_share))
        shared = SHARED_RESERVE * steady
        shared += 2.0 * spread * math.sqrt(shared)
        most = MAX_RESERVE * steady + MAX_RESERVE_CALLS
        return allocatable - math.ceil(min(max(own, shared), most))
