"""Pieces that many items are made of."""

from __future__ import annotations

from typing import Literal, TypeAlias

from intercom_async.models.base import Id, LooseTimestamp, Model

NotificationTime: TypeAlias = LooseTimestamp | None
"""UNIX seconds, read from a number or from ISO 8601."""


class Item(Model, frozen=True, kw_only=True):
    """Base of all items."""

    id: Id | None = None
    type: str | None = None


class Ping(Item, frozen=True, kw_only=True):
    """A test of the address, sent by hand and now and then by Intercom."""

    message: str | None = None


class Deleted(Item, frozen=True, kw_only=True):
    """What is left of an object that was deleted: its ids."""

    external_id: Id | None = None
    deleted: bool | None = None


class Named(Item, frozen=True, kw_only=True):
    """Another object by id, with its name where Intercom sends one."""

    name: str | None = None
    url: str | None = None


class Person(Item, frozen=True, kw_only=True):
    """An author or assignee: contact, teammate, team or bot."""

    name: str | None = None
    email: str | None = None
    external_id: Id | None = None
    role: Literal["user", "lead"] | str | None = None
    from_ai_agent: bool | None = None
    is_ai_answer: bool | None = None


class Attachment(Item, frozen=True, kw_only=True):
    """A file; its address expires after 30 minutes."""

    name: str | None = None
    url: str | None = None
    content_type: str | None = None
    filesize: int | None = None
    """Bytes."""
