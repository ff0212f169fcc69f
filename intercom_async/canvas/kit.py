"""`CanvasKit`: handlers by kind of request, and a receiver to mount."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from intercom_async.config import check_count
from intercom_async.errors import ConfigError, DecodeError, IntercomError, SignatureError
from intercom_async.receivers import (
    AsgiApp,
    Body,
    BodyError,
    Headers,
    HttpReply,
    HttpRequest,
    Signer,
)
from intercom_async.receivers.base import method_not_allowed, text_reply
from intercom_async.receivers.place import place_of
from .requests import (
    CanvasRequest,
    ConfigureRequest,
    InitializeRequest,
    LiveCanvasRequest,
    SheetRequest,
    SubmitRequest,
    SubmitSheetRequest,
    read_json,
    read_request,
)
from .responses import Canvas, Results, Submitted, canvas_reply, content_reply
from .sheets import FORM_FIELD, open_sheet

if TYPE_CHECKING:
    from aiohttp import web

SIGNATURE_HEADER = "X-Body-Signature"
MAX_BODY_BYTES = 1024 * 1024
"""Largest body accepted, in bytes: a canvas and its data have 64 KiB each."""
ANY_COMPONENT = "*"

_LOG = logging.getLogger("intercom_async.canvas")

R = TypeVar("R", bound=CanvasRequest)
A = TypeVar("A")
H = TypeVar("H", bound=Callable[[Any], Awaitable[object]])
Handler = Callable[[R], Awaitable[A]]
InitializeHandler = Handler[InitializeRequest, Canvas]
ConfigureHandler = Handler[ConfigureRequest, Canvas | Results]
SubmitHandler = Handler[SubmitRequest, Canvas | Submitted]
LiveHandler = Handler[LiveCanvasRequest, Canvas]
SheetHandler = Handler[SheetRequest, str]
SubmitSheetHandler = Handler[SubmitSheetRequest, Canvas | Submitted]

KINDS: dict[str, type[CanvasRequest]] = {
    "initialize": InitializeRequest,
    "configure": ConfigureRequest,
    "submit": SubmitRequest,
    "live": LiveCanvasRequest,
    "sheet": SheetRequest,
    "submit-sheet": SubmitSheetRequest,
}
"""Type of a request by the last segment of the address it is sent to."""


class NoHandlerError(Exception):
    """A request that no handler was registered for."""


_STATUS: dict[type[Exception], int] = {SignatureError: 401, DecodeError: 400, NoHandlerError: 404}


class CanvasKit:
    """Answers the requests of a Canvas Kit app.

    In the Developer Hub, give each flow its address below the mount point: ``/initialize``,
    ``/submit``, ``/configure`` and ``/submit-sheet``; a live canvas names ``/live`` and a sheet
    action ``/sheet``. All but configure may also share the mount point itself: then a request is
    told by its content.

    Args:
        secret: The app's client secret, or several while one is rotated.
        max_body_bytes: Largest body to accept.

    Raises:
        ConfigError: A secret is missing, or the bound is not a positive number.
    """

    def __init__(
        self, secret: str | Sequence[str], *, max_body_bytes: int = MAX_BODY_BYTES
    ) -> None:
        check_count("max_body_bytes", max_body_bytes)
        self._secret = secret
        self._signer = Signer(secret, algorithm="sha256", header=SIGNATURE_HEADER)
        self._max_body_bytes = max_body_bytes
        self._handlers: dict[str, Callable[[Any], Awaitable[Any]]] = {}
        self._submits: dict[str, Callable[[Any], Awaitable[Any]]] = {}

    def __repr__(self) -> str:
        return f"<CanvasKit, {len(self._handlers) + len(self._submits)} handlers>"

    # Handlers ---------------------------------------------------------------------------------

    def initialize(self, handler: InitializeHandler) -> InitializeHandler:
        """Register what shows the first canvas."""
        return self._register("initialize", handler)

    def configure(self, handler: ConfigureHandler) -> ConfigureHandler:
        """Register what a teammate configures the app with: canvases, and `Results` at the end."""
        return self._register("configure", handler)

    @overload
    def submit(self, handler: SubmitHandler, /) -> SubmitHandler: ...
    @overload
    def submit(self, *component_ids: str) -> Callable[[SubmitHandler], SubmitHandler]: ...
    def submit(self, *given: Any) -> Any:
        """Register what answers when a component is touched.

        Args:
            given: Ids of components; without any, it answers for those that no other one does.

        Raises:
            ConfigError: A component has a handler already.
        """
        if len(given) == 1 and not isinstance(given[0], str):
            handler: Any = given[0]
            return self._register_submit((ANY_COMPONENT,), handler)
        ids: tuple[str, ...] = given or (ANY_COMPONENT,)

        def register(one: SubmitHandler) -> SubmitHandler:
            return self._register_submit(ids, one)

        return register

    def live(self, handler: LiveHandler) -> LiveHandler:
        """Register what renders a live canvas each time somebody views it."""
        return self._register("live", handler)

    def sheet(self, handler: SheetHandler) -> SheetHandler:
        """Register what returns the HTML of a sheet; extra ``sheets``."""
        return self._register("sheet", handler)

    def submit_sheet(self, handler: SubmitSheetHandler) -> SubmitSheetHandler:
        """Register what answers when a sheet was submitted."""
        return self._register("submit-sheet", handler)

    # Receivers --------------------------------------------------------------------------------

    def asgi(self) -> AsgiApp:
        """Return an ASGI app to mount."""
        return AsgiApp(self._answer)

    def aiohttp(self, path: str) -> list[web.RouteDef]:
        """Return aiohttp routes for `path` and each flow below it."""
        from intercom_async.receivers.aiohttp_routes import (  # noqa: PLC0415 (few apps use both)
            aiohttp_routes,
        )

        base = path.rstrip("/")
        paths = (path, *(f"{base}/{kind}" for kind in KINDS))
        return [route for one in paths for route in aiohttp_routes(self._answer, one)]

    def verify(self, body: Body, headers: Headers) -> None:
        """Check the signature of a raw body.

        Raises:
            SignatureError: It is missing or wrong.
        """
        self._signer.verify(body, headers)

    def sign(self, body: Body) -> str:
        """Return the value of ``X-Body-Signature`` for a body, for tests and senders."""
        return self._signer.sign(body)

    # ------------------------------------------------------------------------------------------

    async def _answer(self, request: HttpRequest) -> HttpReply:
        if request.method == "HEAD":
            return HttpReply(200)
        if request.method != "POST":
            return method_not_allowed("HEAD", "POST")
        try:
            kind, asked = await self._read(request)
            return await self._handle(kind, asked)
        except (SignatureError, BodyError, DecodeError, NoHandlerError) as error:
            return _refuse(error)

    async def _read(self, request: HttpRequest) -> tuple[str, CanvasRequest]:
        kind = request.path.rstrip("/").rpartition("/")[2]
        is_signed = SIGNATURE_HEADER.lower() in request.headers
        # The request that opens a sheet is a form without a signature; its user is encrypted.
        form_type = request.headers.get("content-type", "").startswith("application/x-www-form")
        may_be_sheet = kind == "sheet" or (kind not in KINDS and form_type)
        if not is_signed and not may_be_sheet:
            raise SignatureError(f"the request has no {SIGNATURE_HEADER} header")
        body = await request.read(self._max_body_bytes)
        if may_be_sheet and (kind == "sheet" or FORM_FIELD.encode() in body):
            return "sheet", read_request(open_sheet(body, self._secret), SheetRequest)
        self._signer.verify(body, request.headers)
        value = read_json(body)
        kind = kind if kind in KINDS else _kind_of(value)
        return kind, read_request(value, KINDS[kind])

    async def _handle(self, kind: str, asked: CanvasRequest) -> HttpReply:
        handler = self._handlers.get(kind)
        if isinstance(asked, SubmitRequest):
            handler = self._submits.get(asked.component_id) or self._submits.get(ANY_COMPONENT)
        if handler is None:
            raise NoHandlerError(f"no handler for {kind}; register one with CanvasKit")
        try:
            answer = await handler(asked)
            if kind == "sheet":
                return _html(answer)
            body = content_reply(answer) if kind == "live" else canvas_reply(answer)
        except Exception as error:  # noqa: BLE001 (handlers may raise anything)
            _report(kind, handler, error)
            return text_reply(500, "the handler failed")
        return HttpReply(200, body, (("content-type", "application/json; charset=utf-8"),))

    def _register(self, kind: str, handler: H) -> H:
        _check_handler(handler)
        if kind in self._handlers:
            raise ConfigError(f"there is a handler for {kind} already")
        self._handlers[kind] = handler
        return handler

    def _register_submit(self, component_ids: tuple[str, ...], handler: H) -> H:
        _check_handler(handler)
        for one in component_ids:
            if not isinstance(one, str) or not one:
                raise ConfigError("submit() takes ids of components")
            if one in self._submits:
                raise ConfigError(f"the component {one} has a submit handler already")
            self._submits[one] = handler
        return handler


def _kind_of(value: dict[str, Any]) -> str:
    """Tell a request by its content, where its address does not."""
    if "sheet_values" in value:
        return "submit-sheet"
    if value.get("component_id") is not None:
        return "submit"
    return "live" if "canvas" in value else "initialize"


def _check_handler(handler: object) -> None:
    if not inspect.iscoroutinefunction(handler):
        raise ConfigError("a handler must be an async function: async def show(request): …")


def _html(answer: object) -> HttpReply:
    if not isinstance(answer, str):
        raise ConfigError(f"a sheet handler must return HTML as str, not {type(answer).__name__}")
    return HttpReply(200, answer.encode(), (("content-type", "text/html; charset=utf-8"),))


def _refuse(error: Exception) -> HttpReply:
    status = error.status if isinstance(error, BodyError) else _STATUS[type(error)]
    _LOG.warning("canvas request answered %d: %s", status, error)
    return text_reply(status, "refused")


def _report(kind: str, handler: Callable[[Any], object], error: Exception) -> None:
    """Log that a handler failed, and where; a canvas that cannot be sent says why."""
    reason = f": {error}" if isinstance(error, IntercomError) else ""
    _LOG.error(
        "the %s handler %s failed with %s%s in %s",
        kind,
        getattr(handler, "__qualname__", "?"),
        type(error).__qualname__,
        reason,
        place_of(error),
    )
