"""Installing a public app in a workspace, and uninstalling it.

    login = oauth.begin(redirect_uri="https://app.example/callback")
    # keep login.state in its session, send it to login.url; it comes back with code and state
    grant = await oauth.finish(code, state=state, expected=kept_state)

https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/setting-up-oauth
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from types import NoneType
from urllib.parse import urlencode, urlsplit

import msgspec

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK, Clock
from intercom_async.config import (
    Region,
    check_able,
    check_kind,
    check_text,
    resolve_origin,
    shown,
)
from intercom_async.errors import ConfigError, OAuthError, StateError, UnauthorizedError
from intercom_async.models import Me
from intercom_async.request.error_body import read_error_body
from intercom_async.transport import HttpTransport
from intercom_async.transport.base import FIRST_FAILURE, Reply, Request, Transport
from .grant import Grant, check_workspace_id, region_of

APP_HOSTS: dict[str, str] = {
    "us": "https://app.intercom.com",
    "eu": "https://app.eu.intercom.com",
    "au": "https://app.au.intercom.com",
}
"""Where teammates of a region agree to an installation; the first one routes by itself."""

STATE_BYTES = 32
"""Random bytes of a state; it cannot be guessed."""

EXCHANGE_TIMEOUT_S = 30.0
"""Seconds for the exchange of a code."""

NEW_TOKEN_PAUSES_S = (0.5, 1.0, 2.0, 4.0)
"""Pauses between reads with a new token, which is unknown for some seconds
(test_flow.py::test_a_new_token_may_be_unknown_for_some_seconds)."""

MAX_CODES = 10_000
"""Codes that are remembered as used; each is dead after five minutes."""


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """A login that was begun; its repr shows no state."""

    url: str
    """Where to send the browser."""
    state: str
    """Keep it for this browser alone, such as in its session, and give it to `finish`."""

    def __repr__(self) -> str:
        return "<Login>"


class _Token(msgspec.Struct):
    token: str | None = None
    access_token: str | None = None


class OAuth:
    """The OAuth side of a public app.

    Args:
        client_id: The app's client id.
        client_secret: The app's client secret.
        region: Where teammates are sent to agree, and where a code is exchanged. The default
            routes to each workspace's own region.
        base_url: Another address for both, such as a simulator's.
        transport: A transport to use instead of aiohttp, for tests.
        clock: Another clock, for tests.

    Raises:
        ConfigError: The id or the secret is empty, or the address cannot work.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        region: Region = "us",
        base_url: str | None = None,
        transport: Transport | None = None,
        clock: Clock = CLOCK,
    ) -> None:
        for name, value in (("client_id", client_id), ("client_secret", client_secret)):
            check_text(name, value, "; it stands on the app's Basic Info page")
        check_kind("transport", transport, (Transport, NoneType), "a Transport")
        check_able("clock", clock, "unix", "sleep")
        self._client_id = client_id
        self._client_secret = client_secret
        if not isinstance(region, str) or region not in APP_HOSTS:
            raise ConfigError(f"region must be one of {', '.join(APP_HOSTS)}, not {shown(region)}")
        self._api = resolve_origin(region if base_url is None else None, base_url)
        self._app_host = APP_HOSTS[region] if base_url is None else self._api
        self._region: Region = region
        self._base_url = base_url
        self._transport = transport
        self._clock = clock
        self._used_codes: OrderedDict[bytes, None] = OrderedDict()

    def __repr__(self) -> str:
        return f"<OAuth {self._app_host}>"

    def begin(self, *, redirect_uri: str | None = None) -> Login:
        """Begin an installation or a login with Intercom.

        Args:
            redirect_uri: Where the browser comes back to, one of the app's redirect URLs; by
                default the first of them.

        Raises:
            ConfigError: It is not https; http is accepted for loopback only.
        """
        state = secrets.token_urlsafe(STATE_BYTES)
        query = {"client_id": self._client_id, "state": state}
        if redirect_uri is not None:
            query["redirect_uri"] = check_redirect_uri(redirect_uri)
        return Login(url=f"{self._app_host}/oauth?{urlencode(query)}", state=state)

    async def finish(
        self, code: str | None, *, state: str | None, expected: str | None, error: str | None = None
    ) -> Grant:
        """Exchange the code of a redirect for a token, and ask whose it is.

        Args:
            code: Parameter ``code`` of the redirect.
            state: Parameter ``state`` of the redirect.
            expected: The state that `begin` made for this browser.
            error: Parameter ``error`` of the redirect, where the installation was refused.

        Raises:
            StateError: The two states differ, or there is none: the redirect was not begun here.
            OAuthError: The installation was refused, or the code is unknown, too old or was used
                before, as when a page is loaded again.
        """
        if not _are_equal(state, expected):
            raise StateError(
                "the state of the redirect is not the one that this browser's login began with"
            )
        if error or not code or not isinstance(code, str):
            raise OAuthError("the installation was refused", code=_reason(error))
        self._use_once(code)
        token = await self._exchange(code)
        me = await self._who_is(token)
        app = me.app
        return Grant(
            token=token,
            workspace_id=check_workspace_id(app.id_code if app else None),
            region=region_of(app.region if app else None, self._region),
            workspace_name=app.name if app else None,
            admin_id=me.id,
            admin_name=me.name,
            admin_email=me.email,
            is_email_verified=me.email_verified is True,
            granted_at=int(self._clock.unix()),
        )

    async def uninstall(self, grant: Grant | str) -> None:
        """Uninstall the app from a workspace; its token is dead afterwards.

        An app that is uninstalled already is no error.

        Args:
            grant: The workspace's grant, or its token alone.
        """
        async with self.client(grant) as intercom:
            try:
                await intercom.request("POST", "/auth/uninstall", model=bytes, repeat="idempotent")
            except UnauthorizedError:
                return

    async def is_installed(self, grant: Grant | str) -> bool:
        """Ask Intercom whether a grant, or a token alone, still holds.

        Raises:
            TransportError: There was no answer: nothing is known.
        """
        async with self.client(grant) as intercom:
            try:
                await intercom.admins.me()
            except UnauthorizedError:
                return False
        return True

    def client(self, grant: Grant | str) -> Intercom:
        """Return a client of a grant's workspace, to be entered; a token alone will do.

        Raises:
            ConfigError: It is neither.
        """
        if isinstance(grant, Grant):
            return self._client(grant.token, grant.region)
        return self._client(check_kind("grant", grant, str, "a Grant or a token"), self._region)

    # ------------------------------------------------------------------------------------------

    def _client(self, token: str, region: Region) -> Intercom:
        where: Region | None = region if self._base_url is None else None
        return Intercom(
            token,
            region=where,
            base_url=self._base_url,
            transport=self._transport,
        )

    def _use_once(self, code: str) -> None:
        digest = hashlib.sha256(code.encode(errors="surrogatepass")).digest()
        if digest in self._used_codes:
            raise OAuthError("the code was used before; begin again", code="code_used")
        self._used_codes[digest] = None
        if len(self._used_codes) > MAX_CODES:
            self._used_codes.popitem(last=False)

    async def _exchange(self, code: str) -> str:
        form = {
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "code": code,
            "grant_type": "authorization_code",
        }
        request = Request(
            method="POST",
            url=f"{self._api}/auth/eagle/token",
            name="POST /auth/eagle/token",
            headers={
                "Accept": "application/json",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            body=urlencode(form, errors="replace").encode(),
            timeout_s=EXCHANGE_TIMEOUT_S,
        )
        transport = self._transport or HttpTransport()
        await transport.open()
        try:
            reply = await transport.exchange(request, _nothing)
        finally:
            if self._transport is None:
                await transport.close()
        return _token_of(reply)

    async def _who_is(self, token: str) -> Me:
        async with self._client(token, self._region) as intercom:
            for pause_s in NEW_TOKEN_PAUSES_S:
                try:
                    return await intercom.admins.me()
                except UnauthorizedError:
                    await self._clock.sleep(pause_s)
            try:
                return await intercom.admins.me()
            except UnauthorizedError:
                raise OAuthError(
                    "Intercom does not know the token that it gave", code="unknown_token"
                ) from None


def check_redirect_uri(uri: str) -> str:
    """Return a redirect URL that Intercom takes.

    Raises:
        ConfigError: It is not https; http is accepted for loopback only.
    """
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except (ValueError, AttributeError, TypeError):
        parts, host = urlsplit(""), None
    is_loopback = host in ("localhost", "127.0.0.1", "::1")
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback)):
        raise ConfigError("redirect_uri must be an https:// address (http:// for loopback only)")
    if parts.fragment:
        raise ConfigError("redirect_uri must not have a fragment")
    return uri


def _are_equal(state: object, expected: object) -> bool:
    if not isinstance(state, str) or not isinstance(expected, str) or not expected:
        return False
    return hmac.compare_digest(*(each.encode(errors="surrogatepass") for each in (state, expected)))


def _reason(error: str | None) -> str:
    """Return a redirect's reason if it looks like one; anybody can write a redirect."""
    text = error if isinstance(error, str) else ""
    return text if text.replace("_", "").isalnum() and text.isascii() and len(text) <= 64 else ""  # noqa: PLR2004 (no reason is longer)


def _token_of(reply: Reply) -> str:
    if reply.status >= FIRST_FAILURE:
        # The message of the body may repeat the code, so only its reason is told.
        raise OAuthError(
            f"POST /auth/eagle/token answered {reply.status}: the code was used before, is older "
            "than 5 minutes, or belongs to another app or secret",
            code=_reason(read_error_body(reply).code),
        )
    try:
        found = msgspec.json.decode(reply.body, type=_Token)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = _Token()
    token = found.token or found.access_token
    if not token:
        raise OAuthError("POST /auth/eagle/token answered without a token", code="no_token")
    return token


def _nothing() -> None:
    """No scheduler waits for the moment of sending: exchanges count against no budget."""
