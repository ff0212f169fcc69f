"""Events that people caused, and their sums."""

from __future__ import annotations

from .base import JsonObject, Model, Timestamp


class Event(Model, frozen=True, kw_only=True):
    """Something that a contact did."""

    id: str | None = None
    type: str | None = None
    event_name: str | None = None
    created_at: Timestamp | None = None
    user_id: str | None = None
    intercom_user_id: str | None = None
    email: str | None = None
    metadata: JsonObject = {}
    """Values may be numbers and objects, not only text."""


class EventSummary(Model, frozen=True, kw_only=True):
    """How often a contact caused one kind of event."""

    name: str | None = None
    first: str | None = None
    """ISO 8601, unlike other times."""
    last: str | None = None
    """ISO 8601."""
    count: int | None = None
    description: str | None = None
