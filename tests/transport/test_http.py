"""aiohttp behind the seam, against servers on loopback that misbehave."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest

from intercom_async.errors import (
    ClosedError,
    ConfigError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    RequestTimeoutError,
    TransportError,
)
from intercom_async.transport import HttpTransport
from intercom_async.transport.base import Reply, Request

pytestmark = pytest.mark.anyio

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def request(url: str, method: str = "GET", **given: object) -> Request:
    return Request(
        method=method,
        url=f"{url}/contacts/secret-id?email=ann%40example.com",
        name=f"{method} /contacts/{{contact_id}}",
        headers={"Authorization": "Bearer secret-token"},
        **given,  # type: ignore[arg-type] # whatever the test is about
    )


@asynccontextmanager
async def serving(talk: Talk) -> AsyncGenerator[tuple[str, list[bytes]]]:
    """Talk raw HTTP: the answer is whatever bytes `talk` writes."""
    heads: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                await talk(reader, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}", heads
    finally:
        server.close()


async def exchange(url: str, method: str = "GET", **given: object) -> tuple[Reply, int]:
    sent = 0

    def on_sent() -> None:
        nonlocal sent
        sent += 1

    transport = HttpTransport()
    await transport.open()
    try:
        return await transport.exchange(request(url, method, **given), on_sent), sent
    finally:
        await transport.close()


def answer(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


async def test_status_headers_and_body_come_back() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("418 Teapot", b'{"a":1}', "X-Request-Id: r1"))

    async with serving(talk) as (url, heads):
        reply, sent = await exchange(url)
    assert (reply.status, reply.body, sent) == (418, b'{"a":1}', 1)
    assert reply.headers["x-request-id"] == "r1"
    assert heads[0].startswith(b"GET /contacts/secret-id?email=ann%40example.com HTTP/1.1")
    assert b"User-Agent: intercom-async/" in heads[0]


async def test_a_compressed_body_is_opened() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("200 OK", gzip.compress(b"x" * 5_000), "Content-Encoding: gzip"))

    async with serving(talk) as (url, _):
        reply, _sent = await exchange(url)
    assert reply.body == b"x" * 5_000


WHOLE = b"x" * 5_000
ENCODED = {
    "gzip": gzip.compress(WHOLE),
    "GZIP": gzip.compress(WHOLE[:9]) + gzip.compress(WHOLE[9:]) + bytes(20),
    "x-gzip": gzip.compress(WHOLE),
    "deflate": zlib.compress(WHOLE),
    "Deflate ": zlib.compress(WHOLE)[2:-4],
    "identity": WHOLE,
    "": WHOLE,
}
FRAMES: dict[str, Callable[[bytes], bytes]] = {
    "length": lambda body: b"Content-Length: %d\r\n\r\n" % len(body) + body,
    "chunks": lambda body: (
        b"Transfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"7\r\n%s\r\n" % body[at : at + 7] for at in range(0, len(body) - 6, 7))
        + b"%x\r\n%s\r\n" % (len(body) % 7, body[len(body) - len(body) % 7 :])
        + (b"" if len(body) % 7 == 0 else b"0\r\n\r\n")
    ),
    "close": lambda body: b"\r\n" + body,
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("encoding", ENCODED)
async def test_a_body_is_read_in_every_encoding_and_framing(encoding: str, frame: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n".encode()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head + FRAMES[frame](ENCODED[encoding]))
        writer.close()

    async with serving(talk) as (url, heads):
        reply, _sent = await exchange(url)
    assert reply.body == WHOLE
    assert b"Accept-Encoding: gzip, deflate\r\n" in heads[0]


@pytest.mark.parametrize("encoding", [*ENCODED, "br", "zstd", "other"])
async def test_an_empty_body_is_empty_whatever_its_encoding(encoding: str) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("204 No Content", b"", f"Content-Encoding: {encoding}"))

    async with serving(talk) as (url, _):
        reply, _sent = await exchange(url, "DELETE")
    assert reply.body == b""


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "other"])
async def test_an_encoding_that_is_not_read_is_named(encoding: str) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("200 OK", b"1234", f"Content-Encoding: {encoding}"))

    async with serving(talk) as (url, _):
        with pytest.raises(DecodeError, match=f"content encoding {encoding}"):
            await exchange(url)


async def test_an_error_in_an_encoding_that_is_not_read_keeps_its_status() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("503 Busy", b"1234", "Content-Encoding: br"))

    async with serving(talk) as (url, _):
        assert (await exchange(url))[0].status == 503


@pytest.mark.parametrize("is_compressed", [True, False])
async def test_a_body_has_a_bound(is_compressed: bool) -> None:  # noqa: FBT001 (pytest's own way)
    body = b"x" * 100_000

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if is_compressed:
            writer.write(answer("200 OK", gzip.compress(body), "Content-Encoding: gzip"))
        else:
            writer.write(answer("200 OK", body))

    async with serving(talk) as (url, _):
        with pytest.raises(DecodeError, match="50000 bytes"):
            await exchange(url, max_bytes=50_000)


async def close_at_once(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def close_in_the_head(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    writer.close()


async def close_in_the_body(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    writer.close()


async def speak_nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\x01 this is not HTTP\r\n\r\n")
    writer.close()


async def lie_about_gzip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(answer("200 OK", b"not gzip", "Content-Encoding: gzip"))


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "talk",
    [close_at_once, close_in_the_head, close_in_the_body, speak_nonsense, lie_about_gzip],
)
async def test_an_answer_that_breaks_off_may_have_been_acted_on(talk: Talk, method: str) -> None:
    async with serving(talk) as (url, heads):
        with pytest.raises(ConnectionLostError) as caught:
            await exchange(url, method)
    assert caught.value.maybe_sent
    # aiohttp would send a GET a second time by itself, behind the scheduler's back.
    assert len(heads) == 1


async def test_a_silent_server_is_a_timeout() -> None:
    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async def fail(url: str, timeout_s: float) -> TransportError:
        with pytest.raises((ConnectError, RequestTimeoutError), match=f"{timeout_s} s") as caught:
            await exchange(url, timeout_s=timeout_s)
        return caught.value

    async with serving(talk) as (url, heads):
        # A busy machine may take longer than the first of these to connect and send.
        for timeout_s in (0.05, 0.5, 5.0):
            failure = await fail(url, timeout_s)
            assert failure.maybe_sent is isinstance(failure, RequestTimeoutError)
            if heads:
                break
    assert isinstance(failure, RequestTimeoutError)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
async def test_no_connection_means_that_nothing_was_sent(url: str) -> None:
    with pytest.raises(ConnectError) as caught:
        await exchange(url)
    assert not caught.value.maybe_sent


async def test_errors_show_neither_path_nor_token() -> None:
    async with serving(close_at_once) as (url, _):
        for target, error in ((url, ConnectionLostError), ("http://127.0.0.1:1", ConnectError)):
            with pytest.raises(error) as caught:
                await exchange(target)
            assert "GET /contacts/{contact_id}" in str(caught.value)
            shown: list[str] = []
            link: BaseException | None = caught.value
            while link is not None:
                shown.append(f"{link!r} {link}")
                link = link.__cause__
            for secret in ("secret-id", "ann%40", "secret-token"):
                assert secret not in "\n".join(shown)


async def test_a_redirect_is_an_answer_like_any_other() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("302 Found", b"", "Location: /elsewhere"))

    async with serving(talk) as (url, heads):
        reply, _sent = await exchange(url)
    assert (reply.status, reply.headers["Location"], len(heads)) == (302, "/elsewhere", 1)


async def test_a_session_of_the_callers_is_used_and_left_open() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("200 OK", b"{}"))

    async with serving(talk) as (url, heads), aiohttp.ClientSession() as session:
        session.headers["X-Mine"] = "1"
        transport = HttpTransport(session)
        await transport.open()
        await transport.exchange(request(url), lambda: None)
        await transport.close()
        assert not session.closed
        assert b"X-Mine: 1" in heads[0]


async def test_connections_are_kept_and_as_many_as_needed() -> None:
    connections: set[int] = set()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(id(writer.transport))
        writer.write(answer("200 OK", b"{}"))

    async with serving(talk) as (url, heads):
        transport = HttpTransport()
        await transport.open()
        for _ in range(5):
            await transport.exchange(request(url), lambda: None)
        assert (len(connections), len(heads)) == (1, 5)
        await asyncio.gather(*(transport.exchange(request(url), lambda: None) for _ in range(150)))
        assert len(heads) == 155
        await transport.close()


async def test_a_closed_transport_says_so() -> None:
    transport = HttpTransport()
    with pytest.raises(ClosedError):
        await transport.exchange(request("http://127.0.0.1:1"), lambda: None)
    await transport.open()
    await transport.close()
    await transport.close()
    with pytest.raises(ClosedError):
        await transport.exchange(request("http://127.0.0.1:1"), lambda: None)


async def test_a_session_of_another_loop_is_refused() -> None:
    elsewhere = asyncio.new_event_loop()
    connector = aiohttp.TCPConnector(loop=elsewhere)
    session = aiohttp.ClientSession(connector=connector)
    try:
        with pytest.raises(ConfigError, match="http belongs to another event loop"):
            await HttpTransport(session).open()
    finally:
        await session.close()
        elsewhere.close()
