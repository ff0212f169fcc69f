"""Fields of collections in a help center."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypedDict

from .common import Id


class CollectionTranslation(TypedDict, total=False):
    """A collection in one language."""

    name: str
    description: str


class CollectionOptions(TypedDict, total=False):
    """What a collection may have beside its name."""

    description: str
    translated_content: Mapping[str, CollectionTranslation]
    """By language, such as ``en`` or ``pt-BR``."""
    parent_id: Id | None
    """The collection it stands in; None puts it on the first level."""


class CollectionFields(CollectionOptions, total=False):
    """Writable fields of a collection; a key left out keeps its value."""

    name: str


class NewRedirect(TypedDict):
    """Where an old address leads."""

    from_url: str
    """A whole address within this help center."""
    locale: str
    """The language in which the target is shown."""
    target_type: Literal["article", "collection"] | str
    target_id: Id
    """The target, in the same help center."""
