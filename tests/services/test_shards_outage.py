"""A worker that begins in an outage waits for the server, and hands its shard on in time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from secrets import token_hex

import pytest

from intercom_async import ConnectError, Intercom
from intercom_async.clock import CLOCK
from intercom_async.errors import TransportError, UnauthorizedError
from intercom_async.simulator import Simulator
from intercom_async.sync import PostgresSink
from intercom_async.sync.shards import finish_run, plan_shards, run_shard
from intercom_async.transport import MemoryTransport, Reply, Request
from tests.support.virtual_time import anyio_backend
from .conftest import PostgresServer

__all__ = ("anyio_backend",)

pytest.importorskip("psycopg", reason="the extra postgres is not installed")
pytestmark = pytest.mark.anyio


class Server:
    """A simulator that is down for a while."""

    def __init__(self) -> None:
        self._simulator = Simulator(contacts=40, conversations=0)
        self.token = self._simulator.token
        self._until = -1.0
        self.is_refusing_after: int | None = None
        """Calls after which no token is accepted."""

    def fail_for(self, seconds: float) -> None:
        self._until = CLOCK.now() + seconds

    async def answer(self, request: Request) -> Reply | TransportError:
        if CLOCK.now() < self._until:
            return ConnectError("the test's server is down", call=request.name)
        if self.is_refusing_after is not None:
            self.is_refusing_after -= 1
            if self.is_refusing_after < 0:
                return Reply(401, {}, b"{}")
        return await self._simulator.answer(request)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def intercom(server: Server) -> AsyncIterator[Intercom]:
    transport = MemoryTransport(server.answer)
    async with Intercom(
        server.token, base_url="https://api.intercom.io", transport=transport
    ) as client:
        yield client


@pytest.fixture
def sink(postgres_server: PostgresServer) -> PostgresSink:
    return PostgresSink(postgres_server.url, schema=f"outage_{token_hex(4)}", inline=True)


async def test_plan_and_shard_wait_for_the_server(
    server: Server, intercom: Intercom, sink: PostgresSink
) -> None:
    server.fail_for(100)
    shards = await plan_shards(intercom, sink, ["contacts"])
    server.fail_for(100)
    report = await run_shard(intercom, shards[0], sink)

    assert (report.rest, report.rows, report.left) == (None, 40, 0)
    assert (await finish_run(intercom, sink)).is_complete


async def test_a_shard_is_handed_on_before_its_time_is_over(
    server: Server, intercom: Intercom, sink: PostgresSink
) -> None:
    shards = await plan_shards(intercom, sink, ["contacts"])
    server.fail_for(10**6)
    begun_s = CLOCK.now()
    report = await run_shard(intercom, shards[0], sink, budget_s=200)

    assert CLOCK.now() - begun_s <= 200
    assert report.rest == shards[0].rest()
    assert report.left == 1


async def test_a_revoked_token_ends_a_shard_that_another_process_reads(
    server: Server, intercom: Intercom, sink: PostgresSink
) -> None:
    shards = await plan_shards(intercom, sink, ["contacts"])
    server.is_refusing_after = 1
    with pytest.raises(UnauthorizedError):
        await run_shard(intercom, shards[0], sink)
    server.is_refusing_after = None
    assert (await run_shard(intercom, shards[0], sink)).left == 0
    assert (await finish_run(intercom, sink)).is_complete
