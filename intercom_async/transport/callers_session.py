"""An aiohttp session that a caller gives: whether it can be used, and what of it goes along."""

from __future__ import annotations

from collections.abc import Iterator

import aiohttp

from intercom_async.config import OWN_HEADERS
from intercom_async.errors import ConfigError


def check_session(session: object) -> None:
    """Refuse a session whose requests would not be the ones that are counted.

    Raises:
        ConfigError: It is not an aiohttp session, or a part of it may send or change requests.
    """
    if not isinstance(session, aiohttp.ClientSession):
        raise ConfigError(f"http must be an aiohttp.ClientSession, not {type(session).__name__}")
    # aiohttp has no public names for these.
    if getattr(type(session), "_request") is not getattr(aiohttp.ClientSession, "_request"):  # noqa: B009
        raise ConfigError(
            "http overrides how requests are sent, so that the scheduler would not count them all; "
            "give a plain aiohttp.ClientSession"
        )
    if getattr(session, "_middlewares", None):
        raise ConfigError(
            "http has middlewares, which may send requests that the scheduler does not count; give "
            "a plain aiohttp.ClientSession"
        )
    if getattr(session, "_default_proxy", None) is not None:
        raise ConfigError("http has a proxy of its own; give it to the client: Intercom(proxy=…)")


def headers_of(session: aiohttp.ClientSession) -> Iterator[tuple[str, str]]:
    """Yield the session's headers that are sent along: all but those that the client sets."""
    for name, text in session.headers.items():
        if name.lower() not in OWN_HEADERS:
            yield name, text
