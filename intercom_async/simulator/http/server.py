"""HTTP around a backend: sockets, real time, and connections that break on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from intercom_async.clock import CLOCK
from intercom_async.simulator.backend import Backend
from intercom_async.simulator.control import CONTROL_PREFIX, Control
from intercom_async.simulator.messages import (
    MAX_BODY_BYTES,
    SNAPSHOT_PATH,
    Request,
    Response,
    max_body_bytes,
)
from .connection import ForgivingServer
from .event_stream import EVENTS_PATH, EventStreams
from .sender import Sender

CLOSING_S = 0.5
"""Seconds that a simulator which closes waits for answers that are late on purpose."""
SLOW_STEPS = 20
"""Writes over which a slow body is spread."""

UNREADABLE = b"\x00"
"""Stands for a body that cannot be read."""


class Server:
    """Serves a backend, and its control API under /_simulator."""

    def __init__(self, backend: Backend, control: Control) -> None:
        self._backend = backend
        self._control = control
        self._sender = Sender(backend)
        self._streams = EventStreams(backend)
        self._runner: web.ServerRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port."""
        server = ForgivingServer(self.handle, request_factory=self._request_of)
        self._runner = web.ServerRunner(
            server, access_log=None, handle_signals=False, shutdown_timeout=CLOSING_S
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port, backlog=4_096).start()
        self._sender.start()
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening and close all connections."""
        await self._sender.close()
        await self._streams.close()
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    @staticmethod
    def _request_of(
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        """Make aiohttp's request, with a bound on bodies that fits what Intercom takes."""
        loop = asyncio.get_running_loop()
        return web.BaseRequest(
            message,
            payload,
            protocol,
            writer,
            task,
            loop,
            client_max_size=MAX_BODY_BYTES,
        )

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        url = request.rel_url
        head = Request(request.method, url.raw_path, url.query, request.headers)
        try:
            if head.path == EVENTS_PATH and request.method == "GET":
                refused = self._control.refused(head)
                if refused is None:
                    return await self._streams.serve(request)
                return await _send(request, refused)
            return await _send(request, await self._answer(request, head))
        except ConnectionError:
            # The client left in the middle of its request; nobody reads this answer.
            return web.Response(status=400)

    async def _answer(self, request: web.BaseRequest, head: Request) -> Response:
        if head.path.startswith(CONTROL_PREFIX):
            await _read_body(request, head)
            return await _made(self._control.answer_in_steps(head))
        exchange = self._backend.receive(head)
        if exchange.delay_s:
            # Real time, whatever the simulator's clock says: latency is felt by real clients.
            await CLOCK.sleep(exchange.delay_s)
        await _read_body(request, head)
        return await _made(self._backend.respond_in_steps(exchange))


async def _made(steps: Generator[None, None, Response]) -> Response:
    """Make a response in steps, with other work between them."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            response: Response = done.value
            return response
        await CLOCK.sleep(0)


async def _send(request: web.BaseRequest, response: Response) -> web.StreamResponse:
    if response.is_dropped:
        _close(request)
        return web.Response()
    if response.parts:
        return await _send_parts(request, response)
    if response.sent_bytes is not None or response.body_s:
        return await _stream(request, response)
    answer = web.Response(body=response.body, status=response.status, headers=response.headers)
    if request.content.exception() is not None:
        # What follows on this connection cannot be told from the rest of the body.
        request.content.feed_eof()
        answer.force_close()
    return answer


async def _read_body(request: web.BaseRequest, head: Request) -> None:
    if request.can_read_body:
        try:
            if head.path == SNAPSHOT_PATH:
                await _read_parts(request, head)
            else:
                head.body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            head.is_too_large = True
        except web.RequestPayloadError:
            # No JSON either: a body that is not compressed as its header says.
            head.body = UNREADABLE


async def _read_parts(request: web.BaseRequest, head: Request) -> None:
    """Read a body that may be too long to be put together at once."""
    parts: list[bytes] = []
    room = max_body_bytes(head.path)
    async for part in request.content.iter_any():
        parts.append(part)
        room -= len(part)
        if room < 0:
            head.is_too_large = True
            return
    head.parts = parts


async def _send_parts(request: web.BaseRequest, response: Response) -> web.StreamResponse:
    answer = web.StreamResponse(status=response.status, headers=response.headers)
    answer.content_length = sum(map(len, response.parts))
    await answer.prepare(request)
    if request.method != "HEAD":
        for part in response.parts:
            await answer.write(part)
            await CLOCK.sleep(0)
    return answer


async def _stream(request: web.BaseRequest, response: Response) -> web.StreamResponse:
    """Send the body in steps, and close the connection early where the response says so."""
    answer = web.StreamResponse(status=response.status, headers=response.headers)
    answer.content_length = len(response.body)
    await answer.prepare(request)
    sent = response.body[: response.sent_bytes]
    step = max(1, len(sent) // SLOW_STEPS)
    for start in range(0, len(sent), step):
        if response.body_s:
            await CLOCK.sleep(response.body_s / SLOW_STEPS)
        await answer.write(sent[start : start + step])
    if response.sent_bytes is not None:
        _close(request)
    return answer


def _close(request: web.BaseRequest) -> None:
    transport: asyncio.BaseTransport | None = request.transport
    if transport is not None:
        transport.close()
