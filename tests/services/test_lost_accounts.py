"""Accounts that a store loses in part, or as its clock jumps, and those of other versions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from secrets import token_hex
from typing import Any

import pytest

from intercom_async.scheduler.stores import PostgresStore, RedisStore
from .budgets import RESET_MS, Budget
from .conftest import PostgresServer, RedisServer

redis_client: Any = pytest.importorskip("redis.asyncio", reason="the extra redis is missing")

pytestmark = pytest.mark.anyio

LIMIT, WORKSPACE_LIMIT = 1000, 1500
KEYS = ("a:app:*", "w:*", "m:app", "m", "i:app", "k:app")
"""Every kind of key that a lease uses, as the module of the store lists them."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def admin(redis_server: RedisServer) -> AsyncIterator[Any]:
    async with redis_client.Redis.from_url(redis_server.url) as opened:
        yield opened


@pytest.mark.parametrize("kind", KEYS)
async def test_a_key_that_is_evicted_grants_no_call_twice(
    kind: str, redis_server: RedisServer, admin: Any
) -> None:
    """With `allkeys-lru` Redis may drop any key at any time."""
    budget = Budget("b", lambda: RedisStore.from_url(redis_server.url, answer_within_s=10.0))
    told: dict[str, Any] = {
        "limit": LIMIT, "workspace_limit": WORKSPACE_LIMIT, "clock": (0.0, 1.0),
        "interactive_per_s": 1.0,
    }  # fmt: skip
    async with budget.open() as one, budget.open() as two:
        total = 0
        for _ in range(2):  # a process knows the server's clock after its first request
            for app in ("app", "other"):
                for store in (one, two):
                    total += await budget.leased(store, 100, app=app, left_s=5.0, **told)
        evicted = await admin.keys(f"{{ic:b}}:{kind}")
        assert evicted
        await admin.delete(*evicted)
        # Each says what it has before anybody leases more, as it does within a second.
        for app in ("app", "other"):
            for store in (one, two):
                await budget.leased(store, 0, app=app, **told)
        for app in ("app", "other"):
            for store in (one, two):
                total += await budget.drain(store, app=app, **told)
    assert total == WORKSPACE_LIMIT


async def test_every_kind_of_key_is_evicted_in_the_test_above(
    redis_server: RedisServer, admin: Any
) -> None:
    budget = Budget("b", lambda: RedisStore.from_url(redis_server.url, answer_within_s=10.0))
    async with budget.open() as store:
        await budget.leased(store, left_s=5.0, clock=(0.0, 1.0), interactive_per_s=1.0)
        await budget.leased(store, left_s=5.0, clock=(0.0, 1.0), interactive_per_s=1.0)
        held = {key.decode().removeprefix("{ic:b}:") for key in await admin.keys()}
    assert {kind.replace("*", str(RESET_MS)) for kind in KEYS} == held


async def test_calls_that_another_version_has_leased_are_leased_to_nobody_else(
    redis_server: RedisServer, admin: Any
) -> None:
    budget = Budget("b", lambda: RedisStore.from_url(redis_server.url, answer_within_s=10.0))
    async with budget.open() as store:
        await budget.leased(store, 10)
        # All versions keep the sum there, and what each process has in fields of its own.
        assert await admin.hincrby(f"{{ic:b}}:a:app:{RESET_MS}", "granted", 500) == 510
        assert await budget.drain(store) == 1667 - 510


async def test_the_function_of_another_version_stays_beside_the_own(
    postgres_server: PostgresServer,
) -> None:
    psycopg: Any = pytest.importorskip("psycopg", reason="the extra postgres is not installed")
    schema = f"s{token_hex(4)}"
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute(
            f"CREATE FUNCTION {schema}.intercom_budget_lease(of_budget text) RETURNS int"
            " LANGUAGE sql AS 'SELECT 7'"
        )
        budget = Budget(
            "b", lambda: PostgresStore(postgres_server.url, schema=schema, answer_within_s=10.0)
        )
        async with budget.open() as store:
            assert await budget.drain(store) == 1667
        row = connection.execute(f"SELECT {schema}.intercom_budget_lease('b')").fetchone()
    assert row == (7,)


class Jumping(RedisStore):
    """A store whose server's clock can be set."""

    ahead_s = 0

    async def _evaluate(
        self, script: str, keys: Sequence[str], arguments: Sequence[str | int | float]
    ) -> Any:
        now = (
            "local time = redis.call('TIME')"
            f" time[1] = tostring(tonumber(time[1]) + {self.ahead_s})"
        )
        script = script.replace("local time = redis.call('TIME')", now)
        return await super()._evaluate(script, keys, arguments)


@pytest.mark.parametrize("ahead_s", [3600, -3600, 20, -20])
async def test_a_redis_whose_clock_jumps_grants_no_call_twice(
    redis_server: RedisServer, ahead_s: int
) -> None:
    loop = asyncio.get_running_loop()
    clock = (1000.0 - loop.time() - 0.01, 1000.0 - loop.time() + 0.01)
    budget = Budget("b", lambda: Jumping(client, answer_within_s=10.0))
    async with redis_client.Redis.from_url(redis_server.url) as client:
        stores = [budget.open() for _ in range(3)]
        total = 0
        for store in stores:
            total += await budget.leased(store, 100)
            await budget.leased(store, 0, clock=clock)
        for store in stores:
            store.ahead_s = ahead_s
        for store in stores:
            total += await budget.leased(store, 100)
        # All are members again, and what they know of Intercom's clock is right again.
        assert (await budget.lease(stores[0], 0, clock=clock)).members == 3
        for store in stores:
            low, high = (await budget.lease(store, 0, clock=clock)).clock or (0.0, 0.0)
            assert low <= clock[0] <= clock[1] <= high
            assert high - low < 5.0
        total += sum([await budget.drain(store) for store in stores])
        assert total == 1667
        for store in stores:
            await store.aclose()
