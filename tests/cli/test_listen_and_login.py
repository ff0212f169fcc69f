"""`webhooks listen` and `oauth login` against a simulator."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import anyio.abc
import pytest
from aiohttp import web
from anyio.streams.text import TextReceiveStream

from intercom_async.errors import OAuthError
from intercom_async.oauth import FileTokenStore
from intercom_async.simulator import Simulator
from intercom_async.webhooks import Notification, Webhooks

pytest.importorskip("cyclopts")

from intercom_async.cli.oauth_login import read_redirect
from tests.support.loopback import serving

pytestmark = [pytest.mark.anyio, pytest.mark.once]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Program:
    """A command that runs, and what it has said."""

    def __init__(self, process: anyio.abc.Process) -> None:
        assert process.stderr is not None
        self.process = process
        self.said = ""
        self._lines = TextReceiveStream(process.stderr)

    async def wait_for(self, text: str) -> str:
        """Read until a text was said; return the rest of its line."""
        with anyio.fail_after(60):
            while text not in self.said or "\n" not in self.said.partition(text)[2]:
                self.said += await self._lines.receive()
        return self.said.partition(text)[2].splitlines()[0].strip()


@asynccontextmanager
async def running(*arguments: str, **environment: str) -> AsyncGenerator[Program]:
    env = {**os.environ, "NO_COLOR": "1", "COLUMNS": "400", **environment}
    process = await anyio.open_process(
        [sys.executable, "-m", "intercom_async", *arguments], env=env
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.aclose()


async def test_listen_shows_and_forwards_what_the_simulator_sends() -> None:
    async with Simulator(contacts=1) as simulator:
        got: list[Notification[Any]] = []

        async def queue(event: Notification[Any]) -> None:
            got.append(event)

        app = web.Application()
        app.add_routes(Webhooks(simulator.client_secret, queue=queue).aiohttp("/hook"))
        async with (
            serving(app) as url,
            running(
                "webhooks", "listen", "--forward", f"{url}/hook", INTERCOM_BASE_URL=simulator.url
            ) as program,
        ):
            secret = await program.wait_for("INTERCOM_CLIENT_SECRET=")
            assert secret == simulator.client_secret
            simulator.call("POST", "/contacts", {"email": "a@example.com"})
            assert await program.wait_for("contact.user.created (attempt 1):") == "200"
            program.process.terminate()
            assert await program.process.wait() == 0
        assert [event.item.email for event in got] == ["a@example.com"]
        assert simulator.webhooks.subscriptions() == []


async def test_login_comes_back_from_the_simulator(tmp_path: Path) -> None:
    async with Simulator(contacts=1) as simulator:
        async with running(
            "oauth",
            "login",
            "--no-browser",
            "--save",
            str(tmp_path),
            INTERCOM_BASE_URL=simulator.url,
            INTERCOM_CLIENT_ID=simulator.client_id,
            INTERCOM_CLIENT_SECRET=simulator.client_secret,
        ) as program:
            begun = f"{simulator.url}/oauth?"
            query = await program.wait_for(begun)
            async with aiohttp.ClientSession() as http, http.get(begun + query) as answer:
                assert "close this page" in await answer.text()
            assert program.process.stdout is not None
            with anyio.fail_after(60):
                found = json.loads(await program.process.stdout.receive())
                assert await program.process.wait() == 0
        assert found["workspace_id"] == simulator.workspace.id_code
        assert found["region"] == "us"
        saved = await FileTokenStore(tmp_path).load(found["workspace_id"])
        assert saved is not None
        assert saved.token == found["token"]
        assert simulator.client_secret not in program.said


def test_a_pasted_address_is_read() -> None:
    found = read_redirect("  https://app.example/callback?code=c&state=s \n")
    assert found == {"code": "c", "state": "s", "error": None}
    assert read_redirect("https://x/?error=access_denied&state=s")["error"] == "access_denied"
    for text in ("", "c", "https://x/", "https://x/?other=1"):
        with pytest.raises(OAuthError, match="copy it whole"):
            read_redirect(text)
