"""The web app beside the workers: it reads contacts of all workspaces while they are synced.

uvicorn web:app
"""

import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from jobs import workspaces
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from intercom_async import NotFoundError, Priority, RateLimitedError, WaitTooLongError


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncGenerator[None]:
    async with workspaces:
        yield


async def contact(request: Request) -> Response:
    async with workspaces.client(request.path_params["workspace"]) as opened:
        intercom = opened.with_options(priority=Priority.INTERACTIVE, max_wait_s=1.0)
        try:
            found = await intercom.contacts.get(request.path_params["contact"])
        except NotFoundError:
            return JSONResponse({"error": "no such contact"}, 404)
        except (RateLimitedError, WaitTooLongError) as busy:
            seconds = str(math.ceil(busy.retry_after_s or 1.0))
            return JSONResponse({"error": "busy"}, 503, headers={"Retry-After": seconds})
    return JSONResponse({"id": found.id, "name": found.name})


app = Starlette(routes=[Route("/{workspace}/{contact}", contact)], lifespan=lifespan)
