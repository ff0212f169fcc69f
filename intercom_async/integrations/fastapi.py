"""FastAPI: a client as a dependency, models as response models, errors as HTTP responses.

    from intercom_async.integrations.fastapi import Client, client, error_handlers, lifespan

    app = FastAPI(lifespan=lifespan(), exception_handlers=error_handlers)

    @app.get("/contacts/{contact_id}")
    async def contact(contact_id: str, intercom: Client) -> Contact:
        return await intercom.contacts.get(contact_id)

    Bulk = Annotated[Intercom, Depends(client(priority=Priority.BULK))]

    @app.post("/export")
    async def export(intercom: Bulk) -> int: ...

Models need nothing of this module to be response models: FastAPI asks them for their schema.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends
from fastapi.requests import HTTPConnection

from intercom_async.client import Intercom
from intercom_async.request.options import CallOptions
from .starlette import client_of, error_handlers, interactive_client, lifespan

__all__ = ["Client", "client", "client_of", "error_handlers", "interactive_client", "lifespan"]


def client(**options: Any) -> Callable[[HTTPConnection], Awaitable[Intercom]]:
    """Return a dependency: the app's client with other options for a route.

    Args:
        **options: As of `Intercom.with_options`: `priority`, `max_wait_s`, `deadline_s`, …

    Raises:
        ConfigError: An option's value cannot work.
        TypeError: There is no such option.
    """
    CallOptions(**options)

    # FastAPI runs a dependency that is no coroutine in a thread, for each request.
    async def dependency(connection: HTTPConnection) -> Intercom:
        found = client_of(connection)
        return found.with_options(**options) if options else found

    return dependency


Client = Annotated[Intercom, Depends(client())]
"""The app's client, as a parameter of a route."""
