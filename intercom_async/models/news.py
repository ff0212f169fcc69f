"""News items and the feeds they stand in."""

from __future__ import annotations

from typing import Literal

from .base import Id, Model, Timestamp


class NewsfeedAssignment(Model, frozen=True, kw_only=True):
    """A feed that an item stands in."""

    newsfeed_id: Id | None = None
    published_at: Timestamp | None = None


class NewsItem(Model, frozen=True, kw_only=True):
    """A piece of news."""

    id: str
    type: str | None = None
    workspace_id: str | None = None
    title: str | None = None
    body: str | None = None
    sender_id: Id | None = None
    state: Literal["draft", "live"] | str | None = None
    newsfeed_assignments: list[NewsfeedAssignment] = []
    labels: list[str | None] = []
    cover_image_url: str | None = None
    reactions: list[str | None] = []
    deliver_silently: bool | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class Newsfeed(Model, frozen=True, kw_only=True):
    """A feed of news."""

    id: str
    type: str | None = None
    name: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
