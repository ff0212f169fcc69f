"""Fields of folders of content, from Preview."""

from __future__ import annotations

from typing import TypedDict

from .common import Id


class FolderOptions(TypedDict, total=False):
    """What a folder may have beside its name."""

    description: str
    emoji: str
    parent_folder_id: Id | None
    """The folder that it is in; None puts it at the top."""


class FolderFields(FolderOptions, total=False):
    """Writable fields of a folder; a key left out keeps its value."""

    name: str
