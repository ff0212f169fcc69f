"""Reasons that teammates give for being away."""

from __future__ import annotations

from intercom_async.models import AwayStatusReason, Page
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Resource


class AwayStatusReasons(Resource):
    """Reasons for being away; `admins.set_away` takes one."""

    LIST = Operation("GET", "/away_status_reasons", Page[AwayStatusReason])

    def list(self) -> Pager[AwayStatusReason]:
        """List all reasons, deleted ones too; one answer holds them all.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/away-status-reasons/listawaystatusreasons
        """
        return self._list(self.LIST)
