"""What teammates did in the workspace's settings."""

from __future__ import annotations

from typing import Any

from .base import Id, JsonObject, Model, Timestamp


class ActivityLogPerformer(Model, frozen=True, kw_only=True):
    """Who did it, and from which address."""

    id: str | None = None
    type: str | None = None
    email: str | None = None
    ip: str | None = None


class ActivityLogTeam(Model, frozen=True, kw_only=True):
    """The team a change was about."""

    id: Id | None = None
    name: str | None = None


class ActivityLogMetadata(Model, frozen=True, kw_only=True):
    """Details of an entry; which of them are there depends on its kind."""

    sign_in_method: str | None = None
    external_id: str | None = None
    away_mode: bool | None = None
    away_status_reason: str | None = None
    reassign_conversations: bool | None = None
    source: str | None = None
    auto_changed: str | None = None
    update_by: Id | None = None
    update_by_name: str | None = None
    previous_state: str | None = None
    new_state: str | None = None
    threshold_minutes: int | None = None
    last_activity_at: Timestamp | None = None
    auto: bool | None = None
    setting_type: str | None = None
    changes: JsonObject | None = None
    """By setting: an object with `before` and `after`."""
    conversation_assignment_limit: int | None = None
    ticket_assignment_limit: int | None = None
    team: ActivityLogTeam | None = None
    team_assignment_limit: int | None = None
    enabled: bool | None = None
    consent_id: Id | None = None
    expired_at: str | None = None
    before: Any = None
    after: Any = None
    mode: str | None = None
    message: Any = None


class ActivityLog(Model, frozen=True, kw_only=True):
    """One thing that a teammate did."""

    id: str
    performed_by: ActivityLogPerformer | None = None
    metadata: ActivityLogMetadata | None = None
    created_at: Timestamp | None = None
    activity_type: str | None = None
    """One of some 115 kinds; more are added without notice."""
    activity_description: str | None = None
