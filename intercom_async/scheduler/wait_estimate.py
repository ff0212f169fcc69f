"""How long a call would wait, and why, from a few numbers however many calls wait already."""

from __future__ import annotations

from intercom_async.priority import Priority
from .app_queue import AppQueue
from .limits.app_limiter import AppLimiter
from .permit import Permit


def estimate_wait(queue: AppQueue, permit: Permit, now: float) -> tuple[float, float | None]:
    """Return about how long a queued call will wait yet, and when the current window ends.

    It counts the calls before it by number and not by cost, and takes the budget for what it looks
    like now: too short rather than too long, since a call refused for nothing is worse than one
    that ends its wait when its time is up.

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


def explain_wait(limiter: AppLimiter, permit: Permit, now: float) -> str:
    """Return what a call waits for as far as its app's limiter is concerned, for the log."""
    windows = limiter.windows
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
