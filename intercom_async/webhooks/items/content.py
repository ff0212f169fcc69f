"""Articles, snippets, audiences, and what became of outbound messages."""

from __future__ import annotations

from typing import Any, Literal

from intercom_async.models.base import Id
from .base import Item, Named, NotificationTime
from .people import Company, Contact


class Article(Item, frozen=True, kw_only=True):
    """An article of the help center."""

    title: str | None = None
    description: str | None = None
    body: str | None = None
    author_id: Id | None = None
    state: Literal["published", "draft"] | str | None = None
    parent_id: Id | None = None
    parent_type: str | None = None
    url: str | None = None
    workspace_id: str | None = None
    created_at: NotificationTime = None
    updated_at: NotificationTime = None
    tags: list[Named] = []


class Audience(Item, frozen=True, kw_only=True):
    """A group of contacts that content is shown to."""

    name: str | None = None
    predicates: list[Any] = []
    role_predicates: list[Any] = []
    created_at: NotificationTime = None
    updated_at: NotificationTime = None


class AudienceMembership(Item, frozen=True, kw_only=True):
    """Content that was added to an audience or taken from it."""

    audience_id: Id | None = None
    content: Named | None = None


class ContentImportSource(Item, frozen=True, kw_only=True):
    """A place outside that the AI agent's content is imported from."""

    status: Literal["active", "deactivated"] | str | None = None
    url: str | None = None
    sync_behavior: Literal["api", "automatic", "manual"] | str | None = None
    last_synced_at: NotificationTime = None
    created_at: NotificationTime = None
    updated_at: NotificationTime = None
    audience_ids: list[Id] = []


class ContentSnippet(Item, frozen=True, kw_only=True):
    """A piece of text that the AI agent answers from."""

    title: str | None = None
    body: str | None = None
    created_at: NotificationTime = None
    updated_at: NotificationTime = None


class ContentStatDetails(Item, frozen=True, kw_only=True):
    """What happened to a message."""

    content_type: str | None = None
    content_id: Id | None = None
    content_title: str | None = None
    stat_type: str | None = None
    ruleset_id: Id | None = None
    ruleset_version_id: Id | None = None
    series_id: Id | None = None
    series_title: str | None = None
    node_id: Id | None = None


class ContentStat(Item, frozen=True, kw_only=True):
    """An outbound message that was received, opened, clicked and so on."""

    content_stat: ContentStatDetails | None = None
    contact: Contact | None = None
    company: Company | None = None
    created_at: NotificationTime = None
