"""Bodies and queries of the control API."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from .webhooks.outbox import Delivery, DeliveryFaults, Subscription

DECADES_S = 1e9
"""Seconds by which the Date header may differ from the clock at most (`test_control_bodies.py`)."""


class ClockChange(msgspec.Struct, forbid_unknown_fields=True):
    """What to do to the clock; what is left out stays as it is."""

    freeze: float | bool | None = None
    move_s: float = 0.0
    skew_s: Annotated[float, Meta(ge=-DECADES_S, le=DECADES_S)] | None = None
    slew: Annotated[float, Meta(gt=0, le=1_000)] | None = None
    drift: Annotated[float, Meta(ge=-10, le=10)] | None = None
    jitter_s: Annotated[float, Meta(ge=0, le=DECADES_S)] | None = None
    thaw: bool = False


class LimitChange(msgspec.Struct, forbid_unknown_fields=True):
    """New limits; what is left out stays as it is."""

    app_per_minute: float | None = None
    workspace_per_minute: float | None = None
    token: str | None = None
    neighbour: float | None = None
    latency_s: Annotated[float, Meta(ge=0)] | None = None


class NewApp(msgspec.Struct, forbid_unknown_fields=True):
    """An app to install."""

    app_per_minute: float | None = None
    version: str | None = None


class NewSubscription(msgspec.Struct, forbid_unknown_fields=True):
    """A URL that is notified of changes."""

    url: str
    topics: list[str] = []
    secret: str | None = None
    retry_s: Annotated[float, Meta(ge=0)] = 60.0
    faults: DeliveryFaults = DeliveryFaults()


class Named(msgspec.Struct, forbid_unknown_fields=True):
    """A subscription or delivery by its id."""

    id: str = ""


class Webhooks(msgspec.Struct):
    """What is told to whom, and how it went."""

    subscriptions: list[Subscription]
    deliveries: list[Delivery]


class After(msgspec.Struct, forbid_unknown_fields=True):
    """Where a list begins."""

    after: int = 0
    """Number of the last request that is known."""


class Numbered(msgspec.Struct, forbid_unknown_fields=True):
    """A request by its number."""

    number: int


class Kind(msgspec.Struct, forbid_unknown_fields=True):
    """A page of records."""

    kind: str = "contacts"
    after: str = ""
    """`next` of the page before."""


class OfKind(msgspec.Struct, forbid_unknown_fields=True):
    """A record by its id."""

    kind: str
    id: str
