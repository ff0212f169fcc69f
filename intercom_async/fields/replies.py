"""Fields of replies, which conversations and tickets take in the same form."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Literal, TypedDict

from .common import Id, Moment

MessageType = Literal["comment", "note", "quick_reply"]
"""``note`` is seen by teammates only; contacts write comments only."""


class AttachmentFile(TypedDict):
    """A file to be sent along."""

    content_type: str
    data: str
    """Base64."""
    name: str


AttachmentSource = AttachmentFile | PathLike[str] | tuple[str, bytes]
"""A file to be sent along: a path, a name with its bytes, or the form of the API."""


class ReplyOption(TypedDict):
    """A button of a quick reply, or the one that a contact chose."""

    text: str
    uuid: str


class ReplyFields(TypedDict, total=False):
    """Who replies, and what."""

    type: Literal["admin", "user"] | None
    """Who replies; the author's key says so too, and must agree."""
    message_type: MessageType
    """A comment if left out."""
    body: str | None
    """HTML for admins, plain text for contacts."""
    admin_id: Id | None
    """The admin who replies; exactly one of the four authors is needed."""
    contact_id: Id | None
    """The contact who replies, by Intercom's id."""
    intercom_user_id: Id | None
    """The same, as the API's documentation calls it."""
    email: str | None
    """The contact who replies, by email address."""
    user_id: Id | None
    """The contact who replies, by the workspace's own id."""
    attachment_urls: Sequence[str] | None
    """At most ten addresses of files."""
    attachment_files: Sequence[AttachmentSource] | None
    """At most ten paths, names with bytes, or dicts as the API takes them."""
    reply_options: Sequence[ReplyOption] | None
    created_at: Moment | None
    """When it was written; now if left out."""
    skip_notifications: bool | None
    """Whether nobody is to be told."""


class ConversationReplyFields(ReplyFields, total=False):
    """Who replies in a conversation, and what."""

    skip_unsnooze: bool | None
    """Whether a snoozed conversation stays snoozed; from Preview."""


class TicketReplyFields(ReplyFields, total=False):
    """Who replies in a ticket, and what."""

    cross_post: bool
    """Whether a note on a back-office ticket goes to the conversations linked to it, too."""
