"""Messages that admins begin: in the messenger, by e-mail, by WhatsApp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Unpack

from intercom_async.models import EventPage, Message, WhatsAppStatus
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Moment, Resource, check_per_page
from .values import to_number


class Recipient(TypedDict):
    """A contact that a message goes to."""

    type: Literal["user", "lead"]
    id: str
    """Intercom's id."""


Recipients = Recipient | Sequence[Recipient]


class MessageOptions(TypedDict, total=False):
    """What any message may have."""

    created_at: Moment
    """When it was written; now if left out."""
    create_conversation_without_contact_reply: bool
    """Whether the inbox has it before the contact answers."""


class EmailOptions(MessageOptions, total=False):
    """What an e-mail may have beside its text."""

    cc: Recipients
    bcc: Recipients


class Messages(Resource):
    """Messages to contacts.

    A message has an id of its own; a conversation comes of it when the contact answers. A contact
    that was just created may not be found yet (404).
    """

    CREATE = Operation("POST", "/messages", Message, body=EmailOptions)
    GET_WHATSAPP_STATUS = Operation(
        "GET", "/messages/whatsapp/status", WhatsAppStatus, since="2.16"
    )
    LIST_WHATSAPP_STATUSES = Operation(
        "GET",
        "/messages/status",
        EventPage[WhatsAppStatus],
        paging=Paging.CURSOR_QUERY,
        since="2.16",
    )

    async def send_in_app(
        self, *, admin_id: Id, to: Recipients, body: str, **fields: Unpack[MessageOptions]
    ) -> Message:
        """Send a message in the messenger, from an admin, and return it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/messages/createmessage
        """
        return await self._create("in_app", admin_id, to, fields, body=body)

    async def send_email(
        self,
        *,
        admin_id: Id,
        to: Recipients,
        subject: str,
        body: str,
        template: Literal["plain", "personal"] | str = "plain",
        **fields: Unpack[EmailOptions],
    ) -> Message:
        """Send an e-mail from an admin and return it.

        Args:
            admin_id: Who writes.
            to: One contact or several.
            subject: What is on top.
            body: HTML or plain text.
            template: How it looks.
            fields: What else it may have.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/messages/createmessage
        """
        return await self._create(
            "email", admin_id, to, fields, subject=subject, body=body, template=template
        )

    async def send_whatsapp(
        self,
        *,
        admin_id: Id,
        to: Recipients,
        template: str,
        components: Sequence[Mapping[str, Any]],
        **fields: Unpack[MessageOptions],
    ) -> Message:
        """Send a WhatsApp message, from 2.16 on, and return it.

        Args:
            admin_id: Who writes.
            to: One contact or several.
            template: The name of a template that WhatsApp accepted.
            components: What fills the template's places, as WhatsApp takes it.
            fields: What else it may have.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/messages/createmessage
        """
        return await self._create(
            "whatsapp", admin_id, to, fields, template=template, components=components
        )

    async def get_whatsapp_status(self, message_id: str) -> WhatsAppStatus:
        """Return how far one WhatsApp message got.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/messages/retrievewhatsappmessagestatus
        """
        return await self._send(self.GET_WHATSAPP_STATUS, query={"message_id": message_id})

    def list_whatsapp_statuses(
        self, *, ruleset_id: Id, per_page: int | None = None
    ) -> Pager[WhatsAppStatus]:
        """List how far the WhatsApp messages of one sending got, at most 100 a page.

        Args:
            ruleset_id: The sending.
            per_page: 50 if left out.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/messages/getwhatsappmessagestatus
        """
        query = {"ruleset_id": str(ruleset_id), "per_page": check_per_page(per_page)}
        return self._list(self.LIST_WHATSAPP_STATUSES, query=query)

    async def _create(
        self,
        message_type: str,
        admin_id: Id,
        to: Recipients,
        fields: Mapping[str, Any],
        **content: Any,
    ) -> Message:
        json = {
            "message_type": message_type,
            "from": {"type": "admin", "id": to_number(admin_id)},
            "to": to,
            **content,
            **self.CREATE.fields(fields),
        }
        return await self._send(self.CREATE, json=json)
