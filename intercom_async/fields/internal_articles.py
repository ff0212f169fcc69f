"""Fields of articles that only teammates read."""

from __future__ import annotations

from .common import AiUse, Id


class InternalArticleOptions(AiUse, total=False):
    """What an internal article may have beside title, author and owner."""

    body: str
    """HTML; not beside `body_markdown`."""
    body_markdown: str
    """From 2.16 on."""
    folder_id: Id | None
    """A folder; None takes it out of its folder. From Preview."""


class InternalArticleFields(InternalArticleOptions, total=False):
    """Writable fields of an internal article; a key left out keeps its value."""

    title: str
    author_id: Id
    """A teammate, as `owner_id` is."""
    owner_id: Id
