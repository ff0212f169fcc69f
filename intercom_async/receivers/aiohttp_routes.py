"""Adapter for aiohttp: an endpoint as routes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from intercom_async.config import check_kind
from .base import BodyError, Endpoint, HttpRequest


def aiohttp_routes(endpoint: Endpoint, path: str) -> list[web.RouteDef]:
    """Return routes for a path, with and without its last slash; no redirect is involved.

    Raises:
        ConfigError: The path is no text.
    """
    check_kind("path", path, str, "a path of the application")
    plain = f"/{path.strip('/')}"

    async def handle(request: web.Request) -> web.Response:
        reply = await endpoint(_request(request))
        answer = web.Response(status=reply.status, body=reply.body, headers=list(reply.headers))
        if request.content.exception() is not None:
            # What follows on this connection cannot be told from the rest of the body.
            request.content.feed_eof()
            answer.force_close()
        return answer

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
    except web.RequestPayloadError:
        raise BodyError(400, "the body cannot be decoded as its headers say") from None
    except (aiohttp.ClientError, ConnectionError):
        raise BodyError(400, "the connection ended before the body was complete") from None
