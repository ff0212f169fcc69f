"""Tags, and the short lists of them inside other objects."""

from __future__ import annotations

from .base import Model, Timestamp
from .common import Reference


class TaggedObject(Model, frozen=True, kw_only=True):
    """Whether one object of a tagging request was tagged."""

    id: str | None = None
    tagged: bool | None = None


class Tag(Model, frozen=True, kw_only=True):
    """A label of the workspace."""

    id: str
    type: str | None = None
    name: str | None = None
    applied_at: Timestamp | None = None
    applied_by: Reference | None = None
    users: list[TaggedObject] | None = None
    """Version 2.16, after tagging people."""
    companies: list[TaggedObject] | None = None
    """Version 2.16, after tagging companies."""


class AttachedTags(Model, frozen=True, kw_only=True):
    """The tags of a conversation, article or company."""

    type: str | None = None
    tags: list[Tag]
