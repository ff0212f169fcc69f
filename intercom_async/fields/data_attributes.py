"""Fields of attributes of contacts and companies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

AttributeOwner = Literal["contact", "company"] | str
"""Whose an attribute is."""


class DataAttributeName(TypedDict):
    """What an attribute is called, and whose it is."""

    name: str
    """Its name in `custom_attributes`."""
    model: AttributeOwner


class DataAttributeOptions(TypedDict, total=False):
    """What an attribute may have; None counts as left out."""

    description: str | None
    """What teammates read."""
    messenger_writable: bool | None
    """Whether pages may set it through the messenger."""


class NewDataAttribute(DataAttributeName, DataAttributeOptions):
    """An attribute; None counts as left out."""

    data_type: Literal["string", "integer", "float", "boolean", "datetime", "date"] | str
    """What its values are."""


class NewChoice(DataAttributeName, DataAttributeOptions):
    """An attribute whose value is one of some options; None counts as left out."""

    options: Sequence[str]
    """What can be chosen; at least two."""


class AttributeChanges(DataAttributeOptions, total=False):
    """What may be changed of an attribute; None counts as left out."""

    archived: bool | None
    """Whether it is put away."""
    options: Sequence[str] | None
    """All that can be chosen from now on, if it is a choice; at least two."""
