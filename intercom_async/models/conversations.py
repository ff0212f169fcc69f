"""Conversations, in lists and read by id."""

from __future__ import annotations

from typing import Literal

import msgspec

from .ai_topics import AiTopics
from .base import AssigneeId, Id, JsonObject, Model, Timestamp
from .common import Attachment, Author, LinkedObjects, Reference
from .companies import Company
from .contacts import AttachedContacts, ContactReference
from .conversation_parts import ConversationPart, ConversationParts, EmailMetadata
from .conversation_quality import ConversationStatistics, MonitorEvaluation, Scorecard
from .tags import AttachedTags


class EmailRecipient(Model, frozen=True, kw_only=True):
    """Recipient of an email."""

    type: str | None = None
    email: str | None = None
    drop_reason: str | None = None


class ReplyToAddress(Model, frozen=True, kw_only=True):
    """Reply-to address of an email."""

    email: str | None = None
    name: str | None = None


class ConversationSource(Model, frozen=True, kw_only=True):
    """First message of a conversation, which is not one of its parts."""

    id: str | None = None
    type: (
        Literal[
            "conversation",
            "email",
            "facebook",
            "instagram",
            "phone_call",
            "phone_switch",
            "push",
            "sms",
            "twitter",
            "whatsapp",
        ]
        | str
        | None
    ) = None
    delivered_as: str | None = None
    subject: str | None = None
    body: str | None = None
    author: Author | None = None
    attachments: list[Attachment] = []
    url: str | None = None
    redacted: bool | None = None
    recipients: list[EmailRecipient] | None = None
    reply_to: list[ReplyToAddress] | None = None
    email_message_metadata: EmailMetadata | None = None


class ConversationRating(Model, frozen=True, kw_only=True):
    """How the contact rated the conversation.

    From version 2.15 the latest rating that was completed.
    """

    rating: int | None = None
    """From 1, the worst, to 5."""
    remark: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    contact: ContactReference | None = None
    teammate: Reference | None = None
    """From 2.17 of type ``workflow`` where a workflow asked and no teammate took part."""


class ConversationTeammates(Model, frozen=True, kw_only=True):
    """Teammates who took part."""

    type: str | None = None
    teammates: list[Reference] = msgspec.field(name="admins")
    """Under ``admins`` in every recorded answer, whatever the description says."""


class FirstContactReply(Model, frozen=True, kw_only=True):
    """First reply of the contact."""

    created_at: Timestamp | None = None
    type: str | None = None
    url: str | None = None


class SlaApplied(Model, frozen=True, kw_only=True):
    """Service level agreement and whether it was met."""

    type: str | None = None
    sla_name: str | None = None
    sla_status: Literal["hit", "missed", "cancelled", "active"] | str | None = None


class AgentContentSource(Model, frozen=True, kw_only=True):
    """Content that the AI agent answered from."""

    content_type: (
        Literal[
            "file", "article", "external_content", "content_snippet", "workflow_connector_action"
        ]
        | str
        | None
    ) = None
    url: str | None = None
    title: str | None = None
    locale: str | None = None


class AgentContentSources(Model, frozen=True, kw_only=True):
    """All content that the AI agent answered from."""

    type: str | None = None
    total_count: int | None = None
    content_sources: list[AgentContentSource]


class AiAgent(Model, frozen=True, kw_only=True):
    """What the AI agent did in a conversation."""

    source_type: (
        Literal["essentials_plan_setup", "profile", "workflow", "workflow_preview", "fin_preview"]
        | str
        | None
    ) = None
    source_title: str | None = None
    last_answer_type: Literal["ai_answer", "custom_answer"] | str | None = None
    resolution_state: (
        Literal[
            "assumed_resolution",
            "confirmed_resolution",
            "routed_to_team",
            "abandoned",
            "escalated",
            "negative_feedback",
            "procedure_handoff",
        ]
        | str
        | None
    ) = None
    rating: int | None = None
    """From 1, the worst, to 5."""
    rating_remark: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    content_sources: AgentContentSources | None = None


class SalesAgent(Model, frozen=True, kw_only=True):
    """What the AI sales agent found out."""

    outcome: (
        Literal["qualified", "disqualified", "product_discovery", "escalated_to_support", "spam"]
        | str
        | None
    ) = None
    routing_outcome: str | None = None
    collected_data: JsonObject | None = None


class ConversationChannel(Model, frozen=True, kw_only=True):
    """Where a conversation began and where it is now."""

    initial: str | None = None
    current: str | None = None


class ExternalReference(Model, frozen=True, kw_only=True):
    """The conversation's counterpart in another system."""

    id: str | None = None
    type: str | None = None


class DeletedConversation(Model, frozen=True, kw_only=True):
    """Record of a deleted conversation."""

    id: str
    type: str | None = None
    metrics_retained: bool | None = None
    deleted_at: Timestamp | None = None


class Conversation(Model, frozen=True, kw_only=True):
    """A conversation.

    Lists and searches leave `conversation_parts` out.
    """

    id: str
    type: str | None = None
    title: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    waiting_since: Timestamp | None = None
    snoozed_until: Timestamp | None = None
    open: bool | None = None
    state: Literal["open", "closed", "snoozed"] | str | None = None
    read: bool | None = None
    priority: (
        Literal["priority", "not_priority", "none", "low", "medium", "high", "urgent"] | str | None
    ) = None
    admin_assignee_id: AssigneeId | None = None
    """None if nobody is assigned; the API may send 0."""
    team_assignee_id: AssigneeId | None = None
    """None if no team is assigned; the API may send 0."""
    tags: AttachedTags | None = None
    conversation_rating: ConversationRating | None = None
    source: ConversationSource | None = None
    contacts: AttachedContacts | None = None
    teammates: ConversationTeammates | None = None
    custom_attributes: JsonObject = {}
    first_contact_reply: FirstContactReply | None = None
    sla_applied: SlaApplied | None = None
    statistics: ConversationStatistics | None = None
    conversation_parts: ConversationParts | None = None
    """None in lists and searches."""
    linked_objects: LinkedObjects | None = None
    ai_agent_participated: bool | None = None
    ai_agent: AiAgent | None = None
    company: Company | None = None
    """From version 2.15."""
    sales_agent_participated: bool | None = None
    sales_agent: SalesAgent | None = None
    channel: ConversationChannel | None = None
    external_references: list[ExternalReference] = []
    monitor_evaluations: list[MonitorEvaluation] = []
    scorecards: list[Scorecard] = []
    ticket: JsonObject | None = None
    """Where the conversation is a ticket too."""
    topics: JsonObject | None = None
    ai_topics: AiTopics | None = None
    """From Preview."""


class ConversationCustomers(Model, frozen=True, kw_only=True):
    """The contacts of a conversation after one was added or removed; not the conversation."""

    id: str | None = None
    customers: list[ContactReference] = []


class SideConversation(Model, frozen=True, kw_only=True):
    """A side conversation with people who are not in the main one."""

    side_conversation_id: str | None = None
    conversation_parts: list[ConversationPart] = []
    total_count: int | None = None


class HandlingTeammate(Model, frozen=True, kw_only=True):
    """Teammate who paused or resumed."""

    id: Id | None = None
    type: Literal["admin", "team", "bot"] | str | None = None
    name: str | None = None
    email: str | None = None


class HandlingEvent(Model, frozen=True, kw_only=True):
    """A teammate paused or resumed work on a conversation."""

    teammate: HandlingTeammate | None = None
    type: Literal["paused", "resumed"] | str | None = None
    timestamp: str | None = None
    """ISO 8601, unlike other times."""
    reason: str | None = None
