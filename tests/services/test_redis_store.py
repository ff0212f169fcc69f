"""The store's accounts on a real Redis: what is granted, what is void, what a fault costs."""

from __future__ import annotations

import asyncio
import math
import os
import re
import signal
from collections.abc import AsyncIterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from intercom_async.errors import ConfigError
from intercom_async.scheduler.stores import Ask, RedisStore, redis as redis_module
from intercom_async.scheduler.stores.base import INTERACTIVE_SHARE
from .conftest import RedisServer

redis_client: Any = pytest.importorskip("redis.asyncio", reason="the extra redis is missing")

pytestmark = pytest.mark.anyio

RESET_MS = 1_900_000_000_000


def ask(want: int = 10, **changes: Any) -> Ask:
    usual: dict[str, Any] = {
        "budget": "workspace",
        "app": "app",
        "reset_at_ms": RESET_MS,
        "window_ms": 10_000,
        "limit": 1667,
        "workspace_limit": 4167,
        "used": None,
        "want": want,
        "left_s": 0.5,
    }
    return Ask(**{**usual, **changes})


async def leased(store: RedisStore, want: int = 10, **changes: Any) -> int:
    lease = await store.lease(ask(want, **changes))
    assert lease is not None
    return lease.count


async def drain(store: RedisStore, **changes: Any) -> int:
    total = 0
    while count := await leased(store, 50, **changes):
        total += count
    return total


@pytest.fixture
async def client(redis_server: RedisServer) -> AsyncIterator[Any]:
    """A client beside the store's own."""
    async with redis_client.Redis.from_url(redis_server.url) as opened:
        yield opened


async def until_answered(store: RedisStore) -> None:
    """Ask until the store can be used again."""
    with anyio.fail_after(30):
        while await store.lease(ask()) is None:  # noqa: ASYNC110 (another process decides)
            await anyio.sleep(0.1)


async def test_processes_that_race_are_granted_the_limit_exactly(redis_server: RedisServer) -> None:
    stores = [RedisStore.from_url(redis_server.url) for _ in range(8)]

    totals = await asyncio.gather(*map(drain, stores))

    assert sum(totals) == 1667
    assert min(totals) > 1667 * 0.05
    for store in stores:
        await store.aclose()


async def test_a_lease_is_guided_by_what_is_left_and_by_how_many_share_it(
    redis_server: RedisServer,
) -> None:
    async with RedisStore.from_url(redis_server.url) as one:
        assert await leased(one, 5000) == 834  # half of all: nobody else is there
        async with RedisStore.from_url(redis_server.url) as two:
            lease = await two.lease(ask(5000))
            assert lease is not None
            assert (lease.count, lease.members) == (209, 2)  # half of an equal part of 833
        assert (await one.lease(ask(1))).members == 1  # type: ignore[union-attr]


async def test_what_is_given_back_can_be_leased_again(redis_server: RedisServer) -> None:
    async with RedisStore.from_url(redis_server.url) as store:
        assert await drain(store, limit=100) == 100

        await store.give_back(ask(0, limit=100, returned=40))

        assert await drain(store, limit=100) == 40


async def test_the_interactive_share_is_kept_until_shortly_before_the_end(
    redis_server: RedisServer,
) -> None:
    kept = math.ceil(INTERACTIVE_SHARE * 1000)
    async with RedisStore.from_url(redis_server.url) as store:
        limits = {"limit": 1000, "workspace_limit": 100_000}
        assert await drain(store, left_s=5.0, **limits) == 1000 - kept
        assert await drain(store, left_s=5.0, is_interactive=True, **limits) == kept
        later: dict[str, Any] = {**limits, "reset_at_ms": RESET_MS + 10_000}
        assert await drain(store, left_s=0.9, **later) == 1000


async def test_calls_of_others_outside_the_store_are_left_to_them(
    redis_server: RedisServer,
) -> None:
    async with RedisStore.from_url(redis_server.url) as store:
        first = await leased(store, 100)

        assert await drain(store, used=first + 300) == 1667 - first - 300
        # What others have used is not forgotten as more is granted.
        assert await leased(store, 1, used=1667) == 0


async def test_the_apps_of_a_workspace_share_its_limit(redis_server: RedisServer) -> None:
    async with RedisStore.from_url(redis_server.url) as store:
        apps = [
            await drain(store, app=f"app-{number}", workspace_limit=2500) for number in range(3)
        ]
        assert sum(apps) == 2500
        assert max(apps) == 1667


async def test_a_429_closes_the_window_for_all(redis_server: RedisServer) -> None:
    async with (
        RedisStore.from_url(redis_server.url) as one,
        RedisStore.from_url(redis_server.url) as two,
    ):
        await leased(one)
        await one.freeze(ask(0))

        lease = await two.lease(ask())

        assert lease is not None
        assert lease.is_frozen
        assert lease.count == 0
        assert await leased(two, reset_at_ms=RESET_MS + 10_000) == 10


async def test_a_process_that_begins_learns_limit_and_clock(redis_server: RedisServer) -> None:
    loop = asyncio.get_running_loop()
    clock = (1000.0 - loop.time() - 0.01, 1000.0 - loop.time() + 0.01)
    async with (
        RedisStore.from_url(redis_server.url) as one,
        RedisStore.from_url(redis_server.url) as two,
    ):
        assert await two.join(budget="workspace", app="app") is None
        await leased(one)
        await leased(one, clock=clock, limit=300)

        known = await two.join(budget="workspace", app="app")

        assert known is not None
        assert known.limit == 300
        assert known.window_ms == 10_000
        assert known.clock[0] <= clock[0]
        assert clock[1] <= known.clock[1]
        assert known.clock[1] - known.clock[0] < 0.5


async def test_every_key_expires_and_lies_in_the_slot_of_its_budget(
    redis_server: RedisServer, client: Any
) -> None:
    async with RedisStore.from_url(redis_server.url) as store:
        await leased(store)
        await leased(store, clock=(0.0, 1.0), budget="a{b}c")
        keys = [key.decode() for key in await client.keys("*")]
        assert {key[: key.index("}") + 1] for key in keys} == {"{ic:workspace}", "{ic:a(b)c}"}
        assert [key for key in keys if not 0 < await client.pttl(key) <= 3_600_000] == []


async def test_flushed_scripts_are_loaded_again(redis_server: RedisServer, client: Any) -> None:
    async with RedisStore.from_url(redis_server.url) as store:
        await leased(store)
        await client.script_flush()
        assert await leased(store) == 10
        assert store.statistics.is_available


async def test_a_cancelled_caller_leaves_no_answer_to_the_next(redis_server: RedisServer) -> None:
    async with RedisStore.from_url(redis_server.url) as store:
        for want in range(1, 40):
            call = asyncio.ensure_future(store.lease(ask(want)))
            for _ in range(want % 7):
                await anyio.lowlevel.checkpoint()
            call.cancel()
            await asyncio.wait([call])
            assert await leased(store, 1) == 1


async def test_a_paused_server_costs_one_bounded_wait_and_the_next_lease_works(
    redis_server: RedisServer,
) -> None:
    async with RedisStore.from_url(redis_server.url, answer_within_s=0.25) as store:
        await leased(store)
        assert redis_server.process is not None
        os.kill(redis_server.process.pid, signal.SIGSTOP)
        try:
            assert await store.lease(ask()) is None
            assert await store.lease(ask()) is None  # without a request: it is left alone
        finally:
            os.kill(redis_server.process.pid, signal.SIGCONT)
        paused = store.statistics
        assert (paused.is_available, paused.requests) == (False, 1)
        await until_answered(store)
        back = store.statistics
        assert (back.is_available, back.requests) == (True, 2)
        assert back.unavailable_s > 0.5


async def test_a_killed_server_is_joined_again_when_it_is_back(redis_server: RedisServer) -> None:
    async with RedisStore.from_url(redis_server.url) as store:
        await leased(store)
        redis_server.kill()
        assert await store.lease(ask()) is None
        redis_server.start()
        await until_answered(store)


async def test_a_required_store_refuses_to_start_without_its_server(
    redis_server: RedisServer,
) -> None:
    redis_server.kill()
    async with RedisStore.from_url(redis_server.url, required=True) as store:
        with pytest.raises(ConfigError, match="required"):
            await store.join(budget="workspace", app="app")
    async with RedisStore.from_url(redis_server.url) as store:
        assert await store.join(budget="workspace", app="app") is None


async def test_the_documented_acl_is_enough(redis_server: RedisServer, client: Any) -> None:
    documented = redis_module.__doc__ or ""
    commands = re.findall(r"\+[a-z|]+", documented)
    await client.acl_setuser(
        "sdk", enabled=True, passwords=["+secret"], keys=["{ic:*"], commands=commands
    )
    url = redis_server.url.replace("//", "//sdk:secret@")
    async with RedisStore.from_url(url) as store:
        await store.join(budget="workspace", app="app")
        assert await leased(store) == 10
        await store.freeze(ask(0))


@pytest.mark.parametrize("library", ["valkey", "coredis"])
async def test_clients_of_other_libraries_work(redis_server: RedisServer, library: str) -> None:
    if library == "valkey":
        module = pytest.importorskip("valkey.asyncio", reason="valkey is not installed")
        async with module.Valkey(port=redis_server.port) as other, RedisStore(other) as store:
            assert await leased(store) == 10
            await other.script_flush()
            assert await leased(store) == 10
        return
    module = pytest.importorskip("coredis", reason="coredis is not installed")
    async with module.Redis(port=redis_server.port) as other, RedisStore(other) as store:
        assert await leased(store) == 10
        await other.script_flush()
        assert await leased(store) == 10


async def test_what_is_no_client_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="evalsha"):
        RedisStore(object())
    with pytest.raises(ConfigError, match="redis://") as refused:
        RedisStore.from_url("http://user:secret@host")
    assert "secret" not in str(refused.value)
