"""What type checkers make of webhooks; checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import Any, assert_never, assert_type

from intercom_async.webhooks import Notification, Webhooks
from intercom_async.webhooks.items import AnyItem, Contact, Conversation, Deleted, Ticket


def parsed(webhooks: Webhooks, body: bytes, headers: dict[str, str]) -> str | None:
    event = webhooks.parse(body, headers)
    assert_type(event, Notification[AnyItem])
    match event:
        case Notification(topic="conversation.user.created", item=Conversation() as conversation):
            assert_type(conversation, Conversation)
            assert_type(conversation.admin_assignee_id, str | None)
            return conversation.text
        case Notification(item=Contact(email=email)):
            assert_type(email, str | None)
            return email
        case Notification(item=Deleted(id=gone)):
            assert_type(gone, str | None)
            return gone
        case _:
            return event.topic


def exhaustive(event: Notification[Conversation | Ticket]) -> str | None:
    match event.item:
        case Conversation() as conversation:
            assert_type(conversation.created_at, int | None)
            return conversation.title
        case Ticket() as ticket:
            assert_type(ticket, Ticket)
            return ticket.ticket_id
        case _:
            assert_never(event.item)


def handlers(webhooks: Webhooks) -> None:
    @webhooks.on("conversation.user.created", "conversation.user.replied")
    async def conversations(event: Notification[Conversation]) -> None:
        assert_type(event.item, Conversation)

    @webhooks.on("ticket.created", order_within_s=2)
    async def tickets(event: Notification[Ticket]) -> None:
        assert_type(event.item.ticket_id, str | None)

    @webhooks.on("ticket.created")  # type: ignore[arg-type] # a ticket is no conversation
    async def mistaken(event: Notification[Conversation]) -> None: ...

    @webhooks.on("*")
    async def every(event: Notification[Any]) -> None: ...

    @webhooks.on("ticket.created", "contact.deleted")
    async def mixed(event: Notification[Any]) -> None: ...
