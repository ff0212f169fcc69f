"""Tickets, their types with the attributes of each, and the states that they can be in."""

from __future__ import annotations

from typing import Any, Unpack

from intercom_async.fields import (
    HydrationOptions,
    NewTicketAttribute,
    NewTicketFields,
    SearchOptions,
    TicketAttributeChanges,
    TicketFields,
    TicketKindChange,
    TicketReplyFields,
    TicketTypeChanges,
    TicketTypeFields,
)
from intercom_async.models import (
    Conversation,
    DeletedObject,
    Job,
    Tag,
    Ticket,
    TicketPage,
    TicketPart,
    TicketState,
    TicketType,
    TicketTypeAttribute,
)
from intercom_async.query import Predicate, Query
from intercom_async.workflows.concurrency import Source
from intercom_async.workflows.hydration import HasId, Hydration
from ._base import EndpointBuilder, Id, Page, Pager, Resource
from ._request_bodies import new_ticket, reply_body, with_commas
from ._validation import given, to_ids, to_number, with_text

API = EndpointBuilder("/tickets", "tickets")
V2_16 = API.since("2.16")
TYPES = EndpointBuilder("/ticket_types", "ticket-types")
ATTRIBUTES = EndpointBuilder("/ticket_types/{ticket_type_id}/attributes", "ticket-type-attributes")
STATES = EndpointBuilder("/ticket_states", "ticket-states")


class Tickets(Resource):
    """Tickets, known by `id`; the number that people see, `ticket_id`, is in no path."""

    REPLY = API.post("/{ticket_id}/reply", TicketPart, "replyticket", body=TicketReplyFields)
    ATTACH_TAG = API.idempotent_post("/{ticket_id}/tags", Tag, "tags/attachtagtoticket")
    DETACH_TAG = API.delete("/{ticket_id}/tags/{tag_id}", Tag, "tags/detachtagfromticket")
    LINK_CONVERSATION = V2_16.idempotent_post(
        "/{ticket_id}/linked_conversations", Conversation, "linkconversationtoticket"
    )
    UNLINK_CONVERSATION = V2_16.delete(
        "/{ticket_id}/linked_conversations/{id}", Conversation, "unlinkconversationfromticket"
    )
    CREATE = API.post("", Ticket, "createticket", body=NewTicketFields)
    ENQUEUE = API.post("/enqueue", Job, "enqueuecreateticket", body=NewTicketFields)
    UPDATE = API.update("/{ticket_id}", Ticket, "updateticket", body=TicketFields)
    GET = API.get("/{ticket_id}", Ticket, "getticket")
    DELETE = API.delete("/{ticket_id}", DeletedObject, "deleteticket")
    CHANGE_TYPE = V2_16.idempotent_post(
        "/{ticket_id}/change_type", Ticket, "changetickettype", body=TicketKindChange
    )
    SEARCH = API.search("/search", TicketPage[Ticket], "searchtickets", body=SearchOptions)

    async def reply(self, ticket_id: Id, **fields: Unpack[TicketReplyFields]) -> TicketPart:
        """Reply to a ticket, as an admin or as a contact, and return the new part."""
        json = await reply_body(self.REPLY.fields(fields))
        return await self._send(self.REPLY, ticket_id, json=json)

    async def attach_tag(self, ticket_id: Id, tag_id: Id, *, admin_id: Id) -> Tag:
        """Tag a ticket in an admin's name and return the tag."""
        tag = to_ids(id=tag_id, admin_id=admin_id)
        return await self._send(self.ATTACH_TAG, ticket_id, json=tag)

    async def detach_tag(self, ticket_id: Id, tag_id: Id, *, admin_id: Id) -> Tag:
        """Take a tag off a ticket in an admin's name and return the tag."""
        json = to_ids(admin_id=admin_id)
        return await self._send(self.DETACH_TAG, ticket_id, tag_id, json=json)

    async def link_conversation(self, *, ticket_id: Id, conversation_id: Id) -> Conversation:
        """Link a conversation, or a customer ticket, to a tracker ticket and return it.

        Raises:
            BadRequestError: It is no tracker ticket, has 2,500 links, or another tracker has the
                conversation.
        """
        linked = to_ids(conversation_id=conversation_id)
        return await self._send(self.LINK_CONVERSATION, ticket_id, json=linked)

    async def unlink_conversation(self, *, ticket_id: Id, conversation_id: Id) -> Conversation:
        """Undo `link_conversation` and return the conversation."""
        return await self._send(self.UNLINK_CONVERSATION, ticket_id, conversation_id)

    async def create(self, *, ticket_type_id: Id, **fields: Unpack[NewTicketFields]) -> Ticket:
        """Create a ticket for a contact and return it."""
        json = new_ticket(ticket_type_id, self.CREATE.fields(fields))
        return await self._send(self.CREATE, json=json)

    async def enqueue(self, *, ticket_type_id: Id, **fields: Unpack[NewTicketFields]) -> Job:
        """Create a ticket in a background job and return the job; see `jobs.wait`."""
        json = new_ticket(ticket_type_id, self.ENQUEUE.fields(fields))
        return await self._send(self.ENQUEUE, json=json)

    async def update(self, ticket_id: Id, **fields: Unpack[TicketFields]) -> Ticket:
        """Change the given fields and return the whole ticket."""
        changes: dict[str, Any] = {**fields}
        if "admin_id" in changes:
            changes["admin_id"] = to_number("admin_id", changes["admin_id"])
        return await self._send(self.UPDATE, ticket_id, fields=changes)

    async def get(self, ticket_id: Id) -> Ticket:
        """Return one ticket with its parts, the 500 newest at most."""
        return await self._send(self.GET, ticket_id)

    async def delete(self, ticket_id: Id) -> DeletedObject:
        """Delete a ticket for good."""
        return await self._send(self.DELETE, ticket_id)

    async def change_type(self, ticket_id: Id, **fields: Unpack[TicketKindChange]) -> Ticket:
        """Change the type of a ticket and return it."""
        kind = with_text(given(**self.CHANGE_TYPE.fields(fields)))
        return await self._send(self.CHANGE_TYPE, ticket_id, json=kind)

    def search(self, query: Predicate | Query, **options: Unpack[SearchOptions]) -> Pager[Ticket]:
        """List the tickets that match a query, without their parts.

        Attributes go by number (``ticket_attribute.123``), `category` by ``request``, ``task`` and
        ``tracker``. There is no list of tickets: search for all that were created.
        """
        return self._search(self.SEARCH, query, options)

    def hydrate(
        self, source: Source[Id | HasId], **options: Unpack[HydrationOptions]
    ) -> Hydration[Ticket]:
        """Fetch each ticket of a stream, by id or as searches give it, with its parts."""
        return Hydration(source, self.get, **options)


class TicketTypes(Resource):
    """Ticket types and their attributes."""

    CREATE_ATTRIBUTE = ATTRIBUTES.post(
        "", TicketTypeAttribute, "createtickettypeattribute", body=NewTicketAttribute
    )
    UPDATE_ATTRIBUTE = ATTRIBUTES.update(
        "/{attribute_id}",
        TicketTypeAttribute,
        "updatetickettypeattribute",
        body=TicketAttributeChanges,
    )
    LIST = TYPES.get("", Page[TicketType], "listtickettypes")
    CREATE = TYPES.post("", TicketType, "createtickettype", body=TicketTypeFields)
    GET = TYPES.get("/{ticket_type_id}", TicketType, "gettickettype")
    UPDATE = TYPES.update(
        "/{ticket_type_id}", TicketType, "updatetickettype", body=TicketTypeChanges
    )

    async def create_attribute(
        self, ticket_type_id: Id, **fields: Unpack[NewTicketAttribute]
    ) -> TicketTypeAttribute:
        """Add an attribute to a ticket type and return the attribute."""
        attribute = with_commas(fields)
        return await self._send(self.CREATE_ATTRIBUTE, ticket_type_id, fields=attribute)

    async def update_attribute(
        self, *, ticket_type_id: Id, attribute_id: Id, **fields: Unpack[TicketAttributeChanges]
    ) -> TicketTypeAttribute:
        """Change the given fields of an attribute and return the whole of it."""
        changes = with_commas(fields)
        return await self._send(self.UPDATE_ATTRIBUTE, ticket_type_id, attribute_id, fields=changes)

    def list(self) -> Pager[TicketType]:
        """List all ticket types, with their attributes and states, in one answer."""
        return self._list(self.LIST)

    async def create(self, *, name: str, **fields: Unpack[TicketTypeFields]) -> TicketType:
        """Create a ticket type and return it."""
        return await self._send(self.CREATE, fields=fields, name=name)

    async def get(self, ticket_type_id: Id) -> TicketType:
        """Return one ticket type, with its attributes and states."""
        return await self._send(self.GET, ticket_type_id)

    async def update(self, ticket_type_id: Id, **fields: Unpack[TicketTypeChanges]) -> TicketType:
        """Change the given fields and return the whole ticket type."""
        return await self._send(self.UPDATE, ticket_type_id, fields=fields)


class TicketStates(Resource):
    """States of tickets."""

    LIST = STATES.get("", Page[TicketState], "listticketstates")

    def list(self) -> Pager[TicketState]:
        """List all states, with the ticket types that have them, in one answer."""
        return self._list(self.LIST)
