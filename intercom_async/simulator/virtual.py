"""A backend behind the scripted transport: the same answers as over HTTP, without a socket.

`exchange` carries one request of `intercom_async.transport` to a backend and its response back. It
waits on the running loop's clock, so that a loop whose time is virtual (`virtual_loop`) makes
latency, windows and time-outs virtual as well. What is broken on purpose arrives as the error that
the HTTP transport raises for it.
"""

from __future__ import annotations

from functools import partial
from typing import TypeAlias

from multidict import CIMultiDict
from yarl import URL

from intercom_async.clock import CLOCK
from intercom_async.errors import (
    ConnectionLostError,
    DecodeError,
    RequestTimeoutError,
    TransportError,
)
from intercom_async.transport.base import Reply, Request
from .backend import Backend
from .control import CONTROL_PREFIX, Control
from .messages import Request as Received, Response, max_body_bytes

ClientRequest: TypeAlias = Request
Answer: TypeAlias = Reply | TransportError
"""What a client receives: a response, or the error that its transport raises."""


async def exchange(backend: Backend, control: Control, request: Request) -> Answer:
    """Return what a client receives for a request, as soon as it would receive it.

    Raises:
        DecodeError: The body is longer than the request allows.
    """
    received = _received(request)
    if received.path.startswith(CONTROL_PREFIX):
        return _reply(control.answer(received))
    under_way = backend.receive(received)
    respond = partial(backend.respond, under_way)
    if under_way.delay_s >= request.timeout_s:
        # As over HTTP, the server does the work although nobody waits for it any more.
        CLOCK.call_at(CLOCK.now() + under_way.delay_s, respond)
        return await _timed_out(request, request.timeout_s)
    if under_way.delay_s:
        await CLOCK.sleep(under_way.delay_s)
    response = respond()
    if response.is_dropped or response.sent_bytes is not None:
        return ConnectionLostError(
            "the connection ended before the answer was complete", call=request.name
        )
    left_s = request.timeout_s - under_way.delay_s
    if response.body_s >= left_s:
        return await _timed_out(request, left_s)
    if response.body_s:
        await CLOCK.sleep(response.body_s)
    if len(response.body) > request.max_bytes:
        raise DecodeError(f"the answer is larger than {request.max_bytes} bytes", call=request.name)
    return _reply(response)


def _received(request: Request) -> Received:
    url, body = URL(request.url, encoded=True), request.body or b""
    is_too_large = len(body) > max_body_bytes(url.raw_path)
    return Received(
        request.method,
        url.raw_path,
        url.query,
        CIMultiDict(request.headers),
        b"" if is_too_large else body,
        is_too_large,
    )


def _reply(response: Response) -> Reply:
    body = response.body or b"".join(response.parts)
    return Reply(response.status, CIMultiDict(response.headers), body)


async def _timed_out(request: Request, seconds: float) -> RequestTimeoutError:
    await CLOCK.sleep(seconds)
    return RequestTimeoutError(f"no answer within {request.timeout_s:g} s", call=request.name)
