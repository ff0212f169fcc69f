"""Fields of events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from .common import Id, Moment


class EventName(TypedDict):
    """Name of an event."""

    event_name: str
    """Such as ``ordered-item``; a noun and a verb in the past read well."""


class EventFields(EventName, total=False):
    """An event; None counts as left out."""

    created_at: Moment | None
    """When; now if left out. Sent again with the same moment, it is not counted again."""
    user_id: Id | None
    """The workspace's own id of the contact; one of the three keys is needed."""
    email: str | None
    """The email address of the contact."""
    id: Id | None
    """Intercom's id of the contact."""
    metadata: Mapping[str, Any] | None
    """At most ten values; more are ignored by the API."""


class EventOwner(TypedDict, total=False):
    """The contact whose events are listed, by exactly one key; None counts as left out."""

    user_id: Id | None
    """The workspace's own id of the contact; exactly one key is needed."""
    email: str | None
    """The email address of the contact."""
    intercom_user_id: Id | None
    """Intercom's id of the contact."""
