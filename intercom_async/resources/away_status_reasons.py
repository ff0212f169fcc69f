"""Reasons that teammates give for being away."""

from __future__ import annotations

from intercom_async.models import AwayStatusReason

from .base import Page, Pager, Resource, Rows

API = Rows("/away_status_reasons", "away-status-reasons")


class AwayStatusReasons(Resource):
    """Reasons for being away; `admins.set_away` takes one."""

    LIST = API.get("", Page[AwayStatusReason], "listawaystatusreasons")

    def list(self) -> Pager[AwayStatusReason]:
        """List all reasons, deleted ones too; one answer holds them all."""
        return self._list(self.LIST)
