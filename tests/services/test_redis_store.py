"""The store's accounts on a real Redis: what is granted, what is void, what a fault costs."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from intercom_async.errors import ConfigError
from intercom_async.scheduler.stores import RedisStore
from .budgets import Budget
from .conftest import RedisServer

redis_client: Any = pytest.importorskip("redis.asyncio", reason="the extra redis is missing")

pytestmark = pytest.mark.anyio

BUDGET = Budget("workspace", RedisStore.from_url)


@pytest.fixture
async def client(redis_server: RedisServer) -> AsyncIterator[Any]:
    """A client beside the store's own."""
    async with redis_client.Redis.from_url(redis_server.url) as opened:
        yield opened


async def until_answered(store: RedisStore) -> None:
    """Ask until the store can be used again."""
    with anyio.fail_after(30):
        while await store.lease(BUDGET.ask()) is None:  # noqa: ASYNC110 (another process decides)
            await anyio.sleep(0.1)


async def test_every_key_expires_and_lies_in_the_slot_of_its_budget(
    redis_server: RedisServer, client: Any
) -> None:
    async with RedisStore.from_url(redis_server.url) as store:
        await BUDGET.leased(store)
        await BUDGET.leased(store, clock=(0.0, 1.0), budget="a{b}c")
        keys = [key.decode() for key in await client.keys("*")]
        assert {key[: key.index("}") + 1] for key in keys} == {"{ic:workspace}", "{ic:a(b)c}"}
        assert [key for key in keys if not 0 < await client.pttl(key) <= 3_600_000] == []


async def test_flushed_scripts_are_loaded_again(redis_server: RedisServer, client: Any) -> None:
    async with RedisStore.from_url(redis_server.url) as store:
        await BUDGET.leased(store)
        await client.script_flush()
        assert await BUDGET.leased(store) == 10
        assert store.statistics.is_available


async def test_a_paused_server_costs_one_bounded_wait_and_the_next_lease_works(
    redis_server: RedisServer,
) -> None:
    async with RedisStore.from_url(redis_server.url, answer_within_s=0.25) as store:
        await BUDGET.leased(store)
        assert redis_server.process is not None
        os.kill(redis_server.process.pid, signal.SIGSTOP)
        try:
            assert await store.lease(BUDGET.ask()) is None
            assert await store.lease(BUDGET.ask()) is None  # without a request: it is left alone
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
        await BUDGET.leased(store)
        redis_server.kill()
        assert await store.lease(BUDGET.ask()) is None
        redis_server.start()
        await until_answered(store)


async def test_what_is_no_client_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="evalsha"):
        RedisStore(object())
    with pytest.raises(ConfigError, match="redis://") as refused:
        RedisStore.from_url("http://user:secret@host")
    assert "secret" not in str(refused.value)
