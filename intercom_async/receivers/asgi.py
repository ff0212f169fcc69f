"""Adapters for ASGI 3: an app to mount, and a middleware that needs no mounting.

No framework is imported. A mounted app never sees the server's lifespan events, because frameworks
do not pass them on; a middleware does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

from intercom_async.config import check_able, check_text
from .base import BodyError, Endpoint, HttpReply, HttpRequest

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApplication = Callable[[Scope, Receive, Send], Awaitable[None]]
Lifespan = Callable[[], AbstractAsyncContextManager[object]]

WEBSOCKET_REFUSED = 1008
"""Close code "policy violation" of RFC 6455: the endpoint speaks HTTP only."""


class AsgiApp:
    """An endpoint as an ASGI app.

    Args:
        endpoint: Answers each request.
        lifespan: Entered while a server that hosts this app by itself is running.

    Raises:
        ConfigError: Endpoint or lifespan cannot be called.
    """

    def __init__(self, endpoint: Endpoint, lifespan: Lifespan | None = None) -> None:
        check_able("endpoint", endpoint)
        check_able("lifespan", lifespan, may_be_none=True)
        self._endpoint = endpoint
        self._lifespan = lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        kind = scope["type"]
        if kind == "http":
            await _send_reply(send, await self._endpoint(_request(scope, receive)))
        elif kind == "lifespan":
            await self.serve_lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": WEBSOCKET_REFUSED})

    async def serve_lifespan(self, receive: Receive, send: Send) -> None:
        """Answer the server's startup and shutdown events."""
        stage = "startup"
        try:
            async with AsyncExitStack() as stack:
                await receive()
                if self._lifespan is not None:
                    await stack.enter_async_context(self._lifespan())
                await send({"type": "lifespan.startup.complete"})
                stage = "shutdown"
                await receive()
        except Exception as error:
            await send({"type": f"lifespan.{stage}.failed", "message": type(error).__name__})
            raise
        await send({"type": "lifespan.shutdown.complete"})


class AsgiMiddleware:
    """Answers one path, with and without its last slash, and passes everything else on.

    The lifespan context is entered after the wrapped app has started and left before it shuts
    down, so that what runs in it may use what the app set up.

    Args:
        app: The wrapped app.
        endpoint: Answers requests for `path`.
        path: The path to answer, from the application's root.
        lifespan: Entered while the wrapped app is running.

    Raises:
        ConfigError: An app, endpoint or lifespan cannot be called, or the path is no text.
    """

    def __init__(
        self,
        app: ASGIApplication,
        endpoint: Endpoint,
        path: str,
        lifespan: Lifespan | None = None,
    ) -> None:
        self._app = check_able("app", app)
        check_text("path", path)
        self._own = AsgiApp(endpoint, lifespan)
        self._path = path.rstrip("/")
        self._lifespan = lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] == "lifespan" and self._lifespan is not None:
            await self._serve_lifespan(self._lifespan, scope, receive, send)
        elif scope["type"] == "http" and _path_below_root(scope).rstrip("/") == self._path:
            await self._own(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _serve_lifespan(
        self, lifespan: Lifespan, scope: Scope, receive: Receive, send: Send
    ) -> None:
        stack = AsyncExitStack()
        has_received = False

        async def receive_through() -> Message:
            nonlocal has_received
            message = await receive()
            has_received = True
            if message["type"] == "lifespan.shutdown":
                await stack.aclose()
            return message

        async def send_through(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                await stack.enter_async_context(lifespan())
            await send(message)

        async with stack:
            try:
                await self._app(scope, receive_through, send_through)
            except Exception:
                # An app may refuse lifespan scopes, as Django does; then this one serves them.
                if has_received:
                    raise
                await self._own.serve_lifespan(receive, send)


def _request(scope: Scope, receive: Receive) -> HttpRequest:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return HttpRequest(
        scope["method"],
        _path_below_root(scope),
        headers,
        _chunks(receive),
        query=scope.get("query_string", b"").decode("latin-1"),
        scheme=scope.get("scheme", "http"),
    )


def _path_below_root(scope: Scope) -> str:
    """Return the path without the mount point, which some servers keep in it and some do not."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(root) else path


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyError(400, "the connection ended before the body was complete")
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


async def _send_reply(send: Send, reply: HttpReply) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
