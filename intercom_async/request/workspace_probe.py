"""Finds out from the first answers whose workspace a token is of.

The apps of a workspace share a limit that no header names. Clients of several apps need not be told
of each other: what they are answered names the workspace. Once it is known, or nothing has named it
for a while, the session goes on without this, so that it costs later calls nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from intercom_async.transport.base import Reply, Request, Transport

MOST_ANSWERS = 64
"""Answers that are looked at (test_workspace_probe.py::test_it_gives_up)."""
MOST_BYTES = 2**16
"""A longer answer is not looked at: what is read beside work must not take long."""


class _App(msgspec.Struct):
    id_code: str | None = None


class _Named(msgspec.Struct):
    """An object, or the admin that the token is of."""

    workspace_id: str | None = None
    app: _App | None = None


class _Listed(msgspec.Struct):
    data: list[_Named] = []


_decode_object = msgspec.json.Decoder(_Named).decode
_decode_list = msgspec.json.Decoder(_Listed).decode


def named_workspace(body: bytes) -> str | None:
    """Return the workspace that an answer names at a place that only the server writes to."""
    try:
        found = _decode_object(body)
        if found.workspace_id:
            return found.workspace_id
        if found.app is not None and found.app.id_code:
            return found.app.id_code
        for item in _decode_list(body).data:
            if item.workspace_id:
                return item.workspace_id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    return None


class WorkspaceProbe(Transport):
    """A transport that looks at the first answers.

    Args:
        transport: The way to the network.
        on_end: Called once with the workspace, or with None when it gives up.
    """

    def __init__(self, transport: Transport, on_end: Callable[[str | None], None]) -> None:
        self._transport = transport
        self._on_end: Callable[[str | None], None] | None = on_end
        self._answers = 0

    async def open(self) -> None:
        """Open the transport."""
        await self._transport.open()

    async def exchange(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Send a request and look at its answer."""
        reply = await self._transport.exchange(request, on_sent)
        if self._on_end is not None:
            self._look_at(reply, self._on_end)
        return reply

    async def stream(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Send a request and return the head of its answer."""
        return await self._transport.stream(request, on_sent)

    async def close(self) -> None:
        """Close the transport."""
        await self._transport.close()

    def _look_at(self, reply: Reply, on_end: Callable[[str | None], None]) -> None:
        self._answers += 1
        body = reply.body if isinstance(reply.body, bytes) else b""
        found = named_workspace(body) if len(body) <= MOST_BYTES else None
        if found is not None or self._answers >= MOST_ANSWERS:
            self._on_end = None
            on_end(found)
