"""Fields of kinds of tickets, and of their attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict


class TicketTypeFields(TypedDict, total=False):
    """Writable fields of a ticket type; a key left out keeps its value."""

    description: str
    category: Literal["Customer", "Back-office", "Tracker"] | str
    icon: str
    """An emoji."""
    is_internal: bool
    """Whether its tickets are for teammates only."""


class TicketTypeChanges(TicketTypeFields, total=False):
    """What can be changed of a ticket type; a key left out keeps its value."""

    name: str
    archived: bool


class TicketAttributeOptions(TypedDict, total=False):
    """What an attribute of tickets may have; a key left out keeps its value."""

    required_to_create: bool
    """Whether teammates must fill it in for a new ticket."""
    required_to_create_for_contacts: bool
    """Whether contacts must fill it in for a new ticket."""
    visible_on_create: bool
    """Whether teammates see it when they create a ticket."""
    visible_to_contacts: bool
    """Whether contacts see it when they create a ticket."""
    multiline: bool
    """Text only."""
    list_items: Sequence[str]
    """Lists only: what can be chosen; sent with commas in between, so none may have one."""
    allow_multiple_values: bool
    """Files only."""


class NewTicketAttribute(TicketAttributeOptions):
    """An attribute of tickets."""

    name: str
    description: str
    data_type: Literal["string", "list", "integer", "decimal", "boolean", "datetime", "files"] | str


class TicketAttributeChanges(TicketAttributeOptions, total=False):
    """What can be changed of an attribute of tickets; a key left out keeps its value."""

    name: str
    description: str
    archived: bool
    """Whether new tickets are without it."""
