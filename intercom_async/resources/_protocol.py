"""What resources need of a client, apart so that a client can be imported without them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from intercom_async.request.operation import Call
from intercom_async.response import Response
from intercom_async.scheduler import Statistics
from intercom_async.transport.base import StreamReply

T = TypeVar("T")


class Sender(Protocol):
    """What a resource needs of a client."""

    def send(self, call: Call[T]) -> Coroutine[Any, Any, Response[T]]:
        """Send a call and return its answer."""
        ...

    def fetch(self, call: Call[T]) -> Coroutine[Any, Any, T]:
        """Send a call and return its decoded answer alone."""
        ...

    def stream(self, call: Call[Any]) -> Coroutine[Any, Any, Response[StreamReply]]:
        """Send a call and return as soon as its answer begins."""
        ...

    def open_link(self, url: str) -> Coroutine[Any, Any, StreamReply]:
        """Begin to read a file that an answer links to, without the token."""
        ...

    def shared_lock(self, name: str) -> asyncio.Lock:
        """Return a lock that all clients of the same token share, by its name."""
        ...

    def statistics(self) -> Statistics:
        """Return what the scheduler knows of the token's limit."""
        ...

    def while_open(self) -> AbstractAsyncContextManager[None]:
        """Cancel what a block waits for when the client is closed, and raise `ClosedError`."""
        ...
