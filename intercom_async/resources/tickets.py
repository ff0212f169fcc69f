"""Tickets."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any, TypedDict, Unpack

from intercom_async.hydration import HasId, Hydration
from intercom_async.models import (
    Conversation,
    DeletedObject,
    Job,
    Tag,
    Ticket,
    TicketPage,
    TicketPart,
)
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager
from intercom_async.query import Predicate, Query

from .base import Id, Moment, Resource, SearchOrder
from .replies import MessageType, ReplyFields, reply_body
from .values import given, only_one, tagging, to_number


class NewTicketFields(TypedDict, total=False):
    """What a new ticket has, beside its type."""

    contact_id: Id
    """The contact by Intercom's id,"""
    external_id: Id
    """or by your own key,"""
    email: str
    """or by address, which creates one if there is none; exactly one of the three."""
    ticket_attributes: Mapping[str, Any]
    """By name; title and description are ``_default_title_`` and ``_default_description_``."""
    conversation_to_link_id: Id
    company_id: Id
    """Intercom's id."""
    created_at: Moment
    """Now if left out."""
    admin_assignee_id: Id
    team_assignee_id: Id
    skip_notifications: bool
    """Whether nobody is to be told."""


class TicketFields(TypedDict, total=False):
    """Writable fields of a ticket; a key left out keeps its value."""

    ticket_attributes: Mapping[str, Any]
    """By name."""
    ticket_state_id: Id
    company_id: Id | None
    """Intercom's id; None takes the company away."""
    open: bool
    """False closes the ticket, and ends its snooze."""
    is_shared: bool
    """Whether the contact sees it."""
    snoozed_until: Moment
    admin_id: Id
    """Who changes it, as workflows and reports are to see it."""
    assignee_id: Id
    """An admin or a team; ``"0"`` takes it from everybody."""
    skip_notifications: bool
    """Whether nobody is to be told."""


class TicketReplyFields(ReplyFields, total=False):
    """Who replies in a ticket, and what."""

    cross_post: bool
    """Whether a note on a back-office ticket goes to the conversations linked to it, too."""


class Tickets(Resource):
    """Tickets, known by `id`; the number that people see, `ticket_id`, is in no path."""

    REPLY = Operation("POST", "/tickets/{ticket_id}/reply", TicketPart, body=TicketReplyFields)
    ATTACH_TAG = Operation("POST", "/tickets/{ticket_id}/tags", Tag, repeat="idempotent")
    DETACH_TAG = Operation("DELETE", "/tickets/{ticket_id}/tags/{tag_id}", Tag)
    LINK_CONVERSATION = Operation(
        "POST",
        "/tickets/{ticket_id}/linked_conversations",
        Conversation,
        repeat="idempotent",
        since="2.16",
    )
    UNLINK_CONVERSATION = Operation(
        "DELETE", "/tickets/{ticket_id}/linked_conversations/{id}", Conversation, since="2.16"
    )
    CREATE = Operation("POST", "/tickets", Ticket, body=NewTicketFields)
    ENQUEUE = Operation("POST", "/tickets/enqueue", Job, body=NewTicketFields)
    UPDATE = Operation("PUT", "/tickets/{ticket_id}", Ticket, body=TicketFields, updates=True)
    GET = Operation("GET", "/tickets/{ticket_id}", Ticket)
    DELETE = Operation("DELETE", "/tickets/{ticket_id}", DeletedObject)
    CHANGE_TYPE = Operation(
        "POST", "/tickets/{ticket_id}/change_type", Ticket, repeat="idempotent", since="2.16"
    )
    SEARCH = Operation(
        "POST",
        "/tickets/search",
        TicketPage[Ticket],
        repeat="safe",
        paging=Paging.CURSOR_BODY,
        kind="search",
    )

    async def reply(
        self,
        ticket_id: Id,
        *,
        message_type: MessageType = "comment",
        **fields: Unpack[TicketReplyFields],
    ) -> TicketPart:
        """Answer in a ticket, as an admin or as a contact, and return the new part.

        Args:
            ticket_id: The ticket.
            message_type: ``note`` is seen by teammates only; contacts write comments only.
            fields: Who answers, and what.

        Raises:
            ConfigError: Nobody or more than one answers, or a contact writes a note.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tickets/replyticket
        """
        json = reply_body(message_type, self.REPLY.fields(fields))
        return await self._send(self.REPLY, json=json, ticket_id=ticket_id)

    async def attach_tag(self, ticket_id: Id, tag_id: Id, *, admin_id: Id) -> Tag:
        """Tag a ticket in an admin's name and return the tag.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/attachtagtoticket
        """
        json = tagging(tag_id, admin_id)
        return await self._send(self.ATTACH_TAG, json=json, ticket_id=ticket_id)

    async def detach_tag(self, ticket_id: Id, tag_id: Id, *, admin_id: Id) -> Tag:
        """Take a tag off a ticket in an admin's name and return the tag.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/detachtagfromticket
        """
        json = {"admin_id": str(admin_id)}
        return await self._send(self.DETACH_TAG, json=json, ticket_id=ticket_id, tag_id=tag_id)

    async def link_conversation(self, *, ticket_id: Id, conversation_id: Id) -> Conversation:
        """Link a conversation, or a customer ticket, to a tracker ticket and return it.

        Raises:
            BadRequestError: It is no tracker ticket, has 2,500 links, or another tracker has the
                conversation.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tickets/linkconversationtoticket
        """
        json = {"conversation_id": str(conversation_id)}
        return await self._send(self.LINK_CONVERSATION, json=json, ticket_id=ticket_id)

    async def unlink_conversation(self, *, ticket_id: Id, conversation_id: Id) -> Conversation:
        """Undo `link_conversation` and return the conversation.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tickets/unlinkconversationfromticket
        """
        return await self._send(self.UNLINK_CONVERSATION, ticket_id=ticket_id, id=conversation_id)

    async def create(self, *, ticket_type_id: Id, **fields: Unpack[NewTicketFields]) -> Ticket:
        """Create a ticket for a contact and return it.

        Args:
            ticket_type_id: What kind of ticket.
            fields: Whose it is, and what else is to be said.

        Raises:
            ConfigError: No contact is named, or more than one.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tickets/createticket
        """
        json = _new_ticket(ticket_type_id, self.CREATE.fields(fields))
        return await self._send(self.CREATE, json=json)

    async def enqueue(self, *, ticket_type_id: Id, **fields: Unpack[NewTicketFields]) -> Job:
        """Have a ticket created after the answer and return the job, for `jobs` to look at.

        Args:
            ticket_type_id: What kind of ticket.
            fields: As for `create`.

        Raises:
            ConfigError: No contact is named, or more than one.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tickets/enqueuecreateticket
        """
        json = _new_ticket(ticket_type_id, self.ENQUEUE.fields(fields))
        return await self._send(self.ENQUEUE, json=json)

    async def update(self, ticket_id: Id, **fields: Unpack[TicketFields]) -> Ticket:
        """Change the given fields and return the whole ticket.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tickets/updateticket
        """
        json = self.UPDATE.fields(fields)
        if "admin_id" in json:
            json["admin_id"] = to_number(json["admin_id"])
        return await self._send(self.UPDATE, json=json, ticket_id=ticket_id)

    async def get(self, ticket_id: Id) -> Ticket:
        """Return one ticket with its parts, the 500 newest at most.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tickets/getticket
        """
        return await self._send(self.GET, ticket_id=ticket_id)

    async def delete(self, ticket_id: Id) -> DeletedObject:
        """Delete a ticket for good.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tickets/deleteticket
        """
        return await self._send(self.DELETE, ticket_id=ticket_id)

    async def change_type(
        self,
        ticket_id: Id,
        *,
        ticket_type_id: Id,
        ticket_state_id: Id,
        ticket_attributes: Mapping[str, Any] | None = None,
    ) -> Ticket:
        """Make a ticket one of another type and return it.

        Args:
            ticket_id: The ticket.
            ticket_type_id: A type of the same category,
            ticket_state_id: and one of its states.
            ticket_attributes: By name; those of the same name and kind keep their values if they
                are left out.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tickets/changetickettype
        """
        json = {
            "ticket_type_id": str(ticket_type_id),
            "ticket_state_id": str(ticket_state_id),
            **given(ticket_attributes=ticket_attributes),
        }
        return await self._send(self.CHANGE_TYPE, json=json, ticket_id=ticket_id)

    def search(
        self,
        query: Predicate | Query,
        *,
        sort: str | None = None,
        order: SearchOrder = "ascending",
        per_page: int | None = None,
    ) -> Pager[Ticket]:
        """List the tickets that a query holds for, without their parts, at most 150 a page.

        Attributes go by number (``ticket_attribute.123``), `category` by ``request``, ``task`` and
        ``tracker``. There is no list of tickets: search for all that were created.

        Raises:
            QueryError: The API would refuse the query.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tickets/searchtickets
        """
        return self._search(self.SEARCH, query, sort=sort, order=order, per_page=per_page)

    def hydrate(
        self,
        source: AsyncIterable[Id | HasId] | Iterable[Id | HasId],
        *,
        concurrency: int = 16,
        ordered: bool = False,
    ) -> Hydration[Ticket]:
        """Fetch each ticket of a stream with its parts, several at a time.

        Args:
            source: Ids, or tickets as searches give them.
            concurrency: How many are fetched at a time.
            ordered: Whether they come as in `source`; else each comes when it is there.

        Raises:
            ConfigError: `concurrency` is no whole number above 0, or `source` is a text.
        """
        return Hydration(source, self.get, concurrency=concurrency, ordered=ordered)


def _new_ticket(ticket_type_id: Id, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Write the body that creates a ticket."""
    rest = dict(fields)
    contact = only_one(
        "a ticket's contact",
        id=rest.pop("contact_id", None),
        external_id=rest.pop("external_id", None),
        email=rest.pop("email", None),
    )
    assignees = ("admin_assignee_id", "team_assignee_id")
    assignment = {name: str(rest.pop(name)) for name in assignees if name in rest}
    return {
        "ticket_type_id": str(ticket_type_id),
        "contacts": [{name: str(value) for name, value in contact.items()}],
        **({"assignment": assignment} if assignment else {}),
        **rest,
    }
