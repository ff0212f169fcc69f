"""A workspace whose conversations and tickets have files, and the host that has these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import msgspec

from intercom_async.clock import CLOCK
from intercom_async.errors import TransportError
from intercom_async.simulator import Simulator
from intercom_async.transport.base import Reply, Request

HOST = "https://files.example/"


class FileServer:
    """A workspace whose conversations have files, and the host of the files."""

    def __init__(self, conversations: int = 4, files: int = 1) -> None:
        self.simulator = Simulator(contacts=5, conversations=conversations, tickets=2)
        self.files = files
        self.calls = 0
        """Requests for anything but a file."""
        self.fetched: list[str] = []
        self.gone: set[str] = set()
        self.status: Callable[[], int] = lambda: 200
        self.headers: dict[str, str] = {}
        """Headers of each file."""
        self.body: bytes | None = None
        """What is sent instead of each file."""
        self.sizes: Callable[[str], Any] | None = None
        """What an attachment says of the size of its file, by the file's name."""
        self.in_flight = self.most = 0
        self.stop: anyio.Event | None = None

    async def __call__(self, request: Request) -> Reply | TransportError:
        if request.url.startswith(HOST):
            return await self._file(request.url.removeprefix(HOST))
        self.calls += 1
        reply = await self.simulator.answer(request)
        parts = request.url.partition("/conversations/")[2] or request.url.partition("/tickets/")[2]
        is_one = request.method == "GET" and parts.isdecimal()
        if not isinstance(reply, Reply) or not is_one or reply.status != 200:
            return reply
        whole: dict[str, Any] = msgspec.json.decode(reply.body)
        if whole.get("source"):
            whole["source"]["attachments"] = self._links(f"{parts}-first", 1)
        for kind in ("conversation_parts", "ticket_parts"):
            parts_of: dict[str, list[Any]] = whole.get(kind) or {}
            for part in parts_of.get(kind, [])[:1]:
                part["attachments"] = self._links(f"{parts}-part", self.files)
        return Reply(200, reply.headers, msgspec.json.encode(whole))

    def _links(self, name: str, count: int) -> list[dict[str, Any]]:
        sizes = self.sizes
        return [
            {"type": "upload", "name": f"{name}.txt", "url": f"{HOST}{name}-{number}"}
            | ({} if sizes is None else {"filesize": sizes(f"{name}-{number}")})
            for number in range(count)
        ]

    async def _file(self, name: str) -> Reply:
        self.fetched.append(name)
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await CLOCK.sleep(0.01)
        self.in_flight -= 1
        if self.stop is not None:
            self.stop.set()
        status = 404 if name in self.gone else self.status()
        return Reply(status, self.headers, name.encode() if self.body is None else self.body)
