"""What methods take beside single values: fields of bodies and options, by area.

They are the types of keyword arguments, for wrappers of your own::

    async def create_lead(intercom: Intercom, **fields: Unpack[ContactFields]) -> Contact:
        return await intercom.contacts.create(role="lead", **fields)

As with the models, a module is imported when one of its names is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ai_content import (
        ExternalPageAddress as ExternalPageAddress,
        ExternalPageChanges as ExternalPageChanges,
        ExternalPageContent as ExternalPageContent,
        ExternalPageKey as ExternalPageKey,
        NewExternalPage as NewExternalPage,
        SourceChanges as SourceChanges,
        SourceOptions as SourceOptions,
    )
    from .articles import (
        ArticleFields as ArticleFields,
        ArticleFilters as ArticleFilters,
        ArticleOptions as ArticleOptions,
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
    from .companies import (
        CompanyChanges as CompanyChanges,
        CompanyFields as CompanyFields,
    )
    from .contacts import (
        ContactFields as ContactFields,
        ContactReading as ContactReading,
        ContactSearchOptions as ContactSearchOptions,
        PersonKey as PersonKey,
    )
    from .content import (
        ContentFilters as ContentFilters,
        ContentReference as ContentReference,
        ContentSnippetFields as ContentSnippetFields,
        ContentSnippetOptions as ContentSnippetOptions,
    )
    from .conversation_attributes import (
        AttributeReference as AttributeReference,
        ConversationAttributeFields as ConversationAttributeFields,
        ConversationAttributeOptions as ConversationAttributeOptions,
        ConversationAttributeType as ConversationAttributeType,
        NewConversationAttribute as NewConversationAttribute,
    )
    from .conversations import (
        ConversationFields as ConversationFields,
        ConversationReading as ConversationReading,
        ConversationSearchOptions as ConversationSearchOptions,
        NewConversationOptions as NewConversationOptions,
    )
    from .custom_objects import (
        InstanceOptions as InstanceOptions,
    )
    from .data_attributes import (
        AttributeOwner as AttributeOwner,
        DataAttributeChanges as DataAttributeChanges,
        DataAttributeOptions as DataAttributeOptions,
    )
    from .data_connectors import (
        ConnectorHeaderFields as ConnectorHeaderFields,
        ConnectorInputFields as ConnectorInputFields,
        DataConnectorFields as DataConnectorFields,
        DataConnectorOptions as DataConnectorOptions,
        ExecutionFilters as ExecutionFilters,
    )
    from .events import (
        EventFields as EventFields,
        EventName as EventName,
        EventOwner as EventOwner,
    )
    from .fin import (
        FinAttachment as FinAttachment,
        FinMessage as FinMessage,
        FinReply as FinReply,
        FinStart as FinStart,
        FinTurnRequired as FinTurnRequired,
        FinUser as FinUser,
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
        EmailOptions as EmailOptions,
        MessageFields as MessageFields,
        MessageOptions as MessageOptions,
        PhoneRecipient as PhoneRecipient,
        Recipient as Recipient,
        Recipients as Recipients,
        TemplateComponent as TemplateComponent,
        TemplateParameter as TemplateParameter,
        WhatsAppOptions as WhatsAppOptions,
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
    )

_NAMES = {
    "ai_content": (
        "ExternalPageAddress "
        "ExternalPageChanges "
        "ExternalPageContent "
        "ExternalPageKey "
        "NewExternalPage "
        "SourceChanges "
        "SourceOptions"
    ),
    "articles": "ArticleFields ArticleFilters ArticleOptions ArticleTranslation",
    "audiences": "AudienceFields AudienceOptions PredicateFields",
    "common": "AiUse HydrationOptions Id Moment Order SearchOptions SearchOrder",
    "companies": "CompanyChanges CompanyFields",
    "contacts": "ContactFields ContactReading ContactSearchOptions PersonKey",
    "content": "ContentFilters ContentReference ContentSnippetFields ContentSnippetOptions",
    "conversation_attributes": (
        "AttributeReference "
        "ConversationAttributeFields "
        "ConversationAttributeOptions "
        "ConversationAttributeType "
        "NewConversationAttribute"
    ),
    "conversations": (
        "ConversationFields ConversationReading ConversationSearchOptions NewConversationOptions"
    ),
    "custom_objects": "InstanceOptions",
    "data_attributes": "AttributeOwner DataAttributeChanges DataAttributeOptions",
    "data_connectors": (
        "ConnectorHeaderFields "
        "ConnectorInputFields "
        "DataConnectorFields "
        "DataConnectorOptions "
        "ExecutionFilters"
    ),
    "events": "EventFields EventName EventOwner",
    "fin": "FinAttachment FinMessage FinReply FinStart FinTurnRequired FinUser",
    "help_center": "CollectionFields CollectionOptions CollectionTranslation NewRedirect",
    "internal_articles": "InternalArticleFields InternalArticleOptions",
    "messages": (
        "EmailOptions "
        "MessageFields "
        "MessageOptions "
        "PhoneRecipient "
        "Recipient "
        "Recipients "
        "TemplateComponent "
        "TemplateParameter "
        "WhatsAppOptions"
    ),
    "news": "NewsItemOptions NewsfeedAssignmentFields",
    "office_hours": ("ExceptionFields ExceptionOptions IntervalFields NewException ScheduleFields"),
    "replies": "AttachmentFile MessageType ReplyFields ReplyOption TicketReplyFields",
    "ticket_types": (
        "NewTicketAttribute "
        "TicketAttributeChanges "
        "TicketAttributeOptions "
        "TicketTypeChanges "
        "TicketTypeFields"
    ),
    "tickets": "NewTicketFields TicketFields",
}
_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_HOME)  # noqa: PLE0605 # pyright: ignore[reportUnsupportedDunderAll] # as above


def __getattr__(name: str) -> Any:
    """Import the module that has a name, and keep the name here."""
    module = _HOME.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
