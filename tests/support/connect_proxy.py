"""CONNECT proxies on loopback that keep the heads they were sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handle: Handle) -> AsyncGenerator[int]:
    """Serve connections on loopback, each until it is lost; yield the port."""
    tasks: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await handle(reader, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass  # The other side has gone, or wants no TLS with this one.
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*filter(None, tasks))


@asynccontextmanager
async def connect_proxy(answer: str) -> AsyncGenerator[tuple[str, list[str]]]:
    """Run a proxy that gives one answer; yield its address and the heads of its requests."""
    heads: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()

    async with serving(handle) as port:
        yield f"127.0.0.1:{port}", heads


class TunnellingProxy:
    """A proxy that opens a tunnel to what a CONNECT names."""

    def __init__(self) -> None:
        self.address: str = ""
        self.heads: list[str] = []
        self._writers: set[asyncio.StreamWriter] = set()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        host, _, port = head.split()[1].rpartition(":")
        beyond, towards = await asyncio.open_connection(host, int(port))
        self._writers |= {writer, towards}
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(self._pass_on(reader, towards), self._pass_on(beyond, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    def cut(self) -> None:
        """Cut every tunnel off."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


@asynccontextmanager
async def tunnelling_proxy() -> AsyncGenerator[TunnellingProxy]:
    """Run a proxy that opens tunnels; they are cut off at the end."""
    proxy = TunnellingProxy()
    async with serving(proxy.handle) as port:
        proxy.address = f"127.0.0.1:{port}"
        try:
            yield proxy
        finally:
            proxy.cut()
