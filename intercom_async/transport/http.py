"""HTTP by aiohttp: one session for a client's life, errors split by whether anything was sent.

The connection pool has no limit and no time-out of its own: the scheduler bounds what is in flight
and queues the rest, so that a granted request goes out at once and its turn cannot grow stale in a
second queue. Redirects are not followed here, cookies are not kept, and aiohttp's own silent
repetition of a request on a lost connection is switched off: each request that leaves is one that
the scheduler has counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from intercom_async._version import __version__
from intercom_async.errors import (
    ClosedError,
    ConfigError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    RequestTimeoutError,
    TransportError,
)
from .base import CHUNK_BYTES, FIRST_FAILURE, Reply, Request, StreamReply

_CONNECT_S = 10.0
_CHECK = "check the network and the address"
_KEEP_ALIVE_S = 30.0
_DNS_CACHE_S = 300

USER_AGENT = f"intercom-async/{__version__} aiohttp/{aiohttp.__version__}"


class _Sending:
    """Whether the bytes of one request have left, and whom to tell."""

    __slots__ = ("_on_sent", "is_sent")

    def __init__(self, on_sent: Callable[[], None]) -> None:
        self._on_sent = on_sent
        self.is_sent = False

    def begin(self) -> None:
        """Note that they leave now."""
        self.is_sent = True
        self._on_sent()


_sending: ContextVar[_Sending | None] = ContextVar("intercom_async_sending", default=None)


class _LostConnectionError(aiohttp.ClientError):
    """A lost connection in a class that aiohttp does not answer by sending again."""


class _Request(aiohttp.ClientRequest):
    """Says when the bytes leave: a connection is there, nothing has been written."""

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        """Send, and say so."""
        sending = _sending.get()
        if sending is not None:
            sending.begin()
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
        self._headers: tuple[Mapping[str, str], CIMultiDict[str]] = ({}, CIMultiDict())
        self.reading: set[aiohttp.ClientResponse] = set()
        """Answers whose bodies are being read."""

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
        sending = _Sending(on_sent)
        try:
            response = await self._send(request, sending, self._timeout(request.timeout_s))
            self.reading.add(response)
            try:
                return Reply(response.status, response.headers, await _read(response, request))
            finally:
                self.reading.discard(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _translated(error, request, sending) from _cause(error)

    async def stream(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Send one request and return with the head of a success, or with a whole failure."""
        sending = _Sending(on_sent)
        # A download may take hours; it is over when nothing comes for as long as one attempt.
        times = aiohttp.ClientTimeout(
            total=None,
            sock_connect=min(request.timeout_s, _CONNECT_S),
            sock_read=request.timeout_s,
        )
        try:
            response = await self._send(request, sending, times)
            if response.status >= FIRST_FAILURE:
                return Reply(response.status, response.headers, await _read(response, request))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _translated(error, request, sending) from _cause(error)
        self.reading.add(response)
        end = partial(self._end, response)
        chunks = _chunks(response, request, sending, end)
        return StreamReply(response.status, response.headers, chunks, end)

    def _end(self, response: aiohttp.ClientResponse) -> None:
        self.reading.discard(response)
        response.close()

    def _send(
        self, request: Request, sending: _Sending, times: aiohttp.ClientTimeout
    ) -> Awaitable[aiohttp.ClientResponse]:
        session = self._session
        if session is None or session.closed:
            raise ClosedError("the HTTP session is closed")
        if self._is_own:
            _sending.set(sending)
        else:
            # A session of the caller's does not say when it sends: its pool may hold the
            # request back, so the moment is taken too early rather than too late.
            sending.begin()
        known, headers = self._headers
        if request.headers is not known:
            # A view sends the same headers again and again: they are converted once.
            headers = CIMultiDict(request.headers)
            self._headers = (request.headers, headers)
        return session.request(
            request.method,
            URL(request.url, encoded=True),
            headers=headers,
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
        for response in self.reading:
            # aiohttp closes the connection and leaves whoever waits for more of a body waiting.
            response.content.set_exception(
                ClosedError("the client was closed while its answer was read")
            )
        self.reading.clear()
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


def _read(response: aiohttp.ClientResponse, request: Request) -> Awaitable[bytes]:
    """Read a body of bounded size; one whose length is known and small is read in one go."""
    length = response.content_length
    if (
        length is not None
        and length <= request.max_bytes
        and "Content-Encoding" not in response.headers
    ):
        return response.read()
    return _read_bounded(response, request)


async def _read_bounded(response: aiohttp.ClientResponse, request: Request) -> bytes:
    body = bytearray()
    async with response:
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            body += chunk
            if len(body) > request.max_bytes:
                raise DecodeError(
                    f"the answer is larger than {request.max_bytes} bytes", call=request.name
                )
    return bytes(body)


async def _chunks(
    response: aiohttp.ClientResponse,
    request: Request,
    sending: _Sending,
    end: Callable[[], None],
) -> AsyncIterator[bytes]:
    """Give a body chunk by chunk, and close it at the end."""
    try:
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            yield chunk
    except (aiohttp.ClientError, TimeoutError) as error:
        raise _translated(error, request, sending) from _cause(error)
    finally:
        end()


def _translated(
    error: aiohttp.ClientError | TimeoutError, request: Request, sending: _Sending
) -> ConfigError | TransportError:
    """Say in this package's errors what happened, by whether anything was sent."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return ConnectError(f"no connection: {_reason(error)}; {_CHECK}", call=request.name)
    if isinstance(error, TimeoutError):
        return _timed_out(request, is_sent=sending.is_sent)
    if isinstance(error, aiohttp.InvalidURL):
        return ConfigError(f"{request.name}: the URL is not one that can be sent")
    return ConnectionLostError(
        f"the connection ended before the answer was complete: {_reason(error)}",
        call=request.name,
    )


def _cause(error: Exception) -> Exception | None:
    """Return an error as the cause of another one, unless its message has the whole URL."""
    return None if isinstance(error, TimeoutError | aiohttp.InvalidURL) else error


def _timed_out(request: Request, *, is_sent: bool) -> ConnectError | RequestTimeoutError:
    if is_sent:
        return RequestTimeoutError(f"no answer within {request.timeout_s:g} s", call=request.name)
    return ConnectError(
        f"no connection within {min(request.timeout_s, _CONNECT_S):g} s; {_CHECK}",
        call=request.name,
    )


def _reason(error: aiohttp.ClientError) -> str:
    """Say what happened without the URL, which may hold ids and addresses."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{error.host}:{error.port}: {error.os_error.strerror or type(error).__name__}"
    cause = error.__cause__ if isinstance(error, _LostConnectionError) else error
    return type(cause).__name__
