"""Tickets."""

from __future__ import annotations

from typing import Literal

from intercom_async.models.base import AssigneeId, Id, JsonObject
from .base import Attachment, Item, NotificationTime, Person
from .people import Contact


class TicketState(Item, frozen=True, kw_only=True):
    """Where a ticket stands."""

    category: (
        Literal["submitted", "in_progress", "waiting_on_customer", "resolved"] | str | None
    ) = None
    internal_label: str | None = None
    external_label: str | None = None


class TicketType(Item, frozen=True, kw_only=True):
    """The kind of a ticket."""

    name: str | None = None
    description: str | None = None
    category: Literal["Customer", "Back-office", "Tracker"] | str | None = None


class TicketPart(Item, frozen=True, kw_only=True):
    """One step of a ticket."""

    part_type: str | None = None
    body: str | None = None
    created_at: NotificationTime = None
    updated_at: NotificationTime = None
    ticket_state: str | None = None
    previous_ticket_state: str | None = None
    assigned_to: Person | None = None
    author: Person | None = None
    attachments: list[Attachment] = []
    redacted: bool | None = None
    updated_attribute_data: JsonObject | None = None


class Ticket(Item, frozen=True, kw_only=True):
    """A ticket, under two ids: API paths take `id`, people see `ticket_id`."""

    ticket_id: Id | None = None
    category: Literal["Customer", "Back-office", "Tracker"] | str | None = None
    ticket_attributes: JsonObject = {}
    """By name."""
    ticket_state: TicketState | None = None
    ticket_type: TicketType | None = None
    contacts: list[Person] = []
    admin_assignee_id: AssigneeId | None = None
    team_assignee_id: AssigneeId | None = None
    created_at: NotificationTime = None
    updated_at: NotificationTime = None
    open: bool | None = None
    snoozed_until: NotificationTime = None
    linked_objects: list[Item] = []
    ticket_parts: list[TicketPart] = []
    is_shared: bool | None = None
    company_id: Id | None = None
    channel: str | None = None


class TicketContact(Item, frozen=True, kw_only=True):
    """A contact that was added to a ticket or removed from it."""

    ticket: Ticket | None = None
    contact: Contact | None = None
