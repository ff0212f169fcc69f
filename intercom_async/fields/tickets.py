"""Fields of tickets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from .common import Id, Moment


class NewTicketFields(TypedDict, total=False):
    """What a new ticket has, beside its type."""

    contact_id: Id
    """The contact, by Intercom's id; exactly one of the three keys is needed."""
    external_id: Id
    """The contact, by the workspace's own id."""
    email: str
    """The contact, by email address; one that does not exist is created."""
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


class TicketKind(TypedDict):
    """What kind of ticket it is to be."""

    ticket_type_id: Id
    """A ticket type of the same category."""
    ticket_state_id: Id
    """A state of that ticket type."""


class TicketKindChange(TicketKind, total=False):
    """What kind of ticket it is to be, and with what; None counts as left out."""

    ticket_attributes: Mapping[str, Any] | None
    """By name; those of the same name and kind keep their values if they are left out."""


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
