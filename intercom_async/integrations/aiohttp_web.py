"""aiohttp.web: a client for the lifetime of an application, and its errors as HTTP responses.

app = web.Application(middlewares=[error_middleware])
app.cleanup_ctx.append(intercom_context())

async def contact(request: web.Request) -> web.Response:
    found = await request.app[INTERCOM].contacts.get(request.match_info["contact_id"])
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from intercom_async.client import Intercom
from intercom_async.config import check_able
from ._answers import HANDLED, answer_to, interactive_client

__all__ = ["INTERCOM", "error_middleware", "interactive_client", "intercom_context"]

INTERCOM: web.AppKey[Intercom] = web.AppKey("intercom", Intercom)
"""Key of the client in the application."""


def intercom_context(
    make: Callable[[], Intercom] = interactive_client,
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Return a cleanup context that opens a client with the application and closes it after.

    Args:
        make: Makes the client; the default reads INTERCOM_TOKEN, sends with `INTERACTIVE` priority,
            and refuses calls that would wait for more than a second.

    Raises:
        ConfigError: `make` cannot be called.
    """
    check_able("make", make)

    async def run(app: web.Application) -> AsyncIterator[None]:
        async with make() as intercom:
            app[INTERCOM] = intercom
            yield

    return run


@web.middleware
async def error_middleware(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer a request whose call to Intercom failed."""
    try:
        return await handler(request)
    except HANDLED as error:
        status, text, headers = answer_to(error)
        body = json.dumps({"detail": text})
        return web.Response(
            status=status, text=body, content_type="application/json", headers=headers
        )
