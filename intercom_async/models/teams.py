"""Teams of teammates."""

from __future__ import annotations

from .base import Id, Model


class AdminPriorityLevel(Model, frozen=True, kw_only=True):
    """Which teammates are asked first, and which second."""

    primary_admin_ids: list[Id] | None = None
    secondary_admin_ids: list[Id] | None = None


class Team(Model, frozen=True, kw_only=True):
    """A team that conversations can be assigned to."""

    id: str
    type: str | None = None
    name: str | None = None
    admin_ids: list[Id] = []
    admin_priority_level: AdminPriorityLevel | None = None
    assignment_limit: int | None = None
    distribution_method: str | None = None


class TeamMetric(Model, frozen=True, kw_only=True):
    """How many conversations one teammate of a team has."""

    type: str | None = None
    admin_id: str | None = None
    open: int | None = None
    idle: int | None = None
    """Open, and waiting for the teammate longer than the asked-for threshold."""
    snoozed: int | None = None
