"""A client that counts: the same resources, with a tally of what was sent through it."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from intercom_async.client import Intercom
from intercom_async.errors import ClosedError, ConfigError, IntercomError
from intercom_async.request.operation import Call
from intercom_async.resources._registry import ResourceRegistry
from intercom_async.response import Response
from intercom_async.transport.base import StreamReply

T = TypeVar("T")


@dataclass
class RequestCount:
    """What was sent."""

    calls: int = 0
    """Requests, repetitions included; one that failed for good counts once."""
    in_flight: int = 0


class CountingClient(ResourceRegistry):
    """A client that counts its calls."""

    def __init__(self, client: Intercom) -> None:
        self._client = client
        self.count: RequestCount = RequestCount()

    async def send(self, call: Call[T]) -> Response[T]:
        """Send a call and return its answer."""
        self.count.in_flight += 1
        try:
            answer = await self._client.send(call)
        except (ConfigError, ClosedError):
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

    def shared_lock(self, name: str) -> asyncio.Lock:
        """Return a lock that all clients of the same token share, by its name."""
        return self._client.shared_lock(name)

    def while_open(self) -> AbstractAsyncContextManager[None]:
        """Cancel what a block waits for as soon as the client is closed."""
        return self._client.while_open()
