"""Conversations: replies, assignments, tags, contacts and parts."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, Unpack

from intercom_async.fields import (
    Assignment,
    ContactKey,
    ConversationChanges,
    ConversationListing,
    ConversationOptions,
    ConversationReading,
    ConversationReplyFields,
    ConversationSearch,
    HydrationOptions,
    Moment,
    Order,
    PartChanges,
    PartFields,
    PartType,
    TicketConversion,
)
from intercom_async.models import (
    Conversation,
    ConversationCustomers,
    ConversationPage,
    ConversationPart,
    DeletedConversation,
    DeletedObject,
    HandlingEvent,
    HandlingEventPage,
    Message,
    SideConversation,
    SideConversationPage,
    Tag,
    Ticket,
)
from intercom_async.moments import to_unix
from intercom_async.query import Predicate, Query
from intercom_async.workflows.concurrency import Source
from intercom_async.workflows.hydration import HasId, Hydration
from ._base import EndpointBuilder, Id, Pager, sends
from ._conversation_files import ConversationFiles
from ._request_bodies import reply_body
from ._validation import (
    checked,
    given,
    needed,
    take_one,
    to_id,
    to_ids,
    to_number,
    with_text,
)

API = EndpointBuilder("/conversations", "conversations")
V2_16 = API.since("2.16")


class Conversations(ConversationFiles):
    """Conversations between contacts and teammates; lists give them without their parts.

    Methods that add a part return the whole conversation. An admin attaches tags and contacts.
    """

    REPLY = API.post(
        "/{conversation_id}/reply", Conversation, "replyconversation", body=ConversationReplyFields
    )
    CREATE_PART = API.post("/{conversation_id}/parts", Conversation, "manageconversation")
    REDACT = API.idempotent_post("/redact", Conversation, "redactconversation")
    ATTACH_TAG = API.idempotent_post("/{conversation_id}/tags", Tag, "tags/attachtagtoconversation")
    DETACH_TAG = API.delete(
        "/{conversation_id}/tags/{tag_id}", Tag, "tags/detachtagfromconversation"
    )
    ATTACH_CONTACT = API.idempotent_post(
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
    UPDATE_PART = API.since("Preview").put(
        "/{conversation_id}/conversation_parts/{id}",
        ConversationPart,
        "conversation-parts/updateconversationpart",
        body=PartChanges,
    )
    LIST = API.cursor(
        "", ConversationPage[Conversation], "listconversations", body=ConversationListing
    )
    CREATE = API.post("", Message, "createconversation", body=ConversationOptions)
    GET = API.get(
        "/{conversation_id}",
        Conversation,
        "retrieveconversation",
        body=ConversationReading,
        reserved=("attributes", "deleted"),
    )
    UPDATE = API.update(
        "/{conversation_id}", Conversation, "updateconversation", body=ConversationChanges
    )
    DELETE = API.delete("/{conversation_id}", DeletedObject, "deleteconversation")
    SEARCH = API.search(
        "/search", ConversationPage[Conversation], "searchconversations", body=ConversationSearch
    )
    LIST_DELETED = API.since("2.16").pages(
        "/deleted", ConversationPage[DeletedConversation], "listdeletedconversationids"
    )

    async def reply(
        self, conversation_id: Id, **fields: Unpack[ConversationReplyFields]
    ) -> Conversation:
        """Reply to a conversation, as an admin or as a contact."""
        json = await reply_body(self.REPLY.fields(fields))
        return await self._send(self.REPLY, conversation_id, json=json)

    async def create_part(
        self, conversation_id: Id, *, message_type: PartType, **fields: Unpack[PartFields]
    ) -> Conversation:
        """Add a part of any type; see also `assign`, `close`, `open` and `snooze`."""
        part = with_text(checked(PartFields, {"type": "admin", **fields}))
        return await self._part(conversation_id, message_type, part.pop("admin_id"), **part)

    @sends(CREATE_PART)
    async def assign(self, conversation_id: Id, **fields: Unpack[Assignment]) -> Conversation:
        """Assign a conversation to an admin or a team."""
        part = with_text(checked(Assignment, {"type": "admin", **fields}))
        return await self._part(conversation_id, "assignment", part.pop("admin_id"), **part)

    @sends(CREATE_PART)
    async def close(
        self, conversation_id: Id, *, admin_id: Id, body: str | None = None
    ) -> Conversation:
        """Close a conversation, with a last comment if `body` is given."""
        return await self._part(conversation_id, "close", admin_id, type="admin", body=body)

    @sends(CREATE_PART)
    async def open(self, conversation_id: Id, *, admin_id: Id) -> Conversation:
        """Open a conversation that is closed or snoozed."""
        return await self._part(conversation_id, "open", admin_id)

    @sends(CREATE_PART)
    async def snooze(self, conversation_id: Id, *, admin_id: Id, until: Moment) -> Conversation:
        """Snooze a conversation until a moment in the future."""
        moment = to_unix("until", until)
        return await self._part(conversation_id, "snoozed", admin_id, snoozed_until=moment)

    @sends(REDACT)
    async def redact_part(self, *, conversation_id: Id, part_id: Id) -> Conversation:
        """Redact one part of a conversation permanently."""
        ids = to_ids(conversation_id=conversation_id, conversation_part_id=part_id)
        return await self._send(self.REDACT, json=ids, type="conversation_part")

    @sends(REDACT)
    async def redact_source(self, *, conversation_id: Id, source_id: Id) -> Conversation:
        """Redact the first message of a conversation permanently."""
        ids = to_ids(conversation_id=conversation_id, source_id=source_id)
        return await self._send(self.REDACT, json=ids, type="source")

    async def _part(
        self, conversation_id: Id, message_type: str, admin_id: Id, **fields: Any
    ) -> Conversation:
        json = {**needed(message_type=message_type), **to_ids(admin_id=admin_id)}
        return await self._send(self.CREATE_PART, conversation_id, json=json, **fields)

    async def attach_tag(self, conversation_id: Id, tag_id: Id, *, admin_id: Id) -> Tag:
        """Tag a conversation and return the tag."""
        tag = to_ids(id=tag_id, admin_id=admin_id)
        return await self._send(self.ATTACH_TAG, conversation_id, json=tag)

    async def detach_tag(self, conversation_id: Id, tag_id: Id, *, admin_id: Id) -> Tag:
        """Remove a tag from a conversation and return the tag."""
        admin = to_ids(admin_id=admin_id)
        return await self._send(self.DETACH_TAG, conversation_id, tag_id, json=admin)

    async def attach_contact(
        self, conversation_id: Id, *, admin_id: Id, **contact: Unpack[ContactKey]
    ) -> ConversationCustomers:
        """Add a contact to a conversation and return its contacts."""
        key = self.ATTACH_CONTACT.fields(contact)
        names = {"contact_id": "intercom_user_id", "user_id": "user_id", "email": "email"}
        who = take_one("the contact", key, **names)
        json = {**to_ids(admin_id=admin_id), "customer": who}
        return await self._send(self.ATTACH_CONTACT, conversation_id, json=json)

    async def detach_contact(
        self, *, conversation_id: Id, contact_id: Id, admin_id: Id
    ) -> ConversationCustomers:
        """Remove a contact, but not the last one (422), and return the remaining ones."""
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
        """Merge a conversation into another one, which stays open, and return that one.

        Raises:
            UnprocessableError: They cannot be merged (`merge_failed`).
        """
        target = to_number("into_id", into_id)
        return await self._send(self.MERGE, conversation_id, merge_into_conversation_id=target)

    async def convert(self, conversation_id: Id, **fields: Unpack[TicketConversion]) -> Ticket:
        """Convert a conversation to a ticket and return the ticket."""
        json = with_text(given(**self.CONVERT.fields(fields)))
        return await self._send(self.CONVERT, conversation_id, json=json)

    async def update_part(
        self, *, conversation_id: Id, part_id: Id, secret: str, **fields: Unpack[PartChanges]
    ) -> ConversationPart:
        """Mark a part as seen or sent and return it; needs a secret from Intercom."""
        json = {**needed(secret=secret), "experimental": True}
        changes = with_text(given(**self.UPDATE_PART.fields(fields)))
        return await self._send(
            self.UPDATE_PART, conversation_id, part_id, json={**json, **changes}
        )

    def list(self, **how: Unpack[ConversationListing]) -> Pager[Conversation]:
        """List all conversations, 20 a page, 150 at most; `hydrate` fetches their parts.

        Sorted by ``updated_at`` they move while you read, by ``created_at`` they do not.
        """
        return self._list(self.LIST, fields=how)

    async def create(
        self, *, contact_id: Id, body: str, **options: Unpack[ConversationOptions]
    ) -> Message:
        """Start a conversation as a contact, in plain text, and return its first message.

        The message has an id of its own; the conversation's is `conversation_id`.
        """
        fields = self.CREATE.fields(options)
        who = {"type": fields.pop("contact_type", "contact"), "id": to_id("contact_id", contact_id)}
        return await self._send(
            self.CREATE, fields=with_text(given(**fields)), json={"from": who}, body=body
        )

    async def get(self, conversation_id: Id, **how: Unpack[ConversationReading]) -> Conversation:
        """Return one conversation with its parts, the 500 newest at most."""
        return await self._send(self.GET, conversation_id, fields=how)

    async def update(
        self, conversation_id: Id, **fields: Unpack[ConversationChanges]
    ) -> Conversation:
        """Change the given fields and return the whole conversation."""
        json = self.UPDATE.fields(fields)
        query = {"display_as": json.pop("display_as", None)}
        return await self._send(self.UPDATE, conversation_id, json=json, query=query)

    async def delete(
        self, conversation_id: Id, *, retain_metrics: bool | None = None
    ) -> DeletedObject:
        """Delete a conversation for good; reports still count it unless you say otherwise.

        Not to retain it needs a scope of its own (`delete_conversations_and_metrics`).
        """
        return await self._send(self.DELETE, conversation_id, retain_metrics=retain_metrics)

    def search(
        self, query: Predicate | Query, **options: Unpack[ConversationSearch]
    ) -> Pager[Conversation]:
        """List the conversations that match a query.

        `source.body` is searched word by word: a phrase is never found.
        """
        return self._search(self.SEARCH, query, options)

    def list_deleted(
        self, *, order: Order | None = None, per_page: int | None = None
    ) -> Pager[DeletedConversation]:
        """List the ids of deleted conversations, newest first, at most 60 a page."""
        return self._list(self.LIST_DELETED, order=order, per_page=per_page)

    def hydrate(
        self,
        source: Source[Id | HasId],
        *,
        display_as: Literal["plaintext"] | None = None,
        **options: Unpack[HydrationOptions],
    ) -> Hydration[Conversation]:
        """Fetch each conversation of a stream, by id or as lists give it, with its parts.

        ::

            async for full in intercom.conversations.hydrate(intercom.conversations.list()):
                full.item, full.missing_parts
        """
        return Hydration(source, partial(self.get, display_as=display_as), **options)
