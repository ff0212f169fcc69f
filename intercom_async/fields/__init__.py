"""What methods take beside single values: fields of bodies and options, by area.

They are the types of keyword arguments, for wrappers of your own::

    async def create_lead(intercom: Intercom, **fields: Unpack[ContactFields]) -> Contact:
        return await intercom.contacts.create(role="lead", **fields)

As with the models, a module is imported when one of its names is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from intercom_async._lazy import lazily

if TYPE_CHECKING:
    from .admins import (
        AwayFields as AwayFields,
        AwayMode as AwayMode,
        LogBeginning as LogBeginning,
        LogFilters as LogFilters,
        LogSearchFilters as LogSearchFilters,
    )
    from .ai_content import (
        ExternalPageAddress as ExternalPageAddress,
        ExternalPageChanges as ExternalPageChanges,
        ExternalPageContent as ExternalPageContent,
        ExternalPageKey as ExternalPageKey,
        ExternalPageLanguage as ExternalPageLanguage,
        NewExternalPage as NewExternalPage,
        NewSource as NewSource,
        SourceAddress as SourceAddress,
        SourceBehavior as SourceBehavior,
        SourceChanges as SourceChanges,
        SourceOptions as SourceOptions,
    )
    from .articles import (
        ArticleFields as ArticleFields,
        ArticleOptions as ArticleOptions,
        ArticleQuery as ArticleQuery,
        ArticleTranslation as ArticleTranslation,
    )
    from .audiences import (
        AudienceFields as AudienceFields,
        AudienceOptions as AudienceOptions,
        PredicateFields as PredicateFields,
    )
    from .common import (
        AiUse as AiUse,
        HydrationOptions as HydrationOptions,
        Id as Id,
        Moment as Moment,
        Order as Order,
        SearchOptions as SearchOptions,
        SearchOrder as SearchOrder,
    )
    from .companies import CompanyChanges as CompanyChanges, CompanyFields as CompanyFields
    from .contacts import (
        ConsentType as ConsentType,
        ContactChanges as ContactChanges,
        ContactFields as ContactFields,
        ContactKey as ContactKey,
        ContactReading as ContactReading,
        ContactSearch as ContactSearch,
        Conversion as Conversion,
        MergedPair as MergedPair,
        MergeFields as MergeFields,
        PersonKey as PersonKey,
        VisitorChanges as VisitorChanges,
    )
    from .content import (
        AudienceChange as AudienceChange,
        Availability as Availability,
        ContentFilters as ContentFilters,
        ContentReference as ContentReference,
        SnippetFields as SnippetFields,
        SnippetOptions as SnippetOptions,
        TagChange as TagChange,
    )
    from .conversation_attributes import (
        AttributeReference as AttributeReference,
        ConversationAttributeFields as ConversationAttributeFields,
        ConversationAttributeKind as ConversationAttributeKind,
        ConversationAttributeOptions as ConversationAttributeOptions,
        ConversationAttributeType as ConversationAttributeType,
        NewConversationAttribute as NewConversationAttribute,
    )
    from .conversations import (
        Assignee as Assignee,
        Assignment as Assignment,
        ConversationChanges as ConversationChanges,
        ConversationFields as ConversationFields,
        ConversationOptions as ConversationOptions,
        ConversationReading as ConversationReading,
        ConversationSearch as ConversationSearch,
        TicketConversion as TicketConversion,
        TicketTypeChoice as TicketTypeChoice,
    )
    from .custom_objects import (
        InstanceFilters as InstanceFilters,
        InstanceOptions as InstanceOptions,
    )
    from .data_attributes import (
        AttributeChanges as AttributeChanges,
        AttributeOwner as AttributeOwner,
        DataAttributeName as DataAttributeName,
        DataAttributeOptions as DataAttributeOptions,
        NewChoice as NewChoice,
        NewDataAttribute as NewDataAttribute,
    )
    from .data_connectors import (
        ConnectorFields as ConnectorFields,
        ConnectorHeaderFields as ConnectorHeaderFields,
        ConnectorInputFields as ConnectorInputFields,
        ConnectorOptions as ConnectorOptions,
        ExecutionFilters as ExecutionFilters,
    )
    from .events import EventFields as EventFields, EventName as EventName, EventOwner as EventOwner
    from .fin import (
        FinAttachment as FinAttachment,
        FinMessage as FinMessage,
        FinReply as FinReply,
        FinScore as FinScore,
        FinStart as FinStart,
        FinTurnRequired as FinTurnRequired,
        FinUser as FinUser,
        NewVoiceCall as NewVoiceCall,
        VoiceCallKey as VoiceCallKey,
    )
    from .help_center import (
        CollectionFields as CollectionFields,
        CollectionOptions as CollectionOptions,
        CollectionTranslation as CollectionTranslation,
        NewRedirect as NewRedirect,
    )
    from .internal_articles import (
        InternalArticleFields as InternalArticleFields,
        InternalArticleOptions as InternalArticleOptions,
    )
    from .messages import (
        Email as Email,
        EmailFields as EmailFields,
        InAppMessage as InAppMessage,
        MessageAddress as MessageAddress,
        MessageOptions as MessageOptions,
        PhoneRecipient as PhoneRecipient,
        Recipient as Recipient,
        Recipients as Recipients,
        TemplateComponent as TemplateComponent,
        TemplateParameter as TemplateParameter,
        WhatsAppAddress as WhatsAppAddress,
        WhatsAppMessage as WhatsAppMessage,
    )
    from .news import (
        NewsfeedAssignmentFields as NewsfeedAssignmentFields,
        NewsItemOptions as NewsItemOptions,
    )
    from .office_hours import (
        ExceptionFields as ExceptionFields,
        ExceptionOptions as ExceptionOptions,
        IntervalFields as IntervalFields,
        NewException as NewException,
        ScheduleFields as ScheduleFields,
    )
    from .replies import (
        AttachmentFile as AttachmentFile,
        MessageType as MessageType,
        ReplyFields as ReplyFields,
        ReplyOption as ReplyOption,
        TicketReplyFields as TicketReplyFields,
    )
    from .reporting import ReportingQuery as ReportingQuery
    from .ticket_types import (
        NewTicketAttribute as NewTicketAttribute,
        TicketAttributeChanges as TicketAttributeChanges,
        TicketAttributeOptions as TicketAttributeOptions,
        TicketTypeChanges as TicketTypeChanges,
        TicketTypeFields as TicketTypeFields,
    )
    from .tickets import (
        NewTicketFields as NewTicketFields,
        TicketFields as TicketFields,
        TicketKind as TicketKind,
        TicketKindChange as TicketKindChange,
    )

_NAMES = {
    "admins": "AwayFields AwayMode LogBeginning LogFilters LogSearchFilters",
    "ai_content": (
        "ExternalPageAddress "
        "ExternalPageChanges "
        "ExternalPageContent "
        "ExternalPageKey "
        "ExternalPageLanguage "
        "NewExternalPage "
        "NewSource "
        "SourceAddress "
        "SourceBehavior "
        "SourceChanges "
        "SourceOptions"
    ),
    "articles": "ArticleFields ArticleOptions ArticleQuery ArticleTranslation",
    "audiences": "AudienceFields AudienceOptions PredicateFields",
    "common": "AiUse HydrationOptions Id Moment Order SearchOptions SearchOrder",
    "companies": "CompanyChanges CompanyFields",
    "contacts": (
        "ConsentType "
        "ContactChanges "
        "ContactFields "
        "ContactKey "
        "ContactReading "
        "ContactSearch "
        "Conversion "
        "MergeFields "
        "MergedPair "
        "PersonKey "
        "VisitorChanges"
    ),
    "content": (
        "AudienceChange "
        "Availability "
        "ContentFilters "
        "ContentReference "
        "SnippetFields "
        "SnippetOptions "
        "TagChange"
    ),
    "conversation_attributes": (
        "AttributeReference "
        "ConversationAttributeFields "
        "ConversationAttributeKind "
        "ConversationAttributeOptions "
        "ConversationAttributeType "
        "NewConversationAttribute"
    ),
    "conversations": (
        "Assignee "
        "Assignment "
        "ConversationChanges "
        "ConversationFields "
        "ConversationOptions "
        "ConversationReading "
        "ConversationSearch "
        "TicketConversion "
        "TicketTypeChoice"
    ),
    "custom_objects": "InstanceFilters InstanceOptions",
    "data_attributes": (
        "AttributeChanges "
        "AttributeOwner "
        "DataAttributeName "
        "DataAttributeOptions "
        "NewChoice "
        "NewDataAttribute"
    ),
    "data_connectors": (
        "ConnectorFields "
        "ConnectorHeaderFields "
        "ConnectorInputFields "
        "ConnectorOptions "
        "ExecutionFilters"
    ),
    "events": "EventFields EventName EventOwner",
    "fin": (
        "FinAttachment "
        "FinMessage "
        "FinReply "
        "FinScore "
        "FinStart "
        "FinTurnRequired "
        "FinUser "
        "NewVoiceCall "
        "VoiceCallKey"
    ),
    "help_center": "CollectionFields CollectionOptions CollectionTranslation NewRedirect",
    "internal_articles": "InternalArticleFields InternalArticleOptions",
    "messages": (
        "Email "
        "EmailFields "
        "InAppMessage "
        "MessageAddress "
        "MessageOptions "
        "PhoneRecipient "
        "Recipient "
        "Recipients "
        "TemplateComponent "
        "TemplateParameter "
        "WhatsAppAddress "
        "WhatsAppMessage"
    ),
    "news": "NewsItemOptions NewsfeedAssignmentFields",
    "office_hours": ("ExceptionFields ExceptionOptions IntervalFields NewException ScheduleFields"),
    "replies": "AttachmentFile MessageType ReplyFields ReplyOption TicketReplyFields",
    "reporting": "ReportingQuery",
    "ticket_types": (
        "NewTicketAttribute "
        "TicketAttributeChanges "
        "TicketAttributeOptions "
        "TicketTypeChanges "
        "TicketTypeFields"
    ),
    "tickets": "NewTicketFields TicketFields TicketKind TicketKindChange",
}
__getattr__: Callable[[str], Any]
__all__: list[str]
__getattr__, __all__ = lazily(__name__, _NAMES)


def __dir__() -> list[str]:
    return __all__
