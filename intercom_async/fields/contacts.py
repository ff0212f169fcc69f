"""Fields of contacts and visitors."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from .common import Id, Moment, SearchOptions


class ContactFields(TypedDict, total=False):
    """Writable fields of a contact; a key left out keeps its value, None empties it."""

    role: Literal["user", "lead"] | str
    external_id: str | None
    """Your own key."""
    email: str | None
    email_verified: bool | None
    """From 2.16 on: whether you made sure that the address is the contact's."""
    phone: str | None
    """E.164 form, such as ``+353871234567``."""
    name: str | None
    avatar: str | None
    """Address of a picture."""
    signed_up_at: Moment | None
    last_seen_at: Moment | None
    owner_id: Id | None
    """The admin who looks after the contact."""
    unsubscribed_from_emails: bool | None
    custom_attributes: dict[str, Any] | None
    """Attributes must be defined before they are used."""


class ContactReading(TypedDict, total=False):
    """How one contact is read."""

    follow_merged: bool
    """Whether to return the contact that this one was merged into, if it was. Up to version 2.15
    the API does not say so and answers 404."""
    include_merge_history: bool | None
    """From 2.16 on: whether to say which contacts were merged into it."""


class ContactSearchOptions(SearchOptions, total=False):
    """How a search gives the contacts it finds."""

    include_merge_history: bool | None
    """From 2.16 on: whether to say which contacts were merged into each."""


class PersonKey(TypedDict, total=False):
    """Someone by at least one key."""

    id: Id
    """Intercom's,"""
    user_id: Id
    """your own,"""
    email: str
    """or the address."""
