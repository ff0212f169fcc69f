"""Every exception that aiohttp may raise, and what becomes of it."""

from __future__ import annotations

import asyncio
import gzip
import inspect
import socket
import ssl
import traceback
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import client_exceptions, http_exceptions
from aiohttp.client_reqrep import ConnectionKey, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from intercom_async import errors
from intercom_async.errors import (
    ConnectError,
    ConnectionLostError,
    IntercomError,
    RequestTimeoutError,
    TransportError,
)
from intercom_async.redaction import Secret
from intercom_async.transport import HttpTransport
from intercom_async.transport.base import Request, StreamReply
from intercom_async.transport.failures import to_failure
from tests.transport.test_http import request, serving

pytestmark = pytest.mark.anyio

TOKEN = "dG9rOnNlY3JldA=="
SECRETS = (TOKEN, "secret-id", "ann@example.com", "ann%40example.com", "/contacts/7")
PATH = "/contacts/secret-id?email=ann%40example.com"
HEADERS = CIMultiDictProxy(CIMultiDict({"Authorization": f"Bearer {TOKEN}"}))


def to_send() -> Request:
    return Request(
        method="GET",
        url=f"https://api.intercom.io{PATH}",
        name="GET /contacts/{contact_id}",
        headers={"Authorization": Secret(f"Bearer {TOKEN}")},
    )


INFO = RequestInfo(URL(f"https://api.intercom.io{PATH}"), "GET", HEADERS, URL("https://x"))
KEY = ConnectionKey("api.intercom.io", 443, True, True, None, None, None)
TEXT = f"failed for {PATH} with {TOKEN}"
SPECIAL: dict[type[BaseException], Callable[[Any], Any]] = {
    aiohttp.ClientResponseError: lambda kind: kind(
        INFO, (), status=407, message=TEXT, headers=HEADERS
    ),
    aiohttp.ClientConnectorCertificateError: lambda kind: kind(
        KEY, ssl.SSLCertVerificationError(1, "certificate verify failed")
    ),
    client_exceptions.UnixClientConnectorError: lambda kind: kind(PATH, KEY, OSError(111, TEXT)),
    aiohttp.ClientConnectorError: lambda kind: kind(KEY, OSError(111, TEXT)),
    aiohttp.ServerFingerprintMismatch: lambda kind: kind(b"a", b"b", "api.intercom.io", 443),
    aiohttp.InvalidURL: lambda kind: kind(INFO.url, TEXT),
    http_exceptions.LineTooLong: lambda kind: kind(TEXT, "8190"),
    http_exceptions.InvalidHeader: lambda kind: kind(TEXT),
    http_exceptions.BadStatusLine: lambda kind: kind(TEXT),
    UnicodeEncodeError: lambda kind: kind("idna", TEXT, 0, 1, "label too long"),
    asyncio.IncompleteReadError: lambda kind: kind(TEXT.encode(), 9),
    OSError: lambda kind: kind(111, TEXT),
}
OTHERS: list[type[Exception]] = [
    ValueError,
    UnicodeError,
    UnicodeEncodeError,
    AttributeError,
    RuntimeError,
    AssertionError,
    KeyError,
    TimeoutError,
    OSError,
    ConnectionResetError,
    socket.gaierror,
    ssl.SSLError,
    ssl.SSLCertVerificationError,
    asyncio.IncompleteReadError,
    zlib.error,
]


def classes() -> Iterator[type[Exception]]:
    yield from OTHERS
    for module in (client_exceptions, http_exceptions):
        for value in vars(module).values():
            if inspect.isclass(value) and issubclass(value, Exception):
                yield value


def make(kind: type[Exception]) -> Exception:
    for base in kind.__mro__:
        if base in SPECIAL:
            made: Exception = SPECIAL[base](kind)
            return made
    if kind is http_exceptions.HttpProcessingError:
        return kind(message=TEXT)
    return kind(TEXT)


def seen(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and everything that can be reached from it."""
    yield error
    for behind in (error.__cause__, error.__context__):
        if behind is not None:
            yield from seen(behind)


def shown(error: BaseException) -> str:
    """Return all that a log, a debugger or an error tracker would show of an error."""
    parts = [f"{each} {each!r} {each.args} {vars(each)}" for each in seen(error)]
    parts += traceback.format_exception(error)
    for each in seen(error):
        for frame, _ in traceback.walk_tb(each.__traceback__):
            if frame.f_globals["__name__"].startswith("intercom_async."):
                parts.append(repr(frame.f_locals))
    return "\n".join(parts)


CLASSES = sorted({*classes()}, key=lambda kind: kind.__name__)
each_class = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)


def test_all_classes_are_found() -> None:
    assert len(CLASSES) > 40


@each_class
@pytest.mark.parametrize("is_sent", [False, True], ids=["unsent", "sent"])
def test_an_exception_becomes_one_of_ours_and_shows_nothing(
    kind: type[Exception], *, is_sent: bool
) -> None:
    failure = to_failure(make(kind), to_send(), is_sent=is_sent)

    assert type(failure).__name__ in vars(errors)
    assert not any(secret in shown(failure) for secret in SECRETS)
    if isinstance(failure, TransportError):
        assert failure.maybe_sent == isinstance(failure, RequestTimeoutError | ConnectionLostError)
        assert failure.maybe_sent == is_sent


class FailingConnector(aiohttp.TCPConnector):
    """A connector that raises instead of connecting."""

    def __init__(self, error: Exception) -> None:
        super().__init__()  # pyright: ignore[reportUnknownMemberType] (aiohttp's own)
        self._error = error

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:  # noqa: ARG002, ASYNC109
        raise self._error


@each_class
async def test_only_our_errors_leave_the_transport(kind: type[Exception]) -> None:
    async with aiohttp.ClientSession(connector=FailingConnector(make(kind))) as session:
        transport = HttpTransport(session)
        await transport.open()
        with pytest.raises(IntercomError) as caught:
            await transport.exchange(to_send(), lambda: None)
        await transport.close()
    assert not any(secret in shown(caught.value) for secret in SECRETS)
    assert getattr(caught.value, "maybe_sent", False) is False


def cut_off() -> dict[str, bytes]:
    """Return replies with a compressed body that ends too early, though the framing is right."""
    body = b"{" + bytes(3_000) + TEXT.encode() * 3
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bodies = {
        "gzip": gzip.compress(body),
        "x-gzip": gzip.compress(body),
        "Gzip": gzip.compress(b"") + gzip.compress(body),
        "deflate": zlib.compress(body),
        "Deflate": raw.compress(body) + raw.flush(),
    }
    made: dict[str, bytes] = {}
    for name, whole in bodies.items():
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {name}\r\n".encode()
        for cut in (1, len(whole) - 8, len(whole) - 1):
            length = f"Content-Length: {cut}\r\n\r\n".encode()
            chunked = f"Transfer-Encoding: chunked\r\n\r\n{cut:x}\r\n".encode()
            made[f"{name} to {cut}"] = head + length + whole[:cut]
            made[f"{name} to {cut} in a chunk"] = head + chunked + whole[:cut] + b"\r\n0\r\n\r\n"
            made[f"{name} to {cut} to the end"] = head + b"\r\n" + whole[:cut]
    return made


LOST = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-",
    "a head of 9,000 bytes": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 9_000 + b"\r\n\r\n",
    "a bad status line": b"HTTP/9 what\r\n\r\n",
    "a bad length": b"HTTP/1.1 200 OK\r\nContent-Length: soon\r\n\r\n",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
    "a broken chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{",
    **{f"half of {name}": cut for name, cut in cut_off().items()},
    "a switch of protocols": b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    "no gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
}


@pytest.mark.parametrize("answer", LOST.values(), ids=LOST.keys())
async def test_a_broken_reply_shows_nothing_of_the_request(answer: bytes) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with serving(talk) as (url, heads):
        transport = HttpTransport()
        await transport.open()
        sending = request(url)
        sending.headers = {"Authorization": Secret(f"Bearer {TOKEN}")}
        with pytest.raises(ConnectionLostError) as caught:
            await transport.exchange(sending, lambda: None)
        await transport.close()
    assert len(heads) == 1
    assert f"Bearer {TOKEN}".encode() in heads[0]
    assert not any(secret in shown(caught.value) for secret in SECRETS)
    assert caught.value.maybe_sent


@pytest.mark.parametrize("is_whole", [False, True])
async def test_a_reply_that_is_not_read_shows_nothing_of_the_request(*, is_whole: bool) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\nabcd")

    async with serving(talk) as (url, _):
        transport = HttpTransport()
        await transport.open()
        sending = request(f"{url}{PATH}")
        with pytest.raises(errors.DecodeError) as caught:
            await (read_whole if is_whole else read_in_pieces)(transport, sending)
        await transport.close()
    assert not any(secret in shown(caught.value) for secret in SECRETS)


STAGES: dict[str, tuple[type[Any], str]] = {
    "write": (aiohttp.ClientRequest, "send"),
    "head": (aiohttp.ClientResponse, "start"),
    "body": (aiohttp.ClientResponse, "read"),
    "small body": (aiohttp.StreamReader, "read_nowait"),
    "chunk": (aiohttp.StreamReader, "read"),
}
"""Where aiohttp may raise once there is a connection."""


async def read_whole(transport: HttpTransport, sending: Request) -> None:
    await transport.exchange(sending, lambda: None)


async def read_in_pieces(transport: HttpTransport, sending: Request) -> None:
    reply = await transport.stream(sending, lambda: None)
    assert isinstance(reply, StreamReply)
    async for _ in reply.chunks:
        pass


@pytest.mark.parametrize("stage", STAGES)
async def test_only_our_errors_leave_at_any_stage(
    stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A body is read as it comes unless all of it is there with the head.
        body = b"1234" if stage == "body" else b"123456789"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + body)

    raised: Exception = ValueError()

    async def fail(*_: object, **__: object) -> None:
        raise raised

    def fail_at_once(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(*STAGES[stage], fail_at_once if stage == "small body" else fail)
    async with serving(talk) as (url, _):
        transport = HttpTransport()
        await transport.open()
        for kind in CLASSES:
            raised = make(kind)
            sending = request(url)
            sending.headers = {"Authorization": Secret(f"Bearer {TOKEN}")}
            with pytest.raises(IntercomError) as caught:
                await (read_in_pieces if stage == "chunk" else read_whole)(transport, sending)
            assert not any(secret in shown(caught.value) for secret in SECRETS), kind
            assert getattr(caught.value, "maybe_sent", True), kind
        await transport.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_closing_connection_of_the_pool_was_not_written_to(method: str) -> None:
    """What met a connection that this side closes already is certainly not sent."""
    sent = 0

    def on_sent() -> None:
        nonlocal sent
        sent += 1

    class Closing(aiohttp.TCPConnector):
        async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:  # noqa: ASYNC109
            connection = await super().connect(req, traces, timeout)
            assert connection.transport is not None
            connection.transport.close()
            return connection

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with serving(talk) as (url, heads), aiohttp.ClientSession(connector=Closing()) as session:
        transport = HttpTransport(session)
        await transport.open()
        with pytest.raises(ConnectError):
            await transport.exchange(request(url, method, body=b"{}"), on_sent)
        await transport.close()
    assert (sent, heads) == (0, [])
