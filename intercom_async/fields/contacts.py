"""Fields of contacts and visitors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from .common import Id, Moment, SearchOptions

ConsentType = Literal["opt_in", "opt_out"] | str
"""Consent type of a subscription type: attaching an ``opt_in`` type opts the contact in, attaching
an ``opt_out`` type opts it out."""


class ContactFields(TypedDict, total=False):
    """Writable fields of a contact; a key left out keeps its value, None empties it."""

    role: Literal["user", "lead"] | str
    external_id: str | None
    """Your own key."""
    email: str | None
    email_verified: bool | None
    """From 2.16 on: whether the address is verified."""
    phone: str | None
    """E.164 form, such as ``+353871234567``."""
    name: str | None
    language_override: str | None
    """A language of two letters for Fin and the Messenger; from Preview."""
    avatar: str | None
    """Address of a picture."""
    signed_up_at: Moment | None
    last_seen_at: Moment | None
    owner_id: Id | None
    """The admin who owns the contact."""
    unsubscribed_from_emails: bool | None
    custom_attributes: dict[str, Any] | None
    """Attributes must be defined before they are used."""


class ContactChanges(ContactFields, total=False):
    """Fields of a contact that can be changed, and how the contact is returned."""

    include_merge_history: bool | None
    """From 2.16 on: whether to say which contacts were merged into it."""


class ContactUpsert(ContactFields, total=False):
    """Writable fields of a contact, by one of its keys; other keys beside it are fields."""

    id: Id
    """Intercom's id, which only updates; without it `external_id` is the key, else `email`."""
    unarchive: bool
    """Whether an archived contact is brought back. Without it, one that has the email is refused,
    and one that has the id or external id is changed and stays archived."""


class ContactUpdate(ContactFields):
    """A contact's id and the fields to change."""

    id: Id


class MergedPair(TypedDict):
    """Two contacts to be made one."""

    from_id: Id
    """The lead, which is merged and gone afterwards."""
    into_id: Id
    """The user that the lead is merged into."""


class MergeFields(MergedPair, total=False):
    """Two contacts to be made one, and how; None counts as left out."""

    skip_duplicate_validation: bool | None
    """Merge them though they share no address and no number, which is refused from 2.16 on."""
    include_merge_history: bool | None
    """From 2.16 on: whether to say which contacts were merged into the user."""


class ContactKey(TypedDict, total=False):
    """A contact, by exactly one key; None counts as left out."""

    contact_id: Id | None
    """Intercom's id of the contact."""
    user_id: Id | None
    """The workspace's own id of the contact."""
    email: str | None
    """The email address of the contact."""


class VisitorChanges(TypedDict, total=False):
    """What can be changed of a visitor; None counts as left out."""

    user_id: Id | None
    """Your own key, where `visitor_id` is not given."""
    name: str | None
    custom_attributes: Mapping[str, Any] | None
    """Attributes must be defined before they are used."""


class Conversion(TypedDict):
    """The contact that a visitor becomes."""

    type: Literal["user", "lead"] | str
    """What the contact is to be."""
    user: PersonKey
    """The keys that the contact has or is to have."""
    visitor: PersonKey


class ContactReading(TypedDict, total=False):
    """How one contact is read."""

    follow_merged: bool
    """Whether to return the contact that this one was merged into, if it was. Up to version 2.15
    the API does not say so and answers 404."""
    include_merge_history: bool | None
    """From 2.16 on: whether to say which contacts were merged into it."""


class ContactSearch(SearchOptions, total=False):
    """How a search returns the contacts it finds."""

    include_merge_history: bool | None
    """From 2.16 on: whether to say which contacts were merged into each."""


class PersonKey(TypedDict, total=False):
    """A person, by at least one key."""

    id: Id
    """Intercom's id of the person."""
    user_id: Id
    """The workspace's own id of the person."""
    email: str
    """The email address of the person."""
