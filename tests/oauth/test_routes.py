"""A public app's addresses: a browser installs once, a forged redirect or notice does nothing."""

from __future__ import annotations

import asyncio
import json
import logging
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from intercom_async.clock import CLOCK
from intercom_async.errors import ConfigError
from intercom_async.oauth import Grant, MemoryTokenStore, OAuth, OAuthRoutes
from intercom_async.oauth.routes import CHECK_PAUSE_S, COOKIE
from tests.support.asgi import Answer, send
from .intercom_app import CLIENT_ID, CLIENT_SECRET, TOKEN, IntercomApp

pytestmark = pytest.mark.anyio

CALLBACK = "https://app.example/intercom/callback"


class Browser:
    """A browser that keeps the app's cookie."""

    def __init__(self, routes: OAuthRoutes) -> None:
        self.app = routes.asgi()
        self.cookie = ""

    async def get(self, path: str, **query: Any) -> Answer:
        headers = [("Cookie", f"theme=dark; {COOKIE}={self.cookie}")] if self.cookie else []
        answer = await send(
            self.app, "GET", path, headers=headers, query=urlencode(query, doseq=True)
        )
        found = SimpleCookie(answer.headers.get("set-cookie", "")).get(COOKIE)
        if found is not None:
            self.cookie = found.value
        return answer

    async def begin(self) -> str:
        answer = await self.get("/start")
        assert answer.status == 302
        return parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]


class App:
    """A public app with everything that happened to it."""

    def __init__(self, **options: Any) -> None:
        self.intercom = IntercomApp()
        self.store = MemoryTokenStore()
        self.installed: list[Grant] = []
        self.gone: list[str] = []
        self.target: str | None = None
        self.routes = OAuthRoutes(
            OAuth(CLIENT_ID, CLIENT_SECRET, transport=self.intercom.transport),
            self.store,
            redirect_uri=CALLBACK,
            success_url="/welcome",
            on_install=self.on_install,
            on_uninstall=self.on_uninstall,
            **options,
        )

    async def on_install(self, grant: Grant) -> str | None:
        self.installed.append(grant)
        return self.target

    async def on_uninstall(self, workspace_id: str) -> None:
        self.gone.append(workspace_id)

    async def install(self) -> Browser:
        browser = Browser(self.routes)
        state = await browser.begin()
        answer = await browser.get("/callback", code="code1", state=state)
        assert answer.status == 302
        return browser

    async def notice(self, body: Any) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await send(self.routes.asgi(), path="/uninstalled", body=raw)


async def test_a_browser_installs_the_app() -> None:
    app = App()
    browser = Browser(app.routes)
    state = await browser.begin()
    answer = await browser.get("/callback/", code="code1", state=state)
    assert (answer.status, answer.headers["location"]) == (302, "/welcome")
    assert await app.store.token_of("ws1") == (TOKEN, "us")
    assert [grant.workspace_id for grant in app.installed] == ["ws1"]
    assert browser.cookie == ""


async def test_the_callback_may_send_the_browser_elsewhere() -> None:
    app = App()
    app.target = "/workspaces/ws1"
    browser = Browser(app.routes)
    answer = await browser.get("/callback", code="code1", state=await browser.begin())
    assert answer.headers["location"] == "/workspaces/ws1"


async def test_the_cookie_is_for_the_server_alone_and_the_pages_are_not_kept() -> None:
    answer = await Browser(App().routes).get("/start")
    cookie = answer.headers["set-cookie"]
    for part in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/intercom/callback", "Max-Age=600"):
        assert part in cookie
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_redirect_works_once_and_in_its_own_browser_only() -> None:
    app = App()
    browser, other = Browser(app.routes), Browser(app.routes)
    state = await browser.begin()
    await other.begin()
    assert (await other.get("/callback", code="code1", state=state)).status == 400
    assert (await Browser(app.routes).get("/callback", code="code1", state=state)).status == 400
    assert app.intercom.asked == []
    assert (await browser.get("/callback", code="code1", state=state)).status == 302
    assert (await browser.get("/callback", code="code1", state=state)).status == 400
    assert len(app.installed) == 1


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"code": "code1"},
        {"state": "x"},
        {"code": "code1", "state": ""},
        {"code": ["code1", "code2"]},
        {"error": "access_denied"},
    ],
)
async def test_a_redirect_that_is_not_whole_installs_nothing(query: Any) -> None:
    app = App()
    browser = Browser(app.routes)
    state = await browser.begin()
    whole = {"state": state, **query} if "error" in query else query
    assert (await browser.get("/callback", **whole)).status == 400
    assert app.installed == []
    assert await app.store.workspace_ids() == []


async def test_a_failure_shows_and_logs_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    app = App()
    browser = Browser(app.routes)
    answer = await browser.get("/callback", code="code9", state=await browser.begin())
    assert answer.status == 400
    app.intercom.status = 503
    answer_2 = await browser.get("/callback", code="code1", state=await browser.begin())
    assert answer_2.status in (400, 502)
    for text in (caplog.text, answer.body.decode(), answer_2.body.decode()):
        for secret in ("code9", "code1", CLIENT_SECRET, TOKEN):
            assert secret not in text


async def test_every_other_request_is_refused() -> None:
    app = App().routes.asgi()
    for path, verb, status in (
        ("/", "GET", 404),
        ("/else", "POST", 404),
        ("/start", "POST", 405),
        ("/callback", "POST", 405),
        ("/uninstalled", "GET", 405),
        ("/uninstalled", "HEAD", 200),
    ):
        assert (await send(app, verb, path)).status == status


# Uninstalling --------------------------------------------------------------------------------


async def test_a_confirmed_notice_deletes_the_grant() -> None:
    app = App()
    await app.install()
    app.intercom.tokens.clear()
    assert (await app.notice({"app_id": "ws1"})).status == 200
    assert await app.store.load("ws1") is None
    assert app.gone == ["ws1"]
    assert (await app.notice({"app_id": "ws1"})).body == b"unknown"


async def test_a_forged_notice_deletes_nothing() -> None:
    app = App()
    await app.install()
    assert (await app.notice({"app_id": "ws1"})).body == b"still installed"
    assert await app.store.load("ws1") is not None
    assert app.gone == []


async def test_an_outage_deletes_nothing() -> None:
    app = App()
    await app.install()
    app.intercom.status = 503
    assert (await app.notice({"app_id": "ws1"})).status == 503
    assert await app.store.load("ws1") is not None


async def test_a_flood_of_notices_asks_intercom_once() -> None:
    app = App()
    await app.install()
    before = len(app.intercom.asked)
    answers = await asyncio.gather(*(app.notice({"app_id": "ws1"}) for _ in range(50)))
    assert sorted({answer.status for answer in answers}) == [200, 503]
    assert len(app.intercom.asked) == before + 1
    await CLOCK.sleep(CHECK_PAUSE_S)
    app.intercom.tokens.clear()
    assert (await app.notice({"app_id": "ws1"})).body == b"uninstalled"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b'{"app_id": 7}', b'{"app_id": "../x"}', b'{"app_id": ""}', b"\xff"],
)
async def test_a_notice_that_is_none_is_400(body: bytes) -> None:
    assert (await App().notice(body)).status == 400


async def test_a_large_notice_is_413() -> None:
    assert (await App().notice(b"x" * 100_000)).status == 413


def test_a_redirect_uri_must_be_https() -> None:
    with pytest.raises(ConfigError, match="redirect_uri"):
        OAuthRoutes(OAuth(CLIENT_ID, CLIENT_SECRET), MemoryTokenStore(), redirect_uri="http://x/")
