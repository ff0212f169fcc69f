"""An aiohttp session that a caller gives: whether it can be used, and what of it goes along."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Self
from weakref import WeakKeyDictionary

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


_free_by_connector: WeakKeyDictionary[aiohttp.BaseConnector, asyncio.Semaphore] = (
    WeakKeyDictionary()
)
"""Connections that are free; several clients may use one session."""


class ConnectionLimit:
    """How many requests may be under way at once over the connections of a caller's session.

    A request that waited in the session's own queue would spend the time of its attempt there. That
    happens only where a download, or a request of the caller's own, holds a connection: neither is
    counted here. What is begun has no time limit of its own.

    Args:
        connector: The session's.
    """

    __slots__ = ("_free",)

    def __init__(self, connector: aiohttp.BaseConnector) -> None:
        limits = (connector.limit, connector.limit_per_host)
        count = min(filter(None, limits), default=0)
        self._free: asyncio.Semaphore | None = None
        if count:
            self._free = _free_by_connector.setdefault(connector, asyncio.Semaphore(count))

    async def begin(self) -> Self:
        """Wait until a request may begin; `end` must follow."""
        if self._free is not None:
            await self._free.acquire()
        return self

    def end(self) -> None:
        """Let the next request begin."""
        if self._free is not None:
            self._free.release()

    def has_cancelled(self) -> bool:
        """Return False: it cancels no task."""
        return False
