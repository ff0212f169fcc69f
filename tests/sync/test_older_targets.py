"""Targets that earlier versions wrote are brought to today's form, beside their rows.

`targets/` holds what each format's first version wrote, today's included: two streams and their
children. A database stands there as text: its schema, and each table as CSV.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.sync import Progress, Report, SyncConfigError, sync
from .conftest import make_sink, once, read_target, target_in

pytestmark = [pytest.mark.anyio, pytest.mark.once]

TARGETS = Path(__file__).parent / "targets"
NAMES = ("contacts", "conversations", "conversation_parts")


def older_lines(name: str, number: int = 1) -> list[bytes]:
    return (TARGETS / f"format-{number}-jsonl" / f"{name}.jsonl").read_bytes().splitlines()


def make_older(number: int, form: str, path: Path) -> None:
    """Make a target as a version with this format did."""
    if form != "duckdb":
        shutil.copytree(TARGETS / f"format-{number}-{form}", path)
    elif number == 1:
        older_database(path)
    else:
        duckdb: Any = pytest.importorskip("duckdb")
        stored = TARGETS / f"format-{number}-duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute((stored / "schema.sql").read_text())
            for table in sorted(stored.glob("*.csv")):
                connection.execute(
                    f"COPY {table.stem} FROM '{table}' "
                    "(FORMAT csv, HEADER, QUOTE '\"', ALLOW_QUOTED_NULLS false)"
                )


def older_database(path: Path) -> None:
    """Make a database as the first version did: no moments, ids of parents as JSON."""
    duckdb: Any = pytest.importorskip("duckdb")
    state = msgspec.json.decode((TARGETS / "format-1-jsonl" / "sync-state.json").read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE intercom_async_state (state VARCHAR)")
        connection.execute(
            "INSERT INTO intercom_async_state VALUES ($1)",
            [msgspec.json.encode(state["sync"]).decode()],
        )
        for name in NAMES:
            parent = ", conversation_id JSON" if name == "conversation_parts" else ""
            connection.execute(
                f"CREATE TABLE {name} (id VARCHAR, created_at TIMESTAMP{parent}, record JSON, "
                "_run INTEGER)"
            )
            for line in older_lines(name):
                value = ", json($1) -> 'conversation_id'" if parent else ""
                connection.execute(
                    f"INSERT INTO {name} SELECT json($1) ->> 'id', NULL{value}, json($1), 1",
                    [line.decode()],
                )


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("form", ["jsonl", "parquet", "duckdb"])
async def test_an_older_target_is_read_again_beside_its_rows(
    form: str, number: int, tmp_path: Path
) -> None:
    make_older(number, form, target_in(form, tmp_path))
    report: Report | None = None
    async with (
        Simulator(
            contacts=3, conversations=2, companies=0, tickets=0, app_per_minute=10**6
        ) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        for _ in range(2):
            report = await sync(intercom, sink=make_sink(form, tmp_path), verify=True)
            assert report.is_complete
        contacts = once(read_target(form, tmp_path, "contacts"))
        assert contacts.keys() == {one.id async for one in intercom.contacts.list()}
        found = once(read_target(form, tmp_path, "conversations"))
        assert found.keys() == {one.id async for one in intercom.conversations.list()}
        parts = read_target(form, tmp_path, "conversation_parts")
        assert {msgspec.json.decode(body)["conversation_id"] for _, body in parts} <= found.keys()
    older = {msgspec.json.decode(line)["id"] for line in older_lines("contacts", number)}
    gone = older - contacts.keys()
    stones = once(read_target(form, tmp_path, "tombstones"))
    assert {stone["record_id"] for stone in stones.values()} >= gone
    assert report is not None
    assert report.rows == 0


@pytest.mark.parametrize("form", ["jsonl", "parquet", "duckdb"])
async def test_an_older_target_of_which_one_stream_is_read_first(form: str, tmp_path: Path) -> None:
    """The rows of the others stood where no manifest named them, and never went."""
    make_older(1, form, target_in(form, tmp_path))
    async with (
        Simulator(
            contacts=3, conversations=1, companies=0, tickets=0, app_per_minute=10**6
        ) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        for streams in (["contacts"], None):
            assert (await sync(intercom, streams, sink=make_sink(form, tmp_path))).is_complete
        found = once(read_target(form, tmp_path, "conversations"))
        assert found.keys() == {one.id async for one in intercom.conversations.list()}
    older = {msgspec.json.decode(line)["id"] for line in older_lines("conversations")}
    stones = once(read_target(form, tmp_path, "tombstones"))
    assert {stone["record_id"] for stone in stones.values()} >= older - found.keys() != set()


@pytest.mark.parametrize("form", ["jsonl", "parquet", "duckdb"])
async def test_a_first_run_that_is_stopped_is_resumed(form: str, tmp_path: Path) -> None:
    make_older(1, form, target_in(form, tmp_path))
    simulator = Simulator(
        contacts=700, conversations=0, companies=0, tickets=0, app_per_minute=10**6
    )  # fmt: skip
    async with simulator, Intercom(simulator.token, base_url=simulator.url) as intercom:
        stop = anyio.Event()

        def stop_soon(progress: Progress) -> None:
            if sum(stream.rows for stream in progress.streams) >= 300:
                stop.set()

        streams = ["contacts"]
        report = await sync(
            intercom, streams, sink=make_sink(form, tmp_path), stop=stop, on_progress=stop_soon
        )
        assert report.was_stopped
        again = await sync(intercom, streams, sink=make_sink(form, tmp_path))
        assert again.is_complete
        assert again.rows <= 700 - 150
    assert len(once(read_target(form, tmp_path, "contacts"))) == 700


async def test_streams_of_ones_own_have_to_be_passed(tmp_path: Path) -> None:
    """Nothing else tells how they are read, and their rows could not be brought along."""
    make_older(1, "jsonl", target_in("jsonl", tmp_path))
    state = target_in("jsonl", tmp_path) / "sync-state.json"
    state.write_bytes(state.read_bytes().replace(b'"conversations"', b'"conversings"', 1))
    simulator = Simulator(contacts=3, conversations=0, companies=0, tickets=0)
    async with simulator, Intercom(simulator.token, base_url=simulator.url) as intercom:
        with pytest.raises(SyncConfigError, match="streams of your own: conversings"):
            await sync(intercom, ["contacts"], sink=make_sink("jsonl", tmp_path))
