"""A web app: one client for the app's life, short waits, a clear 503 when the limit is used up.

pip install . starlette uvicorn  # from a checkout
INTERCOM_TOKEN=… uvicorn web_app:app
"""

import math
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypedDict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from intercom_async import (
    F,
    Intercom,
    NotFoundError,
    Priority,
    RateLimitedError,
    WaitTooLongError,
)


class State(TypedDict):
    intercom: Intercom


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncGenerator[State]:
    async with Intercom(
        base_url=os.environ.get("INTERCOM_BASE_URL"),
        priority=Priority.INTERACTIVE,
        max_wait_s=1.0,  # nobody looks at a spinner for longer; say 503 instead
        deadline_s=10.0,
    ) as intercom:
        yield {"intercom": intercom}


async def contact(request: Request) -> Response:
    intercom: Intercom = request.state.intercom
    found = await intercom.contacts.get(request.path_params["contact_id"])
    return JSONResponse({"id": found.id, "name": found.name})


async def find(request: Request) -> Response:
    intercom: Intercom = request.state.intercom
    email = request.query_params["email"]
    found = await intercom.contacts.search(F.email == email, per_page=1).first()
    return JSONResponse({"id": found.id if found else None})


async def unknown(_: Request, __: Exception) -> Response:
    return JSONResponse({"error": "no such contact"}, 404)


async def busy(_: Request, error: Exception) -> Response:
    wait_s = getattr(error, "retry_after_s", None) or 1
    headers = {"Retry-After": str(math.ceil(wait_s))}
    return JSONResponse({"error": "busy, try again shortly"}, 503, headers)


app = Starlette(
    routes=[Route("/contacts", find), Route("/contacts/{contact_id}", contact)],
    exception_handlers={
        NotFoundError: unknown,
        RateLimitedError: busy,
        WaitTooLongError: busy,
    },
    lifespan=lifespan,
)
