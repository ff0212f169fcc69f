"""Addresses that the workspace writes from."""

from __future__ import annotations

from .base import Model, Timestamp


class EmailSetting(Model, frozen=True, kw_only=True):
    """An address that the workspace writes from, and how far it is set up."""

    id: str
    type: str | None = None
    email: str | None = None
    verified: bool | None = None
    domain: str | None = None
    brand_id: str | None = None
    forwarding_enabled: bool | None = None
    forwarded_email_last_received_at: Timestamp | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
