"""Topics, and what their notifications are about.

Names from the reference of 2.17 and Preview, and those that API versions 1.x used for the same.
New ones appear without notice: a topic that is not listed here gives an item of plain JSON.
https://developers.intercom.com/docs/references/2.17/webhooks/webhook-models
"""

from __future__ import annotations

from typing import Literal, get_args

from .items import (
    Admin,
    AdminActivity,
    ApiRequest,
    Article,
    Audience,
    AudienceMembership,
    Call,
    Company,
    Contact,
    ContactCompany,
    ContactSubscription,
    ContactTag,
    ContentImportSource,
    ContentSnippet,
    ContentStat,
    Conversation,
    ConversationContact,
    DataConnectorExecution,
    DataEvent,
    Deleted,
    Item,
    Job,
    Ping,
    ProcedureQuestion,
    Ticket,
    TicketContact,
)

PING = "ping"

AdminTopic = Literal[
    "admin.added_to_workspace",
    "admin.away_mode_updated",
    "admin.logged_in",
    "admin.logged_out",
    "admin.removed_from_workspace",
]
AdminActivityTopic = Literal["admin.activity_log_event.created"]
ApiRequestTopic = Literal["api.request.completed"]
ArticleTopic = Literal[
    "article.created", "article.published", "article.unpublished", "article.updated"
]
AudienceTopic = Literal["audience.created", "audience.updated"]
AudienceMembershipTopic = Literal["audience.member_added", "audience.member_removed"]
CallTopic = Literal[
    "call.ended", "call.recording_available", "call.started", "call.transcription_available"
]
CompanyTopic = Literal["company.created", "company.updated"]
ContactCompanyTopic = Literal["company.contact.attached", "company.contact.detached"]
ContactTopic = Literal[
    "contact.added_email",
    "contact.archived",
    "contact.created",
    "contact.email.updated",
    "contact.lead.added_email",
    "contact.lead.created",
    "contact.lead.signed_up",
    "contact.lead.updated",
    "contact.merged",
    "contact.signed_up",
    "contact.unarchive",
    "contact.user.created",
    "contact.user.updated",
    "user.created",
    "user.email.updated",
    "user.unsubscribed",
    "visitor.signed_up",
]
ContactTagTopic = Literal[
    "contact.lead.tag.created",
    "contact.lead.tag.deleted",
    "contact.tag.created",
    "contact.tag.deleted",
    "contact.user.tag.created",
    "contact.user.tag.deleted",
    "user.tag.created",
    "user.tag.deleted",
]
ContactSubscriptionTopic = Literal[
    "contact.subscribed", "contact.unsubscribed", "granular.subscribe", "granular.unsubscribe"
]
ContentImportSourceTopic = Literal["content_import_source.created", "content_import_source.updated"]
ContentSnippetTopic = Literal["content_snippet.created", "content_snippet.updated"]
ContentStatTopic = Literal[
    "content_stat.banner",
    "content_stat.carousel",
    "content_stat.chat",
    "content_stat.checklist",
    "content_stat.custom_bot",
    "content_stat.email",
    "content_stat.news_item",
    "content_stat.post",
    "content_stat.push",
    "content_stat.series",
    "content_stat.series.webhook",
    "content_stat.sms",
    "content_stat.survey",
    "content_stat.tooltip_group",
    "content_stat.tour",
]
ConversationTopic = Literal[
    "conversation.admin.assigned",
    "conversation.admin.closed",
    "conversation.admin.noted",
    "conversation.admin.open.assigned",
    "conversation.admin.opened",
    "conversation.admin.replied",
    "conversation.admin.replied.translated",
    "conversation.admin.single.created",
    "conversation.admin.snoozed",
    "conversation.admin.unsnoozed",
    "conversation.company.updated",
    "conversation.operator.replied",
    "conversation.priority.updated",
    "conversation.rating.added",
    "conversation.read",
    "conversation.user.created",
    "conversation.user.replied",
    "conversation_part.redacted",
    "conversation_part.tag.created",
]
ConversationContactTopic = Literal["conversation.contact.attached", "conversation.contact.detached"]
DataConnectorTopic = Literal["data_connector.execution.completed"]
DataEventTopic = Literal["event.created"]
DeletedTopic = Literal[
    "article.deleted",
    "audience.deleted",
    "company.deleted",
    "contact.deleted",
    "content_import_source.deleted",
    "content_snippet.deleted",
    "conversation.deleted",
    "user.deleted",
]
JobTopic = Literal["job.completed"]
PingTopic = Literal["ping"]
ProcedureTopic = Literal["procedure.hitl_notification.created"]
TicketTopic = Literal[
    "ticket.admin.assigned",
    "ticket.admin.replied",
    "ticket.admin.replied.translated",
    "ticket.attribute.updated",
    "ticket.closed",
    "ticket.contact.replied",
    "ticket.created",
    "ticket.note.created",
    "ticket.rating.provided",
    "ticket.resolved",
    "ticket.state.updated",
    "ticket.team.assigned",
]
TicketContactTopic = Literal["ticket.contact.attached", "ticket.contact.detached"]

_ITEMS: tuple[tuple[object, type[Item]], ...] = (
    (AdminTopic, Admin),
    (AdminActivityTopic, AdminActivity),
    (ApiRequestTopic, ApiRequest),
    (ArticleTopic, Article),
    (AudienceTopic, Audience),
    (AudienceMembershipTopic, AudienceMembership),
    (CallTopic, Call),
    (CompanyTopic, Company),
    (ContactCompanyTopic, ContactCompany),
    (ContactTopic, Contact),
    (ContactTagTopic, ContactTag),
    (ContactSubscriptionTopic, ContactSubscription),
    (ContentImportSourceTopic, ContentImportSource),
    (ContentSnippetTopic, ContentSnippet),
    (ContentStatTopic, ContentStat),
    (ConversationTopic, Conversation),
    (ConversationContactTopic, ConversationContact),
    (DataConnectorTopic, DataConnectorExecution),
    (DataEventTopic, DataEvent),
    (DeletedTopic, Deleted),
    (JobTopic, Job),
    (PingTopic, Ping),
    (ProcedureTopic, ProcedureQuestion),
    (TicketTopic, Ticket),
    (TicketContactTopic, TicketContact),
)

TOPICS: dict[str, type[Item]] = {
    topic: item for topics, item in _ITEMS for topic in get_args(topics)
}
"""Type of the item by topic."""


def item_type(topic: str) -> type[Item] | None:
    """Return the type of a topic's item; None where it is plain JSON.

    A deletion has only ids, and a translation or a later addition to `content_stat` has the shape
    of its family, also where the topic itself is newer than this list.
    """
    known = TOPICS.get(topic)
    if known is not None:
        return known
    if topic.endswith(".deleted"):
        return Deleted
    if topic.startswith("content_stat."):
        return ContentStat
    return TOPICS.get(topic.removesuffix(".translated"))
