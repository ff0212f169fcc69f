"""Replies, which conversations and tickets take in the same form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from intercom_async.errors import ConfigError

from .base import Id, Moment
from .values import given, only_one

MessageType = Literal["comment", "note", "quick_reply"]


class AttachmentFile(TypedDict):
    """A file to be sent along."""

    content_type: str
    data: str
    """Base64."""
    name: str


class ReplyOption(TypedDict):
    """A button of a quick reply, or the one that a contact chose."""

    text: str
    uuid: str


class ReplyFields(TypedDict, total=False):
    """Who replies, and what."""

    body: str | None
    """HTML for admins, plain text for contacts."""
    admin_id: Id | None
    """The admin who replies,"""
    contact_id: Id | None
    """or the contact by Intercom's id,"""
    email: str | None
    """or by address,"""
    user_id: Id | None
    """or by your own key; exactly one of the four."""
    attachment_urls: Sequence[str] | None
    """At most ten addresses of files."""
    attachment_files: Sequence[AttachmentFile] | None
    """At most ten."""
    reply_options: Sequence[ReplyOption] | None
    created_at: Moment | None
    """When it was written; now if left out."""
    skip_notifications: bool | None
    """Whether nobody is to be told."""


def reply_body(message_type: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Write the body of a reply.

    Raises:
        ConfigError: Nobody or more than one replies, or a contact writes anything but a comment.
    """
    rest = dict(fields)
    author = only_one(
        "a reply's author",
        admin_id=rest.pop("admin_id", None),
        contact_id=rest.pop("contact_id", None),
        email=rest.pop("email", None),
        user_id=rest.pop("user_id", None),
    )
    if "admin_id" not in author and message_type != "comment":
        raise ConfigError(f"contacts write comments; a {message_type} needs admin_id")
    return {
        "message_type": message_type,
        "type": "admin" if "admin_id" in author else "user",
        **{_WIRE_NAMES.get(name, name): str(value) for name, value in author.items()},
        **given(**rest),
    }


_WIRE_NAMES = {"contact_id": "intercom_user_id"}
