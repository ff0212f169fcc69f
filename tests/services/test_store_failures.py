"""What a store's failures cost: a bounded wait, never more calls than the window has, no rows."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from secrets import token_hex
from typing import Any

import anyio
import pytest

from intercom_async.scheduler.stores import PostgresStore, RedisStore
from intercom_async.sync import PostgresSink, TargetError
from intercom_async.sync.sinks.base import Table
from intercom_async.sync.sinks.entries import Put
from tests.support.slow_proxy import slow_proxy
from .budgets import RESET_MS, Budget
from .conftest import PostgresServer, RedisServer

redis_client: Any = pytest.importorskip("redis.asyncio", reason="the extra redis is missing")
psycopg: Any = pytest.importorskip("psycopg", reason="the extra postgres is not installed")

pytestmark = pytest.mark.anyio

WITHIN_S = 0.25
LIMIT = 1667


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def budget(url: str, within_s: float = 10.0) -> Budget:
    # Servers are shared by all that runs here: an answer may take longer than in production.
    return Budget(token_hex(4), lambda: RedisStore.from_url(url, answer_within_s=within_s))


async def until_answered(store: Any, asked: Budget) -> None:
    """Ask until the store answers."""
    with anyio.fail_after(60):
        while await store.lease(asked.ask()) is None:  # noqa: ASYNC110 (another process decides)
            await anyio.sleep(0.1)


@pytest.mark.parametrize("kind", ["slow", "paused", "flapping"])
async def test_a_store_that_does_not_answer_in_time_costs_a_bounded_wait(
    redis_server: RedisServer, kind: str
) -> None:
    async with (
        slow_proxy(redis_server.port) as proxy,
        redis_client.Redis.from_url(redis_server.url) as other,
    ):
        asked = budget(f"redis://127.0.0.1:{proxy.port}/0", WITHIN_S)
        async with asked.open() as store:
            await until_answered(store, asked)
            for _ in range(3 if kind == "flapping" else 1):
                if kind == "paused":
                    await other.client_pause(6_000)
                else:
                    proxy.delay_s = 6.0
                begun = anyio.current_time()
                assert await store.lease(asked.ask()) is None
                assert anyio.current_time() - begun < 5.0
                assert not store.statistics.is_available
                proxy.delay_s = 0.0
                await until_answered(store, asked)
                assert store.statistics.is_available


@pytest.mark.parametrize("kind", ["redis", "postgres"])
async def test_a_late_answer_does_not_cost_the_connection(
    request: pytest.FixtureRequest, kind: str
) -> None:
    server = request.getfixturevalue(f"{kind}_server")
    async with slow_proxy(server.port) as proxy:
        url = server.url.replace(f":{server.port}", f":{proxy.port}")
        make = RedisStore.from_url if kind == "redis" else PostgresStore
        asked = Budget(token_hex(4), lambda: make(url, answer_within_s=WITHIN_S))
        async with asked.open() as store:
            await until_answered(store, asked)
            connections = proxy.connections
            proxy.delay_s = 0.4
            begun = anyio.current_time()
            assert await store.lease(asked.ask()) is None
            assert anyio.current_time() - begun < 0.4
            proxy.delay_s = 0.0
            await until_answered(store, asked)
            assert proxy.connections == connections


async def test_a_flushed_store_grants_no_more_than_the_headers_leave(
    redis_server: RedisServer,
) -> None:
    asked = budget(redis_server.url)
    async with asked.open() as store, redis_client.Redis.from_url(redis_server.url) as other:
        before = await asked.drain(store)
        assert before == LIMIT
        await other.flushall()
        # By then the server's headers have shown most of what was sent.
        after = await asked.drain(store, used=LIMIT - 20)
        assert after <= 20


async def test_a_store_that_may_not_write_is_no_store(redis_server: RedisServer) -> None:
    asked = budget(redis_server.url)
    async with asked.open() as store, redis_client.Redis.from_url(redis_server.url) as other:
        await other.config_set("maxmemory", "1")
        assert await store.lease(asked.ask()) is None
        await other.config_set("maxmemory", "0")
        await until_answered(store, asked)


PROCESS = """
import asyncio, sys
from intercom_async.scheduler.stores import RedisStore
from tests.services.budgets import Budget

async def main(url, name, want):
    budget = Budget(name, RedisStore.from_url)
    store = RedisStore.from_url(url, answer_within_s=10.0)
    for line in sys.stdin:
        changes = {"reset_at_ms": int(line)}
        print(await budget.leased(store, int(want), **changes), flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


class Process:
    """Another process that leases when it is told to."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-c", PROCESS, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    async def lease(self, reset_at_ms: int) -> int:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(f"{reset_at_ms}\n")
        self.child.stdin.flush()
        return int(await asyncio.to_thread(self.child.stdout.readline))

    def end(self) -> None:
        self.child.kill()
        self.child.communicate()


@pytest.mark.parametrize("fate", ["killed", "paused", "greedy"])
async def test_another_process_costs_its_last_lease_at_most(
    redis_server: RedisServer, fate: str
) -> None:
    asked = budget(redis_server.url)
    want = "1000000" if fate == "greedy" else "100"
    other = Process([redis_server.url, asked.name, want])
    try:
        async with asked.open() as store:
            await asked.leased(store, 1)
            theirs = await other.lease(RESET_MS)
            assert 0 < theirs <= -(-LIMIT // 4) + 1  # half of an equal part, however much it wants
            if fate == "killed":
                other.end()
            elif fate == "paused":
                os.kill(other.child.pid, signal.SIGSTOP)
            ours = 1 + await asked.drain(store)
            assert ours + theirs == LIMIT
            # The next window is whole again, whatever became of the other.
            following = RESET_MS + 10_000
            ours = await asked.drain(store, reset_at_ms=following)
            assert ours == LIMIT
            if fate == "paused":
                os.kill(other.child.pid, signal.SIGCONT)
                # It wakes up with a lease of a window that is over, and finds the next one used.
                assert await other.lease(following) == 0
    finally:
        other.end()


async def test_a_postgres_that_hangs_costs_a_bounded_wait(postgres_server: PostgresServer) -> None:
    async with slow_proxy(postgres_server.port) as proxy:
        url = f"postgresql://tests@127.0.0.1:{proxy.port}/postgres"
        asked = Budget(token_hex(4), lambda: PostgresStore(url, answer_within_s=WITHIN_S))
        async with asked.open() as store:
            await until_answered(store, asked)
            proxy.delay_s = 10.0
            begun = anyio.current_time()
            assert await store.lease(asked.ask()) is None
            assert anyio.current_time() - begun < 8.0
            proxy.delay_s = 0.0
            await until_answered(store, asked)


def test_a_connection_that_ends_in_mid_copy_leaves_nothing_half(
    postgres_server: PostgresServer,
) -> None:
    schema = f"copy_{token_hex(4)}"
    table = Table("contacts", "id", None, None, "updated_at")
    state = b'{"format":2,"workspace":"w","streams":{}}'
    row = Put("contacts", "1", "", b'{"id":"1"}', 1, 1, 1)

    class Ended(list[Any]):
        """Entries, in the middle of which the connection is ended by somebody else."""

        def __iter__(self) -> Any:
            for number in range(5_000):
                if number == 2_500:
                    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
                        connection.execute(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                            " WHERE application_name = %s",
                            [f"intercom-async {schema}"],
                        )
                yield Put("contacts", str(number), "", b"{}" * 2_000, 1, 1, number)

    sink = PostgresSink(postgres_server.url, schema=schema)
    sink.open()
    sink.begin([table])
    sink.commit([row], state)
    with pytest.raises(TargetError, match="nothing that was committed is lost") as lost:
        sink.commit(Ended(), b'{"format":2,"workspace":"other","streams":{}}')
    assert "tests@" not in str(lost.value)
    sink.close()
    again = PostgresSink(postgres_server.url, schema=schema)
    opened = again.open()
    assert opened.state == state
    assert [entry.key for entry in again.entries() if isinstance(entry, Put)] == ["1"]
    again.close()
