"""In PostgreSQL, references that lead nowhere are counted in rows of every origin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from secrets import token_hex

import anyio
import msgspec
import pytest

from intercom_async import Intercom
from intercom_async.errors import TransportError
from intercom_async.simulator import Simulator
from intercom_async.sync import PostgresSink, Report, sync
from intercom_async.sync.shards import finish_run, plan_shards, run_shard
from intercom_async.transport import MemoryTransport, Reply, Request
from .conftest import PostgresServer

pytest.importorskip("psycopg", reason="the extra postgres is not installed")

pytestmark = pytest.mark.anyio

STREAMS = ["contacts", "companies"]


class HiddenCompany:
    """A workspace whose list of companies leaves one out; it may stop the run that asks for it."""

    def __init__(self) -> None:
        self.simulator = Simulator(contacts=12, companies=6)
        self.stop = anyio.Event()

    async def __call__(self, request: Request) -> Reply | TransportError:
        answer = await self.simulator.answer(request)
        if not isinstance(answer, Reply) or "/companies/list" not in request.url:
            return answer
        self.stop.set()
        body = msgspec.json.decode(answer.body)
        body["data"].pop()
        body["total_count"] -= 1
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))


@pytest.fixture
def server() -> HiddenCompany:
    return HiddenCompany()


@pytest.fixture
async def intercom(server: HiddenCompany) -> AsyncIterator[Intercom]:
    async with Intercom(server.simulator.token, transport=MemoryTransport(server)) as client:
        yield client


@pytest.fixture
def sink(postgres_server: PostgresServer) -> PostgresSink:
    return PostgresSink(postgres_server.url, schema=f"references_{token_hex(4)}")


def dangling(report: Report) -> dict[str, int]:
    assert report.is_complete
    return {stream.name: stream.dangling for stream in report.streams if stream.dangling}


async def test_what_a_stopped_run_has_read_refers_to_something(
    server: HiddenCompany, intercom: Intercom, sink: PostgresSink
) -> None:
    assert (await sync(intercom, STREAMS, sink=sink, stop=server.stop)).was_stopped
    for _ in range(2):
        report = await sync(intercom, STREAMS, sink=sink, reconcile="never")
        assert dangling(report) == {"contacts": 1}


async def test_what_shards_have_read_refers_to_something(
    intercom: Intercom, sink: PostgresSink
) -> None:
    for shard in await plan_shards(intercom, sink, STREAMS):
        await run_shard(intercom, shard, sink)
    assert dangling(await finish_run(intercom, sink)) == {"contacts": 1}


async def test_rows_are_compared_with_a_stream_that_comes_after_them(
    intercom: Intercom, sink: PostgresSink
) -> None:
    assert dangling(await sync(intercom, ["contacts"], sink=sink)) == {}
    for _ in range(2):
        report = await sync(intercom, STREAMS, sink=sink, reconcile="never")
        assert dangling(report) == {"contacts": 1}
        assert report.streams[0].rows == 0
