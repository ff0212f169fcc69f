"""A run in shards ends with all that was planned, or says what to do; never with less."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from intercom_async import Intercom
from intercom_async.errors import TransportError
from intercom_async.simulator import Simulator
from intercom_async.sync import (
    STREAMS as BUILTIN,
    PostgresSink,
    Stream,
    SyncConfigError,
    SyncError,
    sync,
)
from intercom_async.sync.errors import ShardRunError, TargetError
from intercom_async.sync.shards import Shard, finish_run, open_shards, plan_shards, run_shard
from intercom_async.transport import MemoryTransport, Reply, Request
from .conftest import PostgresServer
from .postgres_rows import ask
from .test_shards import ROWS, intercom, read_all, simulator, sink

psycopg: Any = pytest.importorskip("psycopg", reason="the extra postgres is not installed")

__all__ = ("intercom", "simulator", "sink")

pytestmark = pytest.mark.anyio

CONTACTS = 500


@pytest.fixture
async def uncounted(simulator: Simulator) -> AsyncIterator[Intercom]:
    """A client that no count tells of what is missing."""

    async def answer(request: Request) -> Reply | TransportError:
        reply = await simulator.answer(request)
        if not isinstance(reply, Reply) or b'"total_count"' not in reply.body:
            return reply
        body = msgspec.json.decode(reply.body)
        del body["total_count"]
        return Reply(reply.status, reply.headers, msgspec.json.encode(body))

    async with Intercom(simulator.token, transport=MemoryTransport(answer)) as client:
        yield client


def schema_of(sink: PostgresSink) -> str:
    return sink.where.rpartition(" ")[2]


def count(server: PostgresServer, sink: PostgresSink, stream: str = "contacts") -> int:
    table = f"{schema_of(sink)}.{stream}"
    found = ask(server, f"SELECT id FROM {table} WHERE _deleted_at IS NULL")  # noqa: S608
    return len(found)


def change_state(
    server: PostgresServer,
    sink: PostgresSink,
    shard: Shard,
    change: Callable[[dict[str, Any]], None],
    *,
    is_done: bool,
) -> None:
    """Change what a shard remembers, as another version of the package would have left it."""
    table = f"{schema_of(sink)}.intercom_async_shards"
    with psycopg.connect(server.url) as connection:
        [(state,)] = connection.execute(
            f"SELECT state FROM {table} WHERE number = %s",  # noqa: S608 (a test's)
            [shard.number],
        ).fetchall()
        changed = msgspec.json.decode(state)
        change(changed)
        connection.execute(
            f"UPDATE {table} SET state = %s, is_done = %s WHERE number = %s",  # noqa: S608
            [msgspec.json.encode(changed).decode(), is_done, shard.number],
        )


def forget_pass(state: dict[str, Any]) -> None:
    del state["streams"]["contacts"]["pass_"]


def forget_spans(state: dict[str, Any]) -> None:
    state["streams"]["contacts"]["pass_"]["spans"] = []


def be_older(state: dict[str, Any]) -> None:
    state["format"] = 1


async def test_a_shard_in_another_zone_is_refused_and_planned_again(
    simulator: Simulator, intercom: Intercom, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    """The zone of a workspace is set while its shards wait in a queue."""
    before = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)
    await run_shard(intercom, before[0], sink)
    simulator.workspace.timezone = "Asia/Tokyo"
    with pytest.raises(SyncError, match=r"zone UTC.*Asia/Tokyo.*plan it again"):
        await run_shard(intercom, before[1], sink)
    with pytest.raises(ShardRunError, match=f"{len(before) - 1} of {len(before)} shards"):
        await finish_run(intercom, sink)
    assert await open_shards(intercom, sink) is None
    again = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)
    assert len(again) == len(before)
    with pytest.raises(ShardRunError, match="is over"):
        await run_shard(intercom, before[1], sink)
    await read_all(intercom, sink, again)
    assert (await finish_run(intercom, sink)).is_complete
    assert count(postgres_server, sink) == CONTACTS


async def test_a_zone_that_only_one_process_is_told_loses_nothing(
    simulator: Simulator, intercom: Intercom, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    """What stands between one machine and Intercom may answer `/me` otherwise, or in part."""
    shards = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)
    for zone in ("Europe/Berlin", ""):
        simulator.workspace.timezone = zone
        with pytest.raises(SyncError, match="plan it again"):
            await run_shard(intercom, shards[1], sink)
    simulator.workspace.timezone = "UTC"
    assert await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS) == shards
    await read_all(intercom, sink, shards)
    assert (await finish_run(intercom, sink)).is_complete
    assert count(postgres_server, sink) == CONTACTS


async def test_a_zone_that_changes_before_the_end_is_read_again(
    simulator: Simulator, intercom: Intercom, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    shards = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)
    await read_all(intercom, sink, shards)
    simulator.workspace.timezone = "Asia/Tokyo"
    report = await finish_run(intercom, sink)
    assert report.is_complete, report.failures
    assert count(postgres_server, sink) == CONTACTS


@pytest.mark.parametrize("change", [forget_pass, forget_spans])
async def test_what_no_shard_has_read_is_read_by_the_end(
    change: Callable[[dict[str, Any]], None],
    intercom: Intercom,
    uncounted: Intercom,
    sink: PostgresSink,
    postgres_server: PostgresServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An earlier version called a shard read that had lost its spans, as the zone had changed."""
    shards = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)
    await read_all(intercom, sink, [shard for shard in shards if shard.number != 1])
    change_state(postgres_server, sink, shards[1], change, is_done=True)
    report = await finish_run(uncounted, sink)
    assert report.is_complete, report.failures
    assert count(postgres_server, sink) == CONTACTS
    assert "contacts" in caplog.text
    assert "no shard" in caplog.text


@pytest.mark.parametrize("change", [forget_pass, forget_spans, be_older])
async def test_a_shard_that_does_not_know_what_it_reads_is_planned_again(
    change: Callable[[dict[str, Any]], None],
    intercom: Intercom,
    sink: PostgresSink,
    postgres_server: PostgresServer,
) -> None:
    shards = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)
    change_state(postgres_server, sink, shards[0], change, is_done=False)
    with pytest.raises(SyncError, match="plan it again"):
        await run_shard(intercom, shards[0], sink)
    again = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)
    assert {shard.run for shard in again}.isdisjoint({shard.run for shard in shards})
    await read_all(intercom, sink, again)
    assert (await finish_run(intercom, sink)).is_complete
    assert count(postgres_server, sink) == CONTACTS


async def test_the_shards_of_another_workspace_are_not_given(
    intercom: Intercom, sink: PostgresSink
) -> None:
    await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)
    async with (
        Simulator(contacts=9, seed=8) as stranger,
        Intercom(stranger.token, base_url=stranger.url) as client,
    ):
        with pytest.raises(TargetError, match="holds workspace"):
            await plan_shards(client, sink, ["contacts"])


async def test_what_a_dropped_stream_had_planned_is_planned_again(
    intercom: Intercom, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    """A sync that drops or repairs a stream while shards of it wait makes their run void."""
    names = ["contacts", "conversations"]
    options: list[dict[str, Any]] = [{"drop_streams": ["conversations"]}, {"repair": True}]
    for option in options:
        shards = await plan_shards(intercom, sink, names, rows_per_shard=ROWS, full=True)
        await run_shard(intercom, shards[0], sink)
        await sync(intercom, ["contacts"], sink=sink, **option)
        with pytest.raises(ShardRunError, match="is over"):
            await run_shard(intercom, shards[-1], sink)
        await read_all(intercom, sink, await plan_shards(intercom, sink, names))
        assert (await finish_run(intercom, sink, names)).is_complete
        assert count(postgres_server, sink) == CONTACTS
        assert count(postgres_server, sink, "conversations") == 170


async def test_a_stream_of_your_own_that_is_a_list_now_is_refused(
    intercom: Intercom, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    """The program that reads shards is another one than that which planned them."""
    known = {stream.name: stream for stream in BUILTIN}
    own = Stream("people", known["contacts"].source, model=known["contacts"].model)
    other = Stream("people", known["tags"].source, model=known["tags"].model)
    shards = await plan_shards(intercom, sink, [own], rows_per_shard=10**6)
    with pytest.raises(SyncConfigError, match=r"people.*spans"):
        await run_shard(intercom, shards[0], sink, streams=[other])
    await run_shard(intercom, shards[0], sink, streams=[own])
    assert (await finish_run(intercom, sink, [own])).is_complete
    assert count(postgres_server, sink, "people") == CONTACTS


async def test_shards_of_part_of_the_plan_are_not_the_plan(
    intercom: Intercom, uncounted: Intercom, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    """A shard that is lost from the target is read by the end."""
    shards = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)
    await read_all(intercom, sink, shards[1:])
    with psycopg.connect(postgres_server.url) as connection:
        table = f"{schema_of(sink)}.intercom_async_shards"
        connection.execute(f"DELETE FROM {table} WHERE number = 0")  # noqa: S608 (a test's)
    assert (await finish_run(uncounted, sink)).is_complete
    assert count(postgres_server, sink) == CONTACTS
