"""Decides whether one app may send a call now, and if not, when to try again.

`try_acquire` checks and charges in one step; a charge ends with `confirm`, `release` or
`mark_unknown`. Time is an argument, and there is no timer, task or permit in here.
"""

from __future__ import annotations

import math
from random import Random

from intercom_async.priority import Priority
from intercom_async.response import Window
from .app_windows import EPSILON_S, AppWindows
from .cold_start import ColdStart
from .headroom import Headroom
from .lease_gate import LeaseGate
from .pacing import INTERACTIVE, RETRY_S, Pacer
from .plain_replies import PlainReplies
from .probes import MAX_PROBES, SPACING_S, BoundaryProbe, Recovery
from .reserve import InteractiveReserve
from .server_clock import ServerClock
from .sudden_ends import SUDDEN_LEFT_ONE_IN
from .usage import ROUNDING
from .window_budget import Charge, WindowBudget
from .window_schedule import WindowSchedule
from .without_windows import WithoutWindows
from .workspace_limiter import WorkspaceLimiter

WAIT_FOR_REPLY = math.inf
"""Answer of `try_acquire` where no moment is known: try again after a reply."""


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
        "_boundary_probe",
        "_cold_start",
        "_lease_gate",
        "_random",
        "headroom",
        "pacer",
        "plain_replies",
        "recovery",
        "reserve",
        "windows",
        "without_windows",
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
        self._cold_start = ColdStart(workspace.blind)
        self.reserve: InteractiveReserve = InteractiveReserve()
        self.windows: AppWindows = AppWindows(
            limit,
            workspace,
            schedule,
            clock,
            on_new_window=self.reserve.decay,
            on_uncertain_window=self._open_with_probe,
        )
        self.headroom: Headroom = Headroom(self.windows, self.reserve, self._cold_start, random)
        self.pacer: Pacer = Pacer(self.windows, workspace, self.headroom.allocatable)
        self.recovery: Recovery = Recovery()
        """Single calls after a window that was full although none of ours was served in it."""
        self.without_windows: WithoutWindows = WithoutWindows(
            self.windows, self._cold_start, self.pacer, self.recovery
        )
        self.plain_replies: PlainReplies = PlainReplies(self.windows)
        self._boundary_probe = BoundaryProbe()
        self._lease_gate = LeaseGate(self.windows, random)
        self._random = random

    def share_workspace(self, workspace: WorkspaceLimiter, clock: ServerClock) -> None:
        """Count calls against a limit that apps of other schedulers count against, too.

        Args:
            workspace: The limiter of all of them.
            clock: Offset of the server's clock, of which they may know more.
        """
        self.workspace = self.pacer.workspace = workspace
        self.windows.share_workspace(workspace, clock)
        self.plain_replies = PlainReplies(self.windows)
        self._cold_start.join(workspace.blind)

    def note_arrival(self, priority: Priority, now: float) -> None:
        """Note a call that comes: interactive ones feed the reserve."""
        if priority is INTERACTIVE:
            self.reserve.note_arrival(now, self.windows.schedule.length_s)
        else:
            self.pacer.dequeuing_since = None

    def forget_idle_callers(self, now: float) -> None:
        """Expect no interactive calls once none has come for a while."""
        self.reserve.forget_idle(now, self.windows.schedule.length_s)

    def acquire_freely(self, now: float) -> Charge | None:
        """Charge a call of the normal lane that comes while none waits and nothing holds it back.

        So it is while a program has its windows to itself and does not use them up. Elsewhere it
        returns None, and `try_acquire` decides, which would decide the same here.
        """
        windows, workspace = self.windows, self.workspace
        if (
            not windows.external.is_quiet
            or not windows.clock.is_known
            or windows.matcher.has_headers is False
            or workspace.quota is not None
            or self.reserve.arrivals_per_s
        ):
            return None
        budgets = windows.candidates(now)
        budget, leases = budgets[0], self.headroom.leases
        shared, charged, used = budget.workspace, budget.charged, budget.highest_used_seen
        if (
            len(budgets) > 1
            or shared is None
            or budget.is_exhausted
            or shared.is_exhausted
            or used > charged
            or workspace.blind.charged
            or budget.limit - charged <= MAX_PROBES
            or workspace.limit <= shared.charged
            or self.recovery.since is not None
            or (leases is not None and not leases.take(budget, charged, now))
        ):
            return None
        self.pacer.dequeuing_since = None
        self._boundary_probe.next_at = now + SPACING_S
        budget.charged = charged + 1
        shared.charged += 1
        return Charge(budgets, (), 1, used)

    def try_acquire(
        self, now: float, *, priority: Priority, cost: int, backlog: int, is_owed: bool = False
    ) -> Charge | float:
        """Charge a call if it may go now.

        Args:
            now: Loop time.
            priority: The call's lane.
            cost: Calls that it counts as.
            backlog: Calls of the app that wait.
            is_owed: Whether only the server's limit may hold it back, as other calls have overtaken
                it for long enough.

        Returns:
            The charge, else the moment to try again; `WAIT_FOR_REPLY` if only a reply can help.
        """
        windows, pacer = self.windows, self.pacer
        is_urgent = is_owed or priority is INTERACTIVE
        is_paced = not is_urgent and pacer.is_paced(priority, now, backlog=backlog)
        if self.recovery.since is not None and (retry_at := self.recovery.retry_at(now)):
            return retry_at
        if not windows.clock.is_known or windows.matcher.has_headers is False:
            return self._begin_probing(self.without_windows.try_acquire(priority, now, cost))
        if is_paced and (retry_at := pacer.retry_at(now)):
            return retry_at
        if self.workspace.blind.charged:
            self.workspace.blind.counted_until(now, windows.schedule.length_s)
        budgets = windows.candidates(now)
        allocatable = 0
        for budget in reversed(budgets):
            retry_at, allocatable = self._check(
                budget, now, cost, priority, is_paced=is_paced, is_owed=is_owed
            )
            if retry_at:
                return retry_at
        return self._begin_probing(self._charge(budgets, now, cost, allocatable, is_paced=is_paced))

    def _begin_probing(self, charge: Charge | float) -> Charge | float:
        """Make a call that may go the probe, if there has to be one."""
        if self.recovery.since is not None and isinstance(charge, Charge):
            self.recovery.begin_call(charge)
        return charge

    def _check(
        self,
        budget: WindowBudget,
        now: float,
        cost: int,
        priority: Priority,
        *,
        is_paced: bool,
        is_owed: bool,
    ) -> tuple[float, int]:
        """Return 0.0 or when to try again, and how many calls of a window may be given out."""
        if budget.is_exhausted:
            return self.windows.ends_at(budget, now), 0
        may_use_reserve = is_owed or priority is INTERACTIVE
        remaining, allocatable = self.headroom.of(budget, now, may_use_reserve=may_use_reserve)
        if is_owed:
            allocatable = remaining
        retry_at = 0.0
        if remaining <= MAX_PROBES or allocatable < cost:
            retry_at = self._blocked_until(
                budget, now, cost, remaining, allocatable, may_use_reserve=may_use_reserve
            )
        shared, workspace = budget.workspace, self.workspace
        if not retry_at and shared is not None:
            charged = shared.charged + workspace.blind.charged + cost
            if charged > workspace.limit or workspace.quota is not None or shared.is_exhausted:
                retry_at = self._workspace_blocked_until(
                    budget, shared, now, cost, is_paced=is_paced
                )
        leases = self.headroom.leases
        if leases is not None and not retry_at:
            retry_at = self._lease_gate.retry_at(
                leases, budget, now, cost, is_interactive=priority is INTERACTIVE, is_owed=is_owed
            )
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
        self._boundary_probe.next_at = now + SPACING_S
        if self.headroom.leases is not None:
            self.headroom.leases.note_charged(budgets[0], now)
        seqs: tuple[int, ...] = (budgets[0].charge(cost),)
        for budget in budgets[1:]:
            seqs += (budget.charge(cost),)
        # Calls that are not paced overtake each other: their sequence says little.
        return Charge(budgets, seqs if is_paced else (), cost, budgets[0].highest_used_seen)

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
            return self.headroom.room_at(budget, now)
        is_alone = budget.external_seen <= ROUNDING or windows.external.is_absent
        if remaining <= MAX_PROBES and not may_use_reserve and is_alone:
            send_at = self._boundary_probe.send_at(
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
        released_s = self.headroom.until_release_s(windows.left_s(budget, now))
        return now + min(pause_s, released_s + EPSILON_S)

    def _workspace_blocked_until(
        self, budget: WindowBudget, shared: WindowBudget, now: float, cost: int, *, is_paced: bool
    ) -> float:
        """Return 0.0 if the workspace's same window has room, else when to try again."""
        schedule, blind = self.windows.schedule, self.workspace.blind.charged
        elapsed = schedule.elapsed_share(self.windows.left_s(budget, now))
        may_charge = self.workspace.may_charge(
            shared, cost, blind=blind, elapsed=elapsed, is_paced=is_paced
        )
        if may_charge is None:
            return now + RETRY_S * schedule.scale * self._random.uniform(0.5, 1.5)
        return 0.0 if may_charge else self.headroom.room_at(budget, now)

    def release(self, charge: Charge) -> None:
        """Take a charge back: nothing was sent."""
        self._end(charge)
        for budget in charge.budgets:
            budget.release(charge.cost)

    def mark_unknown(self, charge: Charge) -> None:
        """Leave a charge where it is: the call was sent and may have been counted."""
        self._end(charge, is_lost=True)
        for budget in charge.budgets:
            budget.mark_unknown(charge.cost)

    def confirm(
        self,
        charge: Charge,
        reply: Window,
        sent: float,
        received: float,
        *,
        is_refused: bool = False,
        is_rejected: bool = False,
        date: float | None = None,
    ) -> WindowBudget | None:
        """End a charge with a reply; return the window it was counted in, if the reply says so.

        Args:
            charge: The charge.
            reply: What the headers say.
            sent: When the request left.
            received: When the reply came.
            is_refused: Whether it is a 429.
            is_rejected: Whether it is one of a full window.
            date: The Date header in UNIX seconds, where the server's clock is not known yet.
        """
        windows, budgets, cost = self.windows, charge.budgets, charge.cost
        self.plain_replies.end()
        reset_ms: int | None = None
        try:
            reset_ms = windows.matcher.match(
                reply, sent, received, is_certain=is_rejected, date=date
            )
        finally:  # whatever the headers make it raise, the charge ends here
            if charge.blind_number or self.recovery.since is not None:
                self._end(charge)
            if reset_ms is None:
                for budget in budgets:
                    budget.confirm(cost)
        if reset_ms is None:
            windows.matcher.note_missing_headers()
            self.pacer.note_unmatched(reply.limit)
            return None
        if len(budgets) == 1 and budgets[0].reset_ms == reset_ms:  # as nearly always
            budget = budgets[0]
            budget.confirm(cost)
            seq = charge.charge_seqs[0] if charge.charge_seqs else 0
            before = charge.used_before
        else:
            budget = windows.confirm_in(charge, reset_ms, received)
            seq = charge.seq_in(budget)
            before = charge.used_before if budgets and budgets[0] is budget else 0
        seq = seq or budget.charged + self._cold_start.charged  # at most, where it is not known
        if is_refused:
            budget.refused += cost
        elif (
            reply.remaining is not None
            and reply.remaining * SUDDEN_LEFT_ONE_IN <= budget.limit
            and windows.leaves_out(budget, reply, cost, received)
        ):
            return budget
        windows.observe(budget, reply, cost, seq, before, sent, received)
        return budget

    def note_full_window(self, budget: WindowBudget, now: float) -> None:
        """Close a window after a 429 that says that it is full.

        The next one begins with a single probe, if no call of ours was served in this one, or if it
        has outlived the schedule.
        """
        self.windows.sudden_ends.note_full(budget.reset_ms)
        if budget.reject() or self.windows.matcher.is_in_doubt:
            self.recovery.start(now)

    def _open_with_probe(self, now: float) -> None:
        if self.recovery.since is None:
            self.recovery.start(now)

    def _end(self, charge: Charge, *, is_lost: bool = False) -> None:
        if charge.blind_number:
            self._cold_start.end(charge.blind_number, is_lost=is_lost)
        if self.recovery.since is not None:
            self.recovery.end_call(charge)
