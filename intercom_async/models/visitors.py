"""Visitors: people who have not yet written."""

from __future__ import annotations

from typing import Any

from .base import AssigneeId, JsonObject, Model, Timestamp
from .common import Avatar
from .companies import Company


class VisitorCompanies(Model, frozen=True, kw_only=True):
    """The companies of a visitor."""

    type: str | None = None
    companies: list[Company]


class VisitorLocation(Model, frozen=True, kw_only=True):
    """Where a visitor was seen, by the address on the internet."""

    type: str | None = None
    city_name: str | None = None
    continent_code: str | None = None
    country_code: str | None = None
    country_name: str | None = None
    postal_code: str | None = None
    region_name: str | None = None
    timezone: str | None = None


class VisitorSocialProfiles(Model, frozen=True, kw_only=True):
    """The visitor's pages elsewhere."""

    type: str | None = None
    social_profiles: list[Any]


class VisitorTags(Model, frozen=True, kw_only=True):
    """The visitor's tags."""

    type: str | None = None
    tags: list[Any]


class VisitorSegments(Model, frozen=True, kw_only=True):
    """The segments that the visitor is in."""

    type: str | None = None
    segments: list[Any]


class Visitor(Model, frozen=True, kw_only=True):
    """Someone who has not yet written."""

    id: str
    type: str | None = None
    user_id: str | None = None
    anonymous: bool | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    pseudonym: str | None = None
    avatar: Avatar | str | None = None
    app_id: str | None = None
    companies: VisitorCompanies | None = None
    location_data: VisitorLocation | None = None
    las_request_at: Timestamp | None = None
    """Spelt like this in the description; answers have `last_request_at`."""
    created_at: Timestamp | None = None
    remote_created_at: Timestamp | None = None
    signed_up_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    session_count: int | None = None
    social_profiles: VisitorSocialProfiles | None = None
    owner_id: AssigneeId | None = None
    unsubscribed_from_emails: bool | None = None
    marked_email_as_spam: bool | None = None
    has_hard_bounced: bool | None = None
    tags: VisitorTags | None = None
    segments: VisitorSegments | None = None
    custom_attributes: JsonObject = {}
    referrer: str | None = None
    utm_campaign: str | None = None
    utm_content: str | None = None
    utm_medium: str | None = None
    utm_source: str | None = None
    utm_term: str | None = None
    do_not_track: bool | None = None
    last_request_at: Timestamp | None = None
