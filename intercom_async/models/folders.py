"""Folders of content, from Preview."""

from __future__ import annotations

from .base import Id, Model, Timestamp


class Folder(Model, frozen=True, kw_only=True):
    """A folder that articles and other content are kept in."""

    id: Id
    name: str | None = None
    description: str | None = None
    emoji: str | None = None
    parent_folder_id: Id | None = None
    """None for a folder at the top."""
    content_count: int | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class DeletedFolder(Model, frozen=True, kw_only=True):
    """The confirmation that a folder was deleted."""

    id: Id
    object: str | None = None
    deleted: bool | None = None
