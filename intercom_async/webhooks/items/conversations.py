"""Conversations, their parts, calls, and procedures that wait for an answer."""

from __future__ import annotations

from typing import Literal

from intercom_async.models.base import AssigneeId, Id, JsonObject, Model
from .base import Attachment, Item, Named, NotificationTime, Person
from .people import Company, Contact


class ConversationSource(Item, frozen=True, kw_only=True):
    """The message that a conversation began with."""

    delivered_as: str | None = None
    subject: str | None = None
    body: str | None = None
    """HTML up to API version 2.14, plain text from 2.15."""
    author: Person | None = None
    attachments: list[Attachment] = []
    url: str | None = None
    redacted: bool | None = None


class ConversationPart(Item, frozen=True, kw_only=True):
    """One step of a conversation."""

    part_type: str | None = None
    body: str | None = None
    """None for steps without a text; HTML up to API version 2.14, plain text from 2.15."""
    created_at: NotificationTime = None
    updated_at: NotificationTime = None
    notified_at: NotificationTime = None
    assigned_to: Person | None = None
    author: Person | None = None
    attachments: list[Attachment] = []
    external_id: Id | None = None
    redacted: bool | None = None
    tags: list[Named] = []


class ConversationRating(Model, frozen=True, kw_only=True):
    """How the contact rated a conversation."""

    rating: int | None = None
    """From 1, the worst, to 5."""
    remark: str | None = None
    created_at: NotificationTime = None
    contact: Person | None = None
    teammate: Person | None = None
    """From version 2.17 possibly a ``workflow``."""


class Conversation(Item, frozen=True, kw_only=True):
    """A conversation with the parts that the notification is about, not all of them."""

    title: str | None = None
    created_at: NotificationTime = None
    updated_at: NotificationTime = None
    waiting_since: NotificationTime = None
    snoozed_until: NotificationTime = None
    open: bool | None = None
    state: Literal["open", "closed", "snoozed"] | str | None = None
    read: bool | None = None
    priority: str | None = None
    admin_assignee_id: AssigneeId | None = None
    team_assignee_id: AssigneeId | None = None
    source: ConversationSource | None = None
    contacts: list[Person] = []
    teammates: list[Person] = []
    conversation_parts: list[ConversationPart] = []
    conversation_rating: ConversationRating | None = None
    tags: list[Named] = []
    tags_added: list[Named] = []
    custom_attributes: JsonObject = {}
    company: Company | None = None
    linked_objects: list[Item] = []
    ai_agent_participated: bool | None = None
    ai_agent: JsonObject | None = None
    statistics: JsonObject | None = None
    sla_applied: JsonObject | None = None

    @property
    def text(self) -> str | None:
        """The newest message: of the last part that has one, else the one it began with."""
        bodies = [part.body for part in self.conversation_parts if part.body]
        return bodies[-1] if bodies else self.source.body if self.source else None


class ConversationContact(Item, frozen=True, kw_only=True):
    """A contact that was added to a conversation or removed from it."""

    conversation: Conversation | None = None
    contact: Contact | None = None


class Call(Item, frozen=True, kw_only=True):
    """A telephone call."""

    conversation_id: Id | None = None
    admin_id: Id | None = None
    contact_id: Id | None = None
    state: str | None = None
    direction: Literal["inbound", "outbound"] | str | None = None
    call_type: str | None = None
    phone: str | None = None
    recording_url: str | None = None
    transcription_url: str | None = None
    initiated_at: NotificationTime = None
    answered_at: NotificationTime = None
    ended_at: NotificationTime = None
    created_at: NotificationTime = None
    updated_at: NotificationTime = None


class ProcedureQuestion(Item, frozen=True, kw_only=True):
    """A procedure of the AI agent that waits for a person's answer."""

    app_id: str | None = None
    conversation_id: Id | None = None
    step_id: str | None = None
    """Goes back with the answer."""
    procedure_name: str | None = None
    hitl_question: str | None = None
    attributes_to_collect: list[JsonObject] = []
    callback_url: str | None = None
    conversation_url: str | None = None
    expires_at: NotificationTime = None
    priority: str | None = None
    assign_to: Person | None = None
    recent_messages: list[ConversationPart] = []
