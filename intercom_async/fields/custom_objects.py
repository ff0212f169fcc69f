"""Fields of instances of custom objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from .common import Id, Moment


class InstanceFilters(TypedDict, total=False):
    """Which instances are listed; at least one of the references is needed."""

    references_contact_id: Id | None
    """The contact that refers to the instances; not beside a conversation."""
    references_conversation_id: Id | None
    """The conversation that refers to the instances; not beside a contact."""
    per_page: int | None
    """At most 150; 20 if left out."""


class InstanceOptions(TypedDict, total=False):
    """What an instance may have; None counts as left out."""

    external_created_at: Moment | None
    """When it was created in the external system."""
    external_updated_at: Moment | None
    """When it was last changed in the external system."""
    custom_attributes: Mapping[str, Any] | None
    """By name; attributes must be defined before they are used."""
