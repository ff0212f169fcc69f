"""Fields of conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from .common import Id, Moment, SearchOptions


class ConversationFields(TypedDict, total=False):
    """Writable fields of a conversation; a key left out keeps its value."""

    read: bool
    title: str
    custom_attributes: dict[str, Any]
    """Attributes must be defined before they are used."""
    company_id: Id | None
    """Intercom's id; None takes the company away."""


class NewConversationOptions(TypedDict, total=False):
    """What a new conversation may have; None is as if left out."""

    contact_type: Literal["user", "lead", "contact"]
    """What the contact is; ``contact``, as if it is left out, is right for both."""
    subject: str | None
    """For e-mail."""
    attachment_urls: Sequence[str] | None
    """At most ten addresses of pictures."""
    created_at: Moment | None
    """When it began; now if left out."""
    brand_id: Id | None
    """From 2.16 on."""


class ConversationReading(TypedDict, total=False):
    """How one conversation is read."""

    display_as: Literal["plaintext"] | None
    """``plaintext`` for bodies without HTML."""
    include_translations: bool | None
    """Whether parts say what they mean in other languages."""


class ConversationSearchOptions(SearchOptions, total=False):
    """How a search gives the conversations it finds; 20 a page if nothing else is said."""

    include_monitors: bool | None
    """From 2.16 on: whether to add what quality monitors found,"""
    include_scorecards: bool | None
    """and how the conversation was reviewed."""
