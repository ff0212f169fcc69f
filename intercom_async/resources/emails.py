"""Addresses that the workspace writes from."""

from __future__ import annotations

from intercom_async.fields import Id
from intercom_async.models import EmailSetting, Page
from intercom_async.pager import Pager

from .base import Resource
from .rows import Rows

api = Rows("/emails", "emails", since="2.15")


class Emails(Resource):
    """Settings of sender addresses."""

    LIST = api.get("", Page[EmailSetting], "listemails")
    GET = api.get("/{id}", EmailSetting, "retrieveemail")

    def list(self) -> Pager[EmailSetting]:
        """List the settings of all addresses, in one answer."""
        return self._list(self.LIST)

    async def get(self, email_id: Id) -> EmailSetting:
        """Return the settings of one address."""
        return await self._send(self.GET, id=email_id)
