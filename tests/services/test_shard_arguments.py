"""What a sharded run is told is checked before anything is opened or sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from secrets import token_hex
from typing import Any

import anyio
import pytest

from intercom_async import Intercom
from intercom_async.sync import PostgresSink, SyncConfigError
from intercom_async.sync.shards import finish_run, plan_shards, run_shard
from intercom_async.transport import MemoryTransport, Reply, Request
from .conftest import PostgresServer
from .postgres_rows import ask
from .test_shards import ROWS, STREAMS, simulator

pytest.importorskip("psycopg", reason="the extra postgres is not installed")

__all__ = ("simulator",)

pytestmark = pytest.mark.anyio


async def hook(_: object) -> None: ...


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"lookback_s": -1}, "lookback_s"),
    ({"lookback_s": "1"}, "lookback_s"),
    ({"reconcile_within_s": True}, "reconcile_within_s"),
    ({"hard_delete": 1}, "hard_delete"),
    ({"erase_deleted": None}, "erase_deleted"),
    ({"streams": "contacts"}, "streams"),
    ({"streams": ["contact"]}, "contact"),
    ({"streams": ["contacts"], "attachments": "files"}, "attachments"),
    ({"attachments": 3}, "attachments"),
    ({"on_progress": 3}, "on_progress"),
    ({"on_progress": hook}, "on_progress"),
    ({"stop": True}, "stop"),
]


@pytest.fixture
async def silent() -> AsyncIterator[Intercom]:
    """A client whose server must not be asked."""

    def refuse(request: Request) -> Reply:
        raise AssertionError(request.url)

    async with Intercom("token", transport=MemoryTransport(refuse)) as client:
        yield client


async def test_the_end_of_a_run_refuses_a_wrong_argument_and_leaves_the_run(
    simulator: Any, silent: Intercom, postgres_server: PostgresServer
) -> None:
    schema = f"shards_{token_hex(4)}"
    sink = PostgresSink(postgres_server.url, schema=schema)
    async with Intercom(simulator.token, base_url=simulator.url) as intercom:
        shards = await plan_shards(intercom, sink, STREAMS, rows_per_shard=ROWS)
        for shard in shards:
            await run_shard(intercom, shard, sink)
        state = f"SELECT * FROM {schema}.intercom_async_state"  # noqa: S608 (a test's)
        before = ask(postgres_server, state)
        for options, name in WRONG:
            with pytest.raises(SyncConfigError, match=name):
                await finish_run(silent, sink, **options)
        with pytest.raises(SyncConfigError, match="client"):
            await finish_run(None, sink)  # type: ignore[arg-type] # the subject
        assert ask(postgres_server, state) == before
        # Names that can be read once are read once.
        report = await finish_run(intercom, sink, iter(STREAMS), stop=anyio.Event())
    assert report.is_complete
    assert sorted(stream.name for stream in report.streams) == sorted(STREAMS)


async def test_a_plan_of_a_stream_that_there_is_not_makes_no_schema(
    silent: Intercom, postgres_server: PostgresServer
) -> None:
    sink = PostgresSink(postgres_server.url, schema=f"shards_{token_hex(4)}")
    for streams in ("contacts", ["contact"], [3]):
        with pytest.raises(SyncConfigError):
            await plan_shards(silent, sink, streams)  # type: ignore[arg-type] # the subject
    with pytest.raises(SyncConfigError, match="client"):
        await plan_shards(None, sink, ["contacts"])  # type: ignore[arg-type] # the subject
    assert sink.is_new()
