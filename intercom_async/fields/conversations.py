"""Fields of conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from .common import Id, Moment, Order, SearchOptions


class ConversationFields(TypedDict, total=False):
    """Writable fields of a conversation; a key left out keeps its value."""

    read: bool
    title: str
    priority: Literal["none", "low", "medium", "high", "urgent"] | str
    """From Preview; ``none`` takes it away."""
    admin_id: Id
    """Who changes the priority; Operator if left out."""
    custom_attributes: dict[str, Any]
    """Attributes must be defined before they are used."""
    company_id: Id | None
    """Intercom's id; None takes the company away."""


class ConversationOptions(TypedDict, total=False):
    """What a new conversation may have; None counts as left out."""

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


class TicketTypeChoice(TypedDict):
    """What kind of ticket a conversation becomes."""

    ticket_type_id: Id


class TicketConversion(TicketTypeChoice, total=False):
    """What kind of ticket a conversation becomes, and with what; None counts as left out."""

    ticket_state_id: Id | None
    """A state of that kind; from 2.16 on."""
    attributes: Mapping[str, Any] | None
    """By name; title and description are ``_default_title_`` and ``_default_description_``."""


class Assignee(TypedDict):
    """Who assigns, and to whom."""

    admin_id: Id
    """The admin who assigns."""
    assignee_id: Id
    """Who gets it; ``"0"`` takes it from everybody."""


class Assignment(Assignee, total=False):
    """Who assigns, to whom, and with what words."""

    type: Literal["admin", "team"]
    """Whether the assignee is an admin, as if it is left out, or a team."""
    body: str | None
    """A comment to go with it."""


class ConversationChanges(ConversationFields, total=False):
    """Fields of a conversation that can be changed, and how it is returned."""

    display_as: Literal["plaintext"] | None
    """``plaintext`` for bodies without HTML."""


class ConversationReading(TypedDict, total=False):
    """How one conversation is read."""

    display_as: Literal["plaintext"] | None
    """``plaintext`` for bodies without HTML."""
    include_translations: bool | None
    """Whether parts say what they mean in other languages."""
    include_email_history: bool | None
    """From Preview: whether the source has the e-mails before it."""
    include_monitors: bool | None
    """From Preview: whether to add the results of quality monitors."""
    include_scorecards: bool | None
    """From Preview: whether to add the reviews of the conversation."""


class ConversationListing(TypedDict, total=False):
    """How conversations are listed; 20 a page by default, at most 150."""

    per_page: int | None
    order: Order | None
    sort: str | None
    """``updated_at`` or ``created_at``."""
    include_monitors: bool | None
    """From Preview: whether to add the results of quality monitors."""
    include_scorecards: bool | None
    """From Preview: whether to add the reviews of the conversation."""


PartType = Literal["assignment", "close", "open", "snoozed", "comment", "note"] | str
"""What a part does."""


class PartAdmin(TypedDict):
    """Who adds a part."""

    admin_id: Id


class PartFields(PartAdmin, total=False):
    """What a part may have beside its type, and who adds it."""

    type: Literal["admin", "team"]
    """Whom the part assigns to, or who writes it; ``admin`` if left out."""
    body: str | None
    """HTML."""
    assignee_id: Id
    """Who gets the conversation; ``"0"`` takes it from everybody."""
    snoozed_until: Moment
    """When a snoozed conversation comes back."""


class PartChanges(TypedDict, total=False):
    """What can be changed of a part; None counts as left out."""

    send_state: str | None
    """How far a reply got on its way to an outside channel."""
    info_message: str | None
    """What to say beside that."""
    seen: bool | None
    """Whether an admin has seen it."""
    admin_id: Id | None
    """The admin who has seen it."""


class ConversationSearch(SearchOptions, total=False):
    """How a search returns the conversations it finds; 20 a page by default."""

    include_monitors: bool | None
    """From 2.16 on: whether to add the results of quality monitors."""
    include_scorecards: bool | None
    """From 2.16 on: whether to add the reviews of the conversation."""
