"""One request on its way through aiohttp: what it sends, and whether it has left.

aiohttp makes its requests and responses of the classes here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import aiohttp
from multidict import CIMultiDict

from .failures import PROXY_PASSWORD_ASKED, NotSentError, RefusedByProxyError

_SWITCHING = 101
"""The only status below 200 that aiohttp takes for a reply."""


class Sending:
    """One request on its way through aiohttp: its headers, whether it has left, whom to tell."""

    __slots__ = ("_on_sent", "headers", "is_queued", "is_sent")

    headers: CIMultiDict[str]
    """All of them; not changed."""

    def __init__(self, on_sent: Callable[[], None]) -> None:
        self._on_sent = on_sent
        self.is_sent: bool = False
        self.is_queued: bool = False
        """Whether it waits for a connection of a caller's session, which has none that is free."""

    def begin(self) -> None:
        """Note that the bytes leave now."""
        self.is_sent = True
        on_sent, self._on_sent = self._on_sent, _nothing
        # The context of the task keeps this object, and would keep the call and its reply.
        on_sent()


def _nothing() -> None:
    """Stand for a callback that was called."""


sending_here: ContextVar[Sending] = ContextVar("intercom_async_sending")


class LostConnectionError(aiohttp.ClientError):
    """A lost connection in a class that aiohttp does not answer by sending again."""


class SentRequest(aiohttp.ClientRequest):
    """Reports when the bytes leave: a connection is there, nothing has been written."""

    def update_headers(self, headers: Any) -> None:
        """Set all headers from those that were prepared once, and what a trace has added."""
        self.headers: CIMultiDict[str] = sending_here.get().headers.copy()
        if headers:
            self.headers.extend(headers)

    def update_auto_headers(self, skip_auto_headers: Any) -> None:
        """Add nothing: what aiohttp would add is among the prepared headers."""

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        """Report and send."""
        transport = conn.transport
        if transport is None or transport.is_closing():
            raise NotSentError
        sending_here.get().begin()
        try:
            return await super().send(conn)
        except (aiohttp.ClientConnectionError, ConnectionError) as error:
            raise LostConnectionError from error


class ReceivedResponse(aiohttp.ClientResponse):
    """Keeps a lost connection from being answered by a second request."""

    def __repr__(self) -> str:
        """Show no URL: tracebacks with local variables and aiohttp's warnings print this."""
        return f"<ReceivedResponse {self.status}>"

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        """Read the head."""
        try:
            started = await super().start(connection)
        except TimeoutError:
            raise
        except (aiohttp.ClientConnectionError, ConnectionError) as error:
            raise LostConnectionError from error
        if self.status == _SWITCHING:
            # Nobody asked for another protocol, so no reply follows.
            raise LostConnectionError
        if self.status == PROXY_PASSWORD_ASKED:
            raise RefusedByProxyError
        return started
