"""Replies and whom they come from, which conversations and tickets take in the same form."""

from __future__ import annotations

from typing import Any

from intercom_async.errors import ConfigError

from .values import given, take_one


def reply_body(fields: dict[str, Any]) -> dict[str, Any]:
    """Write the body of a reply.

    Raises:
        ConfigError: Nobody or more than one replies, or a contact writes anything but a comment.
    """
    author = take_one(
        "a reply's author",
        fields,
        admin_id="admin_id",
        contact_id="intercom_user_id",
        email="email",
        user_id="user_id",
    )
    message_type = fields.pop("message_type", "comment")
    if "admin_id" not in author and message_type != "comment":
        raise ConfigError(f"contacts write comments; a {message_type} needs admin_id")
    kind = "admin" if "admin_id" in author else "user"
    return {"message_type": message_type, "type": kind, **author, **given(**fields)}
