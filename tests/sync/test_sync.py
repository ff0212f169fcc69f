"""What is in the workspace is in the target, once, in every format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async import Intercom, Limits, Priority
from intercom_async.models import Tag
from intercom_async.simulator import Simulator
from intercom_async.sync import (
    STREAMS,
    JsonlSink,
    Listing,
    Progress,
    Report,
    Stream,
    SyncError,
    engine,
    plan,
    sync,
)
from intercom_async.sync.merging import digest_of
from intercom_async.sync.sinks import Table
from intercom_async.sync.sinks.entries import Entry, Put
from tests.support.thoroughness import some_of
from .conftest import CONTACTS, FORMATS, TALKS, listed, make_sink, once, read_target

pytestmark = [pytest.mark.anyio, pytest.mark.once]

NAMES = ["contacts", "companies", "conversations", "conversation_parts", "tickets", "ticket_parts"]


def rows_of(report: Report) -> dict[str, int]:
    return {stream.name: stream.rows for stream in report.streams}


@pytest.mark.parametrize("form", FORMATS)
async def test_a_target_has_what_the_workspace_has(
    form: str, intercom: Intercom, tmp_path: Path
) -> None:
    report = await sync(intercom, NAMES, sink=make_sink(form, tmp_path))

    assert report.is_complete
    assert report.throttled == 0
    contacts = once(read_target(form, tmp_path, "contacts"))
    assert contacts == await listed(intercom.contacts.list(per_page=150))
    talks = once(read_target(form, tmp_path, "conversations"))
    assert talks == await listed(intercom.conversations.list(per_page=150))
    companies = once(read_target(form, tmp_path, "companies"))
    assert companies == await listed(intercom.companies.list(per_page=60))
    parts = once(read_target(form, tmp_path, "conversation_parts"))
    some = next(iter(talks))
    whole = await intercom.conversations.get(some)
    assert whole.conversation_parts is not None
    of_it = {key for key, part in parts.items() if part["conversation_id"] == some}
    assert of_it == {part.id for part in whole.conversation_parts.conversation_parts}
    assert len(contacts) == rows_of(report)["contacts"] == CONTACTS


async def test_what_a_run_reads_twice_is_not_unchanged(intercom: Intercom, tmp_path: Path) -> None:
    """A list is read until two readings of it agree."""
    first = await sync(intercom, ["articles", "tags"], sink=make_sink("jsonl", tmp_path))
    second = await sync(intercom, ["articles", "tags"], sink=make_sink("jsonl", tmp_path))

    counts = rows_of(first)
    assert all(counts.values())
    assert [stream.unchanged for stream in first.streams] == [0, 0]
    assert {stream.name: stream.unchanged for stream in second.streams} == counts


@pytest.mark.parametrize("form", some_of(FORMATS, ("jsonl", "duckdb", "parquet")))
async def test_what_changes_during_a_run_comes_with_the_next(
    form: str, intercom: Intercom, simulator: Simulator, tmp_path: Path
) -> None:
    known = await intercom.contacts.list(per_page=150).collect(limit=300)
    talks = await intercom.conversations.list(per_page=150).collect(limit=40)
    admin = (await intercom.admins.me()).id
    names = ["contacts", "companies", "conversations", "conversation_parts"]
    simulator.latency_s = 0.01

    async def disturb() -> None:
        for number in range(60):
            await intercom.contacts.create(email=f"new{number}@example.com")
            await intercom.contacts.update(known[5 * number].id, name=f"changed {number}")
            if number < len(talks):
                await intercom.conversations.reply(
                    talks[number].id, body="more", admin_id=admin, message_type="note"
                )

    async with anyio.create_task_group() as group:
        group.start_soon(disturb)
        await sync(intercom, names, sink=make_sink(form, tmp_path))
    await intercom.companies.update(
        (await intercom.companies.list().collect(limit=1))[0].id, name="renamed"
    )
    # Parts that are read in the second of their conversation's change are read once more.
    simulator.clock.move(60)
    second = await sync(intercom, names, sink=make_sink(form, tmp_path))

    assert second.is_complete
    assert second.streams[0].kind == "changes"
    contacts = once(read_target(form, tmp_path, "contacts"))
    assert contacts == await listed(intercom.contacts.list(per_page=150))
    found = once(read_target(form, tmp_path, "conversations"))
    assert found == await listed(intercom.conversations.list(per_page=150))
    companies = once(read_target(form, tmp_path, "companies"))
    assert companies == await listed(intercom.companies.list(per_page=60))
    parts = once(read_target(form, tmp_path, "conversation_parts"))
    notes = {part["conversation_id"] for part in parts.values() if part["body"] == "<p>more</p>"}
    assert notes == {talk.id for talk in talks}

    third = await sync(intercom, names, sink=make_sink(form, tmp_path))
    assert third.rows == 0
    assert third.calls <= 20
    assert once(read_target(form, tmp_path, "contacts")) == contacts


@pytest.mark.parametrize("form", ["jsonl", "duckdb", "parquet", "objects"])
async def test_a_full_run_lets_go_of_what_is_gone(
    form: str, intercom: Intercom, tmp_path: Path
) -> None:
    await sync(intercom, ["contacts"], sink=make_sink(form, tmp_path))
    gone = (await intercom.contacts.list(per_page=50).collect(limit=3))[2].id
    await intercom.contacts.delete(gone)

    report = await sync(intercom, ["contacts"], sink=make_sink(form, tmp_path), full=True)

    assert report.streams[0].kind == "full"
    contacts = once(read_target(form, tmp_path, "contacts"))
    assert len(contacts) == CONTACTS - 1
    assert gone not in contacts


async def test_every_stream_can_be_read(intercom: Intercom, tmp_path: Path) -> None:
    report = await sync(intercom, sink=JsonlSink(tmp_path / "all"))

    assert report.failures == ()
    assert {stream.name for stream in report.streams} == {stream.name for stream in STREAMS}
    assert all(stream.rows for stream in report.streams)


async def test_a_row_is_the_bytes_that_came(intercom: Intercom, tmp_path: Path) -> None:
    await sync(intercom, ["tags", "contacts"], sink=JsonlSink(tmp_path / "raw"))

    lines = (tmp_path / "raw" / "contacts.jsonl").read_bytes().splitlines()
    came = {bytes(one)[:-1] async for one in intercom.contacts.list(per_page=150).raw()}
    assert {line.partition(b',"_synced_at":')[0] for line in lines} == came


async def test_a_stream_of_ones_own(intercom: Intercom, tmp_path: Path) -> None:
    labels = Stream("labels", Listing(lambda client: client.tags.list()), model=Tag)

    report = await sync(intercom, [labels, "admins"], sink=make_sink("duckdb", tmp_path))

    assert rows_of(report)["labels"] == len(await intercom.tags.list().collect())
    assert once(read_target("duckdb", tmp_path, "labels"))


async def test_parts_can_be_had_without_their_parents(intercom: Intercom, tmp_path: Path) -> None:
    report = await sync(intercom, ["ticket_parts"], sink=JsonlSink(tmp_path / "parts"))

    assert [stream.name for stream in report.streams] == ["ticket_parts"]
    assert report.rows > 0
    assert not (tmp_path / "parts" / "tickets.jsonl").exists()
    assert (await sync(intercom, sink=JsonlSink(tmp_path / "two"), streams=["ticket_parts"])).rows


async def test_changes_since_a_moment(intercom: Intercom, tmp_path: Path) -> None:
    contacts = await listed(intercom.contacts.list(per_page=150))
    moment = sorted(row["updated_at"] for row in contacts.values())[-300]

    report = await sync(intercom, ["contacts"], sink=make_sink("jsonl", tmp_path), since=moment)

    wanted = {key for key, row in contacts.items() if row["updated_at"] >= moment}
    assert once(read_target("jsonl", tmp_path, "contacts")).keys() == wanted
    assert report.streams[0].kind == "changes"


async def test_columns_have_types_and_new_fields_get_columns(
    intercom: Intercom, tmp_path: Path
) -> None:
    duckdb: Any = pytest.importorskip("duckdb")
    await sync(intercom, ["contacts"], sink=make_sink("duckdb", tmp_path))

    with duckdb.connect(str(tmp_path / "target.duckdb")) as connection:
        columns = dict(
            connection.execute(
                "SELECT column_name, column_type FROM (DESCRIBE contacts)"
            ).fetchall()
        )
        years = connection.execute("SELECT DISTINCT year(created_at) FROM contacts").fetchall()

    assert columns["created_at"] == "TIMESTAMP"
    assert columns["email"] == "VARCHAR"
    assert columns["has_hard_bounced"] == "BOOLEAN"
    assert columns["custom_attributes"] == "JSON"
    assert all(2010 < year[0] < 2030 for year in years)


def put(key: str, body: bytes) -> Put:
    return Put("tags", key, "", body, 0, 1_700_000_000, digest_of(body))


@pytest.mark.parametrize("size", [10_000, 4_000_000])
@pytest.mark.parametrize("form", ["duckdb", "parquet"])
def test_large_rows_fit(form: str, size: int, tmp_path: Path) -> None:
    duckdb: Any = pytest.importorskip("duckdb")

    sink = make_sink(form, tmp_path)
    sink.open()
    sink.begin([Table("tags", "id", Tag)])
    count = 4_000_000 // size
    for begin in range(0, 3 * count, count):
        bodies = [
            b'{"id":"%d","name":"%s"}' % (one, b"x" * size) for one in range(begin, begin + count)
        ]
        sink.commit([put(str(begin + place), body) for place, body in enumerate(bodies)], b"{}")
    sink.publish(b"{}")
    sink.close()

    database = str(tmp_path / "target.duckdb") if form == "duckdb" else ":memory:"
    source = "tags" if form == "duckdb" else f"'{tmp_path}/target/tags/*.parquet'"
    with duckdb.connect(database) as connection:
        found = connection.execute(f"SELECT count(*), min(length(name)) FROM {source}").fetchall()  # noqa: S608 (a test's own names)
    assert found == [(3 * count, size)]


@pytest.mark.parametrize("form", ["duckdb", "parquet"])
def test_a_field_that_is_new_gets_a_column(form: str, tmp_path: Path) -> None:
    duckdb: Any = pytest.importorskip("duckdb")

    sink = make_sink(form, tmp_path)
    sink.open()
    sink.begin([Table("tags", "id", Tag)])
    sink.commit([put("1", b'{"id":"1","name":"a"}')], b"{}")
    sink.commit([put("2", b'{"id":"2","name":7,"colour":{"r":1}}')], b"{}")
    sink.publish(b"{}")
    sink.close()

    database = str(tmp_path / "target.duckdb") if form == "duckdb" else ":memory:"
    source = "tags" if form == "duckdb" else f"'{tmp_path}/target/tags/*.parquet'"
    with duckdb.connect(database) as connection:
        rows = connection.execute(f"SELECT id, name, colour FROM {source} ORDER BY id").fetchall()  # noqa: S608 (a test's own names)
    assert rows == [("1", "a", None), ("2", "7", '{"r":1}')]


async def test_progress_comes_and_everything_is_bulk(intercom: Intercom, tmp_path: Path) -> None:
    told: list[Progress] = []
    lanes: set[Priority] = set()

    def tell(progress: Progress) -> None:
        told.append(progress)
        lanes.update(lane for lane, count in intercom.statistics().queued.items() if count)

    await sync(intercom, NAMES, sink=make_sink("jsonl", tmp_path), on_progress=tell)

    assert told[-1].calls > TALKS
    assert {stream.phase for stream in told[-1].streams} == {"done"}
    assert lanes <= {Priority.BULK}


async def test_a_stopped_run_is_gone_on_with(
    intercom: Intercom, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.latency_s = 0.05
    stop = anyio.Event()

    def tell(progress: Progress) -> None:
        if progress.calls > 60:
            stop.set()

    first = await sync(
        intercom, NAMES, sink=make_sink("jsonl", tmp_path), on_progress=tell, stop=stop
    )
    second = await sync(intercom, sink=make_sink("jsonl", tmp_path))

    assert first.was_stopped
    assert not first.is_complete
    assert second.is_complete
    assert any(stream.was_resumed for stream in second.streams)
    contacts = once(read_target("jsonl", tmp_path, "contacts"))
    assert contacts == await listed(intercom.contacts.list(per_page=150))
    assert len(once(read_target("jsonl", tmp_path, "conversations"))) == TALKS


async def test_a_plan_shows_what_a_sync_costs(intercom: Intercom, simulator: Simulator) -> None:
    found = await plan(intercom, NAMES)

    by_name = {stream.name: stream for stream in found.streams}
    assert by_name["contacts"].rows == CONTACTS
    assert by_name["contacts"].calls is not None
    assert by_name["contacts"].calls >= CONTACTS / 150
    assert sum(part.rows or 0 for part in by_name["contacts"].parts) == CONTACTS
    assert by_name["conversation_parts"].calls == TALKS
    assert by_name["companies"].calls == 2
    # A full read ends with what has changed meanwhile.
    assert (by_name["tickets"].sweep_calls or 0) + 1 == by_name["tickets"].calls
    assert by_name["contacts"].sweep_calls is None
    assert found.changed_calls < found.calls
    assert found.spent == simulator.requests < 30
    assert found.seconds == pytest.approx(60 * found.calls / 10**7, rel=0.05)


async def test_a_state_says_what_it_is(intercom: Intercom, tmp_path: Path) -> None:
    await sync(intercom, ["tags", "contacts"], sink=make_sink("jsonl", tmp_path))

    state = msgspec.json.decode((tmp_path / "target" / "sync-state.json").read_bytes())
    assert state["sync"]["format"] == 2
    assert state["sync"]["streams"].keys() == {"tags", "contacts"}
    assert state["sync"]["streams"]["contacts"]["watermark"] > 1_700_000_000
    assert "holes" not in state["sync"]["streams"]["contacts"]


async def test_a_stream_that_is_not_known_is_named(intercom: Intercom, tmp_path: Path) -> None:
    with pytest.raises(
        SyncError, match=r"no stream 'contactz' .*'contacts' .*; there are contacts"
    ):
        await sync(intercom, ["contactz"], sink=make_sink("jsonl", tmp_path))


class Order(JsonlSink):
    """Remembers whose rows were written when."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.order: list[str] = []

    def commit(self, entries: Sequence[Entry], state: bytes) -> None:
        self.order += dict.fromkeys(entry.table for entry in entries)
        super().commit(entries, state)


async def test_a_stream_with_many_parts_does_not_wait_for_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts that are left over would all be read at the end, as fast as the target can write."""
    monkeypatch.setattr(engine, "FIRST_CHAINS", 1)
    sink = Order(tmp_path / "target")
    async with (
        Simulator(
            contacts=5_000, conversations=800, app_per_minute=10**7, workspace_per_minute=10**7
        ) as simulator,
        # So few concurrently that a call always waits for its turn.
        Intercom(simulator.token, base_url=simulator.url, limits=Limits(max_in_flight=2)) as client,
    ):
        names = ["contacts", "conversations", "conversation_parts"]
        report = await sync(client, names, sink=sink)

    assert report.is_complete
    last = {name: len(sink.order) - sink.order[::-1].index(name) for name in names}
    assert last["contacts"] < last["conversation_parts"]
