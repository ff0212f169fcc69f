"""Adapter for aiohttp: an endpoint as routes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from .base import BodyError, Endpoint, HttpRequest


def aiohttp_routes(endpoint: Endpoint, path: str) -> list[web.RouteDef]:
    """Return routes for a path, with and without its last slash; no redirect is involved."""
    plain = f"/{path.strip('/')}"

    async def handle(request: web.Request) -> web.Response:
        reply = await endpoint(_request(request))
        return web.Response(status=reply.status, body=reply.body, headers=list(reply.headers))

    paths = dict.fromkeys([plain, f"{plain.rstrip('/')}/"])
    return [web.route("*", one, handle) for one in paths]


def _request(request: web.Request) -> HttpRequest:
    headers = {name.lower(): ", ".join(request.headers.getall(name)) for name in request.headers}
    return HttpRequest(
        request.method,
        request.path,
        headers,
        _chunks(request.content),
        query=request.query_string,
        scheme=request.scheme,
    )


async def _chunks(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    try:
        async for chunk in content.iter_any():
            yield chunk
    except (aiohttp.ClientError, web.RequestPayloadError, ConnectionError):
        raise BodyError(400, "the connection ended before the body was complete") from None
