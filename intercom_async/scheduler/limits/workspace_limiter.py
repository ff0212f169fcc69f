"""Limit of a whole workspace: what all of its apps may send together.

No header shows it. The calls of this process's apps are counted here; that others send too is
learned from 429s that nothing else explains. At the first one, what others have used is the limit
less the calls of ours that were served; if they go on at that speed, the rest is our quota. The
quota is spread over the larger part of the window. In the remaining part single calls probe for
room, in larger steps after each window that took every probe, and not at all for a window after a
rejection.

Where hardly a call of ours had been served, that says little of what others leave: the quota is a
lower bound then, and the next window is probed at once, in steps that grow with what it serves.
Where that ends in the same way, it is true, until a window has served us more.
"""

from __future__ import annotations

from .blind_calls import BlindCalls
from .window_budget import BudgetTable, WindowBudget
from .window_schedule import WindowSchedule

MAX_CUT = 0.7
"""Fraction of the calls served that remains our quota at least after one rejection
(report: "workspace moving")."""
PACED_SHARE = 0.65
"""Fraction of a window over which the quota is spread (report: "workspace squeezed")."""
MAX_AHEAD_SHARE = 0.02
"""Fraction of the quota that may be ahead of its time (report: "workspace squeezed")."""
COOLDOWN_WINDOWS = 1
"""Windows without a probe after one with a rejection (report: "workspace squeezed")."""
PROBE_DIVISOR = 16
"""After one window that took all probes, one in so many of the calls beyond the quota may be in
flight; after two, two of them, and so on (report: "workspace moving")."""
FEW_SERVED_ONE_IN = 20
"""A rejection after fewer of our calls than one in so many of the limit is doubted; those that
follow are believed until a window has served more than the quota
(test_workspace_limiter.py::test_rejections_after_few_calls_are_doubted_once)."""
DOUBTFUL_STEP = 4
"""Step of the probes in a window after a doubted rejection: with `PROBE_DIVISOR`, a quarter of what
has been served beyond the quota may be in flight, so that it grows by that each round trip
(test_workspace_limiter.py::test_a_rejection_after_a_single_call_is_doubted)."""
MIN_ELAPSED = 0.1
"""Part of a window below which the usage by others is not extrapolated from it
(report: "workspace full, 10 s")."""


class WorkspaceLimiter:
    """Budgets of all apps together, and our quota of them.

    Args:
        per_s: Calls a second by the settings.
        schedule: When windows end.
    """

    __slots__ = (
        "__weakref__",
        "_budgets",
        "_cooldown_windows",
        "_is_believed",
        "_per_s",
        "_probe_step",
        "_schedule",
        "_short_reset_ms",
        "blind",
        "is_short",
        "limit",
        "quota",
    )

    def __init__(self, per_s: float, schedule: WindowSchedule) -> None:
        self.limit: int = max(1, int(per_s * schedule.length_s))
        """Calls a window; scaled with its length unless a 429 has named it."""
        self.quota: int | None = None
        """Calls a window that are ours; None as long as nobody else is known."""
        self.blind: BlindCalls = BlindCalls()
        """Calls of all apps that any window may have counted."""
        self.is_short: bool = False
        """Whether a call has been held back in this window or the last one."""
        self._short_reset_ms = 0
        self._schedule = schedule
        self._budgets = BudgetTable(
            schedule,
            lambda reset_ms: WindowBudget(reset_ms, self.limit),
            on_new_window=self._end_window,
        )
        self._cooldown_windows = 0
        self._probe_step = 0
        self._is_believed: bool = False
        """Whether the next such rejection is true: one was, and no window has served more since."""
        self._per_s: float | None = per_s
        schedule.on_length_change(self._rescale)

    def _rescale(self) -> None:
        if self._per_s is not None:
            self.limit = max(1, int(self._per_s * self._schedule.length_s))

    def follow(self, schedule: WindowSchedule) -> None:
        """Go by the windows that the apps of another scheduler see, once they have learned more.

        The limit is scaled to the length that was learned last. A schedule that has gone back to
        the settings' length says nothing of the others, unless it was the one to go by.
        """

        def use() -> None:
            if schedule.is_learned or schedule is self._schedule:
                self._schedule = schedule
                self._budgets.use(schedule)
                self._rescale()

        schedule.on_length_change(use)
        use()

    def learn_from(self, other: WorkspaceLimiter) -> None:
        """Keep what another limiter of the same workspace has learned from 429s.

        What each had for its own calls is for those of both; for one that knows of nobody else it
        is what it had served.
        """
        if other._per_s is None and self._per_s is not None:
            self.limit, self._per_s = other.limit, None
        if self.quota is not None or other.quota is not None:
            if self.quota is None:
                self._cooldown_windows, self._probe_step = (
                    other._cooldown_windows,
                    other._probe_step,
                )
                self._is_believed = other._is_believed
            quota = self._known_share + other._known_share
            self.quota = quota if quota < self.limit else None
        self.is_short = self.is_short or other.is_short
        self._short_reset_ms = max(self._short_reset_ms, other._short_reset_ms)
        for theirs in other._budgets:
            budget = self.budget(theirs.reset_ms)
            if budget is not None:
                budget.rejected += theirs.rejected
                budget.is_exhausted = budget.is_exhausted or theirs.is_exhausted

    @property
    def _known_share(self) -> int:
        """Calls a window that were ours for certain."""
        if self.quota is not None:
            return self.quota
        return max((budget.confirmed - budget.rejected for budget in self._budgets), default=0)

    def budget(self, reset_ms: int) -> WindowBudget | None:
        """Return the budget of a window; None if the window is closed for good."""
        return self._budgets.open(reset_ms)

    def _end_window(self, last: WindowBudget | None) -> None:
        """Learn from a window that is over: what was served is ours, and the next step larger."""
        self.is_short = last is not None and last.reset_ms == self._short_reset_ms
        if last is None or self.quota is None or last.is_exhausted:
            return
        if self._cooldown_windows:
            self._cooldown_windows -= 1
            return
        served = last.confirmed - last.rejected
        if served > self.quota:
            self.quota = served
            self._probe_step += 1
            self._is_believed = False
        if self.quota >= self.limit:
            self.quota = None

    def may_charge(
        self, budget: WindowBudget, cost: int, *, blind: int, elapsed: float, is_paced: bool
    ) -> bool | None:
        """Return whether a call may go: True, False (not in this window) or None (soon).

        One that may not shows that the window is short.

        Args:
            budget: The workspace's window.
            cost: Calls that are to be charged; what no window is large enough for has one alone.
            blind: Calls of ours that the window may have counted although nothing is charged to it.
            elapsed: Part of the window that has passed, from 0 to 1.
            is_paced: Whether the call is spread over the window.
        """
        may_charge = self._may_charge(budget, cost, blind, elapsed, is_paced=is_paced)
        if not may_charge:
            self.is_short = True
            self._short_reset_ms = max(self._short_reset_ms, budget.reset_ms)
        return may_charge

    def _may_charge(
        self, budget: WindowBudget, cost: int, blind: int, elapsed: float, *, is_paced: bool
    ) -> bool | None:
        quota, limit = self.quota, self.limit
        if budget.is_exhausted or budget.charged + blind + min(cost, limit) > limit:
            return False
        if quota is None:
            return True
        if budget.charged < quota:
            if not is_paced:
                return True
            due = quota * (elapsed / PACED_SHARE + MAX_AHEAD_SHARE) + 1
            return True if budget.charged < due else None
        if self._cooldown_windows:
            return False
        beyond = max(0, budget.confirmed - quota)
        return True if budget.reserved <= beyond * self._probe_step // PROBE_DIVISOR else None

    def reject(self, budget: WindowBudget, *, named: int | None, elapsed: float) -> None:
        """Learn from a 429 of the workspace.

        Args:
            budget: The workspace's window, which is exhausted.
            named: The workspace's limit, if the 429's message names it.
            elapsed: Part of the window that has passed, from 0 to 1.
        """
        budget.rejected += 1
        if budget.is_exhausted:
            return
        budget.is_exhausted = True
        if named:
            self.limit = budget.limit = named
            self._per_s = None
        served = budget.confirmed - budget.rejected
        others = max(0, self.limit - served) / max(MIN_ELAPSED, elapsed)
        self.quota = max(1, int(MAX_CUT * served), min(served, int(self.limit - others)))
        is_few = served * FEW_SERVED_ONE_IN < self.limit
        is_doubted, self._is_believed = is_few and not self._is_believed, is_few
        self._cooldown_windows = 0 if is_doubted else COOLDOWN_WINDOWS
        self._probe_step = DOUBTFUL_STEP if is_doubted else 0
