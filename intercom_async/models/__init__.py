"""What the API answers with, one module per resource; see `base` for how models are read.

A module is imported when one of its names is first asked for: a program uses a few of them, and
defining all the structs would take longer than importing the rest of the package.
"""

from __future__ import annotations

from intercom_async._lazy import lazily

_NAMES = {
    "activity_logs": "ActivityLog ActivityLogMetadata ActivityLogPerformer ActivityLogTeam",
    "admins": "Admin AdminRole App AwayStatusReason Me TeamPriorityLevel",
    "ai_content": "ContentImportSource ExternalPage",
    "ai_topics": "AiSubtopic AiTopic AiTopics",
    "articles": (
        "Article ArticleContent ArticleHighlights ArticleStatistics ArticleVersion HighlightedText"
    ),
    "audiences": "Audience Predicate",
    "banners": "Banner BannerAction BannerDismissal BannerReaction",
    "base": "JsonObject Model Timestamp",
    "brands": "Brand",
    "bulk_jobs": "BulkJob BulkTask",
    "calls": "Call PhoneSwitch",
    "common": (
        "AddressableList AddressableReference Attachment Author Avatar DeletedObject "
        "FileAttribute LinkedObject LinkedObjects Reference"
    ),
    "companies": "Company CompanyNotes CompanyPlan CompanySegments FoundCompany",
    "contact_activities": "ContactActivity",
    "contact_merges": (
        "MergePreview MergeReason MergeSummary MergedCount MergedCounts MergedField MergedFields"
    ),
    "contacts": (
        "AttachedContacts Contact ContactLocation ContactMerge ContactReference ContactStatus "
        "DeletedContact SocialProfile SocialProfiles"
    ),
    "content": "BulkActionAccepted ContentSnippet FoundArticleContent FoundContent",
    "conversation_attributes": (
        "ConversationAttribute ConversationAttributeOption ConversationAttributeReference"
    ),
    "conversation_parts": (
        "ConversationPart ConversationPartMetadata ConversationParts EmailAddressHeader "
        "EmailMetadata EventDetails EventSubject QuickReplyOption SlaState SlaTimes"
    ),
    "conversation_quality": (
        "ConversationStatistics MonitorEvaluation Scorecard ScorecardEvaluator "
        "ScorecardResult ScorecardTeammate TeamResponseTime"
    ),
    "conversations": (
        "AgentContentSource AgentContentSources AiAgent Conversation ConversationChannel "
        "ConversationCustomers ConversationRating ConversationSource ConversationTeammates "
        "DeletedConversation EmailRecipient ExternalReference FirstContactReply HandlingEvent "
        "HandlingTeammate ReplyToAddress SalesAgent SideConversation SlaApplied"
    ),
    "custom_objects": "CustomObjectInstance CustomObjectInstances FoundCustomObject",
    "data_attributes": "DataAttribute",
    "data_connectors": (
        "ConnectorAttributeMapping ConnectorExecution ConnectorHeader ConnectorInput "
        "ConnectorObjectMapping ConnectorReferenceMapping ConnectorResponseField "
        "DataConnector"
    ),
    "data_exports": "DataExport Dataset DatasetAttribute ReportingExport",
    "ecommerce": "CatalogUpload",
    "emails": "EmailSetting",
    "events": "Event EventSummary",
    "fin": "FinAttributes FinCapabilities FinCapability FinErrors FinRating FinTurn",
    "fin_voice": "FinVoiceCall",
    "folders": "DeletedFolder Folder",
    "help_center": "Collection GroupContent HelpCenter HelpCenterRedirect",
    "identity_secrets": "IdentitySecret NewIdentitySecret",
    "internal_articles": "InternalArticle",
    "ip_allowlist": "IpAllowlist",
    "jobs": "Job",
    "loose": "AssigneeId Id LooseTimestamp",
    "macros": "Macro",
    "messages": "Message MessageError WhatsAppStatus",
    "news": "Newsfeed NewsfeedAssignment NewsItem",
    "notes": "Note",
    "office_hours": "OfficeHoursException OfficeHoursInterval OfficeHoursSchedule",
    "page": (
        "ActivityLogPage AdminPage ArticleSearchPage ConversationPage EventPage EventTypePage "
        "FoundArticles FoundInternalArticles HandlingEventPage InternalArticleSearchPage Page "
        "PageCursor Pages SegmentPage SideConversationPage TeamPage TicketPage"
    ),
    "segments": "Segment",
    "subscription_types": "SubscriptionType Translation",
    "tags": "AttachedTags Tag TaggedObject",
    "teams": "AdminPriorityLevel Team TeamMetric",
    "ticket_types": (
        "TicketState TicketStates TicketType TicketTypeAttribute TicketTypeAttributes TicketTypes"
    ),
    "tickets": "AttributeChange ChangedAttribute ChangedValue Ticket TicketPart TicketParts",
    "visitors": (
        "Visitor VisitorCompanies VisitorLocation VisitorSegments VisitorSocialProfiles VisitorTags"
    ),
    "workflows": "Workflow WorkflowExport",
}
__getattr__, __all__ = lazily(__name__, _NAMES)


def __dir__() -> list[str]:
    return __all__
