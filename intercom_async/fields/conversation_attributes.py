"""Fields of attributes of conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

from .common import Id

ConversationAttributeType = (
    Literal["string", "integer", "list", "decimal", "boolean", "datetime", "relationship", "files"]
    | str
)
"""What the values of an attribute are."""


class AttributeReference(TypedDict):
    """Which custom objects an attribute points to."""

    type: Literal["one", "many"] | str
    object_type_id: str


class ConversationAttributeOptions(TypedDict, total=False):
    """What an attribute may have beside name and kind; a key left out keeps its value."""

    description: str
    required: bool
    visible_to_team_ids: Sequence[Id]
    """The teams that see it; an empty list is for all."""
    multiline: bool
    """Kind ``string`` only."""
    reference: AttributeReference
    """Kind ``relationship`` only."""


class ConversationAttributeKind(TypedDict):
    """Name and kind of an attribute."""

    name: str
    data_type: ConversationAttributeType


class NewConversationAttribute(
    ConversationAttributeKind, ConversationAttributeOptions, total=False
):
    """A new attribute."""

    options: Sequence[str]
    """Kind ``list`` only: the labels that can be chosen."""


class ConversationAttributeFields(ConversationAttributeOptions, total=False):
    """Writable fields of an attribute; a key left out keeps its value."""

    name: str
