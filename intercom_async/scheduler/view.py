"""What a scheduler can be seen to do: its counters, and how they are put together."""

from __future__ import annotations

from intercom_async.priority import Priority
from .app import App
from .limits.window_budget import Ledger
from .limits.workspace_limiter import Workspace
from .statistics import Statistics, TierStatistics
from .throttling import Throttle


class Counters:
    """What has happened since the scheduler was made."""

    __slots__ = (
        "granted",
        "in_flight",
        "lost",
        "refunded",
        "retries",
        "throttled",
        "waited_s",
    )

    def __init__(self) -> None:
        self.granted: int = 0
        self.in_flight: int = 0
        self.lost: int = 0
        self.refunded: int = 0
        self.retries: int = 0
        self.throttled: dict[Throttle, int] = dict.fromkeys(Throttle, 0)
        self.waited_s: float = 0.0


def view(app: App, workspace: Workspace, counters: Counters, now: float) -> Statistics:
    """Put together what is to be seen of an app."""
    gate = app.gate
    present: Ledger | None = None
    reset_at = None
    if gate.is_known:
        # While it is not known to the moment which window it is, the likeliest one.
        span = gate.span(now)
        present = next((ledger for ledger in span if gate.left_s(ledger, now) > 0.0), span[-1])
        reset_at = present.window / 1000
    shares = tuple(gate.shares)
    return Statistics(
        app=_tier(present, gate.limit, reset_at),
        workspace=_tier(present.workspace if present else None, workspace.limit, reset_at),
        queued={priority: app.lanes.of(priority).live for priority in Priority},
        oldest_wait_s={priority: _oldest_s(app, priority, now) for priority in Priority},
        in_flight=counters.in_flight,
        granted=counters.granted,
        refunded=counters.refunded,
        lost=counters.lost,
        throttled=sum(counters.throttled.values()),
        throttled_by=dict(counters.throttled),
        retries=counters.retries,
        waited_s=counters.waited_s,
        rate_per_s=gate.rate_per_s(now),
        utilisation=shares[-1] if shares else None,
        utilisations=shares,
    )


def _tier(ledger: Ledger | None, limit: int, reset_at: float | None) -> TierStatistics:
    used = ledger.used if ledger else 0
    limit = ledger.limit if ledger else limit
    return TierStatistics(
        limit=limit,
        used=used,
        used_at_most=ledger.used_at_most if ledger else 0,
        foreign=ledger.foreign_at_least if ledger else 0,
        remaining=max(0, limit - used),
        reset_at=reset_at,
    )


def _oldest_s(app: App, priority: Priority, now: float) -> float:
    lane = app.lanes.of(priority)
    head = lane.head() if lane.live else None
    return max(0.0, now - head.since) if head else 0.0
