"""Teammates, API requests, connectors and jobs."""

from __future__ import annotations

from intercom_async.models.base import Id, JsonObject
from .base import Item, NotificationTime, Person


class Admin(Item, frozen=True, kw_only=True):
    """A teammate."""

    name: str | None = None
    email: str | None = None
    job_title: str | None = None
    away_mode_enabled: bool | None = None
    away_mode_reassign: bool | None = None
    away_status_reason: str | None = None
    has_inbox_seat: bool | None = None
    team_ids: list[Id] = []


class AdminActivity(Item, frozen=True, kw_only=True):
    """An entry of the teammates' activity log; its id is a UUID."""

    performed_by: Person | None = None
    activity_type: str | None = None
    activity_description: str | None = None
    created_at: NotificationTime = None
    metadata: JsonObject | None = None


class ApiRequest(Item, frozen=True, kw_only=True):
    """A request that an app made to Intercom's API."""

    request_id: str | None = None
    timestamp: NotificationTime = None
    request: JsonObject | None = None
    response: JsonObject | None = None
    authentication: JsonObject | None = None
    admin: Person | None = None


class DataConnectorExecution(Item, frozen=True, kw_only=True):
    """A finished run of a data connector's action."""

    app_id: str | None = None
    action_id: Id | None = None
    action_name: str | None = None
    success: bool | None = None
    http_status: int | None = None
    """0 where it is unknown."""
    error_type: str | None = None
    execution_time_ms: int | None = None
    completed_at: NotificationTime = None
    source_type: str | None = None
    source_id: Id | None = None
    conversation_id: Id | None = None
    user_id: Id | None = None
    admin_id: Id | None = None


class Job(Item, frozen=True, kw_only=True):
    """A job in the background that has ended."""

    status: str | None = None
    url: str | None = None
    resource_type: str | None = None
    resource_id: Id | None = None
    created_at: NotificationTime = None
    updated_at: NotificationTime = None
