"""`webhooks send` delivers what a receiver takes."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from intercom_async.errors import ConfigError, ConnectError
from intercom_async.webhooks import Notification, Webhooks
from tests.support.loopback import serving
from tests.support.notifications import SECRET
from .conftest import Run

pytest.importorskip("cyclopts")

from intercom_async.cli.webhooks_send import (
    deliver,
    send as send_command,
)

pytestmark = pytest.mark.anyio

Got = list[Notification[Any]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def receiver() -> AsyncGenerator[tuple[str, Got]]:
    got: Got = []

    async def queue(event: Notification[Any]) -> None:
        got.append(event)

    app = web.Application()
    app.add_routes(Webhooks(SECRET, queue=queue).aiohttp("/intercom"))
    async with serving(app) as url:
        yield f"{url}/intercom", got


Send = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def send(run_here: Run) -> Send:
    """Run the command in a thread; return its code and what it said."""

    async def call(*arguments: str, secret: str = SECRET, given: bytes = b"") -> tuple[int, str]:
        environment = {"INTERCOM_CLIENT_SECRET": secret}
        done = await run_here("webhooks", "send", *arguments, environment=environment, given=given)
        return done.returncode, done.stderr.decode()

    return call


async def test_a_notification_is_delivered_as_intercom_does(send: Send) -> None:
    async with receiver() as (url, got):
        assert await send("conversation.user.created", "--to", url) == (
            0,
            "conversation.user.created: 200\n",
        )
        item = json.dumps({"id": "77"})
        code, _ = await send("ticket.created", "--to", url, "-d", "-", given=item.encode())
        assert code == 0
    assert [event.topic for event in got] == ["conversation.user.created", "ticket.created"]
    assert got[1].item.id == "77"


async def test_a_notification_that_is_delivered_again_is_handled_once(send: Send) -> None:
    async with receiver() as (url, got):
        code, text = await send("ticket.created", "--to", url, "--times", "3")
        assert (code, text.count(": 200\n")) == (0, 3)
        for _ in range(2):
            assert (await send("ticket.created", "--to", url, "--id", "notif_7"))[0] == 0
        for wrong in ("0", "1001", "x"):
            assert (await send("ticket.created", "--to", url, "--times", wrong))[0] != 0
    assert [event.delivery_attempts for event in got] == [1, 1]
    assert got[1].id == "notif_7"


async def test_what_went_wrong_is_said_in_one_line(send: Send) -> None:
    async with receiver() as (url, got):
        code, text = await send("ticket.created", "--to", url, secret="another secret")
        assert (code, text) == (1, "ticket.created: 401\n")
    assert got == []
    with pytest.raises(ConnectError, match="no answer"):
        await deliver("http://127.0.0.1:1/", b"{}", "sha1=")
    for address in ("nowhere", "", "http://", "ftp://x"):
        with pytest.raises(ConfigError, match="no address"):
            await deliver(address, b"{}", "sha1=")
    with pytest.raises(ConfigError, match="JSON object"):
        await send_command("ticket.created", to=url, secret=SECRET, item="[]")


async def test_an_unknown_topic_is_sent_with_a_warning(send: Send) -> None:
    async with receiver() as (url, got):
        code, text = await send("conversation.user.foo", "--to", url)
    assert (code, [event.topic for event in got]) == (0, ["conversation.user.foo"])
    assert text == (
        "warning: conversation.user.foo is not a known topic\nconversation.user.foo: 200\n"
    )


@pytest.mark.parametrize("given", [(), ("--secret", "")], ids=["none", "empty"])
async def test_a_missing_secret_is_said_before_anything_is_sent(
    run_here: Run, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...]
) -> None:
    monkeypatch.delenv("INTERCOM_CLIENT_SECRET", raising=False)
    async with receiver() as (url, got):
        done = await run_here("webhooks", "send", "ticket.created", "--to", url, *given)
    assert (done.returncode, got) == (2, [])
    assert done.stderr == (
        b"error: no client secret: set INTERCOM_CLIENT_SECRET or pass --secret\n"
    )


async def test_help_says_what_both_commands_are_for(run_here: Run) -> None:
    group = " ".join((await run_here("webhooks", "--help")).stdout.decode().split())
    listen = " ".join((await run_here("webhooks", "listen", "--help")).stdout.decode().split())
    assert "Send test notifications to a receiver, or listen to those of a simulator." in group
    assert "on stderr: topic, delivery attempt, and the status" in listen
