"""Structures shared by many responses."""

from __future__ import annotations

from typing import Literal

from .base import Model


class Reference(Model, frozen=True, kw_only=True):
    """Another object, by kind and id."""

    id: str | None = None
    type: str | None = None


class AddressableReference(Model, frozen=True, kw_only=True):
    """Entry of a truncated list: id and URL of the object."""

    id: str | None = None
    type: str | None = None
    url: str | None = None


class AddressableList(Model, frozen=True, kw_only=True):
    """The first ten entries of a list.

    `has_more` says whether there are more; a method of the resource lists all of them.
    """

    data: list[AddressableReference]
    url: str | None = None
    """Where the whole list is, relative."""
    total_count: int | None = None
    has_more: bool | None = None
    type: str | None = None


class Attachment(Model, frozen=True, kw_only=True):
    """A file sent along with a message; its address expires."""

    type: str | None = None
    name: str | None = None
    url: str | None = None
    content_type: str | None = None
    filesize: int | None = None
    """Bytes."""
    width: int | None = None
    """Pixels."""
    height: int | None = None


class FileAttribute(Model, frozen=True, kw_only=True):
    """A file as the value of a custom attribute."""

    type: str | None = None
    name: str | None = None
    url: str | None = None
    content_type: str | None = None
    filesize: int | None = None
    """Bytes."""
    width: int | None = None
    """Pixels."""
    height: int | None = None


class Avatar(Model, frozen=True, kw_only=True):
    """A picture of a person."""

    type: str | None = None
    image_url: str | None = None


class Author(Model, frozen=True, kw_only=True):
    """An author: contact, teammate, team, bot or app.

    New types are added without notice.
    """

    id: str | None = None
    type: Literal["admin", "bot", "team", "user", "lead", "fin"] | str | None = None
    name: str | None = None
    email: str | None = None
    from_ai_agent: bool | None = None
    is_ai_answer: bool | None = None


class DeletedObject(Model, frozen=True, kw_only=True):
    """Confirmation of a deletion."""

    id: str
    object: str | None = None
    """The kind of object; other answers name this field ``type``."""
    deleted: bool | None = None
    type: str | None = None


class LinkedObject(Model, frozen=True, kw_only=True):
    """A ticket or conversation that is linked to another one."""

    id: str | None = None
    type: Literal["ticket", "conversation"] | str | None = None
    category: Literal["Customer", "Back-office", "Tracker"] | str | None = None


class LinkedObjects(Model, frozen=True, kw_only=True):
    """Objects linked to a conversation or ticket, at most 1,000."""

    type: str | None = None
    total_count: int | None = None
    has_more: bool | None = None
    data: list[LinkedObject]
