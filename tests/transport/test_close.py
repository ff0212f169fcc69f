"""Answers that are under way when their transport is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from intercom_async.errors import ClosedError, ConnectionLostError, RequestTimeoutError
from intercom_async.transport import HttpTransport
from intercom_async.transport.base import StreamReply
from .test_http import request, serving

pytestmark = pytest.mark.anyio

Read = Callable[[HttpTransport, str], Awaitable[object]]

HEAD = b"HTTP/1.1 200 OK\r\n"
SIZED = HEAD + b"Content-Length: 100\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS = HEAD + b"Connection: close\r\n\r\n"


async def read_whole(transport: HttpTransport, url: str) -> None:
    await transport.exchange(request(url), lambda: None)


async def read_pieces(transport: HttpTransport, url: str) -> None:
    reply = await transport.stream(request(url), lambda: None)
    assert isinstance(reply, StreamReply)
    try:
        async for _ in reply.chunks:
            pass
    finally:
        reply.close()


async def read_begins(transport: HttpTransport) -> None:
    """Wait until the head of an answer, which was written, has arrived."""
    for _ in range(10_000):
        if transport.reading:
            return
        await asyncio.sleep(0)  # noqa: TID251 (turns of the loop, not time)
    raise AssertionError


@pytest.mark.parametrize("read", [read_whole, read_pieces])
@pytest.mark.parametrize("head", [SIZED, CHUNKED, ENDLESS])
async def test_who_waits_for_a_body_is_told(read: Read, head: bytes) -> None:
    is_begun = asyncio.Event()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        await writer.drain()
        is_begun.set()
        await asyncio.Event().wait()

    async with serving(talk) as (url, _):
        transport = HttpTransport()
        await transport.open()
        reading = asyncio.ensure_future(read(transport, url))
        await is_begun.wait()
        await read_begins(transport)
        await transport.close()
        with pytest.raises(ClosedError, match="while its answer was read"):
            await asyncio.wait_for(reading, 5.0)


async def test_who_waits_for_a_head_loses_the_connection() -> None:
    is_asked = asyncio.Event()

    async def talk(*_: object) -> None:
        is_asked.set()
        await asyncio.Event().wait()

    async with serving(talk) as (url, _):
        transport = HttpTransport()
        await transport.open()
        reading = asyncio.ensure_future(read_whole(transport, url))
        await is_asked.wait()
        await transport.close()
        with pytest.raises(ConnectionLostError):
            await asyncio.wait_for(reading, 5.0)


async def test_what_somebody_elses_session_reads_is_left_alone() -> None:
    is_begun, go_on = asyncio.Event(), asyncio.Event()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 2\r\n\r\n{")
        is_begun.set()
        await go_on.wait()
        writer.write(b"}")

    async with serving(talk) as (url, _), aiohttp.ClientSession() as session:
        transport = HttpTransport(session)
        await transport.open()
        reading = asyncio.ensure_future(transport.exchange(request(url), lambda: None))
        await is_begun.wait()
        await read_begins(transport)
        await transport.close()
        go_on.set()
        assert (await reading).body == b"{}"


@pytest.mark.parametrize("read", [read_whole, read_pieces])
async def test_what_was_read_is_forgotten(read: Read) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 2\r\n\r\n{}")

    async with serving(talk) as (url, _):
        transport = HttpTransport()
        await transport.open()
        await read(transport, url)
        assert not transport.reading
        await transport.close()


async def test_a_request_by_the_caller_s_session_keeps_its_time_after_close() -> None:
    """Its connections stay open, so nothing but the time ends it."""
    is_begun = asyncio.Event()

    async def be_silent(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        is_begun.set()
        await asyncio.Event().wait()

    async with serving(be_silent) as (url, _), aiohttp.ClientSession() as session:
        transport = HttpTransport(session)
        await transport.open()
        sent = request(url, timeout_s=1.0)
        sending = asyncio.create_task(transport.exchange(sent, lambda: None))
        await is_begun.wait()
        await transport.close()
        async with asyncio.timeout(20):
            with pytest.raises(RequestTimeoutError):
                await sending
