"""Parts of conversations: messages, notes, assignments, changes."""

from __future__ import annotations

from typing import Literal

from .base import Id, JsonObject, Model, Timestamp
from .common import Attachment, Author, Reference
from .tags import Tag


class EmailAddressHeader(Model, frozen=True, kw_only=True):
    """One address in the header of an e-mail."""

    type: str | None = None
    email_address: str | None = None
    name: str | None = None


class EmailMetadata(Model, frozen=True, kw_only=True):
    """Metadata of the email that a message came as."""

    subject: str | None = None
    email_address_headers: list[EmailAddressHeader] = []
    message_id: str | None = None
    history: str | None = None
    """The earlier mails that it quotes."""


class QuickReplyOption(Model, frozen=True, kw_only=True):
    """A quick reply option."""

    text: str | None = None
    uuid: str | None = None
    translations: JsonObject | None = None


class ConversationPartMetadata(Model, frozen=True, kw_only=True):
    """Quick replies offered by a part, and the one chosen."""

    quick_reply_options: list[QuickReplyOption] = []
    quick_reply_uuid: str | None = None


class EventSubject(Model, frozen=True, kw_only=True):
    """Attribute, value, workflow, action or event that a part is about."""

    name: str | None = None
    previous: str | None = None
    type: str | None = None
    result: str | None = None


class SlaTimes(Model, frozen=True, kw_only=True):
    """Target times of an SLA, in seconds."""

    first_reply_time: int | None = None
    next_reply_time: int | None = None
    resolution_time: int | None = None
    time_to_close: int | None = None


class SlaState(Model, frozen=True, kw_only=True):
    """State of one target of an SLA."""

    status: Literal["hit", "missed", "active", "paused"] | str | None = None
    seconds_remaining: int | None = None


class EventDetails(Model, frozen=True, kw_only=True):
    """What changed, in parts that are no message.

    Which fields are there depends on the part's type.
    """

    attribute: EventSubject | None = None
    value: EventSubject | None = None
    workflow: EventSubject | None = None
    action: EventSubject | None = None
    event: EventSubject | None = None
    previous_priority: str | None = None
    """From Preview, as all below."""
    current_priority: str | None = None
    sla_name: str | None = None
    sla_definition: SlaTimes | None = None
    sla_target_type: str | None = None
    """The target that was missed."""
    current_sla_status: str | None = None
    sla_states: dict[str, SlaState] = {}
    """By target, such as ``first_reply_time``."""
    tags_added: list[str] = []
    tags_removed: list[str] = []
    call_id: Id | None = None
    until: str | None = None
    """End of a snooze, in words."""
    custom_until_time: str | None = None
    """ISO 8601."""


class ConversationPart(Model, frozen=True, kw_only=True):
    """One step of a conversation: a message, a note, an assignment, a change."""

    id: Id
    """Unique in its workspace only."""
    type: str | None = None
    part_type: str | None = None
    body: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    notified_at: Timestamp | None = None
    assigned_to: Reference | None = None
    """Assignee set by the part; type ``nobody_admin`` without an id removes the assignment, None
    leaves it unchanged."""
    author: Author | None = None
    attachments: list[Attachment] = []
    external_id: str | None = None
    redacted: bool | None = None
    email_message_metadata: EmailMetadata | None = None
    metadata: ConversationPartMetadata | None = None
    state: Literal["open", "closed", "snoozed"] | str | None = None
    tags: list[Tag] | None = None
    event_details: EventDetails | None = None
    app_package_code: str | None = None
    external_reply_send_state: str | None = None
    """Delivery state of a reply on an external channel; from Preview."""
    seen_state: JsonObject | None = None
    """Who has seen it; from Preview."""
    translations: JsonObject | None = None
    """The body in other languages, by code, where the request asked for them."""


class ConversationParts(Model, frozen=True, kw_only=True):
    """The latest parts of a conversation, 500 at most.

    Older ones can only be exported.
    """

    type: str | None = None
    conversation_parts: list[ConversationPart]
    total_count: int | None = None
