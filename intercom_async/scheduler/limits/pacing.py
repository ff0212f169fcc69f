"""Pacing: which calls are spread over a window, and how fast they go.

Idle time in a fixed window is not lost, so calls that are in no hurry are spread evenly over it.
Several processes that know nothing of each other share a window equally by this rule alone: each
sees in the headers what is left, and slows down as it shrinks.
"""

from __future__ import annotations

from collections.abc import Callable

from intercom_async.priority import Priority
from .app_windows import EPSILON_S, AppWindows
from .fallback_pace import FallbackPace
from .leases import Leases
from .token_bucket import TokenBucket
from .usage import ROUNDING
from .window_budget import WindowBudget
from .workspace_limiter import WorkspaceLimiter

INTERACTIVE, NORMAL = Priority.INTERACTIVE, Priority.NORMAL
DEFERRABLE = (Priority.BACKGROUND, Priority.BULK)
"""Lanes whose calls may always be spread over a window."""

SMALL_BACKLOG_SHARE = 0.25
"""Fraction of what is left of a window below which waiting normal calls are no backlog, and go at
once (test_dispatcher.py::test_a_call_goes_at_once_while_there_is_room)."""
QUIET_S, QUIET_RTTS = 1.0, 4.0
"""Seconds, and round trips, in which calls went and none came, so that what waits is the rest of a
job (report: "alone")."""
RETRY_S = 0.1
"""Seconds after which calls that are held back are tried again, for windows of ten seconds
(report: "8 processes")."""

GUARD_S = 0.4
"""Seconds before a window's end at which paced calls aim to be done, for windows of ten seconds
(report: "interactive on bulk")."""
GUARD_RTTS = 0.8
"""Round trips that the guard lasts at least, up to twice `GUARD_S` (report: "slow answers")."""
HORIZON_S = 0.2
"""Seconds that the remaining time is never taken to be shorter than, for windows of ten seconds
(report: "alone")."""
MAX_SPEEDUP = 3.0
"""Factor by which paced calls may exceed the limit's own rate (report: "8 processes")."""
EXTRA_SPEED = 0.1
"""Fraction of the limit's own rate that may be tried beyond the own share of late
(report: "32 processes")."""

SHARED_SPEEDUP, SHARED_EXTRA, SHARED_LEAST = 1.5, 0.19, 0.3
"""Factor of the own share, addition to it, and least value of both, in the limit's own rate, by
which paced calls go at most while others are active: the less it depends on the share, the sooner
processes have equal ones (report: "16 processes, interactive")."""
SCARCE_SHARE = 0.1
"""Fraction of the limit below which what may be given out is scarce: while others are active, paced
calls go slower then (report: "8 processes, interactive")."""
SCARCE_FACTOR, SCARCE_EXTRA = 1.5, 0.02
"""Factor of the own share, and addition to it, by which they go slower
(report: "8 processes, interactive")."""


class Pacer:
    """Spaces the calls of one app.

    Args:
        windows: The app's windows.
        workspace: The limiter of the app's workspace.
        allocatable: Returns how many calls of a window may be given out at a moment.
    """

    __slots__ = (
        "_allocatable",
        "_bucket",
        "_windows",
        "dequeuing_since",
        "fallback",
        "leases",
        "workspace",
    )

    def __init__(
        self,
        windows: AppWindows,
        workspace: WorkspaceLimiter,
        allocatable: Callable[[WindowBudget, float], int],
    ) -> None:
        rate_per_s = windows.usable_limit / windows.schedule.length_s
        self.fallback: FallbackPace = FallbackPace(rate_per_s)
        """The pace while no window is known."""
        self.leases: Leases | None = None
        """Leases of a budget that processes share; None without a store."""
        self._windows = windows
        self.workspace: WorkspaceLimiter = workspace
        self._allocatable = allocatable
        self._bucket = TokenBucket()
        self.dequeuing_since: float | None = None
        """When the first waiting call went since the last one came; None makes what waits none of
        the rest of a job."""

    @property
    def next_at(self) -> float:
        """The moment from which the next paced call may go."""
        return self._bucket.next_at

    def note_dequeued(self, now: float) -> None:
        """Note that a call which had waited was let go."""
        if self.dequeuing_since is None:
            self.dequeuing_since = now

    def is_paced(self, priority: Priority, now: float, *, backlog: int) -> bool:
        """Return whether a call is spread over the window.

        Interactive calls never are; others with a backlog are. While nobody else uses the windows,
        a few normal calls go at once, and so does the rest of a job that fits into the window.

        Args:
            priority: The call's lane.
            now: Loop time.
            backlog: Calls of the app that wait.
        """
        if priority is INTERACTIVE:
            return False
        windows = self._windows
        external = windows.external
        if not external.is_absent or self.workspace.quota is not None or not windows.is_known:
            return True
        share = 1.0
        since = self.dequeuing_since
        if since is None or now - since < max(QUIET_S, QUIET_RTTS * windows.rtt_s):
            if priority in DEFERRABLE:
                return True
            share = SMALL_BACKLOG_SHARE
        budget = windows.candidates(now)[0]
        if budget.highest_used_seen - budget.charged > ROUNDING:
            return True
        return backlog > 0 and backlog > self._allocatable(budget, now) * share

    def retry_at(self, now: float) -> float:
        """Return 0.0 if a paced call may go, else when to try again."""
        bucket = self._bucket
        if bucket.next_at <= now:
            return 0.0
        soon = now + RETRY_S * self._windows.schedule.scale
        if bucket.next_at > soon:
            # It was slow when the last call went; what is left since may allow it to be faster.
            bucket.speed_up(self.rate_per_s(now))
            return min(max(bucket.next_at, now + EPSILON_S), soon)
        return bucket.next_at

    def take(self, now: float, budget: WindowBudget, allocatable: int, cost: int) -> None:
        """Note a paced call that goes now.

        Args:
            now: Loop time.
            budget: The first window that may count it.
            allocatable: Calls of this window that may be given out.
            cost: Calls that it counts as.
        """
        self._bucket.take(now, self._even_rate_per_s(budget, allocatable, now), cost)

    def take_blindly(self, now: float, cost: int) -> None:
        """Note a call that goes now without a known window."""
        self._bucket.take(now, self.fallback.rate_per_s, cost)

    def note_unmatched(self, limit: int | None) -> None:
        """Go by the limit, if any, that a reply names without a window, if headers are believed."""
        windows = self._windows
        if limit and not windows.matcher.is_distrusted:
            windows.limit = limit
            self.fallback.use_limit(windows.usable_limit / windows.schedule.length_s)

    def rate_per_s(self, now: float) -> float:
        """Return how many paced calls a second may go."""
        windows = self._windows
        if not windows.is_known:
            return self.fallback.rate_per_s
        budget = windows.candidates(now)[0]
        return self._even_rate_per_s(budget, self._allocatable(budget, now), now)

    def _even_rate_per_s(self, budget: WindowBudget, allocatable: int, now: float) -> float:
        """Return the rate that spreads what may be given out over the time that is left."""
        windows = self._windows
        schedule, external = windows.schedule, windows.external
        steady = windows.limit / schedule.length_s
        guard_s = GUARD_S * schedule.scale
        slow_s = GUARD_RTTS * windows.rtt_s
        if slow_s > guard_s:
            # With slow answers the last calls are known late: be done a little earlier.
            guard_s = min(slow_s, 2 * guard_s)
        left_s = windows.left_s(budget, now) - guard_s
        is_alone = budget.highest_used_seen - budget.charged <= ROUNDING
        # Processes that begin together must not all hurry to use the first window up.
        speedup = 1.0 if not is_alone and external.is_unknown else MAX_SPEEDUP
        # In proportion to the own share of late, so that many processes do not rush together.
        is_shared = now < external.active_until
        own_share = external.fair_share if is_shared else external.own_share
        if is_shared and not external.is_unknown:
            most = steady * max(SHARED_SPEEDUP * own_share + SHARED_EXTRA, SHARED_LEAST)
        else:
            most = steady * (speedup * own_share + EXTRA_SPEED)
        rate = min(max(allocatable, 1) / max(left_s, HORIZON_S * schedule.scale), most)
        if rate < steady and is_alone and external.is_absent:
            # Nobody else: a floor keeps the last calls of a window from coming ever slower.
            return steady
        is_leased = self.leases is not None and self.leases.room(budget) is not None
        is_scarce = allocatable < SCARCE_SHARE * windows.limit
        if is_shared and is_scarce and not is_leased:
            rate *= min(1.0, SCARCE_FACTOR * own_share + SCARCE_EXTRA)
        return rate
