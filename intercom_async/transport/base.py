"""What goes into a transport and what comes out of it: plain values, no I/O."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol, runtime_checkable

FIRST_FAILURE = 300
"""Statuses from here on are not success."""

CONNECT_S = 10.0
"""Seconds to connect in, within the time of an attempt
(test_stream.py::test_no_connection_is_said_before_anything_comes)."""

CHUNK_BYTES = 64 * 1024
"""How much of a body is read at once."""


class Request:
    """One attempt, ready for the network; its repr shows neither headers nor body nor query."""

    __slots__ = (
        "body",
        "connect_s",
        "headers",
        "max_bytes",
        "method",
        "name",
        "timeout_s",
        "url",
    )

    def __init__(
        self,
        *,
        method: str,
        url: str,
        name: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout_s: float = 60.0,
        max_bytes: int = 64 * 1024 * 1024,
        connect_s: float = CONNECT_S,
    ) -> None:
        self.method: str = method
        self.url: str = url
        """Absolute and encoded."""
        self.name: str = name
        """Method and path template, for messages."""
        self.headers: Mapping[str, str] = headers
        self.body: bytes | None = body
        self.timeout_s: float = timeout_s
        """Seconds for this attempt, from connecting to the last byte."""
        self.max_bytes: int = max_bytes
        """The largest body that is taken, after decompression."""

        self.connect_s: float = connect_s
        """Seconds to connect in, within `timeout_s`."""

    def __repr__(self) -> str:
        return f"<Request {self.name}>"

    def replace(
        self, *, headers: Mapping[str, str] | None = None, connect_s: float | None = None
    ) -> Request:
        """Return the same request with other headers, or with another time to connect in."""
        return Request(
            method=self.method,
            url=self.url,
            name=self.name,
            headers=self.headers if headers is None else headers,
            body=self.body,
            timeout_s=self.timeout_s,
            max_bytes=self.max_bytes,
            connect_s=self.connect_s if connect_s is None else connect_s,
        )


class Reply:
    """A complete answer; its repr shows no header and no body."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status: int = status
        self.headers: Mapping[str, str] = headers
        """Looked up without regard to case, or in lower case."""
        self.body: bytes = body

    def __repr__(self) -> str:
        return f"<Reply {self.status}, {len(self.body)} bytes>"


class StreamReply(Reply):
    """The head of an answer whose body is read chunk by chunk; it has to be closed."""

    __slots__ = ("_close", "chunks")

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        chunks: AsyncIterator[bytes],
        close: Callable[[], None],
    ) -> None:
        super().__init__(status, headers, b"")
        self.chunks: AsyncIterator[bytes] = chunks
        """The body; raises `TransportError` where it breaks off."""
        self._close = close

    def __repr__(self) -> str:
        return f"<StreamReply {self.status}>"

    def close(self) -> None:
        """Give the connection back, whether or not everything was read."""
        self._close()


@runtime_checkable
class Transport(Protocol):
    """The seam between this package and a network."""

    async def open(self) -> None:
        """Make ready; may be called again after `close`."""

    async def exchange(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Send one request and return the answer, whatever its status.

        Args:
            request: What to send. Redirects are not followed here.
            on_sent: Called when the first byte leaves, so that the scheduler knows the moment.

        Raises:
            TransportError: There is no complete answer; its class says whether anything was sent.
            DecodeError: The body is larger than the request allows.
        """
        ...

    async def stream(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Send one request and return as soon as the head of the answer is there.

        An answer that is not success comes whole, as from `exchange`; a success is a `StreamReply`.

        Raises:
            TransportError: As `exchange`.
        """
        ...

    async def close(self) -> None:
        """Give every connection back."""
