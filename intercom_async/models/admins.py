"""Teammates, the workspace as a token sees it, and the teammates' activity log."""

from __future__ import annotations

from .base import Id, Model, Timestamp
from .common import Avatar


class TeamPriorityLevel(Model, frozen=True, kw_only=True):
    """In which teams a teammate is asked first, and in which second."""

    primary_team_ids: list[Id] | None = None
    secondary_team_ids: list[Id] | None = None


class AdminRole(Model, frozen=True, kw_only=True):
    """What a teammate is allowed to do, by name."""

    id: str | None = None
    type: str | None = None
    name: str | None = None


class Admin(Model, frozen=True, kw_only=True):
    """A teammate of the workspace."""

    id: str
    type: str | None = None
    name: str | None = None
    email: str | None = None
    job_title: str | None = None
    away_mode_enabled: bool | None = None
    away_mode_reassign: bool | None = None
    away_status_reason_id: Id | None = None
    has_inbox_seat: bool | None = None
    team_ids: list[Id] = []
    avatar: Avatar | str | None = None
    """An address or an object with one, by endpoint."""
    team_priority_level: TeamPriorityLevel | None = None
    role: AdminRole | None = None


class App(Model, frozen=True, kw_only=True):
    """The workspace that a token belongs to."""

    type: str | None = None
    id_code: str | None = None
    name: str | None = None
    region: str | None = None
    """Where the data is held, such as ``US``, ``EU`` or ``AU``."""
    timezone: str | None = None
    """Decides where a day begins when contacts are searched by date."""
    created_at: Timestamp | None = None
    identity_verification: bool | None = None
    secure: bool | None = None
    """The older name of `identity_verification`."""


class Me(Admin, frozen=True, kw_only=True):
    """The teammate and the workspace that a token belongs to."""

    email_verified: bool | None = None
    app: App | None = None


class AwayStatusReason(Model, frozen=True, kw_only=True):
    """A reason that teammates can give for being away."""

    id: str
    type: str | None = None
    label: str | None = None
    emoji: str | None = None
    order: int | None = None
    deleted: bool | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
