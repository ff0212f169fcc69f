"""HTTP by aiohttp: one session for a client's life, errors split by whether anything was sent.

The connection pool has no limit and no time-out of its own: the scheduler bounds what is in flight
and queues the rest, so that a granted request goes out at once and its turn cannot grow stale in a
second queue. Redirects are not followed here, cookies are not kept, and aiohttp's own silent
repetition of a request on a lost connection is switched off: each request that leaves is one that
the scheduler has counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from intercom_async._version import __version__
from intercom_async.errors import (
    ClosedError,
    ConfigError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    RequestTimeoutError,
)
from intercom_async.wire import CHUNK_BYTES, FIRST_FAILURE, Reply, Request, StreamReply

_CONNECT_S = 10.0
_KEEP_ALIVE_S = 30.0
_DNS_CACHE_S = 300

USER_AGENT = f"intercom-async/{__version__} aiohttp/{aiohttp.__version__}"

_on_sent: ContextVar[Callable[[], None] | None] = ContextVar("intercom_async_sent", default=None)


class _LostConnectionError(aiohttp.ClientError):
    """A lost connection in a class that aiohttp does not answer by sending again."""


class _Request(aiohttp.ClientRequest):
    """Says when the bytes leave: a connection is there, nothing has been written."""

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        """Send, and say so."""
        on_sent = _on_sent.get()
        if on_sent is not None:
            on_sent()
        try:
            return await super().send(conn)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise _LostConnectionError(str(error)) from error


class _Response(aiohttp.ClientResponse):
    """Keeps a lost connection from being answered by a second request."""

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        """Read the head."""
        try:
            return await super().start(connection)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise _LostConnectionError(str(error)) from error


class HttpTransport:
    """Requests over aiohttp.

    Args:
        session: Bring your own; it is used as it is and not closed here.
    """

    def __init__(self, session: aiohttp.ClientSession | None = None) -> None:
        self._session = session
        self._is_own = session is None
        self._timeouts: dict[float, aiohttp.ClientTimeout] = {}

    async def open(self) -> None:
        """Make the session, in the loop that will use it."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0, ttl_dns_cache=_DNS_CACHE_S, keepalive_timeout=_KEEP_ALIVE_S
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                request_class=_Request,
                response_class=_Response,
                headers={"User-Agent": USER_AGENT},
            )

    async def exchange(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Send one request and read its whole answer."""
        async with (
            _translated(request) as attempt,
            await self._send(
                request, attempt.note(on_sent), self._timeout(request.timeout_s)
            ) as response,
        ):
            return Reply(response.status, response.headers, await _read(response, request))

    async def stream(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Send one request and return with the head of a success, or with a whole failure."""
        async with _translated(request) as attempt:
            # A download may take hours; it is over when nothing comes for as long as one attempt.
            times = aiohttp.ClientTimeout(
                total=None,
                sock_connect=min(request.timeout_s, _CONNECT_S),
                sock_read=request.timeout_s,
            )
            response = await self._send(request, attempt.note(on_sent), times)
            if response.status >= FIRST_FAILURE:
                async with response:
                    return Reply(response.status, response.headers, await _read(response, request))
        return StreamReply(
            response.status, response.headers, _chunks(response, request), response.close
        )

    async def _send(
        self,
        request: Request,
        on_sent: Callable[[], None],
        times: aiohttp.ClientTimeout,
    ) -> aiohttp.ClientResponse:
        session = self._session
        if session is None or session.closed:
            raise ClosedError("the HTTP session is closed")
        if self._is_own:
            _on_sent.set(on_sent)
        else:
            # A session of the caller's does not say when it sends: its pool may hold the
            # request back, so the moment is taken too early rather than too late.
            on_sent()
        return await session.request(
            request.method,
            URL(request.url, encoded=True),
            headers=request.headers,
            data=request.body,
            timeout=times,
            allow_redirects=False,
            raise_for_status=False,
        )

    async def close(self) -> None:
        """Close the session if it was made here."""
        session = self._session
        if session is None or not self._is_own:
            return
        self._session = None
        await session.close()
        # The loop needs turns to run the transports' own closing; without them, TLS connections
        # are still open when a program ends: https://docs.aiohttp.org/en/stable/client_advanced.html
        for _ in range(2):
            await asyncio.sleep(0)  # noqa: TID251 (turns of the loop, not time)

    def _timeout(self, total_s: float) -> aiohttp.ClientTimeout:
        found = self._timeouts.get(total_s)
        if found is None:
            found = self._timeouts[total_s] = aiohttp.ClientTimeout(
                total=total_s, sock_connect=min(total_s, _CONNECT_S)
            )
        return found


class _translated:  # noqa: N801 (used as a statement, like a function)
    """Turns aiohttp's errors into this package's, by whether anything was sent.

    A class and not a generator: it stands on the way of every request.
    """

    __slots__ = ("_is_sent", "_on_sent", "_request")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._is_sent = False
        self._on_sent: Callable[[], None] | None = None

    def note(self, on_sent: Callable[[], None]) -> Callable[[], None]:
        """Return what is to be called when the bytes leave."""
        self._on_sent = on_sent
        return self._note

    def _note(self) -> None:
        self._is_sent = True
        if self._on_sent is not None:
            self._on_sent()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        name = self._request.name
        if error is None or not isinstance(error, aiohttp.ClientError | TimeoutError):
            return
        if isinstance(error, aiohttp.ClientConnectorError):
            raise ConnectError(f"no connection: {_reason(error)}", call=name) from error
        if isinstance(error, TimeoutError):
            # The cause is left out: its message has the whole URL.
            raise _timed_out(self._request, is_sent=self._is_sent) from None
        if isinstance(error, aiohttp.InvalidURL):
            raise ConfigError(f"{name}: the URL is not one that can be sent") from None
        raise ConnectionLostError(
            f"the connection ended before the answer was complete: {_reason(error)}", call=name
        ) from error


async def _read(response: aiohttp.ClientResponse, request: Request) -> bytes:
    """Read a body of bounded size; one whose length is known and small is read in one go."""
    length = response.content_length
    is_plain = "Content-Encoding" not in response.headers
    if length is not None and length <= request.max_bytes and is_plain:
        return await response.read()
    body = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        body += chunk
        if len(body) > request.max_bytes:
            raise DecodeError(
                f"the answer is larger than {request.max_bytes} bytes", call=request.name
            )
    return bytes(body)


async def _chunks(response: aiohttp.ClientResponse, request: Request) -> AsyncIterator[bytes]:
    """Give a body chunk by chunk, and close it at the end."""
    try:
        async with _translated(request) as attempt:
            attempt.note(_nothing)()
            async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                yield chunk
    finally:
        response.close()


def _nothing() -> None:
    """Take no notice."""


def _timed_out(request: Request, *, is_sent: bool) -> ConnectError | RequestTimeoutError:
    if is_sent:
        return RequestTimeoutError(f"no answer within {request.timeout_s:g} s", call=request.name)
    return ConnectError(
        f"no connection within {min(request.timeout_s, _CONNECT_S):g} s", call=request.name
    )


def _reason(error: aiohttp.ClientError) -> str:
    """Say what happened without the URL, which may hold ids and addresses."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{error.host}:{error.port}: {error.os_error.strerror or type(error).__name__}"
    cause = error.__cause__ if isinstance(error, _LostConnectionError) else error
    return type(cause).__name__
