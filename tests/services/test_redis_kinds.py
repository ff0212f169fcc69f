"""The budget store on every kind of Redis, by every client library, with the least permissions."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from intercom_async.scheduler.stores import RedisStore
from tests.support.servers import REDIS_PROGRAMS, MissingServerError, redis_program
from .budgets import Budget
from .conftest import RedisServer

redis_client: Any = pytest.importorskip("redis.asyncio", reason="the extra redis is missing")

pytestmark = pytest.mark.anyio

BUDGET = Budget("workspace", RedisStore.from_url)
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "processes.md"
LIBRARIES = {"redis.asyncio": "Redis", "valkey.asyncio": "Valkey", "coredis": "Redis"}
COMMANDS = tuple(re.findall(r"\+[a-z|]+", GUIDE.read_text().partition("ACL SETUSER")[2]))
"""What the guide says that an account needs."""
OF_THE_CLIENT = ("+hello", "+select")
"""Needed to connect: by redis-py from version 8 on, and for another database than the first."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=REDIS_PROGRAMS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    try:
        running = RedisServer(tmp_path, redis_program(request.param))
    except MissingServerError as error:
        pytest.skip(str(error))
    running.start()
    yield running
    running.kill()


def connected(library: str, port: int) -> AbstractAsyncContextManager[Any]:
    module = pytest.importorskip(library, reason=f"{library.partition('.')[0]} is not installed")
    client: AbstractAsyncContextManager[Any] = getattr(module, LIBRARIES[library])(port=port)
    return client


@pytest.mark.parametrize("library", LIBRARIES)
async def test_a_window_is_granted_exactly_whatever_the_server_and_the_client(
    server: RedisServer, library: str
) -> None:
    async with connected(library, server.port) as one, connected(library, server.port) as other:
        # The processors are shared: an answer may take longer than in production.
        stores = [RedisStore(client, answer_within_s=10.0) for client in (one, other)]
        await stores[0].join(budget=BUDGET.name, app="app")
        assert sum(await asyncio.gather(*map(BUDGET.drain, stores))) == 1667
        await one.script_flush()
        assert await BUDGET.leased(stores[0], reset_at_ms=1_900_000_010_000) == 10
        for store in stores:
            await store.aclose()


@pytest.fixture
async def admin(server: RedisServer) -> AsyncIterator[Any]:
    async with redis_client.Redis.from_url(server.url) as opened:
        yield opened


async def works(server: RedisServer, admin: Any, commands: list[str]) -> bool:
    """Say whether a store can do everything with these commands allowed."""
    await admin.script_flush()
    await admin.acl_deluser("sdk")
    await admin.acl_setuser(
        "sdk", enabled=True, passwords=["+secret"], keys=["{ic:*"], commands=commands
    )
    url = server.url.replace("//", "//sdk:secret@")
    async with RedisStore.from_url(url, answer_within_s=10.0) as store:
        await store.join(budget=BUDGET.name, app="app")
        for ask in (
            BUDGET.ask(left_s=9.0, clock=(0.0, 1.0), interactive_per_s=1.0),  # a person's calls
            BUDGET.ask(),
        ):
            if await store.lease(ask) is None:
                return False
        await store.freeze(BUDGET.ask(0))
        is_available = store.statistics.is_available
    members = await admin.zcard("{ic:workspace}:m")
    return bool(is_available and not members)  # it has left


async def test_the_documented_permissions_are_enough(server: RedisServer, admin: Any) -> None:
    assert await works(server, admin, [*COMMANDS])


@pytest.mark.parametrize("left_out", [one for one in COMMANDS if one not in OF_THE_CLIENT])
async def test_no_documented_permission_is_too_much(
    server: RedisServer, admin: Any, left_out: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert not await works(server, admin, [one for one in COMMANDS if one != left_out])
    if left_out != "+zrem":  # whose failure at the end is nobody's concern
        assert "lacks a permission" in caplog.text
