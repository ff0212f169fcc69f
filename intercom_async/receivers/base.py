"""One HTTP exchange from the receiver's side: plain values and a bounded body reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import msgspec

BODY_TIMEOUT_S = 1.5
"""Seconds to receive a whole body. Together with the 3 s of a hand-over it stays below the 5 s
after which Intercom counts a notification as failed (test_endpoint.py::test_a_slow_body_is_408).
https://developers.intercom.com/docs/webhooks/webhook-notifications"""


class BodyError(Exception):
    """A request body that was not received; `status` is the HTTP status to answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class HttpRequest:
    """A request whose body has not been read yet; its repr shows neither headers nor query.

    Args:
        method: The verb in capitals.
        path: The path below the mount point, decoded.
        headers: By name in lower case; repeated headers are joined by a comma.
        chunks: The body as it arrives.
        query: The query string, still encoded.
        scheme: ``http`` or ``https``, as the server sees it.
    """

    __slots__ = ("_chunks", "headers", "method", "path", "query", "scheme")

    def __init__(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        chunks: AsyncIterator[bytes],
        *,
        query: str = "",
        scheme: str = "https",
    ) -> None:
        self.method: str = method
        self.path: str = path
        self.headers: Mapping[str, str] = headers
        self.query: str = query
        self.scheme: str = scheme
        self._chunks = chunks

    def __repr__(self) -> str:
        return f"<HttpRequest {self.method}>"

    async def read(self, max_bytes: int, *, timeout_s: float = BODY_TIMEOUT_S) -> bytes:
        """Receive the body.

        Args:
            max_bytes: Largest body to accept; nothing is kept beyond it.
            timeout_s: Seconds for the whole body.

        Raises:
            BodyError: The body is too large (413), too slow (408) or was cut off (400).
        """
        announced = self.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > max_bytes:
            raise BodyError(413, f"body larger than {max_bytes} bytes")
        body = bytearray()
        try:
            async with asyncio.timeout(timeout_s):
                async for chunk in self._chunks:
                    body += chunk
                    if len(body) > max_bytes:
                        raise BodyError(413, f"body larger than {max_bytes} bytes")
        except TimeoutError:
            raise BodyError(408, f"body not received within {timeout_s:g} s") from None
        return bytes(body)


class HttpReply(msgspec.Struct, frozen=True):
    """An answer with its whole body."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


Endpoint = Callable[[HttpRequest], Awaitable[HttpReply]]
"""Answers one request; it does not raise."""


def text_reply(status: int, text: str, *headers: tuple[str, str]) -> HttpReply:
    """Return an answer that a person can read."""
    return HttpReply(
        status, text.encode(), (("content-type", "text/plain; charset=utf-8"), *headers)
    )


def method_not_allowed(*allowed: str) -> HttpReply:
    """Return the answer to a verb that the endpoint does not have."""
    return text_reply(405, "method not allowed", ("allow", ", ".join(allowed)))
