"""Tickets."""

from __future__ import annotations

from typing import Any, Literal

from .base import AssigneeId, Id, JsonObject, Model, Timestamp
from .common import Attachment, Author, LinkedObjects, Reference
from .contacts import AttachedContacts
from .ticket_types import TicketState, TicketType


class ChangedAttribute(Model, frozen=True, kw_only=True):
    """The attribute that was changed."""

    id: str | None = None
    type: str | None = None
    label: str | None = None


class ChangedValue(Model, frozen=True, kw_only=True):
    """What the attribute was changed to; several values come as a list."""

    id: Any = None
    """An id, a list of ids, or None."""
    type: str | None = None
    label: str | list[str] | None = None


class AttributeChange(Model, frozen=True, kw_only=True):
    """A change of an attribute."""

    attribute: ChangedAttribute | None = None
    value: ChangedValue | None = None


class TicketPart(Model, frozen=True, kw_only=True):
    """One step of a ticket: a message, a note, a change."""

    id: Id
    """Unique in its workspace only."""
    type: str | None = None
    part_type: Literal["note", "comment", "quick_reply"] | str | None = None
    body: str | None = None
    previous_ticket_state: (
        Literal["submitted", "in_progress", "waiting_on_customer", "resolved"] | str | None
    ) = None
    ticket_state: (
        Literal["submitted", "in_progress", "waiting_on_customer", "resolved"] | str | None
    ) = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    assigned_to: Reference | None = None
    """Assignee set by the part; type ``nobody_admin`` without an id removes the assignment, None
    leaves it unchanged."""
    author: Author | None = None
    attachments: list[Attachment] = []
    external_id: str | None = None
    redacted: bool | None = None
    app_package_code: str | None = None
    updated_attribute_data: AttributeChange | None = None
    translations: JsonObject | None = None
    """The body in other languages, by code, from Preview."""


class TicketParts(Model, frozen=True, kw_only=True):
    """The latest parts of a ticket, 500 at most."""

    type: str | None = None
    ticket_parts: list[TicketPart]
    total_count: int | None = None


class Ticket(Model, frozen=True, kw_only=True):
    """A ticket with two ids: paths take `id`, people see `ticket_id`."""

    id: str
    type: str | None = None
    ticket_id: str | None = None
    """The number that people see; no path takes it."""
    category: Literal["Customer", "Back-office", "Tracker"] | str | None = None
    ticket_attributes: JsonObject = {}
    """By name, for tickets of all types."""
    ticket_state: TicketState | None = None
    ticket_type: TicketType | None = None
    contacts: AttachedContacts | None = None
    admin_assignee_id: AssigneeId | None = None
    """None if nobody is assigned; the API may send 0."""
    team_assignee_id: AssigneeId | None = None
    """None if no team is assigned; the API may send 0."""
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    open: bool | None = None
    snoozed_until: Timestamp | None = None
    linked_objects: LinkedObjects | None = None
    ticket_parts: TicketParts | None = None
    """None in searches."""
    is_shared: bool | None = None
    channel: str | None = None
    """Where it was opened, such as ``messenger``."""
    company_id: Id | None = None
    """Intercom's id of the company."""
    ticket_state_internal_label: str | None = None
    """Where `ticket_state` is text, as in versions before 2.12: the state as teammates see it."""
    ticket_state_external_label: str | None = None
    """The same, as contacts see it."""
    previous_ticket_state_id: str | None = None
