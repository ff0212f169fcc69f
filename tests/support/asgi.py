"""A server's side of ASGI: sends one request to an app and collects its answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import anyio

from intercom_async.clock import CLOCK
from intercom_async.receivers.asgi import ASGIApplication, Message


class Answer(NamedTuple):
    """What an app answered."""

    status: int
    headers: dict[str, str]
    body: bytes


async def send(
    app: ASGIApplication,
    method: str = "POST",
    path: str = "/",
    *,
    body: bytes | Iterable[bytes] = b"",
    headers: Iterable[tuple[str, str]] = (),
    query: str = "",
    root: str = "",
    chunk_delay_s: float = 0.0,
    is_cut_off: bool = False,
) -> Answer:
    """Send one request.

    Args:
        body: Whole, or in chunks.
        chunk_delay_s: Seconds before each chunk.
        is_cut_off: Whether the client goes away in place of the last chunk.
    """
    chunks = [body] if isinstance(body, bytes) else list(body)
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": root,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), text.encode("latin-1")) for name, text in headers],
        "scheme": "https",
    }
    sent: list[Message] = []

    async def receive() -> Message:
        await CLOCK.sleep(chunk_delay_s)
        if len(chunks) == 1 and is_cut_off:
            return {"type": "http.disconnect"}
        chunk = chunks.pop(0) if chunks else b""
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    async def collect(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, collect)
    start = sent[0]
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], found, b"".join(part["body"] for part in sent[1:]))


@asynccontextmanager
async def lifespan(app: ASGIApplication) -> AsyncGenerator[list[str]]:
    """Start an app as a server does, and shut it down; gives what the app said."""
    give, take = anyio.create_memory_object_stream[Message](2)
    said: list[str] = []
    started = anyio.Event()

    async def tell(message: Message) -> None:
        said.append(message["type"])
        if message["type"].startswith("lifespan.startup"):
            started.set()

    async def serve() -> None:
        scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}}
        await app(scope, take.receive, tell)

    with give, take:
        async with anyio.create_task_group() as group:
            group.start_soon(serve)
            await give.send({"type": "lifespan.startup"})
            await started.wait()
            try:
                yield said
            finally:
                await give.send({"type": "lifespan.shutdown"})
