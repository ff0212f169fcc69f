"""A row or a column in PostgreSQL that somebody has changed is seen by a run that verifies."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import msgspec
import pytest

from intercom_async import Intercom
from intercom_async.models.base import Timestamp
from intercom_async.simulator import Simulator
from intercom_async.sync import PostgresSink, Report, TargetError, sync
from intercom_async.sync.merging import digest_of
from intercom_async.sync.outage import StoppedError
from intercom_async.sync.raw_rows import RowReader
from intercom_async.sync.sinks.base import Departed, Table
from intercom_async.sync.sinks.columns import MAX_EXTRA
from intercom_async.sync.sinks.ending import GOES_ON_ROWS, ended_when
from intercom_async.sync.sinks.entries import Entry, Gone, Put
from tests.sync import test_moment_texts, test_repeated_fields
from .conftest import PostgresServer

psycopg = pytest.importorskip("psycopg", reason="the extra postgres is not installed")


class Thing(msgspec.Struct):
    """A model with a column of each kind."""

    id: str
    name: str | None = None
    size: int | None = None
    rate: float | None = None
    ok: bool | None = None
    tags: list[Any] | None = None
    updated_at: Timestamp | None = None


TABLE = Table("things", "id", Thing, None, "updated_at")
ROWS = (
    b"""{"id":"1","name":"n","size":1,"rate":1.5,"ok":true,"tags":[1,{"b":1,"a":2}],
    "updated_at":1700000000,"more":{"a":[1]}}""",
    b'{"id":"2","name":"n","id":"2","name":"m"}',
    b'{"id":"3"}',
)
CHANGED = "rows of the table things were changed"
COLUMNS = "columns of the table things are not what its records say"
NEW = ("columns", "moments", "readers")
"""What earlier versions did not remember of a table."""
LAST = Gone("things", "3", 1_700_000_100)


def put(body: bytes, table: Table = TABLE) -> Put:
    """Return a row as a sync commits it."""
    row = RowReader(table.key, version=table.version_field, parent=table.parent_field).read(body)
    assert row is not None
    return Put(table.name, row.key, row.parent, row.body, 0, 1_700_000_000, digest_of(row.body))


@dataclass(frozen=True)
class Target:
    """A schema of its own."""

    url: str
    schema: str

    def sink(self) -> PostgresSink:
        return PostgresSink(self.url, schema=self.schema)

    def publish(
        self,
        *entries: Entry,
        table: Table = TABLE,
        departed: Departed = "keep",
        dropped: Sequence[str] = (),
        verify: bool = False,
    ) -> None:
        with closing(self.sink()) as sink:
            assert sink.open(verify=verify).damaged == ()
            sink.begin([table])
            sink.commit(entries, b"{}")
            sink.publish(b"{}", departed=departed, dropped=dropped)

    def publish_rows(self) -> None:
        self.publish(*map(put, ROWS), LAST)

    def damaged(self, *, verify: bool = True) -> list[str]:
        with closing(self.sink()) as sink:
            return [reason for _, reason in sink.open(verify=verify).damaged]

    def ask(self, statement: str, *values: Any) -> list[Any]:
        options = f"-c TimeZone=UTC -c search_path={self.schema}"
        with psycopg.connect(self.url, autocommit=True, options=options) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def remembered(self) -> dict[str, Any]:
        ((stored,),) = self.ask("SELECT sink FROM intercom_async_state")
        return dict(msgspec.json.decode(stored))

    def remember(self, known: dict[str, Any]) -> None:
        self.ask("UPDATE intercom_async_state SET sink = %s", msgspec.json.encode(known).decode())

    def forget(self) -> None:
        """Let the sink have remembered no more than an earlier version did."""
        known = self.remembered()
        self.remember({name: value for name, value in known.items() if name not in NEW})
        assert len(self.remembered()) == len(known) - len(NEW)


@pytest.fixture
def target(postgres_server: PostgresServer) -> Target:
    return Target(postgres_server.url, f"sync_{token_hex(4)}")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE things SET name = 'changed' WHERE id = '1'", COLUMNS),
        ("UPDATE things SET name = NULL WHERE id = '1'", COLUMNS),
        ("UPDATE things SET name = 'n' WHERE id = '2'", COLUMNS),
        ("UPDATE things SET name = '' WHERE id = '3'", COLUMNS),
        ("UPDATE things SET size = 2 WHERE id = '1'", COLUMNS),
        ("UPDATE things SET size = 0 WHERE id = '3'", COLUMNS),
        ("UPDATE things SET rate = 1.5000000000000002 WHERE id = '1'", COLUMNS),
        ("UPDATE things SET rate = 'NaN' WHERE id = '3'", COLUMNS),
        ("UPDATE things SET ok = false WHERE id = '1'", COLUMNS),
        ("UPDATE things SET tags = '[1]' WHERE id = '1'", COLUMNS),
        ("UPDATE things SET tags = 'null' WHERE id = '3'", COLUMNS),
        ("UPDATE things SET updated_at = updated_at + interval '1 s' WHERE id = '1'", COLUMNS),
        ("UPDATE things SET updated_at = 'infinity' WHERE id = '1'", COLUMNS),
        ("UPDATE things SET more = '{}' WHERE id = '1'", COLUMNS),
        ("UPDATE things SET id = '9' WHERE id = '1'", COLUMNS),
        ("UPDATE things SET raw = '{}' WHERE id = '1'", COLUMNS),
        ("UPDATE things SET raw = '5' WHERE id = '1'", COLUMNS),
        ("UPDATE things SET raw = raw || '{\"name\": 7}' WHERE id = '2'", COLUMNS),
        ("UPDATE things SET _deleted_at = now() WHERE id = '1'", CHANGED),
        ("UPDATE things SET _deleted_at = NULL WHERE id = '3'", CHANGED),
        ("UPDATE things SET _deleted_at = 'infinity' WHERE id = '1'", CHANGED),
        ("UPDATE things SET _deleted_at = 'epoch' WHERE id = '1'", CHANGED),
        ("UPDATE things SET _synced_at = now() WHERE id = '1'", CHANGED),
        ("UPDATE things SET _synced_at = '-infinity' WHERE id = '1'", CHANGED),
        ("ALTER TABLE things ALTER _synced_at TYPE text", CHANGED),
        ("ALTER TABLE things DROP _deleted_at", "the table things has no column _deleted_at"),
        ("ALTER TABLE things DROP _synced_at", "the table things has no column _synced_at"),
        ("ALTER TABLE things DROP raw", "the table things has no column raw"),
    ],
)
def test_what_was_changed_is_seen(target: Target, statement: str, reason: str) -> None:
    target.publish_rows()
    target.ask(statement)

    assert target.damaged(verify=False) == []
    assert target.damaged() == [reason]


def test_a_table_without_digests_is_damaged(target: Target) -> None:
    target.publish_rows()
    target.ask("ALTER TABLE things DROP _digest")

    assert target.damaged() == ["the table things has no column _digest"]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "ALTER TABLE things ADD COLUMN mine text DEFAULT 'mine'",
        "ALTER TABLE things DROP name",
        "ALTER TABLE things RENAME name TO mine",
        "ALTER TABLE things ALTER size TYPE text",
        "ALTER TABLE things ALTER name TYPE varchar(20)",
        "ALTER TABLE things ALTER raw TYPE json",
        "UPDATE things SET raw = (raw - 'name') || '{\"name\": \"n\"}' WHERE id = '1'",
    ],
)
def test_what_is_made_again_or_somebody_elses_is_no_damage(target: Target, statement: str) -> None:
    target.publish_rows()
    target.ask(statement)
    for _ in range(2):
        assert target.damaged() == []
        target.publish_rows()


ODD = {
    "names": b'"":1,"Name":2,"name":3,"raw":4,"_synced_at":5,"NAME":6,"50% off":7,"it\'s \\"":8',
    "names of ours": b'"unpacked":1,"Unpacked":2,"ctid":3,"RAW":4,"_digest":5',
    "NUL": rb'"name":"a\u0000b","more":{"\u0000":"\u0000"},"a\u0000b":"\u0000"',
    "escapes": rb'"name":"\u00fc\ud83d\ude00\/\\u0000","tags":["\u00fc"]',
    "half a pair": rb'"name":"\ud800","more":["\udc00"]',
    "no UTF-8": b'"name":"\xff\xfe"',
    "lines": b'\r\n"name":\t"\\r\\n\\t"',
    "other kinds": b'"name":{"b":1,"a":[2]},"size":"1","rate":"1.5","ok":"true","tags":"x"',
    "other kinds again": b'"name":true,"size":true,"rate":[],"ok":1,"tags":false,"updated_at":true',
    "numbers as texts": b'"name":1.50,"size":1.0,"rate":1,"tags":1e2',
    "fractions": b'"name":-0.0,"size":-1.9,"rate":0.1,"tags":[0.10],"more":1.10',
    "rounded": b'"rate":0.30000000000000004,"size":1e18,"more":12345678901234567890.123456789',
    "nearly too large": b'"rate":9.99e299,"size":8999999999999999999,"updated_at":99999999999',
    "too large": b'"rate":1e300,"size":9000000000000000000,"updated_at":100000000000.5',
    "too small": b'"rate":1e-301,"size":1e-400,"updated_at":1e-400',
    "nulls": b'"name":null,"size":null,"rate":null,"ok":null,"tags":null,"updated_at":null,'
    b'"more":null,"never":null',
    "empty": b'"name":"","tags":[],"more":{},"updated_at":""',
    "twice": b'"name":"x","tags":[1],"more":1,"name":null,"tags":[2],"more":{"a":1,"a":2}',
    "twice by an escape": rb'"name":"x","n\u0061me":"y"',
    "order": b'"tags":[{"b":{"d":1,"c":2},"a":1}],"more":{"z":1,"bb":2,"a":3}',
}


def test_odd_rows_are_no_damage(target: Target) -> None:
    rows = [b'{"id":"%d",%b}' % (number, body) for number, body in enumerate(ODD.values())]
    for number in range(3):
        target.publish(*map(put, rows[number::3]))
        assert target.damaged() == []
    again = [put(row[:-1] + b',"new":[%d]}' % number) for number, row in enumerate(rows)]
    target.publish(*again, Gone("things", "4", 1_700_000_300))
    assert target.damaged() == []


def test_moments_of_every_form_are_no_damage(target: Target) -> None:
    target.publish(*test_moment_texts.puts(), table=test_moment_texts.TABLE)
    assert target.damaged() == []


def test_fields_that_stand_twice_are_no_damage(target: Target) -> None:
    table = test_repeated_fields.TABLE
    for body in test_repeated_fields.ROWS.values():
        target.publish(put(body, table), table=table)
        assert target.damaged() == []


def test_rows_that_were_marked_or_erased_are_no_damage(target: Target) -> None:
    target.publish_rows()
    target.publish(Gone("things", "1", 1_700_000_200), departed="erase")
    assert target.damaged() == []
    assert target.ask("SELECT name FROM things WHERE id = '1'") == [(None,)]


MOMENT = "SELECT extract(epoch FROM updated_at)::int FROM things WHERE id = '1'"


def test_what_an_earlier_version_has_read_is_read_again_by_a_run_that_verifies(
    target: Target,
) -> None:
    target.publish_rows()
    target.forget()
    changed = "UPDATE things SET updated_at = updated_at + interval '1 s' WHERE id = '1'"
    target.ask(changed)
    target.publish(put(b'{"id":"4","updated_at":5}'))
    assert target.damaged() == []
    assert target.ask(MOMENT) == [(1_700_000_001,)]
    target.publish(verify=True)
    assert target.ask(MOMENT) == [(1_700_000_000,)]
    assert target.damaged() == []
    target.ask(changed)
    assert target.damaged() == [COLUMNS]


def test_what_is_read_otherwise_now_is_no_damage(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("intercom_async.sync.sinks.postgres_sql.MILLISECONDS_FROM", 10**9)
        target.publish_rows()
        assert target.damaged() == []
    assert target.damaged() == []
    assert target.ask(MOMENT) == [(1_700_000,)]
    target.publish(verify=True)
    assert target.damaged() == []
    assert target.ask(MOMENT) == [(1_700_000_000,)]


@pytest.mark.parametrize("is_there", [False, True])
def test_what_an_earlier_version_has_staged_is_no_damage(target: Target, *, is_there: bool) -> None:
    if is_there:
        target.publish(put(b'{"id":"7"}'))
    with closing(target.sink()) as sink:
        sink.open()
        sink.begin([TABLE])
        sink.commit(list(map(put, ROWS)), b"{}")
    target.forget()
    target.ask("UPDATE intercom_async_staged_things SET name = 'otherwise'")
    names = "SELECT name FROM things WHERE id <> '7' ORDER BY id"
    target.publish(put(b'{"id":"4","name":"x"}'))
    assert target.ask(names) == [("otherwise",)] * len(ROWS) + [("x",)]
    target.publish(verify=True)
    assert target.damaged() == []
    assert target.ask(names) == [("n",), ("m",), (None,), ("x",)]


def test_a_column_type_of_a_user_stays_while_others_are_read_again(target: Target) -> None:
    target.publish_rows()
    target.forget()
    target.ask("ALTER TABLE things ALTER name TYPE varchar(1)")
    target.ask("UPDATE things SET name = 'o', size = 5")
    target.publish(verify=True)
    found = target.ask("SELECT name, size FROM things ORDER BY id")
    assert found == [("o", 1), ("o", None), ("o", None)]
    assert target.damaged() == []


class Less(msgspec.Struct):
    """The model of an earlier version."""

    id: str


def test_a_model_that_changes_is_no_damage(target: Target) -> None:
    less = Table("things", "id", Less)
    for table in (less, TABLE, less, TABLE):
        target.publish(put(ROWS[0], table), table=table)
        assert target.damaged() == []
        body = b'{"id":"5","size":3}'
        target.publish(put(body, table), table=table, verify=table is TABLE)
        assert target.damaged() == []
    target.ask("UPDATE things SET size = 7 WHERE id = '5'")
    assert target.damaged() == [COLUMNS]


def test_a_field_that_gets_a_column_once_another_has_left_its_own_is_no_damage(
    target: Target,
) -> None:
    """A table has so many columns beyond the model's; a later model takes some of them over."""
    fields = {f"f{number:03}": number for number in range(MAX_EXTRA - 1)}
    full = put(msgspec.json.encode({"id": "1", "name": "n", **fields}))
    late = put(b'{"id":"2","later":[1]}')
    less = Table("things", "id", Less)
    target.publish(full, table=less)
    target.publish(late, table=less)
    target.publish(put(b'{"id":"3","later":[2]}'))
    assert target.damaged() == []
    target.publish(verify=True)
    assert target.damaged() == []
    rows = target.ask("SELECT later FROM things ORDER BY id")
    assert rows == [(None,), ([1],), ([2],)]


def test_only_what_is_named_is_damaged_and_a_dropped_table_is_forgotten(target: Target) -> None:
    target.publish_rows()
    others = Table("others", "id", Thing)
    target.publish(put(b'{"id":"1","name":"x"}', others), table=others)
    target.ask("UPDATE things SET size = 7")
    assert target.damaged() == [COLUMNS]
    target.publish(table=others, dropped=["things"])
    assert target.damaged() == []
    known = target.remembered()
    assert {tuple(known[name]) for name in (*NEW, "rows", "extra")} == {("others",)}


def test_a_run_that_is_to_stop_does_not_compare_a_large_table(target: Target) -> None:
    target.publish_rows()
    target.ask(
        "INSERT INTO things (id, raw, _synced_at, _digest) "
        "SELECT n::text, jsonb_build_object('id', n::text), 'epoch', 0 "
        "FROM generate_series(10, 10 + %s) AS n",
        GOES_ON_ROWS,
    )
    known = target.remembered()
    count, total = known["rows"]["things"]
    known["rows"]["things"] = [count + GOES_ON_ROWS + 1, total]
    moments = known["moments"]["things"].split()
    moments[0] = str(count + GOES_ON_ROWS + 1)
    known["moments"]["things"] = " ".join(moments)
    target.remember(known)
    assert target.damaged() == []
    with ended_when(lambda: True), pytest.raises(StoppedError):
        target.damaged()


@pytest.mark.anyio
async def test_a_repair_reads_it_again(target: Target) -> None:
    async with (
        Simulator(contacts=5, conversations=0, companies=0, tickets=0) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):

        async def run(**options: Any) -> Report:
            sink = target.sink()
            return await sync(intercom, ["contacts"], sink=sink, **options)

        assert (await run()).is_complete
        target.ask("UPDATE contacts SET email = 'changed'")
        assert (await run()).is_complete
        with pytest.raises(TargetError, match="not what its records say"):
            await run(verify=True)
        assert (await run(repair=True)).is_complete
        assert (await run(verify=True)).is_complete
        emails = target.ask("SELECT DISTINCT email = raw ->> 'email' FROM contacts")
        assert emails == [(True,)]
