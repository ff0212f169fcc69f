"""The streams that come with the package."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from intercom_async import models
from intercom_async.errors import GoneError, NotFoundError
from intercom_async.pagination.pager import Pager
from intercom_async.request.operation import Operation
from intercom_async.resources._registry import ResourceRegistry
from intercom_async.resources.conversations import Conversations
from intercom_async.resources.tickets import Tickets
from .streams import Children, ChildRows, Listing, Ranged, Stream, Window


class Vanished(Exception):  # noqa: N818 (an answer that a reader gives, not a failure)
    """A parent that is no longer there."""

    def __init__(self, reason: str, into: str | None) -> None:
        super().__init__(reason)
        self.reason = reason
        """``deleted`` or ``merged``."""
        self.into = into
        """The id it was merged into, where the API says it."""


def _contacts(client: ResourceRegistry, window: Window) -> Pager[models.Contact]:
    return client.contacts.search(
        window.query, sort=window.field, order="descending", per_page=window.per_page
    )


def _conversations(client: ResourceRegistry, window: Window) -> Pager[models.Conversation]:
    return client.conversations.search(
        window.query, sort=window.field, order="descending", per_page=window.per_page
    )


def _tickets(client: ResourceRegistry, window: Window) -> Pager[models.Ticket]:
    return client.tickets.search(
        window.query, sort=window.field, order="descending", per_page=window.per_page
    )


def _activity_logs(client: ResourceRegistry, window: Window) -> Pager[models.ActivityLog]:
    # Both ends belong to what is asked for here.
    return client.admins.list_activity_logs(
        created_at_after=max(window.low, 0),
        created_at_before=window.high,
        per_page=window.per_page,
    )


def _load_parts(
    get: Operation[Any], name: str
) -> Callable[[ResourceRegistry, str], Awaitable[ChildRows]]:
    """Return the function that loads the parts of one conversation or ticket.

    Args:
        get: The operation that reads the parent.
        name: The field of the parent that holds its parts, and the list's own name in that field.
    """
    raw_list = msgspec.field(default_factory=list[msgspec.Raw], name=name)
    parts_type = msgspec.defstruct(
        "Parts", [("rows", list[msgspec.Raw], raw_list), ("total_count", int | None, None)]
    )
    parent_type = msgspec.defstruct(
        "Parent", [("parts", parts_type | None, msgspec.field(default=None, name=name))]
    )
    (parent_id,) = get.names

    async def load(client: ResourceRegistry, key: str) -> ChildRows:
        try:
            parent: Any = (await client.send(get.at(key).into(parent_type))).data
        except GoneError as error:
            raise Vanished("merged", error.canonical_id) from error
        except NotFoundError as error:
            raise Vanished("deleted", None) from error
        if parent.parts is None:
            return ChildRows([])
        # A part does not name its parent, so the parent's id is put before its other fields.
        begin = b'{"%s":%s,' % (parent_id.encode(), msgspec.json.encode(key))
        rows = [begin + bytes(memoryview(row)[1:]).lstrip() for row in parent.parts.rows]
        return ChildRows(rows, max(0, (parent.parts.total_count or 0) - len(rows)))

    return load


STREAMS: tuple[Stream, ...] = (
    Stream("contacts", Ranged(_contacts, "day"), model=models.Contact),
    Stream("companies", Listing(lambda c: c.companies.list(per_page=60), 60), model=models.Company),
    Stream("conversations", Ranged(_conversations), model=models.Conversation),
    Stream(
        "conversation_parts",
        Children("conversations", _load_parts(Conversations.GET, "conversation_parts")),
        model=models.ConversationPart,
    ),
    Stream("tickets", Ranged(_tickets), model=models.Ticket),
    Stream(
        "ticket_parts",
        Children("tickets", _load_parts(Tickets.GET, "ticket_parts")),
        model=models.TicketPart,
    ),
    Stream("admins", Listing(lambda c: c.admins.list()), model=models.Admin),
    Stream("teams", Listing(lambda c: c.teams.list()), model=models.Team),
    Stream("tags", Listing(lambda c: c.tags.list()), model=models.Tag),
    Stream("segments", Listing(lambda c: c.segments.list()), model=models.Segment),
    Stream("articles", Listing(lambda c: c.articles.list(per_page=50), 50), model=models.Article),
    Stream(
        "collections",
        Listing(lambda c: c.help_center.list_collections(per_page=50), 50),
        model=models.Collection,
    ),
    Stream(
        "internal_articles",
        Listing(lambda c: c.internal_articles.list(per_page=50), 50),
        model=models.InternalArticle,
    ),
    Stream(
        "activity_logs",
        Ranged(_activity_logs, cursor_field="created_at", per_page=250),
        model=models.ActivityLog,
    ),
    Stream(
        "data_attributes", Listing(lambda c: c.data_attributes.list()), model=models.DataAttribute
    ),
    Stream(
        "subscription_types",
        Listing(lambda c: c.subscription_types.list()),
        model=models.SubscriptionType,
    ),
    Stream("ticket_types", Listing(lambda c: c.ticket_types.list()), model=models.TicketType),
    Stream("ticket_states", Listing(lambda c: c.ticket_states.list()), model=models.TicketState),
    Stream("calls", Listing(lambda c: c.calls.list(per_page=50), 50), model=models.Call),
    Stream(
        "news_items", Listing(lambda c: c.news.list_items(per_page=50), 50), model=models.NewsItem
    ),
)
"""All of them, in the order in which they are shown."""

TOMBSTONES: str = "tombstones"
"""Where rows go that tell of rows which are gone."""
