"""What the console shows of this moment: windows, faults, clock, deliveries."""

from __future__ import annotations

import msgspec

from intercom_async.simulator.backend import Backend
from intercom_async.simulator.faults import Fault
from intercom_async.simulator.webhooks.outbox import Delivery

SHOWN_WINDOWS = 24
"""Windows of each app that are shown beside the one of this moment."""
SHOWN_DELIVERIES = 50
"""Newest deliveries that are shown."""


class WindowCount(msgspec.Struct, frozen=True, kw_only=True):
    """What an app was answered in one window."""

    at: float
    """Start of the window, UNIX seconds on the simulator's clock."""
    limit: int
    served: int
    rejected: int


class AppWindows(msgspec.Struct, frozen=True, kw_only=True):
    """The windows of one app; `workspace` is all apps together."""

    name: str
    limit: int
    used: int
    """Calls that count against the limit in the window of this moment."""
    windows: list[WindowCount]
    """The newest windows in which it made calls, oldest first."""


class FaultInForce(msgspec.Struct, frozen=True, kw_only=True):
    """A fault, and what it did."""

    fault: Fault
    struck: int


class DeliveryLine(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery without its body."""

    id: str
    topic: str
    url: str
    state: str
    statuses: list[int | None]
    due_at: float


class SubscriptionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A URL that is notified of changes; its secret is not shown."""

    id: str
    url: str


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """How the simulator stands."""

    url: str
    now: float
    """UNIX seconds on the simulator's clock."""
    is_frozen: bool
    skew_s: float
    window_s: float
    latency_s: float
    requests: int
    statuses: dict[str, int]
    """Answers by status."""
    app_per_minute: float
    """Limit of the first app, calls a minute."""
    workspace_per_minute: float
    neighbour: float
    """Share of the workspace's limit that another app spends."""
    workspace: AppWindows
    apps: list[AppWindows]
    faults: list[FaultInForce]
    subscriptions: list[SubscriptionLine]
    """URLs that are notified of changes."""
    deliveries: list[DeliveryLine]
    """The newest ones, newest first."""


def live(backend: Backend) -> Live:
    """Return how a backend stands now."""
    now, apps = backend.clock.now(), backend.apps
    workspace, window_s = apps.workspace, apps.window_s
    windows: dict[str, list[WindowCount]] = {app.token: [] for app in apps.all()}
    for row in apps.ledger.since(now - (SHOWN_WINDOWS + 1) * window_s):
        counted = WindowCount(
            at=row.window_at, limit=row.limit, served=row.served, rejected=row.rejected
        )
        windows.setdefault(row.token, []).append(counted)
    return Live(
        url=backend.url,
        now=now,
        is_frozen=backend.clock.is_frozen,
        skew_s=backend.clock.skew_s,
        window_s=window_s,
        latency_s=backend.latency_s,
        requests=backend.requests,
        statuses={str(status): count for status, count in sorted(backend.statuses.items())},
        app_per_minute=backend.app.quota.per_minute,
        workspace_per_minute=workspace.per_minute,
        neighbour=workspace.neighbour_share,
        workspace=AppWindows(
            name="workspace", limit=workspace.limit, used=workspace.used(now), windows=[]
        ),
        apps=[
            AppWindows(
                name=app.name,
                limit=app.quota.limit,
                used=app.quota.used(now),
                windows=windows[app.token],
            )
            for app in apps.all()
        ],
        faults=[
            FaultInForce(fault=fault, struck=struck) for fault, struck in backend.faults.hits()
        ],
        subscriptions=[
            SubscriptionLine(id=one.id, url=one.url) for one in backend.outbox.subscriptions()
        ],
        deliveries=[_line(one) for one in backend.outbox.newest(SHOWN_DELIVERIES)],
    )


def _line(delivery: Delivery) -> DeliveryLine:
    return DeliveryLine(
        id=delivery.id,
        topic=delivery.topic,
        url=delivery.url,
        state=delivery.state,
        statuses=delivery.statuses,
        due_at=delivery.due_at,
    )
