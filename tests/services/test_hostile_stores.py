"""Servers that refuse, misunderstand or pool are named without a secret, and hold nobody up."""

from __future__ import annotations

import asyncio
import logging
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from intercom_async import Intercom, Limits
from intercom_async.errors import ClosedError, ConfigError
from intercom_async.scheduler.stores import PostgresStore, RedisStore
from intercom_async.simulator import Simulator
from intercom_async.sync import BusyTargetError, PostgresSink, TargetError
from intercom_async.sync.sinks.base import Table
from intercom_async.sync.sinks.entries import Put
from tests.support.connect_proxy import serving
from .budgets import RESET_MS, Budget
from .conftest import PostgresServer, RedisServer, free_port, wait_for_port

redis: Any = pytest.importorskip("redis", reason="the extra redis is not installed")
redis_client: Any = pytest.importorskip("redis.asyncio")
psycopg: Any = pytest.importorskip("psycopg", reason="the extra postgres is not installed")

pytestmark = pytest.mark.anyio

SECRET = "hush-hush"
TABLE = Table("contacts", "id", None, None, "updated_at")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def refusal(
    make: Callable[..., Any], caplog: pytest.LogCaptureFixture, *, joins: bool = True
) -> str:
    """Use a store that cannot be used, as an option and as a condition; return what is told."""
    caplog.set_level(logging.INFO)
    asked = Budget("b", make)
    begun = time.monotonic()  # noqa: TID251 (real time)
    async with make(answer_within_s=2.0) as store:
        await store.join(budget="b", app="app")
        assert await store.lease(asked.ask()) is None
        assert not store.statistics.is_available
    told = caplog.text
    if joins:
        async with make(answer_within_s=2.0, required=True) as store:
            with pytest.raises(ConfigError, match="is required and cannot be used") as refused:
                await store.join(budget="b", app="app")
        told += f"{refused.value} {refused.value.__cause__!r} {store!r}"
    assert time.monotonic() - begun < 15  # noqa: TID251
    assert SECRET not in told
    return told


# Redis ------------------------------------------------------------------------------------------

Prepare = Callable[[Any], Awaitable[Any]]


def command(*words: str) -> Prepare:
    async def run(admin: Any) -> None:
        await admin.execute_command(*words)

    return run


HOSTILE_REDIS: dict[str, tuple[Prepare, str, str]] = {
    "wrong type": (
        command("SET", f"{{ic:b}}:a:app:{RESET_MS}", "mine"), "", "holds something else",
    ),
    "wrong password": (
        command("ACL", "SETUSER", "me", "on", ">other", "~*", "+@all"), f"me:{SECRET}@",
        "user or password are not accepted",
    ),
    "no EVALSHA": (
        command("ACL", "SETUSER", "me", "on", f">{SECRET}", "~*", "+@all", "-evalsha"),
        f"me:{SECRET}@", "lacks a permission",
    ),
    "no keys": (
        command("ACL", "SETUSER", "me", "on", f">{SECRET}", "~theirs*", "+@all"),
        f"me:{SECRET}@", "lacks a permission",
    ),
    "a replica": (command("REPLICAOF", "127.0.0.1", "1"), "", "it is a replica"),
    "full": (command("CONFIG", "SET", "maxmemory", "1"), "", "no more memory"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE_REDIS)
async def test_a_redis_that_refuses_is_named(
    kind: str, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    prepare, user, told = HOSTILE_REDIS[kind]
    async with redis_client.Redis.from_url(redis_server.url) as admin:
        await prepare(admin)
    url = f"redis://{user}127.0.0.1:{redis_server.port}/0"

    def make(**options: Any) -> RedisStore:
        return RedisStore.from_url(url, **options)

    assert told in await refusal(make, caplog, joins=kind != "wrong type")


def saying(answer: bytes) -> AbstractAsyncContextManager[int]:
    """Run a server that says the same to whatever it is told."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4_096):
            writer.write(answer)
            await writer.drain()

    return serving(say)


@pytest.mark.parametrize(
    ("answer", "scheme", "told"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "redis", "another program"),
        (b"+OK\r\n" * 4, "redis", "another program"),
        (b"*0\r\n" * 4, "redis", "another program"),
        (b"-MOVED 1234 10.0.0.1:7000\r\n" * 4, "redis", "it is a cluster"),
        (b"-LOADING Redis is loading the dataset in memory\r\n" * 4, "redis", "still loading"),
        (b"-BUSY Redis is busy running a script.\r\n" * 4, "redis", "keeps it busy"),
        (b"-ERR max number of clients reached\r\n", "redis", "no connection left"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "redis", ""),
        (b"-ERR what\r\n", "rediss", ""),
    ],
)
async def test_what_is_no_redis_is_named(
    answer: bytes, scheme: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with saying(answer) as port:

        def make(**options: Any) -> RedisStore:
            return RedisStore.from_url(f"{scheme}://me:{SECRET}@127.0.0.1:{port}/0", **options)

        assert told in await refusal(make, caplog)


def test_a_client_that_blocks_is_refused() -> None:
    with pytest.raises(ConfigError, match="asyncio client; redis"):
        RedisStore(redis.Redis())


# PostgreSQL -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "options", "told"),
    [
        ("nobody_here:hush-hush@", "", "OperationalError: there is no such database or user"),
        ("tests@", "-TLS", "it has no TLS, which is asked for"),
        ("unprivileged:hush-hush@", "", "InsufficientPrivilege 42501: the user lacks"),
        ("tests@", "default_transaction_read_only%3Don", "read-only"),
        ("tests@", "statement_timeout%3D1", "a timeout of the server has ended"),
    ],
)
async def test_a_postgres_that_refuses_is_named(
    parts: str,
    options: str,
    told: str,
    postgres_server: PostgresServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # A database of its own: tables that others have made would be used.
    name = f"hostile_{token_hex(4)}"
    with psycopg.connect(postgres_server.url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = 'unprivileged'").fetchone():
            admin.execute("CREATE ROLE unprivileged LOGIN")
    given = f"?options=-c%20{options}" if options else ""
    if options == "-TLS":
        given = "?sslmode=require"
    url = f"postgresql://{parts}127.0.0.1:{postgres_server.port}/{name}{given}"

    def make(**settings: Any) -> PostgresStore:
        return PostgresStore(url, **settings)

    assert told in await refusal(make, caplog)
    if "statement" not in options:  # how long its statements take is the machine's matter
        sink = PostgresSink(url)
        with pytest.raises(TargetError) as refused:
            sink.open()
        assert SECRET not in f"{refused.value} {refused.value.__cause__!r} {sink!r}"


class Pooler:
    """PgBouncer in transaction mode before a server."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self.port = free_port()
        self.url = f"postgresql://tests@127.0.0.1:{self.port}/postgres"
        folder.chmod(0o755)
        (folder / "users.txt").write_text('"tests" ""\n')
        settings = folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host=127.0.0.1 port={server.port}\n[pgbouncer]\n"
            f"listen_addr=127.0.0.1\nlisten_port={self.port}\nunix_socket_dir=\n"
            f"auth_type=trust\nauth_file={folder}/users.txt\npool_mode=transaction\n"
        )
        run = [shutil.which("pgbouncer") or "/usr/sbin/pgbouncer", "-q", str(settings)]
        as_user = ["runuser", "-u", "postgres", "--"] if shutil.which("runuser") else []
        self.process = subprocess.Popen(
            [*as_user, *run], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for_port(self.port)


@pytest.fixture
def pooler(postgres_server: PostgresServer) -> Iterator[Pooler]:
    if shutil.which("pgbouncer") is None and not Path("/usr/sbin/pgbouncer").exists():
        pytest.skip("there is no PgBouncer here: apt-get install pgbouncer")
    with tempfile.TemporaryDirectory() as folder:
        running = Pooler(postgres_server, Path(folder))
        yield running
        running.process.terminate()
        running.process.wait()


async def test_a_store_works_behind_a_pooler(pooler: Pooler) -> None:
    asked = Budget(token_hex(4), lambda: PostgresStore(pooler.url, answer_within_s=5.0))
    async with asked.open() as one, asked.open() as two:
        totals = await asyncio.gather(asked.drain(one), asked.drain(two))
    assert sum(totals) == 1667


def put(key: str) -> Put:
    return Put("contacts", key, "", b'{"id":"%s"}' % key.encode(), 1, 1, 1)


def test_syncs_behind_a_pooler_follow_each_other_and_do_not_mix(pooler: Pooler) -> None:
    schema = f"pooled_{token_hex(4)}"
    first = PostgresSink(pooler.url, schema=schema)
    first.open()
    first.begin([TABLE])
    first.commit([put("1")], b"{}")
    first.publish(b"{}")
    first.close()
    # The pooler's connection on which it worked is taken: the next one works on another.
    with psycopg.connect(pooler.url) as taken:
        taken.execute("SELECT 1")
        second = PostgresSink(pooler.url, schema=schema)
        second.open()
        second.begin([TABLE])
        third = PostgresSink(pooler.url, schema=schema)
        third.open()
        with pytest.raises(BusyTargetError, match="taken over"):
            second.commit([put("2")], b"{}")
        second.close()
        third.begin([TABLE])
        third.commit([put("3")], b"{}")
        third.publish(b"{}")
        third.close()
    with psycopg.connect(pooler.url) as connection:
        rows = connection.execute(f"SELECT id FROM {schema}.contacts ORDER BY id").fetchall()
    assert rows == [("1",), ("3",)]


# Use and misuse ---------------------------------------------------------------------------------


async def test_a_store_that_is_closed_while_calls_wait_holds_nobody_up(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits(app_per_minute=600)
    store = RedisStore.from_url(redis_server.url, answer_within_s=5.0)
    async with (
        Simulator(contacts=1, app_per_minute=600, window_s=2.0) as simulator,
        Intercom(simulator.token, base_url=simulator.url, store=store, limits=limits) as intercom,
    ):
        await intercom.admins.me()
        calls = [asyncio.ensure_future(intercom.admins.me()) for _ in range(50)]
        await asyncio.sleep(0.1)  # noqa: TID251 (the calls are on their way)
        await store.aclose()
        done, waiting = await asyncio.wait(calls, timeout=30)
        assert not waiting
        assert all(one.exception() is None for one in done)
        assert sum(row.rejected for row in simulator.ledger()) == 0
        statistics = intercom.statistics().store
        assert statistics is not None
        assert not statistics.is_available
    assert "it was closed" in caplog.text
    assert "never retrieved" not in caplog.text


def test_a_store_of_another_event_loop_is_refused() -> None:
    store = RedisStore.from_url("redis://127.0.0.1:1/0")

    async def use() -> None:
        async with Intercom("t", base_url="http://127.0.0.1:1", store=store):
            pass

    asyncio.run(use())
    with pytest.raises(ClosedError, match="another event loop"):
        asyncio.run(use())


async def test_a_store_of_the_user_that_raises_holds_nobody_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        """A store with a mistake in it."""

        statistics = None

        async def join(self, *, budget: str, app: str) -> None:
            """Know nothing."""

        async def lease(self, _: Any) -> None:
            raise KeyError(SECRET)

        give_back = freeze = lease

        async def aclose(self) -> None:
            """Do nothing."""

    broken: Any = Broken()
    async with (
        Simulator(contacts=1, app_per_minute=600, window_s=2.0) as simulator,
        Intercom(simulator.token, base_url=simulator.url, store=broken) as intercom,
    ):
        async with asyncio.timeout(20):
            await asyncio.gather(*(intercom.admins.me() for _ in range(20)))
    assert "cannot be used (KeyError)" in caplog.text
    assert SECRET not in caplog.text


async def test_clients_with_budgets_of_two_names_share_by_the_headers(
    redis_server: RedisServer,
) -> None:
    """Two clients of one token that do not know of each other: the headers tell them."""
    limits = Limits(app_per_minute=1_200)
    async with (
        Simulator(contacts=1, app_per_minute=1_200, window_s=2.0) as simulator,
        RedisStore.from_url(redis_server.url, answer_within_s=5.0) as store,
        Intercom(
            simulator.token, base_url=simulator.url, store=store, budget_key="one", limits=limits
        ) as one,
        Intercom(
            simulator.token, base_url=simulator.url, store=store, budget_key="two", limits=limits
        ) as two,
    ):
        for each in (one, two):
            await each.admins.me()
        calls = [each.admins.me() for _ in range(60) for each in (one, two)]
        async with asyncio.timeout(30):
            await asyncio.gather(*calls)
        refused = sum(row.rejected for row in simulator.ledger())
        assert refused <= 0.1 * len(calls)


async def test_a_rotated_token_keeps_the_budget_of_its_name(redis_server: RedisServer) -> None:
    tokens: list[str] = []

    async def token() -> str:
        return tokens[-1]

    async with (
        Simulator(contacts=1, app_per_minute=6_000) as simulator,
        RedisStore.from_url(redis_server.url, answer_within_s=5.0) as store,
        redis_client.Redis.from_url(redis_server.url) as admin,
    ):
        tokens += [simulator.token]
        async with Intercom(
            token, base_url=simulator.url, store=store, budget_key="workspace"
        ) as intercom:
            for rotated in (simulator.token, simulator.new_app().token):
                tokens += [rotated]
                for _ in range(3):
                    await intercom.admins.me()
                assert len(await admin.keys("*:m:*")) == 1
        held = [key.decode() for key in await admin.keys()]
        assert held
        assert not [key for key in held for one in tokens if one in key]


@pytest.mark.parametrize("store", [object(), "redis://localhost", RedisStore, 7])
def test_what_is_no_store_is_refused(store: Any) -> None:
    with pytest.raises(ConfigError, match="store"):
        Intercom("t", store=store)
