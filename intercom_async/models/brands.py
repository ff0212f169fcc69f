"""Brands of a workspace."""

from __future__ import annotations

from .base import Id, Model, Timestamp


class Brand(Model, frozen=True, kw_only=True):
    """A brand under which the workspace speaks."""

    id: str
    type: str | None = None
    name: str | None = None
    is_default: bool | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    help_center_id: Id | None = None
    default_address_settings_id: str | None = None
