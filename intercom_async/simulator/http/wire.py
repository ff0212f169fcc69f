"""Answers on the wire: whole ones with their headers, and broken ones on purpose."""

from __future__ import annotations

import asyncio
import email.utils

from aiohttp import web

from intercom_async.simulator.clock import SimulatorClock
from intercom_async.simulator.faults import Fault
from intercom_async.simulator.limits.windows import Standing, moment_text
from intercom_async.simulator.values import BAD_JSON, Reply, Row, decode_json, encode_json

SLOW_STEPS = 20
GARBLED = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


class Wire:
    """Sends replies, with the headers that every one has."""

    def __init__(self, clock: SimulatorClock) -> None:
        self._clock = clock
        self._date = (-1, "")

    def _headers(self, reply: Reply, request_id: str, standing: Standing | None) -> dict[str, str]:
        headers = {
            "Content-Type": reply.content_type,
            "X-Request-Id": request_id,
            "Date": self._date_text(),
            **reply.headers,
        }
        if standing is not None:
            headers["X-RateLimit-Limit"] = str(standing.limit)
            headers["X-RateLimit-Remaining"] = str(standing.remaining)
            headers["X-RateLimit-Reset"] = moment_text(standing.reset_at)
        return headers

    def _date_text(self) -> str:
        now = int(self._clock.told())
        if self._date[0] != now:
            self._date = (now, email.utils.formatdate(now, usegmt=True))
        return self._date[1]

    def whole(self, reply: Reply, request_id: str, standing: Standing | None) -> web.Response:
        """Return an answer as it should be."""
        headers = self._headers(reply, request_id, standing)
        return web.Response(body=reply.encoded(), status=reply.status, headers=headers)

    async def broken(
        self,
        request: web.BaseRequest,
        reply: Reply,
        request_id: str,
        standing: Standing | None,
        fault: Fault,
    ) -> web.StreamResponse:
        """Return or send an answer with what the fault does to it."""
        if fault.drop is not None:
            return self._dropped(request)
        body, status = reply.encoded(), reply.status
        headers = self._headers(reply, request_id, standing)
        if fault.no_headers:
            headers = {"Content-Type": headers["Content-Type"], "Date": headers["Date"]}
        if fault.empty:
            body, status = b"", 200
        elif fault.garble:
            body = GARBLED
            headers["Content-Type"] = "text/html"
        elif fault.drift is not None:
            body = drifted(body, fault.drift)
        if fault.truncate:
            return await self._stream(request, body, status, headers, kept=len(body) // 2)
        if fault.slow_body_s:
            return await self._stream(request, body, status, headers, seconds=fault.slow_body_s)
        return web.Response(body=body, status=status, headers=headers)

    @staticmethod
    def _dropped(request: web.BaseRequest) -> web.Response:
        transport: asyncio.BaseTransport | None = request.transport
        if transport is not None:
            transport.close()
        return web.Response()

    async def _stream(
        self,
        request: web.BaseRequest,
        body: bytes,
        status: int,
        headers: dict[str, str],
        *,
        kept: int | None = None,
        seconds: float = 0.0,
    ) -> web.StreamResponse:
        """Send the body in steps; with `kept`, close the connection after so many bytes."""
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = len(body)
        await response.prepare(request)
        shown = body if kept is None else body[:kept]
        step = max(1, len(shown) // SLOW_STEPS)
        for start in range(0, len(shown), step):
            if seconds:
                await self._clock.sleep(seconds / SLOW_STEPS)
            await response.write(shown[start : start + step])
        if kept is not None and request.transport is not None:
            request.transport.close()
        return response


def drifted(body: bytes, field: str) -> bytes:
    """Return a JSON body in which the values of one field have another type."""
    try:
        value = decode_json(body)
    except BAD_JSON:
        return body
    return encode_json(_drift(value, field))


def _drift(value: object, field: str) -> object:
    if isinstance(value, dict):
        row: Row = value  # pyright: ignore[reportUnknownVariableType]
        return {
            key: _other_type(inner) if key == field else _drift(inner, field)
            for key, inner in row.items()
        }
    if isinstance(value, list):
        items: list[object] = value  # pyright: ignore[reportUnknownVariableType]
        return [_drift(item, field) for item in items]
    return value


def _other_type(value: object) -> object:
    """Numbers become text, text a number, the rest a list of itself."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, (int, float)):
        return str(value)
    return len(value) if isinstance(value, str) else [value]
