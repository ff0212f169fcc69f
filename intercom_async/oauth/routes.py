"""The three addresses of a public app: install, the way back, and the notice of an uninstall."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import msgspec

from intercom_async.clock import CLOCK, Clock
from intercom_async.config import check_able, check_kind, check_text
from intercom_async.errors import ConfigError, OAuthError, StateError
from intercom_async.receivers import AsgiApp, BodyError, HttpReply, HttpRequest
from intercom_async.receivers.base import method_not_allowed, text_reply
from .flow import OAuth, check_redirect_uri
from .grant import Grant, check_workspace_id
from .stores.base import TokenStore

if TYPE_CHECKING:
    from aiohttp import web

COOKIE = "intercom_oauth_state"
STATE_LIFE_S = 600
"""Seconds that a teammate has to agree; a code ends after five minutes anyway."""
MAX_NOTICE_BYTES = 10_000
"""Largest body of a notice that is read, in bytes; a real one has some hundred."""
CHECK_PAUSE_S = 10.0
"""Seconds between two confirmations of one workspace. The notice is unsigned, so anybody can make
an app ask Intercom (test_routes.py::test_a_flood_of_notices_asks_intercom_once)."""

_LOG = logging.getLogger("intercom_async.oauth")

OnInstall = Callable[[Grant], Awaitable[str | None]]
OnUninstall = Callable[[str], Awaitable[object]]


class _Notice(msgspec.Struct):
    app_id: str


class OAuthRoutes:
    """Routes of a public app, below one mount point.

    ================  ==========================================================================
    GET start         sends the browser to Intercom; its state stays in a cookie of this browser
    GET callback      the redirect URL: compares states, saves the grant, sends the browser on
    POST uninstalled  the uninstall notice: confirmed with Intercom before a grant is deleted
    ================  ==========================================================================

    Args:
        oauth: The app.
        store: Where grants are kept.
        redirect_uri: The public address of ``callback``, as the Developer Hub has it.
        success_url: Where the browser goes after an installation.
        on_install: Called with each new grant; may return another address for the browser.
        on_uninstall: Called with the id of each workspace that is gone, such as
            `Workspaces.forget`.
        clock: Another clock, for tests.

    Raises:
        ConfigError: `redirect_uri` is not https; http is accepted for loopback only.
    """

    def __init__(
        self,
        oauth: OAuth,
        store: TokenStore,
        *,
        redirect_uri: str,
        success_url: str = "/",
        on_install: OnInstall | None = None,
        on_uninstall: OnUninstall | None = None,
        clock: Clock = CLOCK,
    ) -> None:
        check_kind("oauth", oauth, OAuth, "an OAuth")
        check_able("store", store, "save", "load", "delete", "workspace_ids")
        check_text("success_url", success_url)
        check_able("on_install", on_install, may_be_none=True)
        check_able("on_uninstall", on_uninstall, may_be_none=True)
        check_able("clock", clock, "now")
        self._oauth = oauth
        self._store = store
        self._redirect_uri = check_redirect_uri(redirect_uri)
        self._success_url = success_url
        self._on_install = on_install
        self._on_uninstall = on_uninstall
        self._clock = clock
        self._checked_at: dict[str, float] = {}

    def __repr__(self) -> str:
        return "<OAuthRoutes>"

    def asgi(self) -> AsgiApp:
        """Return an ASGI app to mount."""
        return AsgiApp(self._answer)

    def aiohttp(self, path: str) -> list[web.RouteDef]:
        """Return aiohttp routes below `path`."""
        from intercom_async.receivers.aiohttp_routes import (  # noqa: PLC0415 (few apps use both)
            aiohttp_routes,
        )

        base = path.rstrip("/")
        return [
            route
            for name in ("start", "callback", "uninstalled")
            for route in aiohttp_routes(self._answer, f"{base}/{name}")
        ]

    async def _answer(self, request: HttpRequest) -> HttpReply:
        name = request.path.rstrip("/").rpartition("/")[2]
        if name == "uninstalled":
            if request.method == "HEAD":
                return HttpReply(200)
            return await self._uninstalled(request) if request.method == "POST" else _only("POST")
        if name not in ("start", "callback"):
            return text_reply(404, "not found")
        if request.method != "GET":
            return _only("GET")
        return self._start() if name == "start" else await self._callback(request)

    # Installing -------------------------------------------------------------------------------

    def _start(self) -> HttpReply:
        login = self._oauth.begin(redirect_uri=self._redirect_uri)
        return _redirect(login.url, self._cookie(login.state, STATE_LIFE_S))

    async def _callback(self, request: HttpRequest) -> HttpReply:
        query = parse_qs(request.query, max_num_fields=20)
        try:
            grant = await self._oauth.finish(
                _only_one(query.get("code")),
                state=_only_one(query.get("state")),
                expected=_state_in(request.headers.get("cookie", "")),
                error=_only_one(query.get("error")),
            )
            await self._store.save(grant)
            target = await self._on_install(grant) if self._on_install else None
        except StateError:
            return self._failed(400, "This installation was not begun here. Please begin again.")
        except OAuthError as error:
            _LOG.warning("an installation failed: %s", error)
            return self._failed(400, "The installation failed. Please begin again.")
        except Exception as error:  # noqa: BLE001 (store and callback may raise anything)
            _LOG.error("an installation failed: %s", type(error).__qualname__)
            return self._failed(502, "The installation failed. Please try again later.")
        return _redirect(target or self._success_url, self._cookie("", 0))

    def _failed(self, status: int, text: str) -> HttpReply:
        # The state goes with the first answer, so that a redirect works once.
        return text_reply(status, text, self._cookie("", 0), *_PRIVATE)

    def _cookie(self, state: str, life_s: int) -> tuple[str, str]:
        parts = urlsplit(self._redirect_uri)
        secure = "; Secure" if parts.scheme == "https" else ""
        value = f"{COOKIE}={state}; Path={parts.path or '/'}; Max-Age={life_s}"
        return "set-cookie", f"{value}; HttpOnly; SameSite=Lax{secure}"

    # Uninstalling -----------------------------------------------------------------------------

    async def _uninstalled(self, request: HttpRequest) -> HttpReply:
        try:
            body = await request.read(MAX_NOTICE_BYTES)
            workspace_id = check_workspace_id(msgspec.json.decode(body, type=_Notice).app_id)
        except BodyError as error:
            return text_reply(error.status, "refused")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ConfigError):
            return text_reply(400, "refused")
        try:
            return await self._confirm(workspace_id)
        except Exception as error:  # noqa: BLE001 (store and callback may raise anything)
            _LOG.warning("an uninstall was not confirmed: %s", type(error).__qualname__)
            return text_reply(503, "not confirmed")

    async def _confirm(self, workspace_id: str) -> HttpReply:
        """Delete a grant if Intercom says that it is gone; the notice alone proves nothing."""
        grant = await self._store.load(workspace_id)
        if grant is None:
            return text_reply(200, "unknown")
        now = self._clock.now()
        self._checked_at = {
            name: at for name, at in self._checked_at.items() if now - at < CHECK_PAUSE_S
        }
        if workspace_id in self._checked_at:
            return text_reply(503, "not confirmed")
        self._checked_at[workspace_id] = now
        if await self._oauth.is_installed(grant):
            _LOG.warning("an uninstall notice was ignored: the app is still installed")
            return text_reply(200, "still installed")
        await self._store.delete(workspace_id)
        if self._on_uninstall is not None:
            await self._on_uninstall(workspace_id)
        return text_reply(200, "uninstalled")


_PRIVATE = (("cache-control", "no-store"), ("referrer-policy", "no-referrer"))
"""Headers that keep code and state out of caches and of the next page's logs."""


def _redirect(url: str, cookie: tuple[str, str]) -> HttpReply:
    return HttpReply(302, b"", (("location", url), cookie, *_PRIVATE))


def _only(verb: str) -> HttpReply:
    return method_not_allowed(verb)


def _only_one(values: list[str] | None) -> str | None:
    """Return a parameter that comes once; one that comes twice is somebody's trick."""
    return values[0] if values and len(values) == 1 else None


def _state_in(header: str) -> str | None:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return found.value if found is not None else None
