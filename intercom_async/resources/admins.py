"""Teammates: admins and teams, why they are away, and what they did in the settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from intercom_async.fields import AwayFields, LogFilters, LogSearchFilters, TeamLevels
from intercom_async.models import (
    ActivityLog,
    ActivityLogPage,
    Admin,
    AdminPage,
    AwayStatusReason,
    EventTypePage,
    Me,
    Team,
    TeamMetric,
    TeamPage,
)
from intercom_async.request.operation import Operation, Paging
from ._base import EndpointBuilder, Id, Page, Pager, Resource
from ._request_bodies import team_members
from ._validation import check_per_page, checked, given, to_number

API = EndpointBuilder("/admins", "admins")
V2_16 = API.since("2.16")
TEAMS = EndpointBuilder("/teams", "teams")
AWAY_STATUS_REASONS = EndpointBuilder("/away_status_reasons", "away-status-reasons")


class Admins(Resource):
    """Admins: people (and bots) who work in the inbox."""

    ME = Operation("GET", "/me", Me, reference="admins/identifyadmin")
    SET_AWAY = API.put("/{admin_id}/away", Admin, "setawayadmin", body=AwayFields)
    LIST_ACTIVITY_LOGS = API.pages(
        "/activity_logs", ActivityLogPage[ActivityLog], "listactivitylogs", body=LogFilters
    )
    SEARCH_ACTIVITY_LOGS = V2_16.search(
        "/activity_logs/search",
        ActivityLogPage[ActivityLog],
        "searchactivitylogs",
        paging=Paging.PAGE,
        body=LogSearchFilters,
    )
    LIST_ACTIVITY_LOG_EVENT_TYPES = V2_16.get(
        "/activity_log_event_types", EventTypePage[str], "listactivitylogeventtypes"
    )
    LIST = API.get("", AdminPage[Admin], "listadmins")
    GET = API.get(
        "/{admin_id}",
        Admin,
        "retrieveadmin",
        reserved=("activity_log_event_types", "activity_logs"),
    )

    async def me(self) -> Me:
        """Return the admin whose token it is, with app and workspace: the cheapest token check."""
        return await self._send(self.ME)

    async def set_away(self, admin_id: Id, **fields: Unpack[AwayFields]) -> Admin:
        """Send a teammate away, or bring one back, and return the teammate."""
        mode, reason = given(**fields), "away_status_reason_id"
        if reason in mode:
            mode[reason] = to_number(reason, mode[reason])
        return await self._send(self.SET_AWAY, admin_id, fields=mode)

    def list_activity_logs(self, **filters: Unpack[LogFilters]) -> Pager[ActivityLog]:
        """List the activity of teammates between two moments, newest first."""
        return self._list(self.LIST_ACTIVITY_LOGS, fields=filters)

    def search_activity_logs(self, **filters: Unpack[LogSearchFilters]) -> Pager[ActivityLog]:
        """List the activity of teammates between two moments, all kinds by default."""
        check_per_page(filters.get("per_page"))
        return self._list(self.SEARCH_ACTIVITY_LOGS, fields=given(**filters))

    def list_activity_log_event_types(self) -> Pager[str]:
        """List the event types of activity logs, in one answer."""
        return self._list(self.LIST_ACTIVITY_LOG_EVENT_TYPES)

    def list(self, *, display_avatar: bool | None = None) -> Pager[Admin]:
        """List all admins in one answer, each with a picture if asked for."""
        return self._list(self.LIST, display_avatar=display_avatar)

    async def get(self, admin_id: Id) -> Admin:
        """Return one admin."""
        return await self._send(self.GET, admin_id)


class Teams(Resource):
    """Teams that conversations can be assigned to."""

    LIST = TEAMS.get("", TeamPage[Team], "listteams")
    GET = TEAMS.get("/{team_id}", Team, "retrieveteam")
    UPDATE_MEMBERS = TEAMS.since("Preview").put("/{id}", Team, "updateteammembers")
    METRICS = TEAMS.since("2.16").get("/{team_id}/metrics", Page[TeamMetric], "getteammetrics")

    def list(self) -> Pager[Team]:
        """List all teams; one answer holds them all."""
        return self._list(self.LIST)

    async def get(self, team_id: Id) -> Team:
        """Return one team."""
        return await self._send(self.GET, team_id)

    async def update_members(
        self, team_id: Id, *, admin_ids: Sequence[Id], **levels: Unpack[TeamLevels]
    ) -> Team:
        """Replace the members of a team and return it.

        Raises:
            ConflictError: Somebody else changes the team; try again.
        """
        body = team_members(admin_ids, checked(TeamLevels, levels))
        return await self._send(self.UPDATE_MEMBERS, team_id, json=body)

    def metrics(self, team_id: Id, *, idle_threshold_s: int | None = None) -> Pager[TeamMetric]:
        """List the number of open conversations of each teammate of a team, in one answer.

        Args:
            idle_threshold_s: After how many seconds an open conversation counts as idle, 1 to
                86,400; half an hour if left out.

        Raises:
            ForbiddenError: The workspace's plan does not have this.
        """
        return self._list(self.METRICS, team_id, idle_threshold=idle_threshold_s)


class AwayStatusReasons(Resource):
    """Away status reasons, for `admins.set_away`."""

    LIST = AWAY_STATUS_REASONS.get("", Page[AwayStatusReason], "listawaystatusreasons")

    def list(self) -> Pager[AwayStatusReason]:
        """List all reasons, deleted ones too; one answer holds them all."""
        return self._list(self.LIST)
