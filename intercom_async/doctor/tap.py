"""The client's transport with a tap: what was sent and received, when, and how much of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar

import msgspec

from intercom_async.clock import CLOCK
from intercom_async.errors import ConfigError
from intercom_async.moments import from_http_date
from intercom_async.response import Window, header, parse_window
from intercom_async.transport.base import Reply, Request, Transport

without_version: ContextVar[bool] = ContextVar("intercom_async_without_version", default=False)
"""Whether requests of this context leave the Intercom-Version header out."""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One answer."""

    status: int
    window: Window
    date: float | None
    """What its Date header says, UNIX seconds; whole."""
    sent_at: float
    """UNIX seconds of this machine."""
    received_at: float
    version: str | None
    """The version that it says it has."""
    has_retry_after: bool


class Tap(Transport):
    """Passes requests on, counts them and remembers the heads of the answers.

    Args:
        transport: The way to the network.
        max_calls: Requests that are let through; one more raises ConfigError.
    """

    def __init__(self, transport: Transport, max_calls: int) -> None:
        self._transport = transport
        self._max_calls = max_calls
        self.calls: int = 0
        self.heard: list[Heard] = []

    async def open(self) -> None:
        """Open the way to the network."""
        await self._transport.open()

    async def close(self) -> None:
        """Close it."""
        await self._transport.close()

    async def exchange(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Send a request and remember the head of its answer.

        Raises:
            ConfigError: The examination has had all of its calls.
        """
        if self.calls >= self._max_calls:
            raise ConfigError(f"the examination has made its {self._max_calls} calls")
        self.calls += 1
        if without_version.get():
            headers = dict(request.headers)
            headers.pop("Intercom-Version", None)
            request = request.replace(headers=headers)
        sent_at = CLOCK.unix()
        reply = await self._transport.exchange(request, on_sent)
        self.heard.append(_heard(reply.status, reply.headers, sent_at))
        return reply

    async def stream(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Send a request whose answer is read whole here: none is long."""
        return await self.exchange(request, on_sent)


def _heard(status: int, headers: Mapping[str, str], sent_at: float) -> Heard:
    date = header(headers, "Date")
    return Heard(
        status=status,
        window=parse_window(headers),
        date=None if date is None else from_http_date(date),
        sent_at=sent_at,
        received_at=CLOCK.unix(),
        version=header(headers, "Intercom-Version"),
        has_retry_after=header(headers, "Retry-After") is not None,
    )
