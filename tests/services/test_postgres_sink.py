"""A sync into PostgreSQL: the same rows as into DuckDB, in one piece, whatever is in them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import msgspec
import pytest

from intercom_async import Intercom, models
from intercom_async.models._descriptions import descriptions_of
from intercom_async.simulator import Simulator
from intercom_async.sync import DuckDBSink, PostgresSink, TargetError, sync
from intercom_async.sync.sinks.entries import Entry, Family, Gone, Put, SeenKeys
from intercom_async.sync.sinks.postgres_schema import is_one_entry
from intercom_async.sync.sinks.postgres_sql import clean, identifier
from .conftest import PostgresServer
from .postgres_rows import TABLE, ask, begun, put, run, tables

pytest.importorskip("psycopg", reason="the extra postgres is not installed")

pytestmark = pytest.mark.anyio

STREAMS = ["contacts", "conversations", "conversation_parts", "companies", "tags", "tickets"]


@pytest.fixture
async def intercom() -> AsyncIterator[Intercom]:
    settings: dict[str, Any] = {"app_per_minute": 10**7, "workspace_per_minute": 10**7}
    async with (
        Simulator(
            contacts=400, conversations=60, companies=30, tickets=20, **settings
        ) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as client,
    ):
        yield client


@pytest.fixture
def schema() -> str:
    return f"sync_{token_hex(4)}"


async def test_the_rows_are_those_of_duckdb(
    intercom: Intercom, postgres_server: PostgresServer, schema: str, tmp_path: Path
) -> None:
    duckdb: Any = pytest.importorskip("duckdb")
    path = tmp_path / "same.duckdb"
    for sink in (DuckDBSink(path), PostgresSink(postgres_server.url, schema=schema)):
        report = await sync(intercom, STREAMS, sink=sink)
        assert report.is_complete, report.failures
    with duckdb.connect(str(path)) as connection:
        for stream in STREAMS:
            columns = [
                row[0]
                for row in connection.execute(f"DESCRIBE {stream}").fetchall()
                if row[1] not in ("JSON", "UBIGINT") and row[0] not in ("record", "_synced_at")
            ]
            wanted = f"SELECT {', '.join(map(identifier, columns))} FROM %s{stream}"
            theirs = connection.execute(wanted % "").fetchall()
            ours = [
                tuple(
                    value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value
                    for value in row
                )
                for row in ask(postgres_server, wanted % f"{schema}.")
            ]
            assert len(theirs) > 0
            assert sorted(ours, key=repr) == sorted(theirs, key=repr)


async def test_a_second_run_changes_nothing_and_a_third_only_what_changed(
    intercom: Intercom, postgres_server: PostgresServer, schema: str
) -> None:
    await sync(intercom, ["contacts"], sink=PostgresSink(postgres_server.url, schema=schema))
    first = ask(postgres_server, f"SELECT id, xmin::text FROM {schema}.contacts ORDER BY id")
    await sync(intercom, ["contacts"], sink=PostgresSink(postgres_server.url, schema=schema))
    assert (
        ask(postgres_server, f"SELECT id, xmin::text FROM {schema}.contacts ORDER BY id") == first
    )
    await intercom.contacts.update(first[0][0], name="Renamed")
    report = await sync(
        intercom, ["contacts"], sink=PostgresSink(postgres_server.url, schema=schema)
    )
    assert report.is_complete
    names = dict(ask(postgres_server, f"SELECT id, name FROM {schema}.contacts"))
    assert names[first[0][0]] == "Renamed"
    assert len(names) == len(first)


async def test_columns_have_comments(
    intercom: Intercom, postgres_server: PostgresServer, schema: str
) -> None:
    await sync(intercom, ["companies"], sink=PostgresSink(postgres_server.url, schema=schema))
    found = ask(
        postgres_server,
        "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute "
        "WHERE attrelid = %s::regclass AND attnum > 0",
        f"{schema}.companies",
    )
    comments = dict(found)
    told = descriptions_of(models.Company)
    assert told
    assert {name: comments[name] for name in told} == dict(told)
    assert comments["_deleted_at"].startswith("When the row was found to be gone")


async def test_damage_is_noticed(
    intercom: Intercom, postgres_server: PostgresServer, schema: str
) -> None:
    await sync(intercom, ["tags"], sink=PostgresSink(postgres_server.url, schema=schema))
    ask(
        postgres_server,
        f"DELETE FROM {schema}.tags WHERE id = (SELECT min(id) FROM {schema}.tags)",
    )
    with pytest.raises(TargetError, match="rows"):
        await sync(intercom, ["tags"], sink=PostgresSink(postgres_server.url, schema=schema))


# The sink by itself -----------------------------------------------------------------------------


def test_values_that_do_not_fit_their_column_stay_in_raw(
    postgres_server: PostgresServer, schema: str
) -> None:
    odd = {"name": 7, "size": "many", "rate": 10**400, "ok": "yes", "new": {"a": [1]}}
    run(PostgresSink(postgres_server.url, schema=schema), put("1", **odd), put("2", size=2**70))
    rows = ask(
        postgres_server, f"SELECT name, size, rate, ok, new FROM {schema}.things ORDER BY id"
    )
    assert rows == [("7", None, None, None, {"a": [1]}), (None, None, None, None, None)]


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":"1","name":"a\\u0000b"}',
        b'{"id":"1","name":"\\ud800"}',
        b'{"id":"1","na\\u0000me":"x"}',
        b'{"id":"1","name":"\xff\xfe"}',
        b'{"id":"1","name":"\\\\u0000"}',
        b'{"id":"1","":1,"Name":2,"name":3,"raw":4,"_synced_at":5,"NAME":6}',
    ],
)
def test_texts_and_names_that_postgresql_cannot_keep_are_kept(
    postgres_server: PostgresServer, schema: str, body: bytes
) -> None:
    row = Put("things", "1", "", body, 0, 1, 5)
    run(PostgresSink(postgres_server.url, schema=schema), row)
    assert ask(postgres_server, f"SELECT id FROM {schema}.things") == [("1",)]


def test_a_backslash_before_a_u_is_no_escape() -> None:
    assert clean(b'{"a":"\\\\u0000"}') == b'{"a":"\\\\u0000"}'


@pytest.mark.parametrize("count", [1, 2, 15, 16, 3_000, 50_000])
@pytest.mark.parametrize(
    "entry",
    [
        Put("things", "1", "", b"{}", 0, 1, 5),
        Gone("things", "1", 5),
        Family("things", "1", 2, 3, 4),
        SeenKeys("things", ["1", "2"]),
    ],
    ids=lambda entry: type(entry).__name__,
)
def test_one_entry_is_told_from_a_list_of_some(entry: Entry, count: int) -> None:
    """Earlier versions wrote an entry a row."""
    assert is_one_entry(msgspec.msgpack.encode(entry))
    assert not is_one_entry(msgspec.msgpack.encode([entry] * count))


def test_a_journal_of_an_earlier_version_is_gone_on_with(
    postgres_server: PostgresServer, schema: str
) -> None:
    first = PostgresSink(postgres_server.url, schema=schema)
    first.open()
    first.begin([TABLE])
    first.commit([put("1")], b"one")
    first.close()
    earlier = msgspec.msgpack.encode(put("2", name="of an earlier version"))
    ask(
        postgres_server, f"INSERT INTO {schema}.intercom_async_journal (entry) VALUES (%s)", earlier
    )
    again = PostgresSink(postgres_server.url, schema=schema)
    again.open()
    again.begin([TABLE])
    again.commit([put("3", name="old"), put("4"), put("3")], b"two")
    puts = [one for one in again.entries() if isinstance(one, Put)]
    assert [one.key for one in puts] == ["1", "2", "3", "4", "3"]
    assert all(one.is_staged and not one.body for one in puts)
    again.publish(b"two")
    again.close()
    rows = ask(postgres_server, f"SELECT id, name FROM {schema}.things ORDER BY id")
    assert rows == [("1", None), ("2", "of an earlier version"), ("3", None), ("4", None)]


def test_texts_reach_a_row_as_they_are(postgres_server: PostgresServer, schema: str) -> None:
    text = 'tab\t, line\n, return\r, backslash \\, \\N, \\t, quote ", ünï, \x01'
    body = b'{ "id":\t"1",\r\n"name":' + msgspec.json.encode(text) + b"}"
    run(PostgresSink(postgres_server.url, schema=schema), Put("things", "1", "", body, 0, 1, 5))
    assert ask(postgres_server, f"SELECT name FROM {schema}.things") == [(text,)]


def test_long_names_stay_apart(postgres_server: PostgresServer, schema: str) -> None:
    long = "x" * 70
    run(
        PostgresSink(postgres_server.url, schema=schema), put("1", **{f"{long}a": 1, f"{long}b": 2})
    )
    found = ask(
        postgres_server,
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = %s AND column_name LIKE 'xxx%%'",
        schema,
    )
    assert len({name for (name,) in found}) == 2


def test_a_key_stands_in_a_table_once_and_what_is_gone_is_marked(
    postgres_server: PostgresServer, schema: str
) -> None:
    sink = PostgresSink(postgres_server.url, schema=schema)
    run(sink, put("1", name="old"), put("1", name="new"), put("2"))
    run(PostgresSink(postgres_server.url, schema=schema), Gone("things", "2", 1_700_000_100))
    rows = ask(
        postgres_server,
        f"SELECT id, name, extract(epoch FROM _deleted_at)::int FROM {schema}.things ORDER BY id",
    )
    assert rows == [("1", "new", None), ("2", None, 1_700_000_100)]


def test_what_was_committed_is_there_after_a_crash_and_nothing_half(
    postgres_server: PostgresServer, schema: str
) -> None:
    sink = PostgresSink(postgres_server.url, schema=schema)
    sink.open()
    sink.begin([TABLE])
    sink.commit([put("1")], b"one")
    ask(
        postgres_server,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
        f"intercom-async {schema}",
    )
    with pytest.raises(TargetError, match="committed"):
        sink.commit([put("2")], b"two")
    sink.close()

    again = PostgresSink(postgres_server.url, schema=schema)
    opened = again.open()
    assert (opened.state, opened.base) == (b"one", None)
    again.begin([TABLE])
    assert [entry.key for entry in again.entries() if isinstance(entry, Put)] == ["1"]
    again.publish(b"one")
    again.close()
    assert ask(postgres_server, f"SELECT id FROM {schema}.things") == [("1",)]


def test_rows_are_staged_until_the_end_and_their_table_is_the_next_one(
    postgres_server: PostgresServer, schema: str
) -> None:
    sink = begun(postgres_server, schema, put("1"), put("2"))
    staged = f"{schema}.intercom_async_staged_things"
    assert ask(postgres_server, f"SELECT id FROM {staged} ORDER BY id") == [("1",), ("2",)]
    assert "things" not in tables(postgres_server, schema)
    (oid,) = ask(postgres_server, "SELECT %s::regclass::oid", staged)
    sink.publish(b"state")
    sink.close()

    assert ask(postgres_server, "SELECT %s::regclass::oid", f"{schema}.things") == [oid]
    assert not [name for name in tables(postgres_server, schema) if "staged" in name]
    # The next run moves its rows, so that what was granted on the table stays.
    run(PostgresSink(postgres_server.url, schema=schema), put("2", name="new"), put("3"))
    assert ask(postgres_server, "SELECT %s::regclass::oid", f"{schema}.things") == [oid]
    rows = ask(postgres_server, f"SELECT id, name FROM {schema}.things ORDER BY id")
    assert rows == [("1", None), ("2", "new"), ("3", None)]


def test_a_field_that_comes_in_the_middle_of_a_run_gets_its_column(
    postgres_server: PostgresServer, schema: str
) -> None:
    begun(postgres_server, schema, put("1"), put("2", **{"50% off": [1]})).close()
    again = PostgresSink(postgres_server.url, schema=schema)
    again.open()
    again.begin([TABLE])
    again.commit([put("3", **{"50% off": "x", "50% OFF": 2}), put("2", name="new")], b"state")
    again.publish(b"state")
    again.close()
    rows = ask(
        postgres_server,
        f'SELECT id, name, "50% off", "50% OFF_2" FROM {schema}.things ORDER BY id'.replace(
            "%", "%%"
        ),
    )
    assert rows == [("1", None, None, None), ("2", "new", None, None), ("3", None, "x", 2)]


def test_a_row_that_goes_in_the_run_that_has_read_it_is_marked(
    postgres_server: PostgresServer, schema: str
) -> None:
    sink = PostgresSink(postgres_server.url, schema=schema)
    first = msgspec.structs.replace(put("1"), is_first=True)
    run(sink, first, put("2"), Gone("things", "1", 1_700_000_100))
    rows = ask(postgres_server, f"SELECT id, _deleted_at IS NULL FROM {schema}.things ORDER BY id")
    assert rows == [("1", False), ("2", True)]


def test_an_end_that_failed_can_be_made_again(postgres_server: PostgresServer, schema: str) -> None:
    sink = begun(postgres_server, schema, put("1"), put("2"))
    journal = f"{schema}.intercom_async_journal"
    ask(postgres_server, f"CREATE TABLE {schema}.mine (number bigint REFERENCES {journal})")
    with pytest.raises(TargetError, match="FeatureNotSupported"):
        sink.publish(b"state")
    assert "things" not in tables(postgres_server, schema)
    ask(postgres_server, f"DROP TABLE {schema}.mine")
    sink.publish(b"state")
    sink.close()
    assert ask(postgres_server, f"SELECT id FROM {schema}.things ORDER BY id") == [("1",), ("2",)]


def test_tables_of_somebody_else_are_left_alone(
    postgres_server: PostgresServer, schema: str
) -> None:
    ask(postgres_server, f"CREATE SCHEMA {schema}")
    ask(postgres_server, f"CREATE TABLE {schema}.things (mine int)")
    sink = PostgresSink(postgres_server.url, schema=schema)
    sink.open()
    with pytest.raises(TargetError, match="things"):
        sink.begin([TABLE])
    sink.close()


def test_no_password_is_in_an_error_or_a_repr() -> None:
    sink = PostgresSink("postgresql://user:secret@127.0.0.1:1/none")
    with pytest.raises(TargetError) as refused:
        sink.open()
    assert "secret" not in f"{refused.value} {sink!r} {sink.where} {refused.value.__cause__}"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql://me:hush-hush@127.0.0.1:9/db", "port 9 failed: Connection refused"),
        ("postgresql://me:hush hush-hush@host/db", "the address cannot be read"),
        ("postgresql://me:%zzhush-hush@host/db", "the address cannot be read"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_its_password(
    address: str, told: str
) -> None:
    with pytest.raises(TargetError) as refused:
        PostgresSink(address).open()

    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "hush" not in str(refused.value)


def test_a_database_that_does_not_exist_is_named(postgres_server: PostgresServer) -> None:
    address = postgres_server.url.rpartition("/")[0] + "/nowhere"

    with pytest.raises(TargetError, match=r'database "nowhere" does not exist.*check host, port'):
        PostgresSink(address).open()
