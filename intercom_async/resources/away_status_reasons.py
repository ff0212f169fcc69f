"""Reasons that teammates give for being away."""

from __future__ import annotations

from intercom_async.models import AwayStatusReason, Page
from intercom_async.pager import Pager

from .base import Resource
from .rows import Rows

api = Rows("/away_status_reasons", "away-status-reasons")


class AwayStatusReasons(Resource):
    """Reasons for being away; `admins.set_away` takes one."""

    LIST = api.get("", Page[AwayStatusReason], "listawaystatusreasons")

    def list(self) -> Pager[AwayStatusReason]:
        """List all reasons, deleted ones too; one answer holds them all."""
        return self._list(self.LIST)
