"""What a scheduler knows and has done, at one moment; reading it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from intercom_async.priority import Priority
from .app_queue import AppQueue
from .lanes import Lanes
from .limits.window_budget import WindowBudget
from .permit import Permit
from .stores.base import StoreStatistics
from .throttling import Throttle


class TierStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """One limit in its current window; all counts are calls."""

    limit: int
    """Calls the window allows."""
    used: int
    """Calls that are used up for certain, by all clients."""
    used_at_most: int
    """Calls that can have been used up."""
    external: int
    """Calls that other clients have used for certain."""
    remaining: int
    """Calls left at most."""
    reset_at: float | None
    """End of the window, UNIX seconds on the server's clock; None before a reply named it."""


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """Counts since the scheduler was made, unless a field says otherwise."""

    app: TierStatistics
    workspace: TierStatistics
    queued: Mapping[Priority, int]
    """Calls that wait now, by lane."""
    oldest_wait_s: Mapping[Priority, float]
    """Seconds that the head of each lane has waited; 0 where none waits."""
    in_flight: int
    """Calls that were let go and have not ended."""
    granted: int
    """Calls that were let go."""
    released: int
    """Calls that were let go and not sent."""
    lost: int
    """Calls that were sent and never answered."""
    throttled: int
    """429s of any kind."""
    throttled_by: Mapping[Throttle, int]
    """429s by kind."""
    retries: int
    """Calls that were sent again."""
    waited_s: float
    """Seconds that calls have waited, added up."""
    rate_per_s: float
    """Paced calls a second that may go now."""
    utilisation: float | None
    """Used fraction of the last whole window; None before one is over."""
    utilisations: tuple[float, ...]
    """The same of the last windows, the newest last; at most 20."""
    store: StoreStatistics | None = None
    """The budget that processes share; None where there is no store."""


class Counters:
    """Counts since a scheduler was made."""

    __slots__ = ("granted", "in_flight", "lost", "released", "retries", "throttled", "waited_s")

    def __init__(self) -> None:
        self.granted: int = 0
        self.in_flight: int = 0
        self.lost: int = 0
        self.released: int = 0
        self.retries: int = 0
        self.throttled: dict[Throttle, int] = dict.fromkeys(Throttle, 0)
        self.waited_s: float = 0.0


def snapshot(queue: AppQueue, counters: Counters, now: float) -> Statistics:
    """Return what is known of an app and has been counted for all of them."""
    limiter, lanes = queue.limiter, queue.lanes
    windows = limiter.windows
    current: WindowBudget | None = None
    reset_at = None
    if windows.is_known:
        # While it is not certain which window it is, the likeliest one.
        budgets = windows.candidates(now)
        current = next((each for each in budgets if windows.left_s(each, now) > 0.0), budgets[-1])
        reset_at = current.reset_ms / 1000
    utilisations = tuple(windows.utilisations)
    shared = current.workspace if current else None
    return Statistics(
        app=_tier(current, windows.limit, reset_at),
        workspace=_tier(shared, limiter.workspace.limit, reset_at),
        queued={priority: lanes.of(priority).waiting for priority in Priority},
        oldest_wait_s={priority: _oldest_wait_s(lanes, priority, now) for priority in Priority},
        in_flight=counters.in_flight,
        granted=counters.granted,
        released=counters.released,
        lost=counters.lost,
        throttled=sum(counters.throttled.values()),
        throttled_by=dict(counters.throttled),
        retries=counters.retries,
        waited_s=counters.waited_s,
        rate_per_s=limiter.pacer.rate_per_s(now),
        utilisation=utilisations[-1] if utilisations else None,
        utilisations=utilisations,
        store=None if queue.keeper is None else queue.keeper.statistics,
    )


def _tier(budget: WindowBudget | None, limit: int, reset_at: float | None) -> TierStatistics:
    used = budget.used if budget else 0
    limit = budget.limit if budget else limit
    return TierStatistics(
        limit=limit,
        used=used,
        used_at_most=budget.used_max if budget else 0,
        external=budget.external_min if budget else 0,
        remaining=max(0, limit - used),
        reset_at=reset_at,
    )


def _oldest_wait_s(lanes: Lanes[Permit], priority: Priority, now: float) -> float:
    lane = lanes.of(priority)
    head = lane.head() if lane.waiting else None
    return max(0.0, now - head.since) if head else 0.0
