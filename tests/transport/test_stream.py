"""Bodies that are read chunk by chunk, against servers on loopback that misbehave."""

from __future__ import annotations

import asyncio

import pytest

from intercom_async.errors import ConnectError, ConnectionLostError, RequestTimeoutError
from intercom_async.transport import HttpTransport
from intercom_async.transport.base import Reply, StreamReply
from .test_http import answer, request, serving

pytestmark = pytest.mark.anyio


async def begin(url: str, timeout_s: float = 60.0) -> tuple[HttpTransport, Reply]:
    transport = HttpTransport()
    await transport.open()
    try:
        return transport, await transport.stream(request(url, timeout_s=timeout_s), lambda: None)
    except BaseException:
        await transport.close()
        raise


async def test_a_body_comes_while_it_is_made() -> None:
    more = asyncio.Event()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
        await writer.drain()
        await more.wait()
        writer.write(b"half")

    async with serving(talk) as (url, _):
        transport, reply = await begin(url)
        assert isinstance(reply, StreamReply)
        chunks = aiter(reply.chunks)
        assert await anext(chunks) == b"half"
        more.set()
        assert await anext(chunks) == b"half"
        with pytest.raises(StopAsyncIteration):
            await anext(chunks)
        assert repr(reply) == "<StreamReply 200>"
        await transport.close()


async def test_a_failure_comes_whole() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("404 Not Found", b'{"errors":[]}'))

    async with serving(talk) as (url, _):
        transport, reply = await begin(url)
        assert (type(reply), reply.status, reply.body) == (Reply, 404, b'{"errors":[]}')
        await transport.close()


async def test_a_body_that_breaks_off_is_said_after_what_came() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        writer.close()

    async with serving(talk) as (url, _):
        transport, reply = await begin(url)
        assert isinstance(reply, StreamReply)
        chunks = aiter(reply.chunks)
        assert await anext(chunks) == b"half"
        with pytest.raises(ConnectionLostError):
            await anext(chunks)
        await transport.close()


async def test_a_body_that_stalls_is_a_timeout() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        await reader.read()

    async with serving(talk) as (url, _):
        transport, reply = await begin(url, timeout_s=1.0)
        assert isinstance(reply, StreamReply)
        with pytest.raises(RequestTimeoutError):
            _ = [chunk async for chunk in reply.chunks]
        await transport.close()


async def test_a_stream_that_is_given_up_gives_its_connection_back() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + bytes(1000))

    async with serving(talk) as (url, _):
        transport, reply = await begin(url)
        assert isinstance(reply, StreamReply)
        reply.close()
        await transport.close()


async def test_no_connection_is_said_before_anything_comes() -> None:
    with pytest.raises(ConnectError):
        await begin("http://127.0.0.1:1")
