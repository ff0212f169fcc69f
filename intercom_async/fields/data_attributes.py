"""Fields of attributes of contacts and companies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

AttributeOwner = Literal["contact", "company"] | str
"""Whose an attribute is."""


class DataAttributeOptions(TypedDict, total=False):
    """What an attribute may have; None is as if left out."""

    description: str | None
    """What teammates read."""
    messenger_writable: bool | None
    """Whether pages may set it through the messenger."""


class DataAttributeChanges(DataAttributeOptions, total=False):
    """What may be changed of an attribute; None is as if left out."""

    archived: bool | None
    """Whether it is put away."""
    options: Sequence[str] | None
    """All that can be chosen from now on, if it is a choice; at least two."""
