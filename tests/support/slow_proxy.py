"""A TCP proxy on loopback that delays what a server answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from intercom_async.clock import CLOCK


class SlowProxy:
    """Passes bytes on, those of the server late.

    Args:
        port: The server's port.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.delay_s: float = 0.0
        self.port: int = 0
        self.connections: int = 0
        """Connections so far."""
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, until one of its sides ends it."""
        self.connections += 1
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, back]
        with suppress(OSError):
            await asyncio.gather(
                self._copy(there, writer, is_delayed=True), self._copy(reader, back)
            )

    async def _copy(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        *,
        is_delayed: bool = False,
    ) -> None:
        while data := await source.read(65_536):
            if is_delayed:
                await CLOCK.sleep(self.delay_s)
            target.write(data)
        target.close()

    async def close(self) -> None:
        """End all connections."""
        for writer in self._writers:
            writer.close()
        for writer in self._writers:
            with suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def slow_proxy(port: int) -> AsyncGenerator[SlowProxy]:
    """Run a proxy before a server for the length of a block."""
    proxy = SlowProxy(port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
