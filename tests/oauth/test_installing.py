"""From the first click to the uninstall notice against the simulator, by ASGI and by aiohttp."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from aiohttp import web

from intercom_async.clock import LoopClock
from intercom_async.errors import UnauthorizedError
from intercom_async.oauth import MemoryTokenStore, OAuth, OAuthRoutes
from intercom_async.oauth.routes import CHECK_PAUSE_S, COOKIE
from intercom_async.simulator import Simulator
from intercom_async.workspaces import Workspaces
from tests.support.asgi import Answer, send
from tests.support.loopback import serving

pytestmark = pytest.mark.anyio

CALLBACK = "http://127.0.0.1:8000/intercom/callback"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class LaterClock(LoopClock):
    """A clock that a test puts forward."""

    ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


class Installed:
    """A public app, reached as its framework serves it, and its Intercom."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.oauth = OAuth(simulator.client_id, simulator.client_secret, base_url=simulator.url)
        self.store = MemoryTokenStore()
        self.clock = LaterClock()
        self.gone: list[str] = []
        self.routes = OAuthRoutes(
            self.oauth,
            self.store,
            redirect_uri=CALLBACK,
            on_uninstall=self.on_uninstall,
            clock=self.clock,
        )
        self.url = ""
        """Address of the aiohttp server; empty where it is served by ASGI."""

    async def on_uninstall(self, workspace_id: str) -> None:
        self.gone.append(workspace_id)

    async def ask(self, verb: str, name: str, *, cookie: str = "", **more: Any) -> Answer:
        headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
        query, body = urlencode(more.get("query", {})), more.get("body", b"")
        if not self.url:
            app = self.routes.asgi()
            path, root = f"/intercom/{name}", "/intercom"
            pairs = headers.items()
            return await send(app, verb, path, root=root, headers=pairs, query=query, body=body)
        url = f"{self.url}/{name}?{query}"
        jar = aiohttp.DummyCookieJar()
        async with (
            aiohttp.ClientSession(cookie_jar=jar) as http,
            http.request(verb, url, headers=headers, data=body, allow_redirects=False) as reply,
        ):
            found = {key.lower(): value for key, value in reply.headers.items()}
            return Answer(reply.status, found, await reply.read())

    async def begin(self) -> tuple[str, dict[str, str]]:
        """Start, and let somebody decide at Intercom; return the cookie and the redirect."""
        started = await self.ask("GET", "start")
        cookie = SimpleCookie(started.headers["set-cookie"])[COOKIE].value
        async with (
            aiohttp.ClientSession() as http,
            http.get(started.headers["location"], allow_redirects=False) as reply,
        ):
            back = urlsplit(reply.headers["Location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == CALLBACK
        return cookie, {name: value for name, (value, *_) in parse_qs(back.query).items()}

    async def come_back(self, cookie: str, query: dict[str, str]) -> Answer:
        return await self.ask("GET", "callback", cookie=cookie, query=query)


@asynccontextmanager
async def installed(server: str) -> AsyncGenerator[Installed]:
    async with Simulator(contacts=3) as simulator:
        app = Installed(simulator)
        if server == "asgi":
            yield app
            return
        application = web.Application()
        application.add_routes(app.routes.aiohttp("/intercom"))
        async with serving(application) as url:
            app.url = f"{url}/intercom"
            yield app


SERVERS = pytest.mark.parametrize("server", ["asgi", "aiohttp"])


@SERVERS
async def test_an_app_is_installed_used_and_uninstalled(server: str) -> None:
    async with installed(server) as app:
        answer = await app.come_back(*await app.begin())
        assert (answer.status, answer.headers["location"]) == (302, "/")
        (workspace_id,) = await app.store.workspace_ids()
        grant = await app.store.load(workspace_id)
        assert grant is not None
        assert grant.workspace_id == app.simulator.workspace.id_code
        notice = b'{"app_id":"%b"}' % workspace_id.encode()

        async with Workspaces(app.store.token_of, base_url=app.simulator.url) as workspaces:
            async with workspaces.client(workspace_id) as client:
                assert len(await client.contacts.list().collect()) == 3
            # Somebody who is not Intercom says that the app is gone.
            assert (await app.ask("POST", "uninstalled", body=notice)).body == b"still installed"
            await app.oauth.uninstall(grant)
            await app.oauth.uninstall(grant)  # once more is no error
            app.clock.ahead_s = 2 * CHECK_PAUSE_S
            assert (await app.ask("POST", "uninstalled", body=notice)).body == b"uninstalled"
            assert (await app.ask("POST", "uninstalled", body=notice)).body == b"unknown"
            assert await app.store.workspace_ids() == []
            assert app.gone == [workspace_id]
            async with workspaces.client(workspace_id) as client:
                with pytest.raises(UnauthorizedError):
                    await client.admins.me()


@SERVERS
async def test_what_goes_wrong_on_the_way_installs_nothing(server: str) -> None:
    async with installed(server) as app:
        cookie, query = await app.begin()
        for wrong_cookie, wrong in (
            ("", query),
            ("another-browser", query),
            (cookie, query | {"state": "forged"}),
            (cookie, {"state": query["state"]}),
            (cookie, {"code": query["code"]}),
            (cookie, query | {"code": "made-up"}),
        ):
            assert (await app.come_back(wrong_cookie, wrong)).status == 400
        app.simulator.oauth.refuses = True
        refused = await app.come_back(*await app.begin())
        assert (refused.status, b"failed" in refused.body) == (400, True)
        app.simulator.oauth.refuses = False
        assert await app.store.workspace_ids() == []

        used = await app.begin()
        assert (await app.come_back(*used)).status == 302
        assert (await app.come_back(*used)).status == 400  # the page is loaded again
        for verb, name, status in (
            ("POST", "start", 405),
            ("DELETE", "callback", 405),
            ("GET", "uninstalled", 405),
            ("HEAD", "uninstalled", 200),
            ("GET", "elsewhere", 404),
        ):
            assert (await app.ask(verb, name)).status == status
        for body in (b"", b"{", b"[]", b'{"app_id":{"a":1}}', b'{"app_id":"../x"}', b"[" * 9_000):
            assert (await app.ask("POST", "uninstalled", body=body)).status == 400
        assert (await app.ask("POST", "uninstalled", body=b"x" * 99_999)).status == 413
