"""What a notification is about: tolerant types of their own, not the REST API's models.

Notifications differ from REST answers in ways their documentation does not mention: times in ISO
8601 beside UNIX seconds, lists with and without the object around them, ids under another name,
numbers for ids, and fields that come and go with the app's API version. So

- every field may be missing; then it is None or empty;
- ids are `str`, times are UNIX seconds, whatever form they came in;
- a list is a plain list, cut short by Intercom at ten entries inside a contact;
- older shapes (`user`, `assignee`, `conversation_message`) are read into today's fields.

The notification's `raw` bytes hold whatever a type leaves out.
"""

from __future__ import annotations

from typing import TypeAlias

from intercom_async.models.base import JsonObject
from .base import Attachment, Deleted, Item, Named, Person, Ping
from .content import (
    Article,
    Audience,
    AudienceMembership,
    ContentImportSource,
    ContentSnippet,
    ContentStat,
    ContentStatDetails,
)
from .conversations import (
    Call,
    Conversation,
    ConversationContact,
    ConversationPart,
    ConversationRating,
    ConversationSource,
    ProcedureQuestion,
)
from .people import (
    Company,
    Contact,
    ContactCompany,
    ContactSubscription,
    ContactTag,
    DataEvent,
    Location,
)
from .tickets import Ticket, TicketContact, TicketPart, TicketState, TicketType
from .workspace import Admin, AdminActivity, ApiRequest, DataConnectorExecution, Job

__all__ = [
    "Admin",
    "AdminActivity",
    "AnyItem",
    "ApiRequest",
    "Article",
    "Attachment",
    "Audience",
    "AudienceMembership",
    "Call",
    "Company",
    "Contact",
    "ContactCompany",
    "ContactSubscription",
    "ContactTag",
    "ContentImportSource",
    "ContentSnippet",
    "ContentStat",
    "ContentStatDetails",
    "Conversation",
    "ConversationContact",
    "ConversationPart",
    "ConversationRating",
    "ConversationSource",
    "DataConnectorExecution",
    "DataEvent",
    "Deleted",
    "Item",
    "Job",
    "Location",
    "Named",
    "Person",
    "Ping",
    "ProcedureQuestion",
    "Ticket",
    "TicketContact",
    "TicketPart",
    "TicketState",
    "TicketType",
]

AnyItem: TypeAlias = (
    Admin
    | AdminActivity
    | ApiRequest
    | Article
    | Audience
    | AudienceMembership
    | Call
    | Company
    | Contact
    | ContactCompany
    | ContactSubscription
    | ContactTag
    | ContentImportSource
    | ContentSnippet
    | ContentStat
    | Conversation
    | ConversationContact
    | DataConnectorExecution
    | DataEvent
    | Deleted
    | Job
    | Ping
    | ProcedureQuestion
    | Ticket
    | TicketContact
    | JsonObject
)
"""Every item that `parse` returns; topics without a type of their own give a `JsonObject`."""
