"""A workspace that several processes read into one schema has the rows of a single sync."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import anyio
import pytest

from intercom_async import Intercom
from intercom_async.integrations.workspace_tasks import WorkspaceTasks
from intercom_async.simulator import Quirks, Simulator
from intercom_async.sync import (
    STREAMS as BUILTIN,
    DuckDBSink,
    JsonlSink,
    ParquetSink,
    PostgresSink,
    Sink,
    Stream,
    SyncError,
    sync,
)
from intercom_async.sync.errors import BusyTargetError, ShardRunError, SyncConfigError, TargetError
from intercom_async.sync.shards import Shard, ShardReport, finish_run, plan_shards, run_shard
from intercom_async.workspaces import Workspaces
from .conftest import PostgresServer

psycopg: Any = pytest.importorskip("psycopg", reason="the extra postgres is not installed")

pytestmark = pytest.mark.anyio

STREAMS = ["contacts", "conversations", "conversation_parts", "tags"]
ROWS = 150
"""Rows a shard: one page."""


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    limits: dict[str, Any] = {"app_per_minute": 10**7, "workspace_per_minute": 10**7}
    async with Simulator(contacts=500, conversations=170, **limits) as running:
        yield running


@pytest.fixture
async def intercom(simulator: Simulator) -> AsyncIterator[Intercom]:
    async with Intercom(simulator.token, base_url=simulator.url) as client:
        yield client


@pytest.fixture
def sink(postgres_server: PostgresServer) -> PostgresSink:
    return PostgresSink(postgres_server.url, schema=f"shards_{token_hex(4)}")


def tables(server: PostgresServer, sink: PostgresSink) -> dict[str, list[tuple[str, str]]]:
    """Return ids and contents of all live rows, by stream."""
    schema = sink.where.rpartition(" ")[2]
    found: dict[str, list[tuple[str, str]]] = {}
    with psycopg.connect(server.url) as connection:
        for stream in STREAMS:
            rows = connection.execute(
                f"SELECT id, raw::text FROM {schema}.{stream} WHERE _deleted_at IS NULL"
            ).fetchall()
            assert len(rows) == len({row[0] for row in rows})
            found[stream] = sorted(rows)
    return found


async def read_all(intercom: Intercom, sink: PostgresSink, shards: list[Shard]) -> None:
    for shard in shards:
        report = await run_shard(intercom, shard, sink)
        assert (report.rest, report.failures) == (None, ())


async def test_the_rows_are_those_of_a_single_sync(
    intercom: Intercom, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    alone = PostgresSink(postgres_server.url, schema=f"alone_{token_hex(4)}")
    await sync(intercom, STREAMS, sink=alone)
    shards = await plan_shards(intercom, sink, STREAMS, rows_per_shard=ROWS)
    assert {shard.stream for shard in shards} == {"contacts", "conversations"}
    assert len(shards) >= 5
    async with anyio.create_task_group() as group:
        for shard in shards:
            group.start_soon(run_shard, intercom, Shard.from_json(shard.to_json()), sink)
    report = await finish_run(intercom, sink)
    assert report.is_complete, report.failures
    found = tables(postgres_server, sink)
    assert all(found.values())
    assert found == tables(postgres_server, alone)
    assert report.calls < sum(len(rows) for rows in found.values())  # it read the changes only


async def test_a_shard_hands_its_rest_on(
    simulator: Simulator, intercom: Intercom, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    shards = await plan_shards(intercom, sink, ["conversation_parts"], rows_per_shard=10**6)
    assert len(shards) == 1
    simulator.latency_s = 0.1
    report = await run_shard(intercom, shards[0], sink, budget_s=0.8)
    assert report.rest is not None
    assert (report.seconds < 2, report.left, report.rest.handed_on) == (True, 1, 1)
    with pytest.raises(SyncError, match="1 of 1 shards"):
        await finish_run(intercom, sink)
    simulator.latency_s = 0.0
    last = await run_shard(intercom, Shard.from_json(report.rest.to_json()), sink)
    assert (last.rest, last.left) == (None, 0)
    done = await finish_run(intercom, sink)
    assert done.is_complete
    assert done.rows == 0
    # What the first one had read was not read again.
    assert report.rows + last.rows == len(_rows(postgres_server, sink, "conversation_parts"))


def _rows(server: PostgresServer, sink: PostgresSink, stream: str) -> list[Any]:
    schema = sink.where.rpartition(" ")[2]
    with psycopg.connect(server.url) as connection:
        return list(connection.execute(f"SELECT id FROM {schema}.{stream}").fetchall())


async def test_what_is_delivered_twice_is_done_once(
    intercom: Intercom, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    shards = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)
    assert await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS) == shards
    await read_all(intercom, sink, shards)
    assert await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS) == []
    again = await run_shard(intercom, shards[0], sink)
    assert (again.rows, again.calls, again.rest, again.left) == (0, 0, None, 0)
    assert (await finish_run(intercom, sink)).is_complete
    assert (await finish_run(intercom, sink)).is_complete
    assert len(_rows(postgres_server, sink, "contacts")) == 500
    with pytest.raises(SyncError, match="is over"):
        await run_shard(intercom, shards[0], sink)


async def test_a_run_of_another_api_version_is_planned_again(
    intercom: Intercom, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    """A job that was upgraded between its plan and its end goes on, and reads nothing in part."""
    before = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)
    await run_shard(intercom, before[0], sink)
    newer = intercom.with_options(version="2.16")
    with pytest.raises(SyncError, match=r"planned with API version .*plan it again"):
        await run_shard(newer, before[1], sink)
    again = await plan_shards(newer, sink, ["contacts"], rows_per_shard=ROWS)
    assert {shard.version for shard in again} == {"2.16"}
    assert len(again) == len(before)
    with pytest.raises(ShardRunError, match="is over"):
        await run_shard(intercom, before[1], sink)
    await read_all(newer, sink, again)
    assert (await finish_run(newer, sink)).is_complete
    assert len(_rows(postgres_server, sink, "contacts")) == 500


async def test_a_process_that_was_thought_dead_adds_nothing(
    simulator: Simulator, intercom: Intercom, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    [shard] = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=10**6)
    simulator.latency_s = 0.3
    fenced = False
    report: ShardReport | None = None

    async def slow() -> None:
        nonlocal fenced
        try:
            await run_shard(intercom, shard, sink)
        except BusyTargetError:
            fenced = True

    async with anyio.create_task_group() as group:
        group.start_soon(slow)
        await anyio.sleep(0.2)
        simulator.latency_s = 0.0
        report = await run_shard(intercom, shard, sink)
    assert fenced
    assert report is not None
    assert report.rest is None
    assert (await finish_run(intercom, sink)).is_complete
    assert len(_rows(postgres_server, sink, "contacts")) == 500


async def test_a_sync_in_between_makes_the_run_void(intercom: Intercom, sink: PostgresSink) -> None:
    shards = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)
    await run_shard(intercom, shards[0], sink)
    assert (await sync(intercom, ["contacts"], sink=sink)).is_complete
    with pytest.raises(SyncError, match="another began"):
        await run_shard(intercom, shards[1], sink)
    assert (await finish_run(intercom, sink)).is_complete


async def test_a_full_run_finds_what_is_gone(
    intercom: Intercom, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    await read_all(intercom, sink, await plan_shards(intercom, sink, STREAMS, rows_per_shard=ROWS))
    await finish_run(intercom, sink)
    assert await plan_shards(intercom, sink, STREAMS, rows_per_shard=ROWS) == []
    gone = [str(contact.id) for contact in (await intercom.contacts.list().page()).items[:3]]
    for contact_id in gone:
        await intercom.contacts.delete(contact_id)
    shards = await plan_shards(intercom, sink, STREAMS, rows_per_shard=ROWS, full=True)
    assert len(shards) >= 5
    await read_all(intercom, sink, shards)
    report = await finish_run(intercom, sink)
    assert report.is_complete, report.failures
    assert next(one.removed for one in report.streams if one.name == "contacts") == len(gone)
    alone = PostgresSink(postgres_server.url, schema=f"alone_{token_hex(4)}")
    await sync(intercom, STREAMS, sink=alone)
    assert tables(postgres_server, sink) == tables(postgres_server, alone)


async def test_targets_of_one_process_are_refused(intercom: Intercom, tmp_path: Path) -> None:
    sinks: list[Sink] = [
        JsonlSink(tmp_path / "lines"),
        ParquetSink(tmp_path / "parquet"),
        DuckDBSink(tmp_path / "a.duckdb"),
    ]
    shard = Shard(run="r", number=0, workspace="w", stream="contacts", low=0, version="2.14")
    for sink in sinks:
        with pytest.raises(SyncError, match="one process"):
            await plan_shards(intercom, sink)
        with pytest.raises(SyncError, match="one process"):
            await run_shard(intercom.with_options(version="2.14"), shard, sink)
        with pytest.raises(SyncError, match="one process"):
            await finish_run(intercom, sink)
    assert [path.name for path in sorted(tmp_path.glob("*"))] == []  # noqa: ASYNC240 (a test)


async def test_what_cannot_be_meant_is_refused(intercom: Intercom, sink: PostgresSink) -> None:
    shards = await plan_shards(intercom, sink, ["contacts"])
    with pytest.raises(SyncError, match="API version"):
        await run_shard(intercom.with_options(version="2.10"), shards[0], sink)
    for wrong in (0, -1, True):
        with pytest.raises(SyncError, match="rows_per_shard"):
            await plan_shards(intercom, sink, rows_per_shard=wrong)
        with pytest.raises(SyncError, match="budget_s"):
            await run_shard(intercom, shards[0], sink, budget_s=wrong)
    with pytest.raises(SyncError, match="JSON"):
        Shard.from_json('{"run": 3}')


async def test_what_a_hook_raises_is_in_no_group(intercom: Intercom, sink: PostgresSink) -> None:
    shards = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)

    def fail(_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await run_shard(intercom, shards[0], sink, on_progress=fail)


async def test_another_plan_than_the_open_one_is_refused(
    intercom: Intercom, sink: PostgresSink
) -> None:
    """Its shards would leave out what is asked for now, and nobody would notice."""
    shards = await plan_shards(intercom, sink, ["contacts", "tags"], rows_per_shard=ROWS)
    with pytest.raises(ShardRunError, match=r"conversations.*finish_run"):
        await plan_shards(intercom, sink, ["contacts", "conversations"])
    with pytest.raises(SyncConfigError, match="no stream 'nonsense'"):
        await plan_shards(intercom, sink, ["nonsense"])
    for fewer in (None, ["contacts"], ["tags"]):
        assert await plan_shards(intercom, sink, fewer, rows_per_shard=10**6) == shards
    # A first reading is a full one.
    assert await plan_shards(intercom, sink, ["contacts"], full=True) == shards
    await read_all(intercom, sink, shards)
    with pytest.raises(ShardRunError, match=r"conversations.*finish_run"):
        await plan_shards(intercom, sink, ["conversations"])
    assert (await finish_run(intercom, sink)).is_complete

    shards = await plan_shards(intercom, sink, ["contacts", "conversations"], rows_per_shard=ROWS)
    assert {shard.stream for shard in shards} == {"conversations"}
    with pytest.raises(ShardRunError, match=r"full.*contacts.*finish_run"):
        await plan_shards(intercom, sink, ["contacts", "conversations"], full=True)
    await read_all(intercom, sink, shards)
    assert (await finish_run(intercom, sink)).is_complete


@pytest.mark.parametrize(
    ("first", "dropped"),
    [
        (["conversations", "conversation_parts"], ["conversations"]),
        (["conversation_parts"], []),
        (["conversation_parts"], ["conversations"]),
    ],
)
async def test_an_open_run_of_children_without_their_parents_is_planned_again(
    first: list[str], dropped: list[str], intercom: Intercom, sink: PostgresSink
) -> None:
    await sync(intercom, first, sink=sink)
    await sync(intercom, ["contacts"], sink=sink, drop_streams=dropped)
    shards = await plan_shards(intercom, sink, ["tickets"])
    assert shards
    assert await plan_shards(intercom, sink, ["tickets"]) == shards
    for streams in (None, ["conversation_parts"]):
        assert await plan_shards(intercom, sink, streams) == shards
        with pytest.raises(ShardRunError, match="finish_run"):
            await plan_shards(intercom, sink, streams, full=True)


async def test_streams_of_your_own_are_asked_for(intercom: Intercom, sink: PostgresSink) -> None:
    contacts = next(one for one in BUILTIN if one.name == "contacts")
    own = Stream("people", contacts.source, model=contacts.model)
    shards = await plan_shards(intercom, sink, [own], rows_per_shard=10**6)
    with pytest.raises(SyncConfigError, match=r"streams of your own: people.*streams="):
        await run_shard(intercom, shards[0], sink)
    with pytest.raises(SyncConfigError, match=r"streams must be .*not of str"):
        await run_shard(intercom, shards[0], sink, streams=["people"])  # type: ignore[list-item]
    report = await run_shard(intercom, shards[0], sink, streams=[own])
    assert (report.rest, report.rows) == (None, 500)
    with pytest.raises(SyncConfigError, match=r"streams of your own: people"):
        await finish_run(intercom, sink)
    assert (await finish_run(intercom, sink, [own])).is_complete


async def test_a_shard_goes_to_no_other_target_or_workspace(
    intercom: Intercom, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    shards = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)
    other = PostgresSink(postgres_server.url, schema=f"other_{token_hex(4)}")
    await sync(intercom, ["tags"], sink=other)
    with pytest.raises(ShardRunError, match="over, or another"):
        await run_shard(intercom, shards[0], other)
    async with (
        Simulator(contacts=9, seed=8) as stranger,
        Intercom(stranger.token, base_url=stranger.url) as client,
    ):
        with pytest.raises(TargetError, match="holds workspace"):
            await run_shard(client, shards[0], sink)
    await read_all(intercom, sink, shards)
    assert (await finish_run(intercom, sink)).is_complete
    assert len(_rows(postgres_server, sink, "contacts")) == 500


async def test_what_the_end_leaves_out_is_kept(
    intercom: Intercom, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    names = ["contacts", "conversations"]
    await read_all(intercom, sink, await plan_shards(intercom, sink, names, rows_per_shard=ROWS))
    report = await finish_run(intercom, sink, ["contacts"])
    assert [one.name for one in report.streams] == ["contacts"]
    # It is published along, and promised by no run until one has read what changed meanwhile.
    report = await finish_run(intercom, sink, names)
    assert report.is_complete
    assert report.calls < 12
    assert len(_rows(postgres_server, sink, "conversations")) == 170


async def test_a_shard_that_fails_for_a_row_is_named_by_the_end(
    simulator: Simulator, intercom: Intercom, sink: PostgresSink
) -> None:
    """What a shard could not read is a hole of the run, until the end or a later run reads it."""
    [broken] = [one.id for one in (await intercom.contacts.list(per_page=1).page()).items]
    simulator.quirks = Quirks(poison={str(broken): "error"})
    shards = await plan_shards(intercom, sink, ["contacts"], rows_per_shard=ROWS)
    reports = [await run_shard(intercom, shard, sink) for shard in shards]
    assert [one.rest for one in reports] == [None] * len(shards)
    assert sum(len(one.failures) for one in reports) == 1
    report = await finish_run(intercom, sink)
    assert (report.is_complete, report.exit_code) == (False, 3)
    simulator.quirks = Quirks()
    assert (await finish_run(intercom, sink)).is_complete


async def test_a_queue_ends_the_open_run_of_other_streams(
    simulator: Simulator, sink: PostgresSink, postgres_server: PostgresServer
) -> None:
    """The workers were restarted with one stream more, while shards of a run waited."""

    async def token_of(_: str) -> tuple[str, str]:
        return simulator.token, simulator.url

    async with Workspaces(token_of) as workspaces:
        for streams in (["contacts"], ["contacts", "conversations"]):
            tasks = WorkspaceTasks(
                workspaces, lambda _: sink, streams=streams, rows_per_shard=10**6
            )
            steps = await tasks.run("plan", "one")
            assert [step.task for step in steps] == ["shard"]
        for _ in range(2):
            steps = [
                more for step in steps for more in await tasks.run(step.task, "one", step.shard)
            ]
    assert steps == []
    assert len(_rows(postgres_server, sink, "contacts")) == 500
    assert len(_rows(postgres_server, sink, "conversations")) == 170


class EndedMeanwhile(PostgresSink):
    """The target of a run that another worker ends once it has been looked at."""

    looks = 0

    def another(self, kind: type[Any]) -> Any:
        self.looks += 1
        if self.looks == 2:
            schema = self.where.rpartition(" ")[2]
            with psycopg.connect(self._conninfo) as connection:
                connection.execute(f"DELETE FROM {schema}.intercom_async_shards")
        return super().another(kind)


async def test_a_queue_plans_again_where_the_open_run_of_other_streams_has_ended(
    intercom: Intercom, simulator: Simulator, postgres_server: PostgresServer
) -> None:
    async def token_of(_: str) -> tuple[str, str]:
        return simulator.token, simulator.url

    schema = f"shards_{token_hex(4)}"
    await plan_shards(intercom, PostgresSink(postgres_server.url, schema=schema), ["contacts"])
    target = EndedMeanwhile(postgres_server.url, schema=schema)
    async with Workspaces(token_of) as workspaces:
        tasks = WorkspaceTasks(workspaces, lambda _: target, streams=["conversations"])
        again = await tasks.run("plan", "one")
        assert [(step.task, step.shard) for step in again] == [("plan", "")]
        planned = await tasks.run("plan", "one")
    assert {Shard.from_json(step.shard).stream for step in planned} == {"conversations"}
