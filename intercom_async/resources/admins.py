"""Teammates of the workspace, and what they did in its settings."""

from __future__ import annotations

from collections.abc import Sequence

from intercom_async.models import (
    ActivityLog,
    ActivityLogPage,
    Admin,
    AdminPage,
    EventTypePage,
    Me,
)
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Moment, Resource, check_per_page
from .values import given, to_number, to_parameter


class Admins(Resource):
    """Admins: people (and bots) who work in the inbox."""

    ME = Operation("GET", "/me", Me)
    SET_AWAY = Operation("PUT", "/admins/{admin_id}/away", Admin)
    LIST_ACTIVITY_LOGS = Operation(
        "GET", "/admins/activity_logs", ActivityLogPage[ActivityLog], paging=Paging.PAGE
    )
    SEARCH_ACTIVITY_LOGS = Operation(
        "POST",
        "/admins/activity_logs/search",
        ActivityLogPage[ActivityLog],
        repeat="safe",
        paging=Paging.PAGE,
        kind="search",
        since="2.16",
    )
    LIST_ACTIVITY_LOG_EVENT_TYPES = Operation(
        "GET", "/admins/activity_log_event_types", EventTypePage[str], since="2.16"
    )
    LIST = Operation("GET", "/admins", AdminPage[Admin])
    GET = Operation(
        "GET", "/admins/{admin_id}", Admin, reserved=("activity_log_event_types", "activity_logs")
    )

    async def me(self) -> Me:
        """Return the admin that the token belongs to, with the app and its workspace.

        The cheapest way to check a token.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/admins/identifyadmin
        """
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
            admin_id: The teammate.
            away_mode_enabled: Whether the teammate is away.
            away_mode_reassign: Whether conversations that are assigned meanwhile go to others.
            away_status_reason_id: One of `away_status_reasons`; some workspaces demand it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/admins/setawayadmin
        """
        reason = None if away_status_reason_id is None else to_number(away_status_reason_id)
        json = {
            "away_mode_enabled": away_mode_enabled,
            "away_mode_reassign": away_mode_reassign,
            **given(away_status_reason_id=reason),
        }
        return await self._send(self.SET_AWAY, json=json, admin_id=admin_id)

    def list_activity_logs(
        self,
        *,
        created_at_after: Moment,
        created_at_before: Moment | None = None,
        per_page: int | None = None,
    ) -> Pager[ActivityLog]:
        """List what teammates did between two moments, the latest first.

        Args:
            created_at_after: From when on.
            created_at_before: Until when; now if left out.
            per_page: At most 250; 20 if left out.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/admins/listactivitylogs
        """
        query = {
            "created_at_after": to_parameter("created_at_after", created_at_after),
            "created_at_before": to_parameter("created_at_before", created_at_before),
            "per_page": check_per_page(per_page),
        }
        return self._list(self.LIST_ACTIVITY_LOGS, query=query)

    def search_activity_logs(
        self,
        *,
        created_at_after: Moment,
        created_at_before: Moment | None = None,
        event_types: Sequence[str] | None = None,
        per_page: int | None = None,
    ) -> Pager[ActivityLog]:
        """List what teammates did between two moments, of some kinds only if they are given.

        Args:
            created_at_after: From when on.
            created_at_before: Until when; now if left out.
            event_types: Of `list_activity_log_event_types`.
            per_page: At most 250.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/admins/searchactivitylogs
        """
        json = {
            "created_at_after": created_at_after,
            **given(
                created_at_before=created_at_before,
                event_types=event_types,
                per_page=check_per_page(per_page),
            ),
        }
        return self._list(self.SEARCH_ACTIVITY_LOGS, json=json)

    def list_activity_log_event_types(self) -> Pager[str]:
        """List the kinds of things that activity logs tell of, in one answer.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/admins/listactivitylogeventtypes
        """
        return self._list(self.LIST_ACTIVITY_LOG_EVENT_TYPES)

    def list(self, *, display_avatar: bool | None = None) -> Pager[Admin]:
        """List all admins; one answer holds them all.

        Args:
            display_avatar: Whether each comes with a picture.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/admins/listadmins
        """
        return self._list(self.LIST, query={"display_avatar": display_avatar})

    async def get(self, admin_id: Id) -> Admin:
        """Return one admin.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/admins/retrieveadmin
        """
        return await self._send(self.GET, admin_id=admin_id)
