"""Every resource by name, each imported when it is first asked for.

A program uses a handful of the forty; importing all of them, and the models of their answers, would
cost it more than the rest of the package together.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .sender import Sender

if TYPE_CHECKING:
    from .admins import Admins, AwayStatusReasons, Teams
    from .ai_content import AiContent
    from .articles import Articles, InternalArticles
    from .base import Resource
    from .calls import Calls, FinVoice, PhoneCalls
    from .companies import Companies
    from .contact_links import Notes
    from .contacts import Contacts, Visitors
    from .content import Audiences, Content, ContentSnippets
    from .conversation_attributes import ConversationAttributes
    from .conversations import Conversations
    from .custom_objects import CustomObjects
    from .data_attributes import DataAttributes
    from .data_connectors import DataConnectors
    from .events import Events
    from .fin import Fin
    from .help_center import HelpCenter
    from .jobs import DataExports, Jobs, ReportingExports
    from .messages import Messages
    from .news import Banners, News
    from .office_hours import OfficeHours
    from .tags import Tags
    from .ticket_types import TicketStates, TicketTypes
    from .tickets import Tickets
    from .workspace import (
        Brands,
        Emails,
        IpAllowlist,
        Macros,
        Segments,
        SubscriptionTypes,
        Workflows,
    )


class Catalogue(Sender):
    """The resources as attributes; what sends their calls is for the subclass to say."""

    admins: Admins
    ai_content: AiContent
    articles: Articles
    audiences: Audiences
    away_status_reasons: AwayStatusReasons
    banners: Banners
    brands: Brands
    calls: Calls
    companies: Companies
    contacts: Contacts
    content: Content
    content_snippets: ContentSnippets
    conversation_attributes: ConversationAttributes
    conversations: Conversations
    custom_objects: CustomObjects
    data_attributes: DataAttributes
    data_connectors: DataConnectors
    data_exports: DataExports
    emails: Emails
    events: Events
    fin: Fin
    fin_voice: FinVoice
    help_center: HelpCenter
    internal_articles: InternalArticles
    ip_allowlist: IpAllowlist
    jobs: Jobs
    macros: Macros
    messages: Messages
    news: News
    notes: Notes
    office_hours: OfficeHours
    phone_calls: PhoneCalls
    reporting_exports: ReportingExports
    segments: Segments
    subscription_types: SubscriptionTypes
    tags: Tags
    teams: Teams
    ticket_states: TicketStates
    ticket_types: TicketTypes
    tickets: Tickets
    visitors: Visitors
    workflows: Workflows

    def __getattr__(self, name: str) -> Resource:
        """Make a resource when it is first asked for.

        Raises:
            AttributeError: There is no such resource; it names the ones there are.
        """
        kind = RESOURCES.get(name)
        if kind is None:
            hint = "" if name.startswith("_") else f"; there are {', '.join(RESOURCES)}"
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}{hint}")
        module = import_module(f".{_HOMES.get(name, name)}", __package__)
        resource: Resource = getattr(module, kind)(self)
        # From now on it is found without coming here.
        self.__dict__[name] = resource
        return resource

    def __dir__(self) -> list[str]:
        """List the resources, too."""
        return sorted({*super().__dir__(), *RESOURCES})


RESOURCES: dict[str, str] = Catalogue.__annotations__
"""Attribute and class."""

_HOMES: dict[str, str] = {
    name: module
    for module, names in {
        "admins": "away_status_reasons teams",
        "articles": "internal_articles",
        "calls": "fin_voice phone_calls",
        "contact_links": "notes",
        "contacts": "visitors",
        "content": "audiences content_snippets",
        "jobs": "data_exports reporting_exports",
        "news": "banners",
        "ticket_types": "ticket_states",
        "workspace": "brands emails ip_allowlist macros segments subscription_types workflows",
    }.items()
    for name in names.split()
}
"""Modules of the attributes that do not have one of their own name."""
