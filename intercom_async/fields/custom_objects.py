"""Fields of instances of custom objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from .common import Moment


class InstanceOptions(TypedDict, total=False):
    """What an instance may have; None is as if left out."""

    external_created_at: Moment | None
    """When it was created in your system,"""
    external_updated_at: Moment | None
    """and when it was changed there."""
    custom_attributes: Mapping[str, Any] | None
    """By name; attributes must be defined before they are used."""
