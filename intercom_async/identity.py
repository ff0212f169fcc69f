"""Who a visitor of the Messenger is: signed tokens, hashes, and the Messenger's settings.

The Messenger believes whatever a page says about its visitor unless the workspace enforces
identity verification. Then a page needs a token (a JWT, current) or a hash of the user's id
(older) that only a server can make. Both keys stand in the workspace's settings under Messenger,
Security. Neither is an app's client secret. The secret must never reach a browser.
https://www.intercom.com/help/en/articles/10589769
"""

from __future__ import annotations

import base64
import hmac
import math
from collections.abc import Mapping
from types import NoneType
from typing import Any, cast

import msgspec

from intercom_async.clock import CLOCK, Clock
from intercom_async.config import (
    Region,
    check_able,
    check_kind,
    check_text,
    is_positive_number,
    shown,
)
from intercom_async.errors import ConfigError

MAX_TOKEN_S = 86_400 * 30
"""Longest life of a token, in seconds. A stolen one is good for as long
(test_identity.py::test_a_token_that_would_hardly_end_is_refused)."""

MESSENGER_HOSTS: dict[str, str] = {
    "us": "https://api-iam.intercom.io",
    "eu": "https://api-iam.eu.intercom.io",
    "au": "https://api-iam.au.intercom.io",
}
"""The host that a region's Messenger connects to; another region's refuses the workspace."""

REGISTERED = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
"""Claims that RFC 7519 defines."""

_OWN = REGISTERED | {"user_id", "email"}
_HEADER = {"alg": "HS256", "typ": "JWT"}


def messenger_token(
    secret: str,
    *,
    user_id: str | int,
    email: str | None = None,
    expires_in_s: float = 3_600.0,
    attributes: Mapping[str, Any] | None = None,
    clock: Clock = CLOCK,
) -> str:
    """Return a JWT that tells the Messenger who its visitor is, sent as ``intercom_user_jwt``.

    Args:
        secret: The workspace's Messenger API secret.
        user_id: The workspace's own id of the user; Intercom refuses a token with an e-mail only.
        email: The user's address.
        expires_in_s: Seconds until the token ends, 30 days at most; no longer than the session.
        attributes: Further claims: attributes that a page must not be able to make up.
        clock: Another clock, for tests.

    Raises:
        ConfigError: A secret or an id is empty, the life is not between 0 and 30 days, or an
            attribute would replace a claim of the token itself.
    """
    key = _secret(secret)
    claims: dict[str, Any] = {"user_id": _identifier("user_id", user_id)}
    if email is not None:
        claims["email"] = _identifier("email", email)
    if not is_positive_number(expires_in_s) or expires_in_s > MAX_TOKEN_S:
        raise ConfigError(
            f"expires_in_s must be more than 0 and at most {MAX_TOKEN_S} (30 days), "
            f"not {shown(expires_in_s)}"
        )
    check_able("clock", clock, "unix")
    check_kind("attributes", attributes, (Mapping, NoneType), "a dict")
    now = clock.unix()
    claims["iat"] = math.floor(now)
    claims["exp"] = math.ceil(now + expires_in_s)
    for name in attributes or {}:
        if name in _OWN:
            raise ConfigError(
                f"the attribute {name} would replace a claim of the token; "
                "use messenger_token's own parameters"
            )
    claims.update(attributes or {})
    try:
        signed = f"{_segment(_HEADER)}.{_segment(claims)}"
    except (TypeError, ValueError):
        raise ConfigError("attributes must be values that JSON has") from None
    return f"{signed}.{_base64url(hmac.digest(key, signed.encode(), 'sha256'))}"


def user_hash(secret: str, user: str | int) -> str:
    """Return the older proof of identity, sent as ``user_hash``; tokens have taken its place.

    Args:
        secret: The workspace's identity verification secret.
        user: The workspace's own id of the user or, where a page sends no id, the e-mail address;
            exactly as the page sends it.

    Raises:
        ConfigError: The secret or the user is empty.
    """
    return hmac.digest(_secret(secret), _identifier("user", user).encode(), "sha256").hex()


def messenger_settings(
    app_id: str,
    *,
    region: Region = "us",
    token: str | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what a page assigns to ``window.intercomSettings``.

    Embed it as JSON with ``<`` escaped, as a template's own JSON filter does. A page that logs a
    user out calls ``Intercom("shutdown")``, or the next visitor of the browser sees the
    conversations.

    Args:
        app_id: The workspace's id_code.
        region: Where the workspace is kept.
        token: What `messenger_token` returned.
        attributes: Further settings, such as ``hide_default_launcher``; nothing here is signed.

    Raises:
        ConfigError: The id is empty, the region is unknown, or an attribute would replace one of
            these settings.
    """
    host = MESSENGER_HOSTS.get(region) if isinstance(region, str) else None
    if host is None:
        raise ConfigError(
            f"region must be one of {', '.join(MESSENGER_HOSTS)}, not {shown(region)}"
        )
    check_kind("attributes", attributes, (Mapping, NoneType), "a dict")
    settings: dict[str, Any] = {"api_base": host, "app_id": _identifier("app_id", app_id)}
    if token is not None:
        settings["intercom_user_jwt"] = _identifier("token", token)
    for name in attributes or {}:
        if name in ("api_base", "app_id", "intercom_user_jwt"):
            raise ConfigError(
                f"the attribute {name} would replace a setting; use messenger_settings' own "
                "parameters"
            )
    return {**settings, **(attributes or {})}


def _secret(secret: str) -> bytes:
    return check_text(
        "secret", secret, "; it stands in the workspace's Messenger settings"
    ).encode()


def _identifier(name: str, value: Any) -> str:
    """Return an id as text; the message never shows it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return check_text(
        name, cast("str", value), "; sign nobody in rather than everybody as one user"
    )


def _segment(value: Mapping[str, Any]) -> str:
    return _base64url(msgspec.json.encode(value))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
