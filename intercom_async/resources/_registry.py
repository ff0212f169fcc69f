"""Every resource by name, each imported when it is first asked for.

A program uses a handful of the forty; importing all of them, and the models of their answers, would
cost it more than the rest of the package together.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ._protocol import Sender

if TYPE_CHECKING:
    from intercom_async.resources._base import Resource
    from intercom_async.resources.admins import Admins, AwayStatusReasons, Teams
    from intercom_async.resources.attributes import (
        ConversationAttributes,
        CustomObjects,
        DataAttributes,
    )
    from intercom_async.resources.calls import Calls, FinVoice, PhoneCalls
    from intercom_async.resources.companies import Companies
    from intercom_async.resources.contacts import Contacts, Notes, Visitors
    from intercom_async.resources.content import Audiences, Content, ContentSnippets
    from intercom_async.resources.conversations import Conversations
    from intercom_async.resources.ecommerce import Ecommerce
    from intercom_async.resources.events import Events
    from intercom_async.resources.fin import AiContent, DataConnectors, Fin
    from intercom_async.resources.folders import Folders
    from intercom_async.resources.help_center import Articles, HelpCenter, InternalArticles
    from intercom_async.resources.identity_verification_secrets import IdentityVerificationSecrets
    from intercom_async.resources.jobs import DataExports, Jobs, ReportingExports
    from intercom_async.resources.messages import Messages
    from intercom_async.resources.news import Banners, News
    from intercom_async.resources.tags import Tags
    from intercom_async.resources.tickets import Tickets, TicketStates, TicketTypes
    from intercom_async.resources.workspace import (
        Brands,
        Emails,
        IpAllowlist,
        Macros,
        OfficeHours,
        Segments,
        SubscriptionTypes,
        Workflows,
    )


class ResourceRegistry(Sender):
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
    ecommerce: Ecommerce
    emails: Emails
    events: Events
    fin: Fin
    fin_voice: FinVoice
    folders: Folders
    help_center: HelpCenter
    identity_verification_secrets: IdentityVerificationSecrets
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

    if not TYPE_CHECKING:  # A type checker knows all resources, and finds what is none.

        def __getattr__(self, name: str) -> Resource:
            """Make a resource when it is first asked for.

            Raises:
                AttributeError: There is no such resource; it names the ones there are.
            """
            kind = RESOURCES.get(name)
            if kind is None:
                hint = "" if name.startswith("_") else f"; there are {', '.join(RESOURCES)}"
                raise AttributeError(f"{type(self).__name__} has no attribute {name!r}{hint}")
            module = import_module(f"intercom_async.resources.{_HOMES.get(name, name)}")
            resource: Resource = getattr(module, kind)(self)
            # From now on it is found without coming here.
            self.__dict__[name] = resource
            return resource

    def __dir__(self) -> list[str]:
        """List the resources, too."""
        return sorted({*super().__dir__(), *RESOURCES})


RESOURCES: dict[str, str] = ResourceRegistry.__annotations__
"""Attribute and class."""

_HOMES: dict[str, str] = {
    name: module
    for module, names in {
        "admins": "away_status_reasons teams",
        "attributes": "conversation_attributes custom_objects data_attributes",
        "calls": "fin_voice phone_calls",
        "contacts": "notes visitors",
        "content": "audiences content_snippets",
        "fin": "ai_content data_connectors",
        "help_center": "articles internal_articles",
        "jobs": "data_exports reporting_exports",
        "news": "banners",
        "tickets": "ticket_states ticket_types",
        "workspace": "brands emails ip_allowlist macros office_hours segments subscription_types "
        "workflows",
    }.items()
    for name in names.split()
}
"""Modules of the attributes that do not have one of their own name."""
