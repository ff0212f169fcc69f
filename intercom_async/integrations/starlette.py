"""Starlette: a client for the lifetime of an app, and its errors as HTTP responses.

app = Starlette(
    routes=[...],
    lifespan=lifespan(lambda: Intercom(priority=Priority.INTERACTIVE, max_wait_s=1.0)),
    exception_handlers=error_handlers,
)

async def contact(request: Request) -> Response:
    found = await client_of(request).contacts.get(request.path_params["contact_id"])
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from intercom_async.client import Intercom
from intercom_async.config import check_able
from intercom_async.errors import ConfigError
from ._answers import HANDLED, answer_to, interactive_client

__all__ = ["client_of", "error_handlers", "handle_error", "interactive_client", "lifespan"]

STATE = "intercom"
"""Name under which the client stands in the app's lifespan state."""


def lifespan(
    make: Callable[[], Intercom] = interactive_client,
) -> Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any]]]:
    """Return a lifespan that opens a client with the app and closes it after the last request.

    Args:
        make: Makes the client; the default reads INTERCOM_TOKEN, sends with `INTERACTIVE` priority,
            and refuses calls that would wait for more than a second.

    Raises:
        ConfigError: `make` cannot be called.

    An app that has a lifespan of its own enters this one in it and passes on what it yields.
    """
    check_able("make", make)

    @asynccontextmanager
    async def run(_: Any) -> AsyncGenerator[Mapping[str, Any]]:
        async with make() as intercom:
            yield {STATE: intercom}

    return run


def client_of(connection: HTTPConnection) -> Intercom:
    """Return the client of the app that a request or WebSocket came to.

    Raises:
        ConfigError: The app was started without `lifespan`.
    """
    found = getattr(connection.state, STATE, None)
    if not isinstance(found, Intercom):
        raise ConfigError(
            "the app has no Intercom client: pass lifespan=lifespan() to it, or yield what "
            "lifespan() yields from the app's own lifespan"
        )
    return found


async def handle_error(_: Request, error: Any) -> Response:
    """Answer a request whose call to Intercom failed."""
    status, text, headers = answer_to(error)
    return JSONResponse({"detail": text}, status, headers)


Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]
"""Answers a request that has failed, as FastAPI and Starlette declare it."""

error_handlers: dict[int | type[Exception], Handler] = dict.fromkeys(HANDLED, handle_error)
"""For `exception_handlers=` of the app."""
