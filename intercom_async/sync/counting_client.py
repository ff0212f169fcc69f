"""A client that counts its calls, and waits while the server does not answer any."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.errors import (
    ClosedError,
    ConfigError,
    IntercomError,
    RateLimitedError,
    ServerError,
    TransportError,
    UnauthorizedError,
)
from intercom_async.request.operation import Call
from intercom_async.resources._registry import ResourceRegistry
from intercom_async.response import Response
from intercom_async.scheduler import Statistics
from intercom_async.transport.base import StreamReply
from .outage import OutageError, OutageGate

T = TypeVar("T")


@dataclass
class RequestCount:
    """What was sent."""

    calls: int = 0
    """Requests, repetitions included; one that failed for good counts once."""
    in_flight: int = 0


class CountingClient(ResourceRegistry):
    """A client that counts its calls.

    Args:
        client: Sends them.
        gate: Closes while the server does not answer; None never does.
    """

    def __init__(self, client: Intercom, gate: OutageGate | None = None) -> None:
        self._client = client
        self._gate = gate
        self.count: RequestCount = RequestCount()

    async def send(self, call: Call[T]) -> Response[T]:
        """Send a call and return its answer.

        A failure that an outage explains is waited out; one that comes twice while the server
        answers other calls is raised. A call that is turned away is sent until patience runs out.
        Not so one of a scroll's page that fails: asked for again, the scroll would give its next
        page, and skip a hundred rows.
        """
        if self._gate is None:
            return await self._send(call)
        failures, turned_away_s = 0, CLOCK.now()
        while True:
            await self._gate.wait()
            begun_s = CLOCK.now()
            try:
                try:
                    return await self._send(call)
                except RateLimitedError as error:
                    # It was not carried out, so any call may be sent again.
                    if await self._gate.is_outage(begun_s, error):
                        turned_away_s = CLOCK.now()
                    else:
                        self._gate.check_patience(turned_away_s)
                except (ServerError, TransportError) as error:
                    failures += not await self._gate.is_outage(begun_s, error)
                    if failures > 1 or call.operation.repeat == "unsafe":
                        raise
            except UnauthorizedError as error:
                await self._gate.check_token(begun_s, error)
                raise

    async def fetch(self, call: Call[T]) -> T:
        """Send a call as `send` does and return its decoded answer alone."""
        return (await self.send(call)).data

    async def _send(self, call: Call[T]) -> Response[T]:
        self.count.in_flight += 1
        try:
            if self._gate is None:
                answer = await self._client.send(call)
            else:
                answer = await self._gate.let_pass(lambda: self._client.send(call))
        except (ConfigError, ClosedError, OutageError):
            raise
        except IntercomError:
            self.count.calls += 1
            raise
        finally:
            self.count.in_flight -= 1
        self.count.calls += answer.attempts
        return answer

    async def stream(self, call: Call[Any]) -> Response[StreamReply]:
        """Send a call and return as soon as its answer begins."""
        self.count.calls += 1
        return await self._client.stream(call)

    async def open_link(self, url: str) -> StreamReply:
        """Begin to read a file that an answer links to, without the token."""
        return await self._client.open_link(url)

    def shared_lock(self, name: str) -> asyncio.Lock:
        """Return a lock that all clients of the same token share, by its name."""
        return self._client.shared_lock(name)

    def statistics(self) -> Statistics:
        """Return what the scheduler knows of the token's limit."""
        return self._client.statistics()

    def while_open(self) -> AbstractAsyncContextManager[None]:
        """Cancel what a block waits for as soon as the client is closed."""
        return self._client.while_open()

    def at_version(self, version: str) -> CountingClient:
        """Return a view that sends another API version, and counts along with this one."""
        view = CountingClient(self._client.with_options(version=version), self._gate)
        view.count = self.count
        return view
