"""What is tied to a conversation: tags, contacts, tickets and other conversations."""

from __future__ import annotations

from typing import Unpack

from intercom_async.fields import ContactKey, TicketConversion
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

from .base import Id, Pager, Resource, Rows
from .values import given, take_one, to_ids, to_number, with_text

API = Rows("/conversations", "conversations")
V2_16 = API.since("2.16")


class ConversationLinks(Resource):
    """What is tied to a conversation; an admin does the tying."""

    ATTACH_TAG = API.ensure("/{conversation_id}/tags", Tag, "tags/attachtagtoconversation")
    DETACH_TAG = API.delete(
        "/{conversation_id}/tags/{tag_id}", Tag, "tags/detachtagfromconversation"
    )
    ATTACH_CONTACT = API.ensure(
        "/{conversation_id}/customers",
        ConversationCustomers,
        "attachcontacttoconversation",
        body=ContactKey,
    )
    DETACH_CONTACT = API.delete(
        "/{conversation_id}/customers/{contact_id}",
        ConversationCustomers,
        "detachcontactfromconversation",
    )
    HANDLING_EVENTS = API.since("2.15").get(
        "/{id}/handling_events",
        HandlingEventPage[HandlingEvent],
        "listhandlingevents",
        reserved=("attributes",),
    )
    SIDE_CONVERSATIONS = V2_16.pages(
        "/{id}/side_conversations",
        SideConversationPage[SideConversation],
        "listsideconversations",
        reserved=("attributes",),
    )
    MERGE = V2_16.post("/{id}/merge", Conversation, "mergeconversation")
    CONVERT = API.post(
        "/{conversation_id}/convert", Ticket, "convertconversationtoticket", body=TicketConversion
    )

    async def attach_tag(self, conversation_id: Id, tag_id: Id, *, admin_id: Id) -> Tag:
        """Tag a conversation and return the tag."""
        tag = to_ids(id=tag_id, admin_id=admin_id)
        return await self._send(self.ATTACH_TAG, conversation_id, json=tag)

    async def detach_tag(self, conversation_id: Id, tag_id: Id, *, admin_id: Id) -> Tag:
        """Take a tag off a conversation and return the tag."""
        admin = to_ids(admin_id=admin_id)
        return await self._send(self.DETACH_TAG, conversation_id, tag_id, json=admin)

    async def attach_contact(
        self, conversation_id: Id, *, admin_id: Id, **contact: Unpack[ContactKey]
    ) -> ConversationCustomers:
        """Add a contact to a conversation and return the contacts it has then."""
        key = self.ATTACH_CONTACT.fields(contact)
        names = {"contact_id": "intercom_user_id", "user_id": "user_id", "email": "email"}
        who = take_one("the contact", key, **names)
        json = {**to_ids(admin_id=admin_id), "customer": who}
        return await self._send(self.ATTACH_CONTACT, conversation_id, json=json)

    async def detach_contact(
        self, *, conversation_id: Id, contact_id: Id, admin_id: Id
    ) -> ConversationCustomers:
        """Take a contact, not the last one (422), out of a conversation; return those who stay."""
        admin = to_ids(admin_id=admin_id)
        return await self._send(self.DETACH_CONTACT, conversation_id, contact_id, json=admin)

    def handling_events(self, conversation_id: Id) -> Pager[HandlingEvent]:
        """List when teammates paused and resumed a conversation, in one answer."""
        return self._list(self.HANDLING_EVENTS, conversation_id)

    def side_conversations(
        self, conversation_id: Id, *, per_page: int | None = None
    ) -> Pager[SideConversation]:
        """List the side conversations, with their parts, at most 50 a page; 25 if left out."""
        return self._list(self.SIDE_CONVERSATIONS, conversation_id, per_page=per_page)

    async def merge(self, *, conversation_id: Id, into_id: Id) -> Conversation:
        """Close a conversation, link it to another one that goes on, and return that one.

        Raises:
            UnprocessableError: They cannot be merged (`merge_failed`).
        """
        target = to_number("into_id", into_id)
        return await self._send(self.MERGE, conversation_id, merge_into_conversation_id=target)

    async def convert(self, conversation_id: Id, **fields: Unpack[TicketConversion]) -> Ticket:
        """Make a conversation a ticket and return the ticket."""
        json = with_text(given(**self.CONVERT.fields(fields)))
        return await self._send(self.CONVERT, conversation_id, json=json)
