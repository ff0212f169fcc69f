"""Attributes of contacts and companies."""

from __future__ import annotations

from typing import Any, Literal

from .base import Id, Model, Timestamp


class DataAttribute(Model, frozen=True, kw_only=True):
    """An attribute of contacts or companies, Intercom's own or the workspace's."""

    id: Id | None = None
    """None for Intercom's own attributes."""
    type: str | None = None
    model: Literal["contact", "company"] | str | None = None
    name: str | None = None
    full_name: str | None = None
    label: str | None = None
    description: str | None = None
    data_type: Literal["string", "integer", "float", "boolean", "date"] | str | None = None
    options: list[Any] | None = None
    """What the values may be, if they are a choice."""
    api_writable: bool | None = None
    messenger_writable: bool | None = None
    ui_writable: bool | None = None
    custom: bool | None = None
    archived: bool | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    admin_id: Id | None = None
