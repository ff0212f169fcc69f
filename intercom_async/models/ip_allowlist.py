"""Addresses from which the workspace may be used."""

from __future__ import annotations

from .base import Model


class IpAllowlist(Model, frozen=True, kw_only=True):
    """Addresses from which the workspace may be used, and whether that is enforced."""

    type: str | None = None
    enabled: bool | None = None
    ip_allowlist: list[str] = []
    """Single addresses and ranges."""
