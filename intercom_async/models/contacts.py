"""Contacts: users and leads."""

from __future__ import annotations

from typing import Literal

from .base import AssigneeId, JsonObject, Model, Timestamp
from .common import AddressableList, Avatar


class ContactLocation(Model, frozen=True, kw_only=True):
    """Location of a contact, derived from its last IP address."""

    type: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    continent_code: str | None = None
    country_code: str | None = None


class SocialProfile(Model, frozen=True, kw_only=True):
    """Profile of a contact on a social network."""

    type: str | None = None
    name: str | None = None
    url: str | None = None


class SocialProfiles(Model, frozen=True, kw_only=True):
    """Profiles of a contact on social networks."""

    data: list[SocialProfile]
    type: str | None = None


class ContactMerge(Model, frozen=True, kw_only=True):
    """A contact that was merged into another one."""

    type: str | None = None
    source_contact_id: str | None = None
    source_contact_role: Literal["lead", "user"] | str | None = None
    merged_at: Timestamp | None = None


class Contact(Model, frozen=True, kw_only=True):
    """A user or a lead.

    Lists embedded in a contact hold at most ten entries; `has_more` of such a list says whether
    the rest must be asked for.
    """

    id: str
    type: str | None = None
    external_id: str | None = None
    """The workspace's own id; leads have none until they become users."""
    workspace_id: str | None = None
    role: Literal["user", "lead"] | str | None = None
    email: str | None = None
    email_domain: str | None = None
    phone: str | None = None
    formatted_phone: str | None = None
    """In E.164 form, from Preview."""
    name: str | None = None
    owner_id: AssigneeId | None = None
    """A number up to version 2.15, a string from 2.16."""
    has_hard_bounced: bool | None = None
    marked_email_as_spam: bool | None = None
    unsubscribed_from_emails: bool | None = None
    unsubscribed_from_sms: bool | None = None
    sms_consent: bool | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    signed_up_at: Timestamp | None = None
    """Set by the workspace; some send milliseconds."""
    last_seen_at: Timestamp | None = None
    """When the contact was last seen, in UNIX seconds."""
    last_replied_at: Timestamp | None = None
    last_contacted_at: Timestamp | None = None
    last_email_opened_at: Timestamp | None = None
    last_email_clicked_at: Timestamp | None = None
    language_override: str | None = None
    browser: str | None = None
    browser_version: str | None = None
    browser_language: str | None = None
    os: str | None = None
    android_app_name: str | None = None
    android_app_version: str | None = None
    android_device: str | None = None
    android_os_version: str | None = None
    android_sdk_version: str | None = None
    android_last_seen_at: Timestamp | None = None
    ios_app_name: str | None = None
    ios_app_version: str | None = None
    ios_device: str | None = None
    ios_os_version: str | None = None
    ios_sdk_version: str | None = None
    ios_last_seen_at: Timestamp | None = None
    custom_attributes: JsonObject = {}
    avatar: Avatar | str | None = None
    """An object with an address, an address, or null."""
    tags: AddressableList | None = None
    notes: AddressableList | None = None
    companies: AddressableList | None = None
    location: ContactLocation | None = None
    social_profiles: SocialProfiles | None = None
    merge_history: list[ContactMerge] | None = None
    enabled_push_messaging: bool | None = None
    referrer: str | None = None
    utm_campaign: str | None = None
    utm_content: str | None = None
    utm_medium: str | None = None
    utm_source: str | None = None
    utm_term: str | None = None
    opted_in_subscription_types: AddressableList | None = None
    opted_out_subscription_types: AddressableList | None = None


class ContactStatus(Model, frozen=True, kw_only=True):
    """State of a contact after it was archived, unarchived, blocked or deleted."""

    id: str
    type: str | None = None
    external_id: str | None = None
    archived: bool | None = None
    blocked: bool | None = None
    deleted: bool | None = None


class DeletedContact(Model, frozen=True, kw_only=True):
    """Record of a contact that is no longer active."""

    id: str
    type: str | None = None
    external_id: str | None = None
    """None once it is deleted permanently, as `email` is."""
    email: str | None = None
    status: (
        Literal["archived", "blocked", "merged", "pending_deletion", "permanently_deleted"]
        | str
        | None
    ) = None
    merged_into_id: str | None = None
    """The contact it was merged into; only where `status` is ``merged``."""


class ContactReference(Model, frozen=True, kw_only=True):
    """A contact inside another object, with both of its ids."""

    id: str | None = None
    type: str | None = None
    external_id: str | None = None


class AttachedContacts(Model, frozen=True, kw_only=True):
    """The contacts of a conversation or ticket."""

    type: str | None = None
    contacts: list[ContactReference]
