"""Activity log of contacts; from Preview."""

from __future__ import annotations

from typing import Literal

from .base import Model, Timestamp


class ContactActivity(Model, frozen=True, kw_only=True):
    """A contact was created, changed its role, was merged or deleted."""

    id: str | None = None
    type: str | None = None
    event_type: (
        Literal[
            "contact.created",
            "contact.role_updated",
            "contact.deleted",
            "contact.merged",
            "contact.merge_failed",
        ]
        | str
        | None
    ) = None
    contact_id: str | None = None
    external_id: str | None = None
    role: str | None = None
    """The role at that time."""
    merge_source_id: str | None = None
    """The contact that was merged away."""
    merge_target_id: str | None = None
    """The contact it was merged into."""
    failure_reason: str | None = None
    created_at: Timestamp | None = None
