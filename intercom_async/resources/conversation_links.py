"""What is tied to a conversation: tags, contacts, tickets and other conversations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intercom_async.models import (
    Conversation,
    ConversationCustomers,
    HandlingEvent,
    HandlingEventPage,
    SideConversation,
    SideConversationPage,
    Tag,
    Ticket,
)
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Resource, check_per_page
from .values import given, only_one, tagging, to_number


class ConversationLinks(Resource):
    """What is tied to a conversation."""

    ATTACH_TAG = Operation(
        "POST", "/conversations/{conversation_id}/tags", Tag, repeat="idempotent"
    )
    DETACH_TAG = Operation("DELETE", "/conversations/{conversation_id}/tags/{tag_id}", Tag)
    ATTACH_CONTACT = Operation(
        "POST",
        "/conversations/{conversation_id}/customers",
        ConversationCustomers,
        repeat="idempotent",
    )
    DETACH_CONTACT = Operation(
        "DELETE",
        "/conversations/{conversation_id}/customers/{contact_id}",
        ConversationCustomers,
    )
    HANDLING_EVENTS = Operation(
        "GET",
        "/conversations/{id}/handling_events",
        HandlingEventPage[HandlingEvent],
        since="2.15",
        reserved=("attributes",),
    )
    SIDE_CONVERSATIONS = Operation(
        "GET",
        "/conversations/{id}/side_conversations",
        SideConversationPage[SideConversation],
        paging=Paging.PAGE,
        since="2.16",
        reserved=("attributes",),
    )
    MERGE = Operation("POST", "/conversations/{id}/merge", Conversation, since="2.16")
    CONVERT = Operation("POST", "/conversations/{conversation_id}/convert", Ticket)

    async def attach_tag(self, conversation_id: Id, tag_id: Id, *, admin_id: Id) -> Tag:
        """Tag a conversation in an admin's name and return the tag.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/attachtagtoconversation
        """
        json = tagging(tag_id, admin_id)
        return await self._send(self.ATTACH_TAG, json=json, conversation_id=conversation_id)

    async def detach_tag(self, conversation_id: Id, tag_id: Id, *, admin_id: Id) -> Tag:
        """Take a tag off a conversation in an admin's name and return the tag.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/detachtagfromconversation
        """
        return await self._send(
            self.DETACH_TAG,
            json={"admin_id": str(admin_id)},
            conversation_id=conversation_id,
            tag_id=tag_id,
        )

    async def attach_contact(
        self,
        conversation_id: Id,
        *,
        admin_id: Id,
        contact_id: Id | None = None,
        user_id: Id | None = None,
        email: str | None = None,
    ) -> ConversationCustomers:
        """Add a contact to a conversation and return the contacts it has then.

        Args:
            conversation_id: The conversation.
            admin_id: The admin who adds.
            contact_id: The contact by Intercom's id,
            user_id: or by your own key,
            email: or by address; exactly one of the three.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/attachcontacttoconversation
        """
        who = only_one("the contact", contact_id=contact_id, user_id=user_id, email=email)
        customer = {_WIRE_NAMES.get(name, name): str(value) for name, value in who.items()}
        json = {"admin_id": str(admin_id), "customer": customer}
        return await self._send(self.ATTACH_CONTACT, json=json, conversation_id=conversation_id)

    async def detach_contact(
        self, *, conversation_id: Id, contact_id: Id, admin_id: Id
    ) -> ConversationCustomers:
        """Take a contact out of a conversation, in an admin's name, and return those who stay.

        Raises:
            UnprocessableError: It is the last one.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/detachcontactfromconversation
        """
        return await self._send(
            self.DETACH_CONTACT,
            json={"admin_id": str(admin_id)},
            conversation_id=conversation_id,
            contact_id=contact_id,
        )

    def handling_events(self, conversation_id: Id) -> Pager[HandlingEvent]:
        """List when teammates paused and resumed a conversation, in one answer.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/listhandlingevents
        """
        return self._list(self.HANDLING_EVENTS, id=conversation_id)

    def side_conversations(
        self, conversation_id: Id, *, per_page: int | None = None
    ) -> Pager[SideConversation]:
        """List the side conversations, with their parts, at most 50 a page; 25 if left out.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/listsideconversations
        """
        query = {"per_page": check_per_page(per_page)}
        return self._list(self.SIDE_CONVERSATIONS, query=query, id=conversation_id)

    async def merge(self, *, conversation_id: Id, into_id: Id) -> Conversation:
        """Close a conversation, link it to another one that goes on, and return that one.

        Raises:
            UnprocessableError: They cannot be merged (`merge_failed`).

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/mergeconversation
        """
        json = {"merge_into_conversation_id": to_number(into_id)}
        return await self._send(self.MERGE, json=json, id=conversation_id)

    async def convert(
        self,
        conversation_id: Id,
        *,
        ticket_type_id: Id,
        ticket_state_id: Id | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Ticket:
        """Make a conversation a ticket and return the ticket.

        Args:
            conversation_id: The conversation.
            ticket_type_id: What kind of ticket.
            ticket_state_id: A state of that kind; from 2.16 on.
            attributes: By name; title and description are ``_default_title_`` and
                ``_default_description_``.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/convertconversationtoticket
        """
        state_id = None if ticket_state_id is None else str(ticket_state_id)
        json = {
            "ticket_type_id": str(ticket_type_id),
            **given(ticket_state_id=state_id, attributes=attributes),
        }
        return await self._send(self.CONVERT, json=json, conversation_id=conversation_id)


_WIRE_NAMES = {"contact_id": "intercom_user_id"}
