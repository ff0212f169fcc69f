"""Decides whether one app may send a call now, and if not, when to try again.

`try_acquire` checks and charges in one step; a charge ends with `confirm`, `release` or
`mark_unknown`. Time is an argument, and there is no timer, task or permit in here. The package's
docstring says why it decides as it does.
"""

from __future__ import annotations

import math
from random import Random

import msgspec

from intercom_async.priority import Priority
from intercom_async.response import Window
from .app_windows import EPSILON_S, AppWindows
from .cold_start import ColdStart
from .pacing import INTERACTIVE, RETRY_S, Pacer
from .probes import MAX_PROBES, BoundaryProbe
from .reserve import RELEASE_S, InteractiveReserve
from .server_clock import ServerClock
from .usage import ROUNDING
from .window_budget import WindowBudget
from .window_schedule import WindowSchedule
from .workspace_limiter import WorkspaceLimiter

WAIT_FOR_REPLY = math.inf
"""Answer of `try_acquire` where no moment is known: try again after a reply."""


class Charge(msgspec.Struct, frozen=True, gc=False):
    """What a call that may go was charged to."""

    budgets: tuple[WindowBudget, ...]
    """Windows that may count the call; none during a cold start."""
    charge_seqs: tuple[int, ...]
    """Calls of ours that each window holds with this one; during a cold start, calls sent in all.
    Empty where calls overtake each other, since it says little then."""
    cost: int


class AppLimiter:
    """Limits of one app.

    Args:
        limit: Calls a window, until a reply says it.
        workspace: The limiter of the workspace that the app belongs to.
        schedule: When windows end; apps of one server share it.
        clock: Offset of the server's clock; shared as well.
        random: Spreads retries, so that processes do not retry in step.
    """

    __slots__ = (
        "_cold_start",
        "_probe",
        "_random",
        "in_flight",
        "is_probing",
        "pacer",
        "reserve",
        "windows",
        "workspace",
    )

    def __init__(
        self,
        limit: int,
        workspace: WorkspaceLimiter,
        schedule: WindowSchedule,
        clock: ServerClock,
        random: Random,
    ) -> None:
        self.workspace: WorkspaceLimiter = workspace
        self.reserve: InteractiveReserve = InteractiveReserve()
        self.windows: AppWindows = AppWindows(
            limit, workspace, schedule, clock, on_new_window=self.reserve.decay
        )
        self.pacer: Pacer = Pacer(self.windows, workspace, self.allocatable)
        self.in_flight: int = 0
        """Charges that have not ended."""
        self.is_probing: bool = False
        """Whether one call at a time finds out if full windows are over."""
        self._cold_start = ColdStart()
        self._probe = BoundaryProbe()
        self._random = random

    @property
    def limit(self) -> int:
        """Calls a window, by the settings or the newest reply."""
        return self.windows.limit

    @property
    def cold_in_flight(self) -> int:
        """Calls under way that were sent without knowing a window."""
        return self._cold_start.in_flight

    def note_arrival(self, priority: Priority, now: float) -> None:
        """Note a call that comes: interactive ones feed the reserve."""
        if priority is INTERACTIVE:
            self.reserve.note_arrival(now, self.windows.schedule.length_s)
        else:
            self.pacer.note_arrival()

    def forget_idle_callers(self, now: float) -> None:
        """Expect no interactive calls once none has come for a while."""
        self.reserve.forget_idle(now, self.windows.schedule.length_s)

    # Deciding --------------------------------------------------------------------------------

    def try_acquire(
        self, now: float, *, priority: Priority, cost: int, backlog: int
    ) -> Charge | float:
        """Charge a call if it may go now.

        Args:
            now: Loop time.
            priority: The call's lane.
            cost: Calls that it counts as.
            backlog: Calls of the app that wait.

        Returns:
            The charge, else the moment to try again; `WAIT_FOR_REPLY` if only a reply can help.
        """
        windows, pacer = self.windows, self.pacer
        is_paced = pacer.is_paced(priority, now, backlog=backlog)
        if self.is_probing and self.in_flight:
            return WAIT_FOR_REPLY
        if not windows.is_known:
            return self._try_without_windows(priority, now, cost)
        if is_paced:
            retry_at = pacer.retry_at(now)
            if retry_at:
                return retry_at
        budgets = windows.candidates(now)
        allocatable = 0
        for budget in reversed(budgets):
            retry_at, allocatable = self._check(
                budget, now, cost, is_paced=is_paced, may_use_reserve=priority is INTERACTIVE
            )
            if retry_at:
                return retry_at
        return self._charge(budgets, now, cost, allocatable, is_paced=is_paced)

    def _check(
        self, budget: WindowBudget, now: float, cost: int, *, is_paced: bool, may_use_reserve: bool
    ) -> tuple[float, int]:
        """Return 0.0 or when to try again, and how many calls of a window may be given out."""
        if budget.is_exhausted:
            return self.windows.ends_at(budget, now), 0
        remaining, allocatable = self.headroom(budget, now, may_use_reserve=may_use_reserve)
        retry_at = 0.0
        if remaining <= MAX_PROBES or allocatable < cost:
            retry_at = self._blocked_until(
                budget, now, cost, remaining, allocatable, may_use_reserve=may_use_reserve
            )
        if not retry_at and budget.workspace is not None:
            retry_at = self._workspace_blocked_until(budget, now, cost, is_paced=is_paced)
        return retry_at, allocatable

    def _charge(
        self,
        budgets: tuple[WindowBudget, ...],
        now: float,
        cost: int,
        allocatable: int,
        *,
        is_paced: bool,
    ) -> Charge:
        """Charge a call to every window that may count it."""
        if is_paced:
            self.pacer.take(now, budgets[0], allocatable, cost)
        self._probe.note_sent(now)
        self.in_flight += 1
        if len(budgets) == 1:  # as nearly always
            seqs: tuple[int, ...] = (budgets[0].charge(cost),)
        else:
            seqs = tuple([budget.charge(cost) for budget in budgets])
        # Calls that are not paced overtake each other: their sequence says little.
        return Charge(budgets, seqs if is_paced else (), cost)

    def _try_without_windows(self, priority: Priority, now: float, cost: int) -> Charge | float:
        """Decide by the settings, in a cold start or where a proxy strips the headers."""
        cold_start, pacer = self._cold_start, self.pacer
        if self.windows.attribution.has_headers is None:
            retry_at = cold_start.retry_at(now, is_interactive=priority is INTERACTIVE)
            if retry_at:
                return retry_at
        elif pacer.next_at > now:
            return pacer.next_at
        self.in_flight += 1
        cold_start.in_flight += 1
        cold_start.sent += 1
        pacer.take_blindly(now, cost)
        return Charge((), (cold_start.sent,) if priority is not INTERACTIVE else (), cost)

    def _blocked_until(
        self,
        budget: WindowBudget,
        now: float,
        cost: int,
        remaining: int,
        allocatable: int,
        *,
        may_use_reserve: bool,
    ) -> float:
        """Return 0.0 if a window has room, else when to try again."""
        windows = self.windows
        needed = min(cost, budget.limit)  # a call that no window is large enough for has one alone
        if remaining < needed:
            return windows.ends_at(budget, now)
        is_alone = budget.external_seen <= ROUNDING or windows.external.is_absent
        if remaining <= MAX_PROBES and not may_use_reserve and is_alone:
            send_at = self._probe.send_at(
                remaining, budget, windows.clock, now, rtt_s=windows.rtt_s
            )
            if send_at:
                return send_at if send_at > now else 0.0
        if allocatable >= needed or (needed > 1 and not budget.charged):
            return 0.0
        # There is room that a margin or a reserve holds back: both shrink, so try again soon.
        pause_s = RETRY_S * windows.schedule.scale * self._random.uniform(0.5, 1.5)
        if not self.reserve.arrivals_per_s:
            return now + pause_s
        released_s = max(0.0, windows.left_s(budget, now) - self._release_s())
        return now + min(pause_s, released_s + EPSILON_S)

    def _workspace_blocked_until(
        self, budget: WindowBudget, now: float, cost: int, *, is_paced: bool
    ) -> float:
        """Return 0.0 if the workspace's same window has room, else when to try again."""
        shared, workspace, windows = budget.workspace, self.workspace, self.windows
        if shared is None:
            return 0.0
        if shared.is_exhausted or shared.charged + cost > workspace.limit:
            return windows.ends_at(budget, now)
        if workspace.quota is None:
            return 0.0
        elapsed = windows.schedule.elapsed_share(windows.left_s(budget, now))
        may_charge = workspace.may_charge(
            shared, workspace.quota, elapsed=elapsed, is_paced=is_paced
        )
        if may_charge is None:
            return now + RETRY_S * windows.schedule.scale * self._random.uniform(0.5, 1.5)
        return 0.0 if may_charge else windows.ends_at(budget, now)

    def headroom(
        self, budget: WindowBudget, now: float, *, may_use_reserve: bool
    ) -> tuple[int, int]:
        """Return how many calls of a window remain, and how many of them may be given out now.

        Args:
            budget: The window.
            now: Loop time.
            may_use_reserve: Whether the interactive reserve counts as room.
        """
        # Calls of a cold start may be counted in any window.
        charged = budget.reserved + budget.confirmed + budget.unknown + self._cold_start.in_flight
        reserve, windows = self.reserve, self.windows
        external_usage = windows.external
        holds_back = not may_use_reserve and reserve.arrivals_per_s > 0.0
        is_expected = external_usage.is_expected
        if not holds_back and budget.highest_used_seen <= charged and not is_expected:
            remaining = budget.limit - charged
            return remaining, remaining
        left_s = windows.left_s(budget, now)
        external = external_usage.estimate(budget)
        allocatable = remaining = budget.limit - external - charged
        if external > ROUNDING or is_expected:
            allocatable -= external_usage.margin(
                now,
                external,
                budget.limit,
                rtt_s=windows.rtt_s,
                elapsed=windows.schedule.elapsed_share(left_s),
                window_s=windows.schedule.length_s,
            )
        if holds_back:
            allocatable -= reserve.held_back(budget.limit, left_s, self._release_s())
        return remaining, allocatable

    def allocatable(self, budget: WindowBudget, now: float) -> int:
        """Return how many calls of a window may be given out now, the reserve excluded."""
        return self.headroom(budget, now, may_use_reserve=False)[1]

    def _release_s(self) -> float:
        """Return how many seconds before a window's end the interactive reserve is released."""
        return RELEASE_S * self.windows.schedule.scale + self.windows.clock.lead_s

    # Accounting ------------------------------------------------------------------------------

    def release(self, charge: Charge) -> None:
        """Take a charge back: nothing was sent."""
        self._end(charge)
        for budget in charge.budgets:
            budget.release(charge.cost)

    def mark_unknown(self, charge: Charge) -> None:
        """Leave a charge where it is: the call was sent and may have been counted."""
        self._end(charge)
        for budget in charge.budgets:
            budget.mark_unknown(charge.cost)

    def confirm(
        self,
        charge: Charge,
        reply: Window,
        *,
        sent: float,
        received: float,
        is_rejected: bool = False,
        date: float | None = None,
    ) -> WindowBudget | None:
        """End a charge with a reply; return the window it was counted in, if the reply says so.

        Args:
            charge: The charge.
            reply: What the headers say.
            sent: When the request left.
            received: When the reply came.
            is_rejected: Whether a full window has turned the call away.
            date: The Date header in UNIX seconds, where the server's clock is not known yet.
        """
        windows, budgets, cost = self.windows, charge.budgets, charge.cost
        reset_ms = windows.attribution.attribute_window(
            reply, sent=sent, received=received, is_certain=is_rejected, date=date
        )
        self._end(charge)
        if reset_ms is None:
            windows.attribution.note_missing_headers()
            if reply.limit:
                windows.limit = reply.limit
            for budget in budgets:
                budget.confirm(cost)
            return None
        if len(budgets) == 1 and budgets[0].reset_ms == reset_ms:  # as nearly always
            budget = budgets[0]
            budget.confirm(cost)
            seq = charge.charge_seqs[0] if charge.charge_seqs else 0
        else:
            budget = self._move(charge, reset_ms)
            seq = _seq_in(budget, charge)
        windows.observe(budget, reply, cost=cost, charge_seq=seq, sent=sent, received=received)
        return budget

    def _end(self, charge: Charge) -> None:
        self.in_flight -= 1
        if not charge.budgets:
            self._cold_start.in_flight -= 1

    def _move(self, charge: Charge, reset_ms: int) -> WindowBudget:
        """Move a charge that several windows have, or another one, to where it was counted."""
        counted_in: WindowBudget | None = None
        for budget in charge.budgets:
            budget.release(charge.cost)
            if budget.reset_ms == reset_ms:
                counted_in = budget
        if counted_in is None:
            counted_in = self.windows.budget(reset_ms)
            if charge.budgets:
                self.windows.miss_candidates()
        counted_in.confirm_uncharged(charge.cost)
        return counted_in


def _seq_in(budget: WindowBudget, charge: Charge) -> int:
    """Return which of our calls in a window a reply answers; 0 if not known."""
    seqs, budgets = charge.charge_seqs, charge.budgets
    if not seqs:
        return 0
    if not budgets or budgets[0] is budget:
        return seqs[0]
    return seqs[budgets.index(budget)] if budget in budgets else 0
