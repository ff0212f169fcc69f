"""What an installation gives: a token, and whose it is."""

from __future__ import annotations

import re

import msgspec

from intercom_async.config import Region
from intercom_async.errors import ConfigError
from intercom_async.models.base import Timestamp

_WORKSPACE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

_REGIONS: tuple[tuple[str, Region], ...] = (
    ("eu", "eu"),
    ("au", "au"),
    ("us", "us"),
    ("united", "us"),
)
"""Regions by how their names begin; ``US`` was observed, the others appear as words, too."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """An app's access to one workspace; its repr shows neither token nor person.

    The token does not expire and is not renewed; it ends when the app is uninstalled.
    """

    token: str
    workspace_id: str
    """The id_code: `app_id` of webhooks, `workspace_id` of Canvas Kit."""
    region: Region
    """Where the workspace is kept."""
    workspace_name: str | None = None
    admin_id: str | None = None
    """The teammate who installed the app."""
    admin_name: str | None = None
    admin_email: str | None = None
    """Proves nothing unless `is_email_verified`."""
    is_email_verified: bool = False
    """Whether Intercom has verified the address. Log nobody in by one that is not: anybody can
    open a workspace with anybody's address."""
    granted_at: Timestamp | None = None
    """UNIX seconds."""

    def __repr__(self) -> str:
        return f"<Grant, region {self.region}>"

    @property
    def verified_email(self) -> str | None:
        """The installing teammate's address, or None if it proves nothing."""
        return self.admin_email if self.is_email_verified else None


def region_of(name: str | None, otherwise: Region) -> Region:
    """Return a region by the name that the API gives it.

    Args:
        name: Such as ``US``, ``EU`` or ``Europe``.
        otherwise: The region to take for a name that is missing or new.
    """
    lower = (name or "").strip().lower()
    for beginning, region in _REGIONS:
        if lower.startswith(beginning):
            return region
    return otherwise


def check_workspace_id(workspace_id: object) -> str:
    """Return a workspace's id_code; the message does not show it.

    Raises:
        ConfigError: It cannot be one.
    """
    if not isinstance(workspace_id, str) or not _WORKSPACE_ID.fullmatch(workspace_id):
        raise ConfigError("workspace_id must be 1 to 64 letters, digits, '_' or '-'")
    return workspace_id
