"""A client whose server is a script, and the replies to write one with."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
import pytest

from intercom_async import Intercom
from intercom_async.errors import TransportError
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Transport
from intercom_async.transport.memory import Handler

TOKEN = "dG9rOnNlY3JldA=="


def reply(status: int = 200, body: object = None, **headers: str) -> Reply:
    """Make an answer; text and bytes are sent as they are, anything else as JSON."""
    if isinstance(body, bytes):
        raw = body
    elif isinstance(body, str):
        raw = body.encode()
    else:
        raw = b"" if body is None else msgspec.json.encode(body)
    return Reply(status, {name.replace("_", "-"): text for name, text in headers.items()}, raw)


def failure(status: int, code: str, message: str = "m", **headers: str) -> Reply:
    """Make an error as the API writes it."""
    errors = [{"code": code, "message": message}]
    return reply(status, {"type": "error.list", "request_id": "r1", "errors": errors}, **headers)


class Client(Protocol):
    """Makes a client that is answered by a script, or by a function."""

    def __call__(
        self,
        *answers: Reply | TransportError | Handler,
        transport: Transport | None = None,
        **options: Any,
    ) -> Intercom: ...


@pytest.fixture
def client() -> Client:
    """Make a client that is answered by a script."""

    def make(
        *answers: Reply | TransportError | Handler,
        transport: Transport | None = None,
        **options: Any,
    ) -> Intercom:
        if transport is None:
            script = [answer for answer in answers if not callable(answer)]
            function = next((answer for answer in answers if callable(answer)), None)
            transport = MemoryTransport(function or script)
        return Intercom(TOKEN, transport=transport, **options)

    return make
