"""The streams that come with the package."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from intercom_async import models
from intercom_async.codec.coercion import UNFIT, to_int
from intercom_async.errors import DecodeError, GoneError, NotFoundError
from intercom_async.pagination.pager import Pager
from intercom_async.request.operation import Operation
from intercom_async.resources._registry import ResourceRegistry
from intercom_async.resources.admins import Admins, Teams
from intercom_async.resources.calls import Calls
from intercom_async.resources.companies import Companies
from intercom_async.resources.contacts import Contacts
from intercom_async.resources.conversations import Conversations
from intercom_async.resources.help_center import Articles, HelpCenter, InternalArticles
from intercom_async.resources.news import News
from intercom_async.resources.tags import Tags
from intercom_async.resources.tickets import Tickets, TicketTypes
from intercom_async.resources.workspace import Segments
from .cut_points import BEGINNING
from .errors import UNREADABLE
from .evidence import told_gone
from .key_table import MAX_U32
from .named_rows import unnamed
from .partitions import OPEN
from .references import Reference
from .streams import (
    Children,
    ChildRows,
    DeletionList,
    Embedded,
    Listing,
    ParentGone,
    Ranged,
    Selection,
    Stream,
)


def _contacts(client: ResourceRegistry, selection: Selection) -> Pager[models.Contact]:
    return client.contacts.search(
        selection.query, sort=selection.field, order=selection.order, per_page=selection.per_page
    )


def _conversations(client: ResourceRegistry, selection: Selection) -> Pager[models.Conversation]:
    return client.conversations.search(
        selection.query, sort=selection.field, order=selection.order, per_page=selection.per_page
    )


def _tickets(client: ResourceRegistry, selection: Selection) -> Pager[models.Ticket]:
    return client.tickets.search(
        selection.query, sort=selection.field, order=selection.order, per_page=selection.per_page
    )


def _activity_logs(client: ResourceRegistry, selection: Selection) -> Pager[models.ActivityLog]:
    # Both ends belong to what is asked for here.
    return client.admins.list_activity_logs(
        created_at_after=selection.low if selection.low > BEGINNING else 0,
        created_at_before=None if selection.high >= OPEN else selection.high,
        per_page=selection.per_page,
    )


class _Statistics(msgspec.Struct):
    count_conversation_parts: Any = None


class _Counted(msgspec.Struct):
    statistics: _Statistics | None = None


def _count_parts(body: bytes) -> int:
    """Return how many parts a conversation says it has; its first message counts as one."""
    try:
        statistics = msgspec.json.decode(body, type=_Counted).statistics
    except UNREADABLE:
        return 0
    return _number_in(statistics.count_conversation_parts) if statistics else 0


def _number_in(count: Any) -> int:
    """Return a count in whichever form a page may have it, too; 0 where it is none."""
    number = to_int(count)
    return number if number is not UNFIT and 0 <= number <= MAX_U32 else 0


def _are_told(parts: Any, count: int) -> bool:
    """Say whether an answer tells which parts a row has, perhaps that it has none."""
    if parts is None:
        return count <= 1
    return parts.rows is not None or _number_in(parts.total_count) > 0


def _load_parts(
    get: Operation[Any], name: str
) -> Callable[[ResourceRegistry, str], Awaitable[ChildRows]]:
    """Return the function that loads the parts of one conversation or ticket.

    Args:
        get: The operation that reads the parent.
        name: The field of the parent that holds its parts, and the list's own name in that field.
    """
    parts_type = msgspec.defstruct(
        "Parts",
        [
            ("rows", list[msgspec.Raw] | None, msgspec.field(default=None, name=name)),
            ("total_count", Any, None),
        ],
    )
    (parent_id,) = get.names
    field = parent_id.encode()

    async def load(client: ResourceRegistry, key: str) -> ChildRows:
        try:
            body = bytes((await client.send(get.at(key).into(msgspec.Raw))).data)
        except (NotFoundError, GoneError) as error:
            told = told_gone(error)
            if told is None:
                raise
            raise ParentGone(told.reason, told.into) from error
        try:
            fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
            # What is another row, or does not say its parts, is not a row without any.
            is_it = str(msgspec.json.decode(fields["id"], type=str | int)) == key
            parts: Any = msgspec.json.decode(fields.pop(name), type=parts_type | None)
        except (*UNREADABLE, KeyError) as error:
            raise DecodeError(f"{get.path}: no parts can be read of the answer") from error
        parent = msgspec.json.encode(fields)
        count = _count_parts(parent)
        if not is_it or not _are_told(parts, count):
            raise DecodeError(f"{get.path}: the answer does not list the parts of this row")
        if parts is None:
            return ChildRows([], parent=parent, count=count)
        begin = b'{"%s":%s,' % (field, msgspec.json.encode(key))
        rows = [begin + unnamed(bytes(row), field, parent_id) for row in parts.rows or ()]
        total = _number_in(parts.total_count)
        return ChildRows(rows, max(0, total - len(rows)), parent, count, total)

    return load


class _Company(msgspec.Struct):
    user_count: Any = None


def _has_users(body: bytes) -> bool:
    """Say whether a company is one that lists have: those without users are left out."""
    try:
        return bool(msgspec.json.decode(body, type=_Company).user_count != 0)
    except UNREADABLE:
        return True


class _Attribute(msgspec.Struct):
    model: str
    full_name: str
    id: Any = None


def _with_attribute_key(row: bytes) -> bytes:
    """Return an attribute with MODEL.FULL_NAME as its id where it has none, as Intercom's own."""
    try:
        attribute = msgspec.json.decode(row, type=_Attribute)
        if attribute.id is not None or not (attribute.model and attribute.full_name):
            return row
    except UNREADABLE:
        return row
    key = msgspec.json.encode(f"{attribute.model}.{attribute.full_name}")
    return b'{"id":%b,%b' % (key, unnamed(row, b'"id"', "id"))


EMBEDDED = (
    Embedded("tags", lambda c, key: c.contacts.tags(key)),
    Embedded("companies", lambda c, key: c.contacts.companies(key, per_page=50)),
    Embedded("notes", lambda c, key: c.contacts.notes(key, per_page=50)),
    Embedded("opted_in_subscription_types", lambda c, key: c.contacts.subscriptions(key), "opt_in"),
    Embedded(
        "opted_out_subscription_types", lambda c, key: c.contacts.subscriptions(key), "opt_out"
    ),
)
"""Lists inside contacts, cut after ten entries."""

STREAMS: tuple[Stream, ...] = (
    Stream(
        "contacts",
        Ranged(
            _contacts,
            "day",
            seconds_since="2.17",
            get=Contacts.GET,
            embedded=EMBEDDED,
            archives=True,
            listed=lambda c: c.contacts.list(per_page=1),
            references=(
                Reference("companies", "data", "companies"),
                Reference("tags", "data", "tags"),
            ),
            deletions=DeletionList(lambda c: c.contacts.list_deleted(per_page=150), "2.17"),
        ),
        model=models.Contact,
    ),
    Stream(
        "companies",
        Listing(
            lambda c: c.companies.list(per_page=60),
            60,
            get=Companies.GET,
            is_listed=_has_users,
            references=(Reference("tags", "tags", "tags"),),
        ),
        model=models.Company,
    ),
    Stream(
        "conversations",
        Ranged(
            _conversations,
            get=Conversations.GET,
            references=(
                Reference("contacts", "contacts", "contacts"),
                Reference("tags", "tags", "tags"),
            ),
            deletions=DeletionList(lambda c: c.conversations.list_deleted(per_page=60), "2.16"),
        ),
        model=models.Conversation,
    ),
    Stream(
        "conversation_parts",
        Children(
            "conversations",
            _load_parts(Conversations.GET, "conversation_parts"),
            "conversation_id",
            _count_parts,
        ),
        model=models.ConversationPart,
    ),
    Stream(
        "tickets",
        Ranged(
            _tickets,
            get=Tickets.GET,
            references=(Reference("contacts", "contacts", "contacts"),),
        ),
        model=models.Ticket,
    ),
    Stream(
        "ticket_parts",
        Children("tickets", _load_parts(Tickets.GET, "ticket_parts"), "ticket_id"),
        model=models.TicketPart,
    ),
    Stream("admins", Listing(lambda c: c.admins.list(), get=Admins.GET), model=models.Admin),
    Stream(
        "teams",
        Listing(
            lambda c: c.teams.list(),
            get=Teams.GET,
            references=(Reference("admin_ids", None, "admins"),),
        ),
        model=models.Team,
    ),
    Stream("tags", Listing(lambda c: c.tags.list(), get=Tags.GET), model=models.Tag),
    Stream(
        "segments", Listing(lambda c: c.segments.list(), get=Segments.GET), model=models.Segment
    ),
    Stream(
        "articles",
        Listing(lambda c: c.articles.list(per_page=50), 50, get=Articles.GET),
        model=models.Article,
    ),
    Stream(
        "help_centers",
        Listing(lambda c: c.help_center.list(), get=HelpCenter.GET),
        model=models.HelpCenter,
    ),
    Stream(
        "collections",
        Listing(
            lambda c: c.help_center.list_collections(per_page=50), 50, get=HelpCenter.GET_COLLECTION
        ),
        model=models.Collection,
    ),
    Stream(
        "internal_articles",
        Listing(lambda c: c.internal_articles.list(per_page=50), 50, get=InternalArticles.GET),
        model=models.InternalArticle,
    ),
    Stream(
        "activity_logs",
        Ranged(_activity_logs, cursor_field="created_at", per_page=250, is_append_only=True),
        model=models.ActivityLog,
    ),
    Stream(
        "data_attributes",
        Listing(lambda c: c.data_attributes.list(), with_key=_with_attribute_key),
        model=models.DataAttribute,
    ),
    Stream(
        "subscription_types",
        Listing(lambda c: c.subscription_types.list()),
        model=models.SubscriptionType,
    ),
    Stream(
        "ticket_types",
        Listing(lambda c: c.ticket_types.list(), get=TicketTypes.GET),
        model=models.TicketType,
    ),
    Stream("ticket_states", Listing(lambda c: c.ticket_states.list()), model=models.TicketState),
    Stream(
        "calls", Listing(lambda c: c.calls.list(per_page=50), 50, get=Calls.GET), model=models.Call
    ),
    Stream(
        "news_items",
        Listing(lambda c: c.news.list_items(per_page=50), 50, get=News.GET_ITEM),
        model=models.NewsItem,
    ),
)
"""All of them, in the order in which they are shown."""

TOMBSTONES: str = "tombstones"
"""Where rows go that tell of rows which are gone."""
