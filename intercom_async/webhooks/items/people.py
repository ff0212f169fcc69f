"""Contacts, companies and what happens to them."""

from __future__ import annotations

from typing import Literal

from intercom_async.models.base import AssigneeId, Id, JsonObject, Model
from .base import Item, Named, NotificationTime, Person


class Location(Model, frozen=True, kw_only=True):
    """Where a contact was seen last."""

    country: str | None = None
    country_code: str | None = None
    region: str | None = None
    city: str | None = None
    continent_code: str | None = None


class Contact(Item, frozen=True, kw_only=True):
    """A user, lead or visitor."""

    external_id: Id | None = None
    """The workspace's own id."""
    workspace_id: str | None = None
    role: Literal["user", "lead", "visitor"] | str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    pseudonym: str | None = None
    """Intercom's name for someone who has not said theirs."""
    owner_id: AssigneeId | None = None
    has_hard_bounced: bool | None = None
    marked_email_as_spam: bool | None = None
    unsubscribed_from_emails: bool | None = None
    created_at: NotificationTime = None
    updated_at: NotificationTime = None
    signed_up_at: NotificationTime = None
    last_seen_at: NotificationTime = None
    last_replied_at: NotificationTime = None
    last_contacted_at: NotificationTime = None
    location: Location | None = None
    custom_attributes: JsonObject = {}
    tags: list[Named] = []
    """Ten at most."""
    companies: list[Named] = []
    """Ten at most."""
    merged_from: Named | None = None
    """The contact that was merged into this one; on `contact.merged` only."""


class Company(Item, frozen=True, kw_only=True):
    """A company, under Intercom's `id` and the workspace's own `company_id`."""

    company_id: Id | None = None
    name: str | None = None
    app_id: str | None = None
    plan: Named | None = None
    size: int | None = None
    website: str | None = None
    industry: str | None = None
    monthly_spend: float | None = None
    session_count: int | None = None
    user_count: int | None = None
    remote_created_at: NotificationTime = None
    created_at: NotificationTime = None
    updated_at: NotificationTime = None
    last_request_at: NotificationTime = None
    custom_attributes: JsonObject = {}
    tags: list[Named] = []
    segments: list[Named] = []


class ContactTag(Item, frozen=True, kw_only=True):
    """A tag that a contact was given or lost."""

    tag: Named | None = None
    contact: Contact | None = None
    admin: Person | None = None
    created_at: NotificationTime = None


class ContactCompany(Item, frozen=True, kw_only=True):
    """A contact that joined a company or left it."""

    contact: Contact | None = None
    company: Company | None = None


class ContactSubscription(Item, frozen=True, kw_only=True):
    """Kinds of messages that a contact subscribed to or unsubscribed from."""

    contact: Contact | None = None
    subscription_types: list[Item] = []
    created_at: NotificationTime = None


class DataEvent(Item, frozen=True, kw_only=True):
    """An event that was tracked for a contact."""

    event_name: str | None = None
    intercom_user_id: Id | None = None
    user_id: Id | None = None
    email: str | None = None
    created_at: NotificationTime = None
    metadata: JsonObject = {}
