"""Windows of one app: which one a call falls into, when one is over, and how full each is.

A call that leaves now is counted at the server's clock, which is known as an interval, and after a
way that takes up to `_uplink_s`. So there may be two candidate windows; a call is charged to both,
and the reply says which of them has counted it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from intercom_async.response import Window
from .server_clock import FAST_DRIFT, ServerClock
from .sudden_ends import SUDDEN_LEFT_ONE_IN, SUDDEN_SHARE, SuddenEnds
from .usage import ExternalUsage
from .window_budget import FEW_LEFT, KEPT_WINDOWS, BudgetTable, Charge, WindowBudget
from .window_matching import WindowMatcher
from .window_schedule import WindowSchedule
from .workspace_limiter import WorkspaceLimiter

EPSILON_S = 1e-4
"""Seconds by which a timer for the end of a window is set later, so that it fires after it
(test_dispatcher.py::test_what_does_not_fit_goes_in_the_next_window)."""
KEPT_UTILISATIONS = 20
"""Windows whose utilisation is kept for `Statistics.utilisations`
(test_statistics.py::test_the_use_of_past_windows_is_kept)."""
UPLINK_S = 0.1
"""Seconds a request may take until it is counted, for windows of ten seconds
(test_ablations.py::test_a_call_is_charged_to_every_window_that_may_count_it)."""
UPLINK_GROWTH = 1.5
"""Factor for `UPLINK_S` after each call that was counted in a window that was no candidate
(report: "reordered")."""
MAX_UPLINK_S, MAX_UPLINK_SHARE = 0.5, 0.2
"""Seconds, and fraction of a window, to which the uplink time grows at most
(report: "reordered")."""
FEW_OTHERS = 10
"""Calls of others that may well have been before the first of ours that a window has served
(test_contradictory_counts.py::test_a_small_limit_that_is_used_up_is_believed)."""
RTT_WEIGHT = 0.1
"""Weight of the newest round trip in the average (report: "slow answers")."""


class AppWindows:
    """Recent windows of one app and what replies have said of them.

    Args:
        limit: Calls a window, until a reply says it.
        workspace: The limiter of the workspace that the app belongs to.
        schedule: When windows end; apps of one server share it.
        clock: Offset of the server's clock; shared as well.
        on_new_window: Called when a newer window opens.
        on_uncertain_window: Called with the time when a newer window opens whose beginning is known
            so badly that a single call has to find it out.
    """

    __slots__ = (
        "_budgets",
        "_clock_version",
        "_is_limit_named",
        "_last_named",
        "_on_new_window",
        "_on_uncertain_window",
        "_schedule_version",
        "_settings_per_s",
        "_uplink_s",
        "candidates_until",
        "clock",
        "external",
        "last_candidates",
        "limit",
        "matcher",
        "remaining_includes_call",
        "rtt_s",
        "schedule",
        "sudden_ends",
        "utilisations",
        "workspace",
    )

    def __init__(
        self,
        limit: int,
        workspace: WorkspaceLimiter,
        schedule: WindowSchedule,
        clock: ServerClock,
        *,
        on_new_window: Callable[[], None],
        on_uncertain_window: Callable[[float], None],
    ) -> None:
        self.limit: int = limit
        self.workspace: WorkspaceLimiter = workspace
        self.clock: ServerClock = clock
        self.schedule: WindowSchedule = schedule
        self.external: ExternalUsage = ExternalUsage()
        self.rtt_s: float = 0.0
        """Average round trip in seconds; 0 before the first reply."""
        self.utilisations: list[float] = []
        """Used fraction of each of the last windows."""
        self._budgets = BudgetTable(
            schedule,
            lambda reset_ms: WindowBudget(reset_ms, self.limit, self.workspace.budget(reset_ms)),
            on_new_window=self._begin_window,
            on_close=self._close,
        )
        self._on_new_window = on_new_window
        self._on_uncertain_window = on_uncertain_window
        self._settings_per_s = limit / schedule.length_s
        self._is_limit_named = False
        schedule.on_length_change(self._rescale)
        self.matcher: WindowMatcher = WindowMatcher(
            clock, schedule, self._budgets, on_distrust=self._distrust
        )
        self.last_candidates: tuple[WindowBudget, ...] = ()
        """What `candidates` returned last."""
        self._clock_version: int = -1
        self._schedule_version: int = -1
        self.candidates_until: float = -math.inf
        """Loop time until which it returns the same, unless clock or schedule change."""
        self._uplink_s = UPLINK_S * schedule.scale
        self._last_named: WindowBudget | None = None
        self.sudden_ends: SuddenEnds = SuddenEnds()
        """Windows that others seem to have used up all at once."""
        self.remaining_includes_call: bool = True
        """Whether `Remaining` is lower by the very call that it answers."""

    @property
    def is_known(self) -> bool:
        """Whether there are windows to go by."""
        return self.clock.is_known and self.matcher.has_headers is not False

    def adopt(self, *, limit: int, length_ms: int, offset: tuple[float, float], now: float) -> None:
        """Begin with what another process has learned; replies know better.

        Args:
            limit: Calls a window.
            length_ms: Length of a window.
            offset: Bounds of the server's clock less loop time, in seconds.
            now: Loop time.
        """
        if self.is_known:
            return
        self.limit = limit
        self.schedule.adopt(length_ms)
        self.clock.adopt(*offset, now)
        self.matcher.has_headers = True

    def share_workspace(self, workspace: WorkspaceLimiter, clock: ServerClock) -> None:
        """Count calls against another workspace's limit, those of the present windows as well."""
        self.workspace = workspace
        self.clock = self.matcher.clock = clock
        self.candidates_until = -math.inf
        for budget in self._budgets:
            budget.move_to(workspace.budget(budget.reset_ms))

    def candidates(self, now: float) -> tuple[WindowBudget, ...]:
        """Return the windows, first one first, that may count a call sent now."""
        clock, schedule = self.clock, self.schedule
        if (
            now < self.candidates_until
            and clock.version == self._clock_version
            and schedule.version == self._schedule_version
        ):
            return self.last_candidates
        clock_version, schedule_version = clock.version, schedule.version
        low, high = clock.arrival_offsets(now)
        high += self._uplink_s
        first, last = schedule.window_at(now + low), schedule.window_at(now + high)
        found = self.last_candidates
        if not found or found[0].reset_ms != first or found[-1].reset_ms != last:
            if last > self._budgets.newest_ms and clock.drift > FAST_DRIFT:
                self._on_uncertain_window(now)
            if last - first > schedule.length_ms + schedule.spread_ms:
                schedule.spread_ms = last - first - schedule.length_ms
            self.last_candidates = tuple(
                map(self.budget, range(first, last + 1, schedule.length_ms))
            )
        # Until the next window comes into reach; drift is far less than a millisecond by then.
        self.candidates_until = (
            min(first / 1000 - low, last / 1000 - high) - EPSILON_S * schedule.length_s
        )
        self._clock_version, self._schedule_version = clock_version, schedule_version
        return self.last_candidates

    def budget(self, reset_ms: int) -> WindowBudget:
        """Return the budget of a window; one that is closed for good gets a budget of its own."""
        return self._budgets.open(reset_ms) or WindowBudget(reset_ms, self.limit)

    def _rescale(self) -> None:
        """Keep the settings' rate while the length of windows changes."""
        self._uplink_s = UPLINK_S * self.schedule.scale
        if not self._is_limit_named:
            self.limit = max(1, int(self._settings_per_s * self.schedule.length_s))

    def _distrust(self) -> None:
        """Return to the settings' limit: what replies have named is not believed."""
        self._is_limit_named = False
        self._rescale()

    def _begin_window(self, _last: WindowBudget | None) -> None:
        # Candidates may be among the windows that are closed now.
        self.last_candidates, self.candidates_until = (), -math.inf
        self._on_new_window()

    def _close(self, budget: WindowBudget) -> None:
        """Remember how full a window became and how much of it others used."""
        kept = self.utilisations[1 - KEPT_UTILISATIONS :]
        self.utilisations = [*kept, min(1.0, budget.used / budget.limit)]
        self.external.close(budget)

    def ends_at(self, budget: WindowBudget, now: float) -> float:
        """Return the moment from which a call cannot be counted in a window any more."""
        return budget.reset_ms / 1000 - self.clock.arrival_offsets(now)[0] + EPSILON_S

    @property
    def usable_limit(self) -> int:
        """Calls of a window that the app may use: its limit, or the workspace's smaller one."""
        return min(self.limit, self.workspace.limit)

    def left_s(self, budget: WindowBudget, now: float) -> float:
        """Return how many seconds of a window are likely to be left."""
        left_s = budget.reset_ms / 1000 - now - self.clock.likely_offset(now)
        return min(left_s, self.schedule.length_s) if left_s > 0.0 else 0.0

    def sure_s(self, budget: WindowBudget, now: float) -> float:
        """Return how many seconds of a window are left for certain."""
        left_s = budget.reset_ms / 1000 - now - self.clock.bounds(now)[1]
        return min(max(left_s, 0.0), self.schedule.length_s)

    # Learning --------------------------------------------------------------------------------

    def confirm_in(self, charge: Charge, reset_ms: int, received: float) -> WindowBudget:
        """Move a charge that several windows have, or another one, to where it was counted.

        A window that is long over gets a budget of its own: named by a slow answer, it says nothing
        of the present ones, while a clock that was set back has a present window as old as that.
        """
        counted_in: WindowBudget | None = None
        for budget in charge.budgets:
            budget.release(charge.cost)
            if budget.reset_ms == reset_ms:
                counted_in = budget
        if counted_in is None:
            present_ms = self.schedule.window_at(received + self.clock.bounds(received)[0])
            is_over = present_ms - reset_ms > KEPT_WINDOWS * self.schedule.length_ms
            counted_in = WindowBudget(reset_ms, self.limit) if is_over else self.budget(reset_ms)
            if charge.budgets:
                self._miss_candidates()
        counted_in.confirm_uncharged(charge.cost)
        return counted_in

    def _miss_candidates(self) -> None:
        """Learn that a call was counted in a window that was no candidate: its way took longer."""
        most_s = min(MAX_UPLINK_S, MAX_UPLINK_SHARE * self.schedule.length_s)
        self._uplink_s = min(self._uplink_s * UPLINK_GROWTH, most_s)
        self.candidates_until = -math.inf

    def leaves_out(self, budget: WindowBudget, reply: Window, cost: int, received: float) -> bool:
        """Weigh a reply to a call that was served in the last part of a window, by its headers.

        That the first answer of all to a call of ours is to one of the last, after many calls of
        others, is possible but evidence where it happens again and again.

        Returns:
            Whether to leave it out: a call that was served had the last place already, or a single
            call tries whether this one had it.
        """
        if reply.remaining in FEW_LEFT:
            is_twice = False
            if not reply.remaining:
                is_twice, budget.has_given_last = budget.has_given_last, True
            is_first = budget.confirmed == cost
            if is_twice or (is_first and budget.charged < budget.limit - FEW_OTHERS):
                self.matcher.note_impossible(budget.reset_ms)
            if is_twice or is_first:
                return is_twice
        limit = budget.limit
        sudden = limit - max(budget.highest_used_seen, budget.charged, FEW_OTHERS)
        if sudden <= SUDDEN_SHARE * limit or reply.limit != limit:
            return False
        is_tried = self.sudden_ends.is_tried(budget.reset_ms, self.schedule.length_ms, received)
        if is_tried:
            self._on_uncertain_window(received)
        return is_tried

    def observe(  # noqa: C901 (one path for every reply)
        self,
        budget: WindowBudget,
        reply: Window,
        cost: int,
        charge_seq: int,
        used_before: int,
        sent: float,
        received: float,
    ) -> None:
        """Learn from a reply that was counted in a window.

        Args:
            budget: The window.
            reply: What the headers say.
            cost: Calls that the request counts as.
            charge_seq: Calls of ours that can have been counted up to this one, at most.
            used_before: Calls known to be used in the window when the request left; the reply has
                to show more.
            sent: When the request left.
            received: When the reply came.
        """
        matcher = self.matcher
        matcher.has_headers = True
        if budget is not self._last_named:
            self._last_named = self.external.advance(self._last_named, budget)
        used = None
        limit, remaining = reply.limit, reply.remaining
        if limit is not None and remaining is not None:
            if remaining * SUDDEN_LEFT_ONE_IN > limit:
                self.sudden_ends.note_served(budget.reset_ms, sent)
            used = limit - remaining
            if used == 0:
                # The very call that this answers is counted by now: it is subtracted later.
                self.remaining_includes_call = False
            if not self.remaining_includes_call:
                used += cost
            if used <= used_before and remaining:
                matcher.note_impossible(budget.reset_ms)
                return
            if matcher.impossible and used_before and limit == budget.limit:
                # The first reply of a window proves nothing, since no other can disprove it.
                matcher.note_sound()
        served = budget.confirmed - budget.refused
        # A call that no window is large enough for is served alone in one.
        if served > budget.max_limit and served > (limit or budget.limit) and served > cost:
            matcher.note_impossible(budget.reset_ms)
            return
        budget.observe(limit, used, sent, charge_seq)
        if budget.limit_changes > 1:
            # Once a limit may change within a window, and not with each reply.
            budget.limit_changes = 1
            matcher.note_impossible(budget.reset_ms)
        if limit and budget.reset_ms >= self._budgets.newest_ms:
            self.limit, self._is_limit_named = budget.limit, True
        rtt_s = received - sent
        old = self.rtt_s
        self.rtt_s = (1.0 - RTT_WEIGHT) * old + RTT_WEIGHT * rtt_s if old else rtt_s
        schedule = self.schedule
        left_s = budget.reset_ms / 1000 - sent - self.clock.likely_offset(sent)
        elapsed = 1.0 - left_s / schedule.length_s
        self.external.observe(budget, received, sent, elapsed, schedule)
