"""Kinds of tickets, their attributes and states."""

from __future__ import annotations

from typing import Literal

from .base import Id, JsonObject, Model, Timestamp


class TicketTypeAttribute(Model, frozen=True, kw_only=True):
    """An attribute that tickets of a type have."""

    id: str
    type: str | None = None
    workspace_id: str | None = None
    name: str | None = None
    description: str | None = None
    data_type: str | None = None
    input_options: JsonObject | None = None
    order: int | None = None
    required_to_create: bool | None = None
    required_to_create_for_contacts: bool | None = None
    visible_on_create: bool | None = None
    visible_to_contacts: bool | None = None
    default: bool | None = None
    ticket_type_id: Id | None = None
    archived: bool | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class TicketTypeAttributes(Model, frozen=True, kw_only=True):
    """The attributes of a ticket type."""

    type: str | None = None
    ticket_type_attributes: list[TicketTypeAttribute] = []
    """Where the description says they are."""
    data: list[TicketTypeAttribute] = []
    """Where the API puts them."""

    @property
    def entries(self) -> list[TicketTypeAttribute]:
        """The attributes, wherever they were."""
        return self.data or self.ticket_type_attributes


class TicketStates(Model, frozen=True, kw_only=True):
    """The states that tickets of a type can be in."""

    type: str | None = None
    data: list[TicketState]


class TicketTypes(Model, frozen=True, kw_only=True):
    """The types whose tickets can be in a state."""

    type: str | None = None
    data: list[TicketType]


class TicketType(Model, frozen=True, kw_only=True):
    """A kind of ticket."""

    id: str
    type: str | None = None
    category: Literal["Customer", "Back-office", "Tracker"] | str | None = None
    name: str | None = None
    description: str | None = None
    icon: str | None = None
    workspace_id: str | None = None
    ticket_type_attributes: TicketTypeAttributes | None = None
    ticket_states: TicketStates | None = None
    archived: bool | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    is_internal: bool | None = None


class TicketState(Model, frozen=True, kw_only=True):
    """A state of tickets, under a name for teammates and one for the others."""

    id: str
    type: str | None = None
    category: (
        Literal["submitted", "in_progress", "waiting_on_customer", "resolved"] | str | None
    ) = None
    internal_label: str | None = None
    external_label: str | None = None
    archived: bool | None = None
    ticket_types: TicketTypes | None = None
