"""Teammates of the workspace."""

from __future__ import annotations

from intercom_async.models import Admin, AdminPage, Me
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Resource


class Admins(Resource):
    """Admins: people (and bots) who work in the inbox."""

    ME = Operation("GET", "/me", Me)
    LIST = Operation("GET", "/admins", AdminPage[Admin])

    async def me(self) -> Me:
        """Return the admin that the token belongs to, with the app and its workspace.

        The cheapest way to check a token.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/admins/identifyadmin
        """
        return await self._send(self.ME)

    def list(self) -> Pager[Admin]:
        """List all admins; one answer holds them all.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/admins/listadmins
        """
        return self._list(self.LIST)
