"""The life of a client: entered, open, closed; and what tells one app from another."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from intercom_async import ClosedError, ConfigError, Observer, RetryPolicy
from intercom_async.models import Admin
from intercom_async.request.builder import RequestBuilder
from intercom_async.request.core import ClientCore, app_key
from intercom_async.request.observer import ObservedCall
from intercom_async.request.operation import Operation
from intercom_async.request.options import CallOptions
from intercom_async.transport import MemoryTransport
from tests.support.scripted_client import TOKEN, reply
from tests.support.virtual_time import run_virtual

pytestmark = pytest.mark.anyio

ME = Operation("GET", "/me", Admin)
BUILDER = RequestBuilder("https://api.example.test", TOKEN, "PUT", CallOptions())


class Names(Observer):
    """Keeps the calls that began."""

    def __init__(self) -> None:
        self.began: list[str] = []

    def call_began(self, call: ObservedCall) -> None:
        self.began.append(call.operation)


def make_core(**options: Any) -> ClientCore:
    settings: dict[str, Any] = {
        "origin": "https://api.example.test",
        "app": "an app",
        "limits": None,
        "scheduler": None,
        "retry": RetryPolicy(),
        "transport": MemoryTransport(lambda _: reply(200, {"type": "admin", "id": "1"})),
        "observer": None,
        "store": None,
        "budget_key": None,
    }
    return ClientCore(**settings | options)


async def test_a_client_is_entered_once_and_closed_for_good() -> None:
    core = make_core()
    assert core.state == "not entered"
    with pytest.raises(ClosedError, match="never entered"):
        _ = core.session

    await core.open()
    session = core.session_here
    await core.open()
    assert core.state == "open"
    assert core.session_here is session

    await core.close()
    await core.close()
    assert core.state == "closed"
    with pytest.raises(ClosedError, match="the client is closed"):
        _ = core.session
    with pytest.raises(ClosedError, match="make a new one"):
        await core.open()


def test_a_client_serves_the_loop_that_opened_it() -> None:
    core = make_core()
    run_virtual(core.open())

    async def from_another_loop() -> None:
        with pytest.raises(ConfigError, match="another event loop"):
            _ = core.session_here

    run_virtual(from_another_loop())
    with pytest.raises(ConfigError, match="no event loop of asyncio"):
        _ = core.session_here


async def test_an_observer_that_comes_later_hears_of_every_call_from_then_on() -> None:
    first, second, third = Names(), Names(), Names()
    core = make_core(observer=first)
    core.observe_with(second)
    await core.open()
    await core.session.send(ME.at(), BUILDER)
    core.observe_with(third)
    await core.session.send(ME.at(), BUILDER)
    await core.close()

    assert [len(each.began) for each in (first, second, third)] == [2, 2, 1]

    alone = make_core()
    alone.observe_with(third)
    await alone.open()
    await alone.session.send(ME.at(), BUILDER)
    await alone.close()
    assert third.began == ["GET /me"] * 2


async def test_sessions_of_an_app_share_a_lock_by_its_name() -> None:
    core, other = make_core(), make_core(app="another app")
    await core.open()
    await other.open()

    lock = core.session.shared_lock("scroll")
    assert core.session.shared_lock("scroll") is lock
    assert core.session.shared_lock("export") is not lock
    assert other.session.shared_lock("scroll") is not lock
    await core.close()
    await other.close()


class Provider:
    """A token provider without a hash."""

    __hash__ = None  # type: ignore[assignment] # the subject

    def __call__(self) -> str:
        return TOKEN


def token_of_the_day() -> str:
    return TOKEN


def test_apps_are_told_apart_without_their_tokens() -> None:
    provider, other = Provider(), Provider()

    assert app_key("a") == app_key("a") != app_key("b")
    assert TOKEN not in str(app_key(TOKEN))
    assert app_key(token_of_the_day) is token_of_the_day
    assert app_key(provider) == app_key(provider) != app_key(other)
    assert len({app_key(provider), app_key(provider), app_key(other)}) == 2


async def test_another_thread_reads_statistics_by_way_of_the_clients_loop() -> None:
    core = make_core()
    await core.open()

    seen = await asyncio.to_thread(core.statistics)

    assert seen == core.statistics()
    await core.close()
