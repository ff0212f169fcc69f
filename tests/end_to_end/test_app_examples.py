"""The examples of a support bot, a Canvas app and an OAuth app, against simulators."""

from __future__ import annotations

import runpy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from intercom_async.oauth import FileTokenStore
from intercom_async.simulator import Simulator
from tests.support.asgi import lifespan, send
from tests.support.loopback import serving
from tests.support.notifications import SECRET, conversation, notification

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples are not part of an sdist"),
]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def load(name: str) -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / name))


async def test_the_support_bot_answers_what_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("starlette")
    async with Simulator(contacts=2) as simulator:
        admin_id = simulator.call("GET", "/admins")["admins"][0]["id"]
        contact_id = simulator.call("GET", "/contacts")["data"][0]["id"]
        for name, value in (
            ("INTERCOM_TOKEN", simulator.token),
            ("INTERCOM_BASE_URL", simulator.url),
            ("INTERCOM_CLIENT_SECRET", SECRET),
            ("INTERCOM_ADMIN_ID", admin_id),
        ):
            monkeypatch.setenv(name, value)
        bot = load("support_bot.py")
        begun = {"from": {"type": "user", "id": contact_id}, "body": "What does it cost?"}
        talk = simulator.call("POST", "/conversations", begun)["conversation_id"]
        async with lifespan(bot["app"]):
            for text in ("What does it <b>cost</b>?", "Thanks, bye"):
                body = notification(item=conversation(text, id=talk))
                signature = bot["webhooks"].sign(body)
                answer = await send(
                    bot["app"],
                    path="/intercom",
                    body=body,
                    headers=[("X-Hub-Signature", signature)],
                )
                assert answer.status == 200
        parts = simulator.call("GET", f"/conversations/{talk}")["conversation_parts"]
        said = [part["body"] for part in parts["conversation_parts"]]
    assert said == ["<p>Our plans are on https://example.com/plans.</p>"]


async def test_the_canvas_app_refunds_an_order(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Simulator(contacts=1) as simulator:
        monkeypatch.setenv("INTERCOM_CLIENT_SECRET", simulator.client_secret)
        app = web.Application()
        app.add_routes(load("canvas_app.py")["canvas"].aiohttp("/"))

        def texts(answer: Any) -> list[str]:
            components = answer.body["canvas"]["content"]["components"]
            return [one["text"] for one in components if one["type"] == "text"]

        ada = {"contact": {"id": "1", "email": "ada@example.com"}}
        async with serving(app) as url:
            first = await simulator.ask_canvas(f"{url}/initialize", **ada)
            assert texts(first) == ["Order 12"]
            shown = {"component_id": "refund", "current_canvas": first.body["canvas"], **ada}
            second = await simulator.ask_canvas(f"{url}/submit", input_values={}, **shown)
            assert texts(second) == ["A reason is needed"]
            back = {**shown, "component_id": "back"}
            assert texts(await simulator.ask_canvas(f"{url}/submit", **back)) == ["Order 12"]
            done = await simulator.ask_canvas(
                f"{url}/submit", input_values={"reason": "broken"}, **shown
            )
            assert texts(done) == ["Order 12 refunded"]
            assert done.body["event"] == {"type": "completed"}
            nobody = await simulator.ask_canvas(f"{url}/initialize", contact={"id": "2"})
            assert texts(nobody) == ["No orders"]


class Front:
    """One Intercom in front of several workspaces: a token belongs to one of them."""

    def __init__(self, simulators: Sequence[Simulator]) -> None:
        self.simulators = simulators
        self.next = simulators[0]
        """The workspace whose teammate agrees."""
        self.app = web.Application()
        self.app.router.add_get("/oauth", self.agree)
        self.app.router.add_route("*", "/{path:.*}", self.pass_on)

    async def agree(self, request: web.Request) -> web.Response:
        query = {**request.query, "client_id": self.next.client_id}
        raise web.HTTPFound(URL(f"{self.next.url}/oauth").with_query(query))

    async def pass_on(self, request: web.Request) -> web.Response:
        answer = web.Response(status=401)
        async with aiohttp.ClientSession() as http:
            for one in self.simulators:
                form = dict(await request.post()) if request.path.endswith("/token") else None
                body = await request.read()
                if form is not None:
                    client = {"client_id": one.client_id, "client_secret": one.client_secret}
                    form |= client
                headers = {
                    name: request.headers[name]
                    for name in ("Authorization", "Accept", "Content-Type", "Intercom-Version")
                    if name in request.headers
                }
                async with http.request(
                    request.method,
                    f"{one.url}{request.path_qs}",
                    data=body if form is None else form,
                    headers=headers,
                ) as found:
                    raw = await found.read()
                    answer = web.Response(
                        status=found.status, body=raw, content_type="application/json"
                    )
                if answer.status != 401:
                    return answer
        return answer


async def test_the_oauth_app_serves_two_workspaces(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with Simulator(contacts=10, seed=1) as one, Simulator(contacts=30, seed=2) as two:
        front = Front([one, two])
        async with serving(front.app) as intercom_url:
            for name, value in (
                ("INTERCOM_BASE_URL", intercom_url),
                ("INTERCOM_CLIENT_ID", one.client_id),
                ("INTERCOM_CLIENT_SECRET", one.client_secret),
            ):
                monkeypatch.setenv(name, value)
            build = load("oauth_app.py")["build"]
            # The public address is known only once a port is taken: go through a place holder.
            app = build("http://localhost:1", str(tmp_path))
            async with serving(app) as url, aiohttp.ClientSession() as browser:
                for simulator in (one, two):
                    front.next = simulator
                    await install(browser, url)
                async with browser.get(url) as answer:
                    ids = (await answer.json())["workspaces"]
                assert ids == sorted(sim.workspace.id_code for sim in (one, two))
                counts = [await users(browser, url, name) for name in ids]
                assert counts[0] < counts[1]
                simulators = {sim.workspace.id_code: sim for sim in (one, two)}
                await uninstall(simulators[ids[0]], tmp_path, ids[0])
                async with browser.post(
                    f"{url}/intercom/uninstalled", json={"app_id": ids[0]}
                ) as answer:
                    assert await answer.text() == "uninstalled"
                async with browser.get(f"{url}/workspaces/{ids[0]}/users") as answer:
                    assert answer.status == 404
                assert await users(browser, url, ids[1]) == counts[1]


async def install(browser: aiohttp.ClientSession, url: str) -> None:
    """Go through the installation as a browser does, step by step."""
    async with browser.get(f"{url}/intercom/start", allow_redirects=False) as answer:
        where, cookie = URL(answer.headers["Location"]), answer.headers["Set-Cookie"]
    while where.path != "/intercom/callback":
        async with browser.get(where, allow_redirects=False) as answer:
            where = URL(answer.headers["Location"])
    headers = {"Cookie": cookie.partition(";")[0]}
    async with browser.get(
        f"{url}/intercom/callback?{where.raw_query_string}", headers=headers, allow_redirects=False
    ) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/")


async def users(browser: aiohttp.ClientSession, url: str, workspace_id: str) -> int:
    async with browser.get(f"{url}/workspaces/{workspace_id}/users") as answer:
        found: int = (await answer.json())["users"]
        return found


async def uninstall(simulator: Simulator, folder: Path, workspace_id: str) -> None:
    """Uninstall as a teammate does in Intercom: the token ends there, nothing is said here."""
    grant = await FileTokenStore(folder).load(workspace_id)
    assert grant is not None
    headers = {"Authorization": f"Bearer {grant.token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{simulator.url}/auth/uninstall", headers=headers) as answer,
    ):
        assert answer.status == 200
