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
    from .banners import Banners
    from .base import Resource
    from .calls import Calls, FinVoice, PhoneCalls
    from .companies import Companies
    from .contacts import Contacts
    from .content import Audiences, Content, ContentSnippets
    from .conversation_attributes import ConversationAttributes
    from .conversations import Conversations
    from .custom_objects import CustomObjects
    from .data_attributes import DataAttributes
    from .data_connectors import DataConnectors
    from .data_exports import DataExports
    from .events import Events
    from .fin import Fin
    from .help_center import HelpCenter
    from .jobs import Jobs
    from .messages import Messages
    from .news import News
    from .notes import Notes
    from .office_hours import OfficeHours
    from .reporting_exports import ReportingExports
    from .tags import Tags
    from .ticket_types import TicketStates, TicketTypes
    from .tickets import Tickets
    from .visitors import Visitors
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
    **dict.fromkeys(("teams", "away_status_reasons"), "admins"),
    **dict.fromkeys(("fin_voice", "phone_calls"), "calls"),
    **dict.fromkeys(("ticket_states",), "ticket_types"),
    **dict.fromkeys(("content_snippets", "audiences"), "content"),
    **dict.fromkeys(("internal_articles",), "articles"),
    **dict.fromkeys(
        (
            "brands",
            "emails",
            "ip_allowlist",
            "macros",
            "segments",
            "subscription_types",
            "workflows",
        ),
        "workspace",
    ),
}
"""Modules of the attributes that do not have one of their own name."""
