"""Teammates of the workspace, and what they did in its settings."""

from __future__ import annotations

from typing import Unpack

from intercom_async.fields import AwayFields, LogFilters, LogSearchFilters
from intercom_async.models import ActivityLog, ActivityLogPage, Admin, AdminPage, EventTypePage, Me
from intercom_async.operation import Operation, Paging

from .base import Id, Pager, Resource, Rows
from .values import check_per_page, given, to_number

API = Rows("/admins", "admins")
V2_16 = API.since("2.16")


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
        mode = given(**fields)
        if "away_status_reason_id" in mode:
            mode["away_status_reason_id"] = to_number(mode["away_status_reason_id"])
        return await self._send(self.SET_AWAY, admin_id, fields=mode)

    def list_activity_logs(self, **filters: Unpack[LogFilters]) -> Pager[ActivityLog]:
        """List what teammates did between two moments, the latest first."""
        return self._list(self.LIST_ACTIVITY_LOGS, fields=filters)

    def search_activity_logs(self, **filters: Unpack[LogSearchFilters]) -> Pager[ActivityLog]:
        """List what teammates did between two moments, of some kinds only if they are given."""
        check_per_page(filters.get("per_page"))
        return self._list(self.SEARCH_ACTIVITY_LOGS, fields=given(**filters))

    def list_activity_log_event_types(self) -> Pager[str]:
        """List the kinds of things that activity logs tell of, in one answer."""
        return self._list(self.LIST_ACTIVITY_LOG_EVENT_TYPES)

    def list(self, *, display_avatar: bool | None = None) -> Pager[Admin]:
        """List all admins in one answer, each with a picture if asked for."""
        return self._list(self.LIST, display_avatar=display_avatar)

    async def get(self, admin_id: Id) -> Admin:
        """Return one admin."""
        return await self._send(self.GET, admin_id)
