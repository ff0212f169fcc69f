"""HTTP around the workspace: the road of one request, from its bytes to the answer's."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from intercom_async.simulator.clock import SimulatorClock
from intercom_async.simulator.faults import Fault, Faults
from intercom_async.simulator.limits.apps import App, Apps
from intercom_async.simulator.limits.windows import Standing
from intercom_async.simulator.routes.registry import Handler
from intercom_async.simulator.routes.router import Router
from intercom_async.simulator.seed.draw import mix
from intercom_async.simulator.store.workspace import Workspace
from intercom_async.simulator.values import (
    BAD_JSON,
    Call,
    Refusal,
    Reply,
    bad_parameter,
    decode_json,
    not_found,
)
from intercom_async.simulator.versions import shape_of
from .wire import Wire

logger: logging.Logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 20 * 1024 * 1024
CONTROL_PREFIX = "/_simulator"
LETTERS = "abcdefghijklmnopqrstuv0123456789"
STREAMS = ("/download/", "/export/workflows/")
"""Paths whose answers are files: they have their own content types."""

Control = Callable[[str, str, bytes], Reply]
"""Answers a request to the simulator itself: method, path, body."""


@dataclasses.dataclass(slots=True)
class _Exchange:
    """What becomes known of one request on its way."""

    request_id: str
    standing: Standing | None = None
    fault: Fault | None = None


class Server:
    """Answers the requests to one workspace."""

    def __init__(
        self,
        *,
        workspace: Workspace,
        apps: Apps,
        router: Router[Handler],
        clock: SimulatorClock,
        faults: Faults,
        control: Control,
        latency_s: float = 0.0,
    ) -> None:
        self.workspace: Workspace = workspace
        self.apps = apps
        self.latency_s = latency_s
        self.requests: int = 0
        self.statuses: Counter[int] = Counter()
        self._router = router
        self._clock = clock
        self._faults = faults
        self._control = control
        self._wire = Wire(clock)

    @staticmethod
    def request_of(
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        """Make aiohttp's request, with a bound on bodies that fits what Intercom takes."""
        loop = asyncio.get_running_loop()
        return web.BaseRequest(
            message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY_BYTES
        )

    def reset(self, workspace: Workspace) -> None:
        """Go on with another workspace and empty counts."""
        self.workspace = workspace
        self.requests = 0
        self.statuses.clear()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; whatever happens, it is an answer of Intercom's form."""
        path = request.rel_url.raw_path
        if path.startswith(CONTROL_PREFIX):
            return await self._handle_control(request, path)
        self.requests += 1
        exchange = _Exchange(self._request_id())
        try:
            reply = await self._work(request, path, exchange)
        except ConnectionError:
            # Whoever asked is gone in the middle of the request; there is nobody to answer.
            return web.Response(status=400)
        except Refusal as refusal:
            body = refusal.encoded(exchange.request_id)
            reply = Reply(body, refusal.status, refusal.headers)
        except Exception:
            logger.exception("%s %s failed inside the simulator", request.method, path)
            broken = Refusal(500, "server_error", "Something went wrong")
            reply = Reply(broken.encoded(exchange.request_id), broken.status)
        self.statuses[reply.status] += 1
        if exchange.fault is None:
            return self._wire.whole(reply, exchange.request_id, exchange.standing)
        return await self._wire.broken(
            request, reply, exchange.request_id, exchange.standing, exchange.fault
        )

    async def _handle_control(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """Answer a request to the simulator itself."""
        try:
            body = await request.read()
        except ConnectionError:
            # Whoever asked is gone, as above.
            return web.Response(status=400)
        except web.HTTPRequestEntityTooLarge:
            reply = Reply({"error": f"a body has at most {MAX_BODY_BYTES} bytes"}, 413)
        else:
            reply = self._control(request.method, path, body)
        return self._wire.whole(reply, "simulator", None)

    def _request_id(self) -> str:
        """Return twenty letters and digits, as the real ones are: no UUID."""
        bits = mix(self.workspace.seed, self.requests, 0x1D)
        bits = bits << 64 | mix(self.workspace.seed, self.requests, 0x1E)
        return "".join(LETTERS[bits >> 5 * place & 31] for place in range(20))

    async def _work(self, request: web.BaseRequest, path: str, exchange: _Exchange) -> Reply:
        app = self.apps.find(request.headers.get("Authorization", ""))
        if app is None:
            raise Refusal(401, "unauthorized", "Access Token Invalid")
        exchange.standing, over = self.apps.admit(app, self._clock.now())
        fault = self._faults.draw(request.method, path) if self._faults else None
        exchange.fault = fault
        delay_s = self.latency_s + (fault.delay_s if fault else 0.0)
        if delay_s:
            await self._clock.sleep(delay_s)
        if over is not None:
            raise over
        if fault is not None and (fault.status is not None or fault.drop == "before"):
            return _failure(fault, exchange.request_id)
        return self._answer(request, path, app, await _body_of(request))

    def _answer(self, request: web.BaseRequest, path: str, app: App, body: Any) -> Reply:
        """Do the work of a call."""
        _check_accept(request, path)
        shape = shape_of(request.headers.get("Intercom-Version"), app.version)
        found = self._router.find(request.method, path)
        if found is None:
            raise not_found()
        handler, ids = found
        answer = handler(
            Call(
                workspace=self.workspace,
                app=app,
                method=request.method,
                path=path,
                ids=ids,
                query=request.rel_url.query,
                body=body,
                shape=shape,
                now_at=int(self._clock.now()),
            )
        )
        return answer if isinstance(answer, Reply) else Reply(answer)


def _failure(fault: Fault, request_id: str) -> Reply:
    status = 500 if fault.status is None else fault.status
    code = {429: "too_many_requests", 503: "service_unavailable", 408: "request_timeout"}
    refusal = Refusal(status, code.get(status, "server_error"), "A fault was asked for")
    return Reply(refusal.encoded(request_id), status)


def _check_accept(request: web.BaseRequest, path: str) -> None:
    """Refuse a request that takes no form that the endpoint has, or says none."""
    accept = request.headers.get("Accept", "")
    kinds = [part.partition(";")[0].strip() for part in accept.split(",")]
    taken = {"application/json", "application/*", "*/*"}
    if path.startswith(STREAMS) or path.endswith(("/transcript", "/recording")):
        taken |= {"application/octet-stream", "text/plain", "text/*", "text/csv", "audio/*"}
    if taken.isdisjoint(kinds):
        raise Refusal(406, "client_error", "Accept must allow application/json")


async def _body_of(request: web.BaseRequest) -> Any:
    """Return the decoded body; None where there is none."""
    if not request.can_read_body:
        return None
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Refusal(413, "client_error", "The request body is too large") from None
    if not raw.strip():
        return None
    if request.headers.get("Content-Type") and "json" not in request.content_type:
        raise Refusal(415, "client_error", "The body must be sent as application/json")
    try:
        return decode_json(raw)
    except (*BAD_JSON, RecursionError):
        raise bad_parameter("The request body is not valid JSON") from None
