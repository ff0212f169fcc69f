"""What a secret of the Messenger may be used for, from Preview."""

from __future__ import annotations

from typing import TypedDict


class SecretSupport(TypedDict, total=False):
    """Where a secret is valid."""

    supports_web: bool
    supports_ios: bool
    supports_android: bool
