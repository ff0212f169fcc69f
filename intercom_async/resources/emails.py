"""Addresses that the workspace writes from."""

from __future__ import annotations

from intercom_async.models import EmailSetting, Page
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Id, Resource


class Emails(Resource):
    """Settings of sender addresses."""

    LIST = Operation("GET", "/emails", Page[EmailSetting], since="2.15")
    GET = Operation("GET", "/emails/{id}", EmailSetting, since="2.15")

    def list(self) -> Pager[EmailSetting]:
        """List the settings of all addresses, in one answer.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/emails/listemails
        """
        return self._list(self.LIST)

    async def get(self, email_id: Id) -> EmailSetting:
        """Return the settings of one address.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/emails/retrieveemail
        """
        return await self._send(self.GET, id=email_id)
