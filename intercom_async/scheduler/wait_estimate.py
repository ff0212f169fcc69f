"""How long a call would wait, and why, from a few numbers however many calls wait already.

There are two answers: the likely wait, which an error tells its reader, and the least possible one,
by which a call is refused. What goes in time must not be refused, so the least wait counts nothing
that may turn out better.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from intercom_async.errors import WaitTooLongError
from intercom_async.priority import Priority
from .app_queue import AppQueue
from .circuit_breaker import CircuitBreaker
from .lanes import SLACK_S, EntryT, Lanes
from .limits.app_limiter import AppLimiter
from .permit import Permit


def least_wait(
    lanes: Lanes[EntryT], entry: EntryT, now: float, wait_behind: Callable[[int], float]
) -> float:
    """Return how many seconds a queued call will wait at least.

    That those before it give up, or that a limit is raised, is not foreseen.

    Args:
        lanes: Where it waits.
        entry: The call.
        now: When it came, loop time.
        wait_behind: Returns the least wait behind so many calls.
    """
    own, more_urgent = lanes.surely_before(entry)
    wait_s = wait_behind(own + more_urgent)
    if more_urgent and wait_s > 0.0:
        # Once it is overdue, it may be owed a turn before calls that are more urgent.
        overdue_s = entry.since + SLACK_S[entry.priority] - now
        wait_s = min(wait_s, max(overdue_s, wait_behind(own)))
    return wait_s


def least_wait_for_windows(queue: AppQueue, permit: Permit, now: float) -> float:
    """Return how many seconds a call that waits for windows will wait at least."""
    behind = partial(_least_wait_behind, queue.limiter, permit.cost, now)
    return least_wait(queue.lanes, permit, now, behind)


def _least_wait_behind(limiter: AppLimiter, cost: int, now: float, ahead: int) -> float:
    """Return how many seconds of windows are used up by calls ahead.

    While a window has room it counts as none, since pacing may end at any moment; and what is under
    way counts as room, since another window may turn out to have counted it.
    """
    windows = limiter.windows
    length_s = windows.schedule.length_s
    if windows.matcher.has_headers is None:
        return 0.0  # The first reply may name any limit.
    if not windows.is_known:
        # Whatever the pace is without windows, they may be known with the next reply.
        return length_s * max(0, ahead // max(1, windows.limit) - 1)
    budget = windows.candidates(now)[-1]
    limit = max(1, windows.limit, budget.limit)
    used = max(budget.highest_used_seen, budget.confirmed + budget.unknown)
    room = 0 if budget.is_exhausted else max(0, budget.limit - used)
    beyond = ahead + min(cost, limit) - room
    if beyond <= 0:
        return 0.0
    _, latest = windows.clock.arrival_offsets(now)
    opens_s = max(0.0, budget.reset_ms / 1000 - latest - now)
    return opens_s + (beyond - 1) // limit * length_s


def estimate_wait(queue: AppQueue, permit: Permit, now: float) -> tuple[float, float | None]:
    """Return about how long a queued call will wait yet, and when the current window ends.

    It counts the calls before it by number and not by cost, and takes the budget for what it looks
    like now.

    Returns:
        Seconds, and the window's end on the server's clock, or None while it is not known.
    """
    limiter, lanes = queue.limiter, queue.lanes
    windows, pacer = limiter.windows, limiter.pacer
    ahead = lanes.ahead(permit.priority) - 1
    pacing_s = max(0.0, pacer.next_at - now)
    if not windows.is_known:
        if windows.matcher.has_headers is None:
            return 0.0, None
        return pacing_s + ahead / pacer.rate_per_s(now), None
    is_paced = pacer.is_paced(permit.priority, now, backlog=lanes.waiting)
    budget = windows.candidates(now)[-1]
    reset_at = budget.reset_ms / 1000
    remaining, _ = limiter.headroom.of(
        budget, now, may_use_reserve=permit.priority is Priority.INTERACTIVE
    )
    room = 0 if budget.is_exhausted else max(0, remaining - permit.cost + 1)
    if ahead < room:
        return (pacing_s + ahead / pacer.rate_per_s(now) if is_paced else 0.0), reset_at
    whole_windows, rest = divmod(ahead - room, max(1, windows.limit))
    length_s = windows.schedule.length_s
    call_s = length_s / windows.limit
    later_s = whole_windows * length_s + (rest * call_s if is_paced else 0.0)
    return max(0.0, windows.ends_at(budget, now) - now) + later_s, reset_at


def refuse_long_wait(queue: AppQueue, permit: Permit, now: float, breaker: CircuitBreaker) -> None:
    """Refuse a queued call that would wait longer than it may, whatever happens.

    Raises:
        WaitTooLongError: It is.
    """
    limit_s = permit.wait_limit_s(now)
    if limit_s is None:
        return
    if permit.max_wait_s is not None:
        limit_s = min(limit_s, permit.since + permit.max_wait_s - now)
    least_s = max(least_wait_for_windows(queue, permit, now), breaker.open_until - now)
    if least_s > limit_s:
        wait_s, reset_at = estimate_wait(queue, permit, now)
        raise WaitTooLongError(
            wait_s=max(wait_s, least_s), limit_s=limit_s, reset_at=reset_at, call=permit.call
        )


def too_long(queue: AppQueue, permit: Permit, now: float) -> WaitTooLongError:
    """Return the error of a call that has waited longer than it may."""
    wait_s, reset_at = estimate_wait(queue, permit, now)
    return WaitTooLongError(
        wait_s=wait_s, limit_s=now - permit.since, reset_at=reset_at, call=permit.call
    )


def explain_wait(queue: AppQueue, permit: Permit, breaker: CircuitBreaker, *, is_full: bool) -> str:
    """Return what a call that has just come waits for, for the log.

    Args:
        queue: The queue of its app.
        permit: The call.
        breaker: The scheduler's circuit breaker.
        is_full: Whether as many calls are in flight as may be.
    """
    limiter, now = queue.limiter, permit.since
    windows = limiter.windows
    if is_full:
        return "as many calls are under way as may be"
    if breaker.is_open and breaker.retry_at(now):
        return "the server is overloaded"
    if not windows.is_known:
        return "no window is known yet"
    budget = windows.candidates(now)[-1]
    remaining, allocatable = limiter.headroom.of(
        budget, now, may_use_reserve=permit.priority is Priority.INTERACTIVE
    )
    if budget.is_exhausted or remaining < permit.cost:
        return "the window is used up"
    if allocatable < permit.cost:
        return "what is left is kept for others"
    return "it is paced, or others go first"
