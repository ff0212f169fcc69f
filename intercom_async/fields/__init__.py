"""What methods take beside single values: fields of bodies and options, by area.

They are the types of keyword arguments, for wrappers of your own::

    async def create_lead(intercom: Intercom, **fields: Unpack[ContactFields]) -> Contact:
        return await intercom.contacts.create(role="lead", **fields)

As with the models, a module is imported when one of its names is first asked for.
"""

from __future__ import annotations

from intercom_async._lazy import lazily

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
    "bulk": (
        "BulkCompany "
        "BulkCompanyChanges "
        "BulkCompanyKey "
        "BulkContact "
        "BulkContactChanges "
        "BulkContactKey "
        "BulkMembership"
    ),
    "common": "AiUse HydrationOptions Id Moment Order SearchOptions SearchOrder",
    "companies": "CompanyChanges CompanyFields",
    "contacts": (
        "ConsentType "
        "ContactChanges "
        "ContactFields "
        "ContactKey "
        "ContactReading "
        "ContactSearch "
        "ContactUpdate "
        "ContactUpsert "
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
        "ConversationListing "
        "ConversationOptions "
        "ConversationReading "
        "ConversationSearch "
        "PartAdmin "
        "PartChanges "
        "PartFields "
        "PartType "
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
    "ecommerce": "CatalogPart",
    "events": "EventFields EventName EventOwner",
    "fin": (
        "AgentInput "
        "FinAsk "
        "FinAttachment "
        "FinContext "
        "FinMessage "
        "FinQuestion "
        "FinReply "
        "FinRun "
        "FinScore "
        "FinSettings "
        "FinStart "
        "FinTurnRequired "
        "FinUser "
        "NewVoiceCall "
        "VoiceCallKey"
    ),
    "folders": "FolderFields FolderOptions",
    "help_center": "CollectionFields CollectionOptions CollectionTranslation NewRedirect",
    "identity_secrets": "SecretSupport",
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
    "replies": (
        "AttachmentFile "
        "AttachmentSource "
        "ConversationReplyFields "
        "MessageType "
        "ReplyFields "
        "ReplyOption "
        "TicketReplyFields"
    ),
    "reporting": "ReportingQuery",
    "teams": "TeamLevels",
    "ticket_types": (
        "NewTicketAttribute "
        "TicketAttributeChanges "
        "TicketAttributeOptions "
        "TicketTypeChanges "
        "TicketTypeFields"
    ),
    "tickets": "NewTicketFields TicketFields TicketKind TicketKindChange",
}
__getattr__, __all__ = lazily(__name__, _NAMES)


def __dir__() -> list[str]:
    return __all__
