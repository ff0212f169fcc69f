"""Teammates of the workspace, and what they did in its settings."""

from __future__ import annotations

from collections.abc import Sequence

from intercom_async.fields import Moment
from intercom_async.models import ActivityLog, ActivityLogPage, Admin, AdminPage, EventTypePage, Me
from intercom_async.operation import Operation, Paging

from .base import Id, Pager, Resource, Rows
from .values import check_per_page, to_number

API = Rows("/admins", "admins")
V2_16 = API.since("2.16")


class Admins(Resource):
    """Admins: people (and bots) who work in the inbox."""

    ME = Operation("GET", "/me", Me, reference="admins/identifyadmin")
    SET_AWAY = API.put("/{admin_id}/away", Admin, "setawayadmin")
    LIST_ACTIVITY_LOGS = API.pages(
        "/activity_logs", ActivityLogPage[ActivityLog], "listactivitylogs"
    )
    SEARCH_ACTIVITY_LOGS = V2_16.search(
        "/activity_logs/search",
        ActivityLogPage[ActivityLog],
        "searchactivitylogs",
        paging=Paging.PAGE,
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

    async def set_away(
        self,
        admin_id: Id,
        *,
        away_mode_enabled: bool,
        away_mode_reassign: bool,
        away_status_reason_id: Id | None = None,
    ) -> Admin:
        """Send a teammate away, or bring one back, and return the teammate.

        Args:
            away_mode_reassign: Whether conversations that are assigned meanwhile go to others.
            away_status_reason_id: One of `away_status_reasons`; some workspaces demand it.
        """
        return await self._send(
            self.SET_AWAY,
            admin_id,
            away_mode_enabled=away_mode_enabled,
            away_mode_reassign=away_mode_reassign,
            away_status_reason_id=to_number(away_status_reason_id),
        )

    def list_activity_logs(
        self,
        *,
        created_at_after: Moment,
        created_at_before: Moment | None = None,
        per_page: int | None = None,
    ) -> Pager[ActivityLog]:
        """List what teammates did between two moments, the latest first, at most 250 a page."""
        return self._list(
            self.LIST_ACTIVITY_LOGS,
            created_at_after=created_at_after,
            created_at_before=created_at_before,
            per_page=per_page,
        )

    def search_activity_logs(
        self,
        *,
        created_at_after: Moment,
        created_at_before: Moment | None = None,
        event_types: Sequence[str] | None = None,
        per_page: int | None = None,
    ) -> Pager[ActivityLog]:
        """List what teammates did as `list_activity_logs` does, of some kinds if they are given."""
        return self._list(
            self.SEARCH_ACTIVITY_LOGS,
            created_at_after=created_at_after,
            created_at_before=created_at_before,
            event_types=event_types,
            per_page=check_per_page(per_page),
        )

    def list_activity_log_event_types(self) -> Pager[str]:
        """List the kinds of things that activity logs tell of, in one answer."""
        return self._list(self.LIST_ACTIVITY_LOG_EVENT_TYPES)

    def list(self, *, display_avatar: bool | None = None) -> Pager[Admin]:
        """List all admins in one answer, each with a picture if asked for."""
        return self._list(self.LIST, display_avatar=display_avatar)

    async def get(self, admin_id: Id) -> Admin:
        """Return one admin."""
        return await self._send(self.GET, admin_id)
