"""Outbound messages from admins: in-app, email, WhatsApp."""

from __future__ import annotations

from typing import Any, Unpack

from intercom_async.fields import EmailFields, InAppMessage, WhatsAppMessage
from intercom_async.models import EventPage, Message, WhatsAppStatus
from ._base import EndpointBuilder, Id, Pager, Resource, sends
from ._request_bodies import check_components
from ._validation import checked, to_id, to_number

API = EndpointBuilder("/messages", "messages")
V2_16 = API.since("2.16")


class Messages(Resource):
    """Messages to contacts.

    A message has its own id; it becomes a conversation when the contact replies. A contact that was
    just created may not be found yet (404).
    """

    CREATE = API.post("", Message, "createmessage")
    GET_WHATSAPP_STATUS = V2_16.get(
        "/whatsapp/status", WhatsAppStatus, "retrievewhatsappmessagestatus"
    )
    LIST_WHATSAPP_STATUSES = V2_16.cursor(
        "/status", EventPage[WhatsAppStatus], "getwhatsappmessagestatus"
    )

    @sends(CREATE)
    async def send_in_app(self, **message: Unpack[InAppMessage]) -> Message:
        """Send a message in the messenger, from an admin, and return it."""
        return await self._create("in_app", checked(InAppMessage, message))

    @sends(CREATE)
    async def send_email(self, **email: Unpack[EmailFields]) -> Message:
        """Send an e-mail from an admin and return it."""
        return await self._create("email", {"template": "plain", **checked(EmailFields, email)})

    @sends(CREATE)
    async def send_whatsapp(self, **message: Unpack[WhatsAppMessage]) -> Message:
        """Send a WhatsApp message, from 2.16 on, and return it.

        Raises:
            ConfigError: `components` is no list of objects that say their `type`.
        """
        fields = checked(WhatsAppMessage, message)
        check_components(fields["components"])
        return await self._create("whatsapp", fields)

    async def get_whatsapp_status(self, message_id: str) -> WhatsAppStatus:
        """Return the delivery status of a WhatsApp message."""
        return await self._send(
            self.GET_WHATSAPP_STATUS, message_id=to_id("message_id", message_id)
        )

    def list_whatsapp_statuses(
        self, *, ruleset_id: Id, per_page: int | None = None
    ) -> Pager[WhatsAppStatus]:
        """List the delivery statuses of a WhatsApp ruleset, 50 a page, 100 at most."""
        return self._list(
            self.LIST_WHATSAPP_STATUSES,
            ruleset_id=to_id("ruleset_id", ruleset_id),
            per_page=per_page,
        )

    async def _create(self, message_type: str, fields: dict[str, Any]) -> Message:
        sender = {"type": "admin", "id": to_number("admin_id", fields.pop("admin_id"))}
        json = {"message_type": message_type, "from": sender, **fields}
        return await self._send(self.CREATE, json=json)
