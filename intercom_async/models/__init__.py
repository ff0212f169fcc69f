"""What the API answers with, one module per resource; see `base` for how models are read.

A module is imported when one of its names is first asked for: a program uses a few of them, and
defining all the structs would take longer than importing the rest of the package.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from intercom_async._lazy import lazily

if TYPE_CHECKING:
    from .activity_logs import (
        ActivityLog as ActivityLog,
        ActivityLogMetadata as ActivityLogMetadata,
        ActivityLogPerformer as ActivityLogPerformer,
        ActivityLogTeam as ActivityLogTeam,
    )
    from .admins import (
        Admin as Admin,
        AdminRole as AdminRole,
        App as App,
        AwayStatusReason as AwayStatusReason,
        Me as Me,
        TeamPriorityLevel as TeamPriorityLevel,
    )
    from .ai_content import ContentImportSource as ContentImportSource, ExternalPage as ExternalPage
    from .articles import (
        Article as Article,
        ArticleContent as ArticleContent,
        ArticleHighlights as ArticleHighlights,
        ArticleStatistics as ArticleStatistics,
        ArticleVersion as ArticleVersion,
        HighlightedText as HighlightedText,
    )
    from .audiences import Audience as Audience, Predicate as Predicate
    from .banners import (
        Banner as Banner,
        BannerAction as BannerAction,
        BannerDismissal as BannerDismissal,
        BannerReaction as BannerReaction,
    )
    from .base import (
        AssigneeId as AssigneeId,
        Id as Id,
        JsonObject as JsonObject,
        LooseTimestamp as LooseTimestamp,
        Model as Model,
        Timestamp as Timestamp,
    )
    from .brands import Brand as Brand
    from .calls import Call as Call, PhoneSwitch as PhoneSwitch
    from .common import (
        AddressableList as AddressableList,
        AddressableReference as AddressableReference,
        Attachment as Attachment,
        Author as Author,
        Avatar as Avatar,
        DeletedObject as DeletedObject,
        FileAttribute as FileAttribute,
        LinkedObject as LinkedObject,
        LinkedObjects as LinkedObjects,
        Reference as Reference,
    )
    from .companies import (
        Company as Company,
        CompanyNotes as CompanyNotes,
        CompanyPlan as CompanyPlan,
        CompanySegments as CompanySegments,
        FoundCompany as FoundCompany,
    )
    from .contacts import (
        AttachedContacts as AttachedContacts,
        Contact as Contact,
        ContactLocation as ContactLocation,
        ContactMerge as ContactMerge,
        ContactReference as ContactReference,
        ContactStatus as ContactStatus,
        SocialProfile as SocialProfile,
        SocialProfiles as SocialProfiles,
    )
    from .content import (
        BulkActionAccepted as BulkActionAccepted,
        ContentSnippet as ContentSnippet,
        FoundArticleContent as FoundArticleContent,
        FoundContent as FoundContent,
    )
    from .conversation_attributes import (
        ConversationAttribute as ConversationAttribute,
        ConversationAttributeOption as ConversationAttributeOption,
        ConversationAttributeReference as ConversationAttributeReference,
    )
    from .conversation_parts import (
        ConversationPart as ConversationPart,
        ConversationPartMetadata as ConversationPartMetadata,
        ConversationParts as ConversationParts,
        EmailAddressHeader as EmailAddressHeader,
        EmailMetadata as EmailMetadata,
        EventDetails as EventDetails,
        EventSubject as EventSubject,
        QuickReplyOption as QuickReplyOption,
    )
    from .conversation_quality import (
        ConversationStatistics as ConversationStatistics,
        MonitorEvaluation as MonitorEvaluation,
        Scorecard as Scorecard,
        ScorecardEvaluator as ScorecardEvaluator,
        ScorecardResult as ScorecardResult,
        ScorecardTeammate as ScorecardTeammate,
        TeamResponseTime as TeamResponseTime,
    )
    from .conversations import (
        AgentContentSource as AgentContentSource,
        AgentContentSources as AgentContentSources,
        AiAgent as AiAgent,
        Conversation as Conversation,
        ConversationChannel as ConversationChannel,
        ConversationCustomers as ConversationCustomers,
        ConversationRating as ConversationRating,
        ConversationSource as ConversationSource,
        ConversationTeammates as ConversationTeammates,
        DeletedConversation as DeletedConversation,
        EmailRecipient as EmailRecipient,
        ExternalReference as ExternalReference,
        FirstContactReply as FirstContactReply,
        HandlingEvent as HandlingEvent,
        HandlingTeammate as HandlingTeammate,
        ReplyToAddress as ReplyToAddress,
        SalesAgent as SalesAgent,
        SideConversation as SideConversation,
        SlaApplied as SlaApplied,
    )
    from .custom_objects import (
        CustomObjectInstance as CustomObjectInstance,
        CustomObjectInstances as CustomObjectInstances,
        FoundCustomObject as FoundCustomObject,
    )
    from .data_attributes import DataAttribute as DataAttribute
    from .data_connectors import (
        ConnectorAttributeMapping as ConnectorAttributeMapping,
        ConnectorExecution as ConnectorExecution,
        ConnectorHeader as ConnectorHeader,
        ConnectorInput as ConnectorInput,
        ConnectorObjectMapping as ConnectorObjectMapping,
        ConnectorReferenceMapping as ConnectorReferenceMapping,
        ConnectorResponseField as ConnectorResponseField,
        DataConnector as DataConnector,
    )
    from .data_exports import (
        DataExport as DataExport,
        Dataset as Dataset,
        DatasetAttribute as DatasetAttribute,
        ReportingExport as ReportingExport,
    )
    from .emails import EmailSetting as EmailSetting
    from .events import Event as Event, EventSummary as EventSummary
    from .fin import (
        FinAttributes as FinAttributes,
        FinErrors as FinErrors,
        FinRating as FinRating,
        FinTurn as FinTurn,
    )
    from .fin_voice import FinVoiceCall as FinVoiceCall
    from .help_center import (
        Collection as Collection,
        GroupContent as GroupContent,
        HelpCenter as HelpCenter,
        HelpCenterRedirect as HelpCenterRedirect,
    )
    from .internal_articles import InternalArticle as InternalArticle
    from .ip_allowlist import IpAllowlist as IpAllowlist
    from .jobs import Job as Job
    from .macros import Macro as Macro
    from .messages import (
        Message as Message,
        MessageError as MessageError,
        WhatsAppStatus as WhatsAppStatus,
    )
    from .news import (
        Newsfeed as Newsfeed,
        NewsfeedAssignment as NewsfeedAssignment,
        NewsItem as NewsItem,
    )
    from .notes import Note as Note
    from .office_hours import (
        OfficeHoursException as OfficeHoursException,
        OfficeHoursInterval as OfficeHoursInterval,
        OfficeHoursSchedule as OfficeHoursSchedule,
    )
    from .page import (
        ActivityLogPage as ActivityLogPage,
        AdminPage as AdminPage,
        ArticleSearchPage as ArticleSearchPage,
        ConversationPage as ConversationPage,
        EventPage as EventPage,
        EventTypePage as EventTypePage,
        FoundArticles as FoundArticles,
        FoundInternalArticles as FoundInternalArticles,
        HandlingEventPage as HandlingEventPage,
        InternalArticleSearchPage as InternalArticleSearchPage,
        Page as Page,
        PageCursor as PageCursor,
        Pages as Pages,
        SegmentPage as SegmentPage,
        SideConversationPage as SideConversationPage,
        TeamPage as TeamPage,
        TicketPage as TicketPage,
        with_items as with_items,
    )
    from .segments import Segment as Segment
    from .subscription_types import SubscriptionType as SubscriptionType, Translation as Translation
    from .tags import AttachedTags as AttachedTags, Tag as Tag, TaggedObject as TaggedObject
    from .teams import (
        AdminPriorityLevel as AdminPriorityLevel,
        Team as Team,
        TeamMetric as TeamMetric,
    )
    from .ticket_types import (
        TicketState as TicketState,
        TicketStates as TicketStates,
        TicketType as TicketType,
        TicketTypeAttribute as TicketTypeAttribute,
        TicketTypeAttributes as TicketTypeAttributes,
        TicketTypes as TicketTypes,
    )
    from .tickets import (
        AttributeChange as AttributeChange,
        ChangedAttribute as ChangedAttribute,
        ChangedValue as ChangedValue,
        Ticket as Ticket,
        TicketPart as TicketPart,
        TicketParts as TicketParts,
    )
    from .visitors import (
        Visitor as Visitor,
        VisitorCompanies as VisitorCompanies,
        VisitorLocation as VisitorLocation,
        VisitorSegments as VisitorSegments,
        VisitorSocialProfiles as VisitorSocialProfiles,
        VisitorTags as VisitorTags,
    )
    from .workflows import Workflow as Workflow, WorkflowExport as WorkflowExport

_NAMES = {
    "activity_logs": "ActivityLog ActivityLogMetadata ActivityLogPerformer ActivityLogTeam",
    "admins": "Admin AdminRole App AwayStatusReason Me TeamPriorityLevel",
    "ai_content": "ContentImportSource ExternalPage",
    "articles": (
        "Article ArticleContent ArticleHighlights ArticleStatistics ArticleVersion HighlightedText"
    ),
    "audiences": "Audience Predicate",
    "banners": "Banner BannerAction BannerDismissal BannerReaction",
    "base": "AssigneeId Id JsonObject LooseTimestamp Model Timestamp",
    "brands": "Brand",
    "calls": "Call PhoneSwitch",
    "common": (
        "AddressableList AddressableReference Attachment Author Avatar DeletedObject "
        "FileAttribute LinkedObject LinkedObjects Reference"
    ),
    "companies": "Company CompanyNotes CompanyPlan CompanySegments FoundCompany",
    "contacts": (
        "AttachedContacts Contact ContactLocation ContactMerge ContactReference ContactStatus "
        "SocialProfile SocialProfiles"
    ),
    "content": "BulkActionAccepted ContentSnippet FoundArticleContent FoundContent",
    "conversation_attributes": (
        "ConversationAttribute ConversationAttributeOption ConversationAttributeReference"
    ),
    "conversation_parts": (
        "ConversationPart ConversationPartMetadata ConversationParts EmailAddressHeader "
        "EmailMetadata EventDetails EventSubject QuickReplyOption"
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
    "emails": "EmailSetting",
    "events": "Event EventSummary",
    "fin": "FinAttributes FinErrors FinRating FinTurn",
    "fin_voice": "FinVoiceCall",
    "help_center": "Collection GroupContent HelpCenter HelpCenterRedirect",
    "internal_articles": "InternalArticle",
    "ip_allowlist": "IpAllowlist",
    "jobs": "Job",
    "macros": "Macro",
    "messages": "Message MessageError WhatsAppStatus",
    "news": "Newsfeed NewsfeedAssignment NewsItem",
    "notes": "Note",
    "office_hours": "OfficeHoursException OfficeHoursInterval OfficeHoursSchedule",
    "page": (
        "ActivityLogPage AdminPage ArticleSearchPage ConversationPage EventPage EventTypePage "
        "FoundArticles FoundInternalArticles HandlingEventPage InternalArticleSearchPage Page "
        "PageCursor Pages SegmentPage SideConversationPage TeamPage TicketPage with_items"
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
__getattr__: Callable[[str], Any]
__all__: list[str]
__getattr__, __all__ = lazily(__name__, _NAMES)


def __dir__() -> list[str]:
    return __all__
