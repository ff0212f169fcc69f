"""A run that is to drop a stream and is stopped leaves the stream known, named and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.sync import sync
from intercom_async.sync.sinks.base import used
from intercom_async.transport import Request
from tests.support.virtual_time import anyio_backend
from .machine.steps import Form
from .machine.targets import make_sink, read
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

FORMS = ("jsonl", "parquet", "duckdb")
PARTS = "conversation_parts"


async def stopped(one: World, at: int, *streams: str, form: Form = "jsonl", **options: Any) -> None:
    """Run, and stop at the answer of that number."""
    stop, count = anyio.Event(), 0

    def maybe(_: Request, answer: Answer) -> Answer:
        nonlocal count
        count += 1
        if count == at:
            stop.set()
        return answer

    one.change = maybe
    sink = make_sink(form, one.folder)
    assert (await sync(one.intercom, streams, sink=sink, stop=stop, **options)).was_stopped
    one.change = None


def parents(one: World) -> set[str]:
    """The conversations of which the target has live parts."""
    lines = (one.folder / "target" / f"{PARTS}.jsonl").read_bytes().splitlines()
    rows = [msgspec.json.decode(line) for line in lines]
    return {row["conversation_id"] for row in rows if row["_deleted_at"] is None}


@pytest.mark.parametrize("form", FORMS)
async def test_the_next_run_goes_on_with_the_stream(form: Form, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    async with world(tmp_path, contacts=300, companies=5, latency_s=0.2) as one:
        await sync(one.intercom, ["contacts", "companies"], sink=make_sink(form, tmp_path))
        await anyio.sleep(DAY_S)
        await stopped(one, 2, "contacts", form=form, drop_streams=["companies"], full=True)
        key = next(iter(await one.truth("companies")))
        one.simulator.call("PUT", f"/companies/{key}", {"name": "renamed"})
        await anyio.sleep(DAY_S)
        report = await sync(one.intercom, sink=make_sink(form, tmp_path))

        assert report.is_complete
        assert {stream.name for stream in report.streams} == {"contacts", "companies"}
        assert "renamed" in str(read(form, tmp_path, ["companies"])["companies"])


@pytest.mark.parametrize("form", FORMS)
async def test_told_again_the_next_run_drops_it(form: Form, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    async with world(tmp_path, contacts=300, companies=5, latency_s=0.2) as one:
        await sync(one.intercom, ["contacts", "companies"], sink=make_sink(form, tmp_path))
        await anyio.sleep(DAY_S)
        await stopped(one, 2, "contacts", form=form, drop_streams=["companies"], full=True)
        report = await sync(
            one.intercom, sink=make_sink(form, tmp_path), drop_streams=["companies"]
        )
        assert report.is_complete
        assert not read(form, tmp_path, ["companies"])
        report = await sync(one.intercom, sink=make_sink(form, tmp_path))

        assert [stream.name for stream in report.streams] == ["contacts"]


@pytest.mark.parametrize("form", FORMS)
async def test_what_an_earlier_stopped_run_had_read_of_it(form: Form, tmp_path: Path) -> None:
    """It is in the journal, of which the state that is kept tells."""
    pytest.importorskip("duckdb")
    async with world(tmp_path, contacts=900, companies=5, latency_s=0.2) as one:
        await stopped(one, 5, "contacts", "companies", form=form)
        with used(sink := make_sink(form, tmp_path)):
            sink.open()
            assert "companies" in {entry.table for entry in sink.entries()}
            sink.close()
        await stopped(one, 2, "contacts", form=form, drop_streams=["companies"])
        report = await sync(one.intercom, ["contacts", "companies"], sink=make_sink(form, tmp_path))

        assert report.is_complete
        held = read(form, tmp_path, ["contacts", "companies"])
        assert (len(held["contacts"]), len(held["companies"])) == (900, 5)


async def test_what_an_earlier_version_was_to_drop(tmp_path: Path) -> None:
    """Its journal, of a run that was stopped, has nothing of the stream, whose rows stay."""
    async with world(tmp_path, contacts=300, companies=5) as one:
        await one.sync("contacts", "companies")
        with used(sink := make_sink("jsonl", tmp_path)):
            opened = sink.open()
            assert opened.state is not None
            state = msgspec.json.decode(opened.state)
            del state["streams"]["companies"]
            sink.begin([])
            sink.commit([], msgspec.json.encode(state))
            sink.close()
        key = next(iter(await one.truth("companies")))
        one.simulator.call("PUT", f"/companies/{key}", {"name": "renamed"})
        report = await one.sync()

        assert {stream.name for stream in report.streams} == {"contacts", "companies"}
        assert one.rows("companies")[key]["name"] == "renamed"


async def test_children_that_were_to_go_do_not_become_ghosts(tmp_path: Path) -> None:
    """Parts alone; a stopped run with conversations and without parts; parts alone again."""
    async with world(tmp_path, contacts=3, conversations=5) as one:
        assert (await one.sync(PARTS)).is_complete
        gone = min(await one.truth("conversations"))
        one.simulator.call("DELETE", f"/conversations/{gone}")
        await anyio.sleep(DAY_S)
        await stopped(one, 2, "conversations", drop_streams=[PARTS])
        await anyio.sleep(DAY_S)

        assert (await one.sync(PARTS, reconcile="now")).is_complete
        assert gone not in parents(one)


@pytest.mark.parametrize("at", [2, 3, 4, 5])
async def test_parents_that_were_to_go_are_kept_and_read(at: int, tmp_path: Path) -> None:
    """Meanwhile they were read for their children alone, and what was read of those is kept."""
    async with world(tmp_path, contacts=3, conversations=30, latency_s=0.3) as one:
        assert (await one.sync("conversations", PARTS)).is_complete
        gone, told, *_ = sorted(await one.truth("conversations"))
        one.simulator.call("DELETE", f"/conversations/{gone}")
        await anyio.sleep(DAY_S)
        await stopped(one, at, PARTS, drop_streams=["conversations"], full=True)
        one.simulator.call("PUT", f"/conversations/{told}", {"title": "renamed"})
        await anyio.sleep(DAY_S)
        report = await one.sync(reconcile="now")

        assert report.is_complete
        assert {stream.name for stream in report.streams} == {"conversations", PARTS}
        live = {key for key, row in one.rows("conversations").items() if not row["_deleted_at"]}
        assert live == set(await one.truth("conversations"))
        assert one.rows("conversations")[told]["title"] == "renamed"
        assert gone not in parents(one)


@pytest.mark.parametrize("at", [8, 10, 12, 14])
async def test_children_of_parents_that_are_no_longer_read(at: int, tmp_path: Path) -> None:
    """A first run with both is stopped; the parents go, and the next run drops their stream."""
    async with world(tmp_path, contacts=3, conversations=30, latency_s=0.3) as one:
        await stopped(one, at, "conversations", PARTS)
        gone = set(sorted(await one.truth("conversations"))[::2])
        for key in gone:
            one.simulator.call("DELETE", f"/conversations/{key}")
        await anyio.sleep(DAY_S)

        assert (await one.sync(PARTS, drop_streams=["conversations"])).is_complete
        assert parents(one) == set(await one.truth("conversations"))
