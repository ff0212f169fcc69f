"""Addresses that the workspace writes from."""

from __future__ import annotations

from intercom_async.models import EmailSetting

from .base import Id, Page, Pager, Resource, Rows

API = Rows("/emails", "emails", since="2.15")


class Emails(Resource):
    """Settings of sender addresses."""

    LIST = API.get("", Page[EmailSetting], "listemails")
    GET = API.get("/{id}", EmailSetting, "retrieveemail")

    def list(self) -> Pager[EmailSetting]:
        """List the settings of all addresses, in one answer."""
        return self._list(self.LIST)

    async def get(self, email_id: Id) -> EmailSetting:
        """Return the settings of one address."""
        return await self._send(self.GET, email_id)
