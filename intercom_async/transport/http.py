"""HTTP by aiohttp: one session for a client's life, errors split by whether anything was sent.

The connection pool has no limit and no timeout of its own: the scheduler bounds what is in flight
and queues the rest, so that an admitted request leaves at once and its permit cannot grow stale in
a second queue. Redirects are not followed here, cookies are not kept, `~/.netrc` is not read, and
aiohttp's own silent repetition of a request on a lost connection is switched off: each request that
leaves is one that the scheduler has counted.
"""

from __future__ import annotations

import asyncio
import ssl as tls
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from types import NoneType
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from intercom_async._version import __version__
from intercom_async.config import check_kind
from intercom_async.errors import ClosedError, ConfigError, DecodeError, IntercomError
from intercom_async.redaction import printable
from .base import CHUNK_BYTES, FIRST_FAILURE, Reply, Request, StreamReply
from .callers_session import check_session, headers_of
from .connection_limit import ConnectionLimit, Place
from .deadlines import Deadline, Deadlines
from .decompression import ENCODINGS, Decompressor
from .failures import TooLargeError, of_trace, to_failure
from .proxies import Proxies
from .sending import ReceivedResponse, Sending, SentRequest, sending_here

_KEEP_ALIVE_S = 30.0
"""Seconds that an idle connection is kept; servers close theirs after 60 s and more, so that a
request rarely meets a connection that is about to be closed."""
_DNS_CACHE_S = 300
"""Seconds that an address is remembered."""

_CLOSED = "the HTTP session is closed"

_open: dict[int, aiohttp.ClientSession] = {}
"""Sessions of transports that are open, by the id of the transport. Held here, a session is never
collected before its transport, which names the client that nobody has closed."""

USER_AGENT = f"intercom-async/{__version__} aiohttp/{aiohttp.__version__}"
ACCEPT_ENCODING = "gzip, deflate"
"""Content codings that `Decompressor` reads."""


class HttpTransport:
    """Requests over aiohttp.

    Args:
        session: The caller's session: its connections are used, under this package's own rules for
            cookies, credentials and repetitions, and it is not closed here.
        proxies: Which proxy a request takes; by default that of the environment.
        ssl: How servers are verified; None is the system's way.

    Raises:
        ConfigError: `session` is not an `aiohttp.ClientSession`, or changes requests on its way.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession | None = None,
        *,
        proxies: Proxies | None = None,
        ssl: tls.SSLContext | None = None,
    ) -> None:
        if session is not None:
            check_session(session)
        check_kind("proxies", proxies, (Proxies, NoneType), "Proxies")
        check_kind("ssl", ssl, (tls.SSLContext, NoneType), "an ssl.SSLContext")
        self._given = session
        self._session: aiohttp.ClientSession | None = None
        self._proxies = proxies or Proxies()
        self._is_direct = self._proxies.are_none
        self._ssl: Any = True if ssl is None else ssl
        self._deadlines: Deadlines | None = None
        self._limit: ConnectionLimit | None = None
        self._timeouts: dict[tuple[float, float], aiohttp.ClientTimeout] = {}
        self._headers: tuple[Mapping[str, str], str | None, CIMultiDict[str]] = (
            {},
            None,
            CIMultiDict(),
        )
        self.reading: set[aiohttp.ClientResponse] = set()
        """Answers whose bodies are being read."""

    def __del__(self) -> None:
        session = getattr(self, "_session", None)
        if session is not None:
            _open.pop(id(self), None)
            # aiohttp would name a session and a connector that the caller has never seen.
            connector = session.connector
            session.detach()
            if self._given is None:
                getattr(connector, "_close")()  # noqa: B009 (what aiohttp's own `__del__` does)
            warnings.warn(
                "unclosed Intercom client: use 'async with Intercom(…)', or 'await close()'",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )

    async def open(self) -> None:
        """Make the session, in the loop that will use it.

        Raises:
            ClosedError: The caller's session is closed.
            ConfigError: The caller's session belongs to another event loop.
        """
        if self._session is not None:
            return
        given = self._given
        if given is None:
            connector: aiohttp.BaseConnector = aiohttp.TCPConnector(
                limit=0, ttl_dns_cache=_DNS_CACHE_S, keepalive_timeout=_KEEP_ALIVE_S
            )
        elif given.closed or given.connector is None:
            raise ClosedError("the session given as http is closed")
        else:
            connector = given.connector
        limit = None if given is None else ConnectionLimit(connector)
        traces = [*given.trace_configs, *limit.traces()] if given and limit else None
        try:
            loop = asyncio.get_running_loop()
            self._session = aiohttp.ClientSession(
                connector=connector,
                loop=loop,
                connector_owner=given is None,
                cookie_jar=aiohttp.DummyCookieJar(),
                request_class=SentRequest,
                response_class=ReceivedResponse,
                trace_configs=traces,
            )
            _open[id(self)] = self._session
            self._deadlines, self._limit = Deadlines(loop), limit
        except RuntimeError:
            raise ConfigError(
                "the session given as http belongs to another event loop; make it in this one"
            ) from None

    async def exchange(  # noqa: C901 (all ways out in one place)
        self, request: Request, on_sent: Callable[[], None]
    ) -> Reply:
        """Send one request and read its whole answer."""
        if self._deadlines is None:
            raise ClosedError(_CLOSED)
        sending = Sending(on_sent)
        response: aiohttp.ClientResponse | None = None
        # With the caller's session time and reading are aiohttp's: its traces see both.
        limit, is_ours = self._limit, self._given is None
        deadline: Deadline | Place = (
            self._deadlines.begin(request.timeout_s)
            if limit is None
            else await limit.begin(request, sending)
        )
        try:
            response = await self._send(request, sending, self._timeout(request))
            content, headers = response.content, response.headers
            if is_ours and content.is_eof() and "Content-Encoding" not in headers:
                # It came in one piece with its head, as most answers do.
                body = _checked(content.read_nowait(), request)
            else:
                self.reading.add(response)
                body = await _read(response, request)
            return Reply(response.status, headers, body)
        except (IntercomError, MemoryError):
            raise
        except asyncio.CancelledError:
            if not deadline.has_cancelled():
                raise
            failure = self._to_failure(TimeoutError(), request, sending)
        except Exception as error:  # noqa: BLE001 (whatever it is, it becomes one of ours)
            failure = self._to_failure(error, request, sending)
            if response is not None:
                response.close()
        finally:
            deadline.end()
            if response is not None:
                self.reading.discard(response)
                # An error's traceback would hold it, with the URL and the token.
                response = None
        # Raised here, where no exception is handled: aiohttp's would be kept as context.
        raise failure

    async def stream(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Send one request and return with the head of a success, or with a whole failure."""
        sending = Sending(on_sent)
        try:
            return await self._stream(request, sending)
        except (IntercomError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 (as in `exchange`)
            failure = self._to_failure(error, request, sending)
        raise failure

    def _to_failure(self, error: Exception, request: Request, sending: Sending) -> Exception:
        """Return the error to raise; what a trace of the caller's session raises is theirs."""
        limit = self._limit
        if limit is not None:
            theirs = of_trace(error)
            if theirs is not None:
                return theirs
            if isinstance(error, TimeoutError) and sending.is_queued:
                return limit.to_failure(request)
        return to_failure(error, request, is_sent=sending.is_sent)

    async def _stream(self, request: Request, sending: Sending) -> Reply:
        # A download may take hours; it is over when nothing comes for as long as one attempt.
        limit = self._limit
        times = aiohttp.ClientTimeout(
            total=None,
            connect=None if limit is None else request.timeout_s,
            sock_connect=min(request.timeout_s, request.connect_s),
            sock_read=request.timeout_s,
        )
        place = None if limit is None else await limit.begin(request, sending)
        try:
            response = await self._send(request, sending, times)
            if response.status >= FIRST_FAILURE:
                return Reply(response.status, response.headers, await _read(response, request))
            if limit is not None:
                limit.hold(response)
            body = _Body(response, request, self.reading, limit)
            return StreamReply(response.status, response.headers, body.chunks(), body.close)
        finally:
            if place is not None:
                place.end()

    def _send(
        self, request: Request, sending: Sending, times: aiohttp.ClientTimeout
    ) -> Awaitable[aiohttp.ClientResponse]:
        session = self._session
        if session is None or (self._given is not None and self._given.closed):
            raise ClosedError(_CLOSED)
        sending_here.set(sending)
        url = URL(request.url, encoded=True)
        known, host, headers = self._headers
        if request.headers is not known or url.host_port_subcomponent != host:
            # A client sends the same headers again and again: they are converted once.
            host = url.host_port_subcomponent
            headers = self._with_callers(request.headers, host)
            self._headers = (request.headers, host, headers)
        sending.headers = headers
        return session.request(
            request.method,
            url,
            data=request.body,
            timeout=times,
            allow_redirects=False,
            raise_for_status=False,
            auto_decompress=False,
            proxy=None if self._is_direct else self._proxies.find(url),
            ssl=self._ssl,
        )

    def _with_callers(self, headers: Mapping[str, str], host: str | None) -> CIMultiDict[str]:
        """Add aiohttp's, and those of the caller's session on the configured origin only."""
        made: CIMultiDict[str] = CIMultiDict({"Host": host or ""})
        made.update(SentRequest.DEFAULT_HEADERS)
        made["User-Agent"] = USER_AGENT
        if self._given is not None and "Authorization" in headers:
            made.update(headers_of(self._given))
        # What is asked for is what `Decompressor` reads.
        made["Accept-Encoding"] = ACCEPT_ENCODING
        made.update(headers)
        return made

    async def close(self) -> None:
        """Close the session; of one that was given, its connections stay."""
        session, self._session = self._session, None
        if session is None:
            return
        _open.pop(id(self), None)
        if self._deadlines is not None:
            self._deadlines.close()
            self._deadlines = None
        for response in self.reading if self._given is None else ():
            # aiohttp closes the connection and leaves a reader of the body waiting.
            response.content.set_exception(
                ClosedError("the client was closed while its answer was read")
            )
        self.reading.clear()
        await session.close()
        # Transports close themselves in the next iterations of the loop; without them, TLS
        # connections are open when a program ends:
        # https://docs.aiohttp.org/en/stable/client_advanced.html
        for _ in range(2):
            await asyncio.sleep(0)  # noqa: TID251 (iterations of the loop, not time)

    def _timeout(self, request: Request) -> aiohttp.ClientTimeout:
        """Return the time to connect in; that of the whole attempt is watched by `Deadlines`."""
        key = (request.timeout_s, request.connect_s)
        found = self._timeouts.get(key)
        if found is None:
            found = self._timeouts[key] = aiohttp.ClientTimeout(
                total=None if self._given is None else request.timeout_s, sock_connect=min(key)
            )
        return found


def _checked(body: bytes, request: Request) -> bytes:
    if len(body) > request.max_bytes:
        raise TooLargeError
    return body


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
    async with response, aclosing(_pieces(response, request)) as pieces:
        async for piece in pieces:
            body += piece
            if len(body) > request.max_bytes:
                raise TooLargeError
    return bytes(body)


async def _pieces(
    response: aiohttp.ClientResponse, request: Request
) -> AsyncGenerator[bytes, None]:
    """Yield a body without its content encoding, in pieces of bounded size."""
    name = response.headers.get("Content-Encoding", "").strip().lower()
    encoding = ENCODINGS.get(name)
    chunks = response.content.iter_chunked(CHUNK_BYTES)
    if encoding is None:
        is_read = name in ("", "identity") or response.status >= FIRST_FAILURE
        async for chunk in chunks:
            if not is_read:
                raise DecodeError(
                    f"the answer has the content encoding {printable(name, limit=20)}, which is "
                    "not read; it was asked for gzip or none",
                    call=request.name,
                )
            yield chunk
        return
    decompressor = Decompressor(encoding)
    async for chunk in chunks:
        for piece in decompressor.feed(chunk):
            yield piece
    decompressor.end()


class _Body:
    """The body of a streamed answer; its repr shows nothing of the request."""

    __slots__ = ("_limit", "_reading", "_request", "_response")

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        request: Request,
        reading: set[aiohttp.ClientResponse],
        limit: ConnectionLimit | None,
    ) -> None:
        self._response = response
        self._request = request
        self._reading = reading
        self._limit = limit
        reading.add(response)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body in chunks to the task that holds it from now on; close it at the end."""
        if self._limit is not None:
            self._limit.hold(self._response)
        try:
            async with aclosing(_pieces(self._response, self._request)) as pieces:
                async for piece in pieces:
                    yield piece
        except (IntercomError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 (as in `exchange`)
            failure = to_failure(error, self._request, is_sent=True)
        else:
            return
        finally:
            self.close()
        raise failure

    def close(self) -> None:
        """Give the connection back."""
        self._reading.discard(self._response)
        self._response.close()
