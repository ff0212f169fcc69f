"""HTTP/1.1 by hand, for servers that must not cost more than the clients they measure."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable

Send = Callable[[bytes], None]
Answer = Callable[[str, Send], None]
"""Is given a target and what sends the answer, at once or later."""

END = b"\r\n\r\n"


class Connection(asyncio.Protocol):
    """One connection; requests without a body only, one after the other.

    Args:
        answer: What answers.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._transport: asyncio.Transport | None = None
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole head."""
        self._unread += data
        while END in self._unread:
            head, _, self._unread = self._unread.partition(END)
            target = head.split(b" ", 2)[1].decode("latin-1")
            self._answer(target, self._send)

    def _send(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


def encode(body: bytes, headers: dict[str, str]) -> bytes:
    """Write an answer."""
    lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in headers.items())]
    lines += ["Content-Type: application/json; charset=utf-8", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1") + END + body


async def serve(answer: Answer) -> None:
    """Listen on a free port, say where, and never end."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answer), "127.0.0.1", 0, backlog=1024)
    host, port = server.sockets[0].getsockname()[:2]
    sys.stdout.write(json.dumps({"url": f"http://{host}:{port}"}) + "\n")
    sys.stdout.flush()
    await server.serve_forever()
