"""Secrets that sign who a user of the Messenger is, from Preview."""

from __future__ import annotations

from .base import Model, Timestamp


class IdentitySecret(Model, frozen=True, kw_only=True):
    """A secret without its text, which is told once."""

    id: str
    type: str | None = None
    name: str | None = None
    supports_web: bool | None = None
    supports_ios: bool | None = None
    supports_android: bool | None = None
    created_at: Timestamp | None = None


class NewIdentitySecret(IdentitySecret, frozen=True, kw_only=True):
    """A secret that was just created; the API never tells its text again."""

    secret: str | None = None
    """The key in base64url, which `repr` masks."""
