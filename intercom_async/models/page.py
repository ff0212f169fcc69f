"""Pages of lists, of every name and kind of pagination.

Every page has its rows under `items`; the class says where the API puts them. All are generic, so
that rows can be read as the package's model, as the caller's own struct, or as bytes::

    ConversationPage[Conversation]
    ConversationPage[MyStruct]
    ConversationPage[msgspec.Raw]
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar, get_origin

import msgspec

from .articles import ArticleHighlights
from .base import Id, Model

T = TypeVar("T")
T_new = TypeVar("T_new")


class PageCursor(Model, frozen=True, kw_only=True):
    """Cursor of the next page."""

    starting_after: str | None = None
    """Opaque; may contain line feeds and characters that a URL has to encode."""
    page: int | None = None
    per_page: int | None = None


class Pages(Model, frozen=True, kw_only=True):
    """Position of a page in its list; any field may be absent."""

    type: str | None = None
    page: int | None = None
    """Counted from 1."""
    per_page: int | None = None
    total_pages: int | None = None
    next: PageCursor | str | None = None
    """A cursor or a whole URL, by endpoint; null or absent on the last page, and absent in lists
    with page numbers."""
    prev: PageCursor | str | None = None
    since: str | None = None
    """Events only: URL of the events after this page."""


class Page(Model, Generic[T], frozen=True, kw_only=True):
    """One page of a list, its rows under ``data`` in the API."""

    items: list[T] = msgspec.field(name="data")
    type: str | None = None
    total_count: int | None = None
    """Rows of the whole list as counted by the server; not reliable."""
    pages: Pages | None = None
    scroll_param: str | None = None
    """Companies only: the same on every page of a scroll."""
    next_cursor: str | None = None
    has_more: bool | None = None
    page: int | None = None
    """Stands here rather than in `pages` in some newer lists."""
    per_page: int | None = None
    total_pages: int | None = None
    checkpoint: str | None = msgspec.field(default=None, name="intercom_async.checkpoint")
    """What `Pager.resume` takes to go on after this page; None in a page read without a pager."""
    count_difference: int | None = msgspec.field(
        default=None, name="intercom_async.count_difference"
    )
    """On the last page of a list read from its beginning: rows received minus rows announced."""
    unreadable: tuple[bytes, ...] = msgspec.field(default=(), name="intercom_async.unreadable")
    """Rows that could not be read or repaired, as JSON. Almost always empty; `codec.drift` says
    what was wrong with them."""
    was_null: bool = msgspec.field(default=False, name="intercom_async.was_null")
    """Whether null stood in place of the list, which is read as an empty one."""


class ActivityLogPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """A page whose rows the API names ``activity_logs``."""

    items: list[T] = msgspec.field(name="activity_logs")


class AdminPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """A page whose rows the API names ``admins``."""

    items: list[T] = msgspec.field(name="admins")


class ConversationPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """A page whose rows the API names ``conversations``."""

    items: list[T] = msgspec.field(name="conversations")


class EventPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """A page whose rows the API names ``events``; some come with the person they belong to."""

    items: list[T] = msgspec.field(name="events")
    email: str | None = None
    intercom_user_id: str | None = None
    user_id: str | None = None
    ruleset_id: Id | None = None
    """The sending that these states of messages belong to."""


class EventTypePage(Page[T], Generic[T], frozen=True, kw_only=True):
    """A page whose rows the API names ``event_types``."""

    items: list[T] = msgspec.field(name="event_types")


class HandlingEventPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """A page whose rows the API names ``handling_events``."""

    items: list[T] = msgspec.field(name="handling_events")


class SegmentPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """A page whose rows the API names ``segments``."""

    items: list[T] = msgspec.field(name="segments")


class SideConversationPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """A page whose rows the API names ``side_conversations``."""

    items: list[T] = msgspec.field(name="side_conversations")


class TeamPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """A page whose rows the API names ``teams``."""

    items: list[T] = msgspec.field(name="teams")


class TicketPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """A page whose rows the API names ``tickets``."""

    items: list[T] = msgspec.field(name="tickets")


class FoundArticles(Model, Generic[T], frozen=True, kw_only=True):
    """What a search for articles puts around its rows."""

    items: list[T] = msgspec.field(name="articles")
    highlights: list[ArticleHighlights] = []
    """Where the phrase was found; only if the search asked for it."""


class ArticleSearchPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """A page whose rows the API puts at ``data.articles``."""

    found: FoundArticles[T] = msgspec.field(name="data")
    items: list[T] = msgspec.field(default_factory=list[T], name="articles")

    def __post_init__(self) -> None:
        """Lift the rows to where every page has them."""
        msgspec.structs.force_setattr(self, "items", self.found.items)


class FoundInternalArticles(Model, Generic[T], frozen=True, kw_only=True):
    """What a search for internal articles puts around its rows."""

    items: list[T] = msgspec.field(name="internal_articles")


class InternalArticleSearchPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """A page whose rows the API puts at ``data.internal_articles``."""

    found: FoundInternalArticles[T] = msgspec.field(name="data")
    items: list[T] = msgspec.field(default_factory=list[T], name="internal_articles")

    def __post_init__(self) -> None:
        """Lift the rows to where every page has them."""
        msgspec.structs.force_setattr(self, "items", self.found.items)


def with_items(page_type: type[Page[Any]], item_type: type[T_new]) -> type[Page[T_new]]:
    """Return the same kind of page with rows of another type."""
    kind: Any = get_origin(page_type) or page_type
    parametrised: type[Page[T_new]] = kind[item_type]
    return parametrised
