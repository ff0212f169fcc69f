"""The console's server-sent events: new requests, and how the simulator stands."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from aiohttp import web

from intercom_async.clock import CLOCK
from intercom_async.simulator.backend import Backend
from intercom_async.simulator.console.lines import lines_since
from intercom_async.simulator.console.live import live
from intercom_async.simulator.console.pages import PRIVATE
from intercom_async.simulator.rows import encode_json

EVENTS_PATH = "/_simulator/events"
EVERY_S = 0.2
"""Seconds between two events: often enough to look live, and cheap beside the requests."""
MOST_STREAMS = 16
"""Pages that may be open at once; another one is answered 503."""
MOST_LINES = 100
"""Requests in one event; of more than these the oldest are left out."""


class EventStreams:
    """The pages that are open."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._tasks: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """End all streams."""
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Send events until the page is closed.

        `state` has what `GET /_simulator/live` has; `requests` has the requests since the one
        before, and its id is the number of the last one. A page that comes back goes on from it.
        """
        if len(self._tasks) >= MOST_STREAMS:
            return web.Response(status=503, text=f"at most {MOST_STREAMS} consoles may be open")
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", **PRIVATE})
        await answer.prepare(request)
        told = request.headers.get("Last-Event-ID", "")
        last = int(told) if told.isascii() and told.isdecimal() else 0
        # A page that was open before a restart knows numbers of the time before.
        last = last if last <= self._backend.journal.last else 0
        task = asyncio.ensure_future(self._send(answer, last))
        self._tasks.add(task)
        try:
            with suppress(ConnectionError):
                await asyncio.wait([task])
        finally:
            task.cancel()
            self._tasks.discard(task)
        return answer

    async def _send(self, answer: web.StreamResponse, last: int) -> None:
        backend = self._backend
        sent = b""
        with suppress(ConnectionError):
            while True:
                lines = lines_since(backend, last, most=MOST_LINES)
                if lines:
                    last = lines[-1].number
                    await answer.write(_event("requests", lines, last))
                state = encode_json(live(backend))
                if state != sent:
                    sent = state
                    await answer.write(b"event: state\ndata: %b\n\n" % state)
                await CLOCK.sleep(EVERY_S)


def _event(name: str, value: Any, number: int) -> bytes:
    return b"event: %b\nid: %d\ndata: %b\n\n" % (name.encode(), number, encode_json(value))
