"""Tables of the PostgreSQL sink, and what a run does with rows and versions that are unusual."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import msgspec
import pytest

from intercom_async.models.base import Timestamp
from intercom_async.sync import PostgresSink, TargetError
from intercom_async.sync.sinks.base import Table
from intercom_async.sync.sinks.entries import Entry, Family, Gone, Put
from intercom_async.sync.sinks.postgres_sql import PUT_BYTES
from .conftest import PostgresServer
from .postgres_rows import TABLE, ask, begun, put, run, tables

pytest.importorskip("psycopg", reason="the extra postgres is not installed")

UNKNOWN = Table("things", "id", None)
"""The same table for a version of the package that knows none of its fields but the key."""
PARTS = Table("parts", "id", None, "talk")
FIELDS = {"name": "n", "size": 3, "rate": 1.5, "ok": True, "at": 1_700_000_000}
AT = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.fixture
def schema() -> str:
    return f"sync_{token_hex(4)}"


def first(key: str, body: bytes | None = None) -> Put:
    """Return a row of a key of which the target holds nothing."""
    if body is None:
        return msgspec.structs.replace(put(key), is_first=True)
    return Put("things", key, "", body, 0, 1_700_000_000, 5, is_first=True)


def test_a_sink_whose_first_commit_was_lost_is_opened_again(
    postgres_server: PostgresServer, schema: str
) -> None:
    sink = PostgresSink(postgres_server.url, schema=schema)
    sink.open()
    sink.begin([TABLE])
    ask(
        postgres_server,
        f"CREATE FUNCTION {schema}.lose() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'",
    )
    journal = f"{schema}.intercom_async_journal"
    ask(
        postgres_server,
        f"CREATE TRIGGER lose BEFORE INSERT ON {journal} EXECUTE FUNCTION {schema}.lose()",
    )
    with pytest.raises(TargetError, match="nothing that was committed is lost"):
        sink.commit([first("1")], b"state")
    sink.close()
    ask(postgres_server, f"DROP TRIGGER lose ON {journal}")

    run(sink, first("1"))
    assert ask(postgres_server, f"SELECT id FROM {schema}.things") == [("1",)]


@pytest.mark.parametrize(
    ("value", "at", "rate"),
    [
        ("1e-400", None, 0),
        ("-1e-400", None, 0),
        ("1e400", None, None),
        ("-0.0", 0, 0),
        ("0", 0, 0),
        ("0.5", 0, 0.5),
        ("1", 1, 1),
        ("-1.5", -2, -1.5),
        ("1700000000.9", 1_700_000_000, 1_700_000_000.9),
        ("1e308", None, None),
        ('"text"', None, None),
        ('"1e-400"', None, None),
        ("true", None, None),
        ("null", None, None),
    ],
)
def test_a_number_of_any_size_ends_no_commit(
    postgres_server: PostgresServer, schema: str, value: str, at: int | None, rate: float | None
) -> None:
    body = f'{{"id":"1","at":{value},"rate":{value},"size":{value}}}'.encode()
    run(PostgresSink(postgres_server.url, schema=schema), first("1", body))
    found = f"SELECT extract(epoch FROM at)::float8, rate FROM {schema}.things"
    assert ask(postgres_server, found) == [(at, rate)]


ODD_KEYS = pytest.mark.parametrize(
    ("key", "written"), [("a\0b", b"a\\u0000b"), ("a\ud800b", b"a\\ud800b")]
)
"""Keys of which PostgreSQL keeps another text, and how JSON has them."""


@ODD_KEYS
def test_a_row_whose_key_is_kept_as_another_text_goes_and_comes_again(
    postgres_server: PostgresServer, schema: str, key: str, written: bytes
) -> None:
    found = f"SELECT id, _deleted_at IS NULL, name FROM {schema}.things ORDER BY id"
    row, sink = (
        first(key, b'{"id":"%b"}' % written),
        PostgresSink(postgres_server.url, schema=schema),
    )
    run(sink, row, first("c"), Gone("things", key, 1_700_000_100))
    assert ask(postgres_server, found) == [("a\ufffdb", False, None), ("c", True, None)]

    # A sync does not know the key again, so it comes as one of which nothing is held.
    changed = msgspec.structs.replace(
        row, body=b'{"id":"%b","name":"new"}' % written, digest=row.digest ^ 1
    )
    run(PostgresSink(postgres_server.url, schema=schema), changed)
    assert ask(postgres_server, found) == [("a\ufffdb", True, "new"), ("c", True, None)]


@ODD_KEYS
def test_a_row_whose_parent_is_kept_as_another_text_goes_with_it(
    postgres_server: PostgresServer, schema: str, key: str, written: bytes
) -> None:
    def part(of: str, number: str, body: bytes) -> Put:
        return Put("parts", number, of, body, 0, 1_700_000_000, 5, is_first=True)

    odd = part(key, "1", b'{"id":"1","talk":"%b"}' % written)
    usual = part("c", "2", b'{"id":"2","talk":"c"}')
    gone = Family("parts", key, 1_700_000_100, 0, 0, is_gone=True)
    alone = Gone("parts", "c\x002", 1_700_000_200)
    run(PostgresSink(postgres_server.url, schema=schema), odd, usual, gone, alone, table=PARTS)
    found = ask(
        postgres_server,
        f"SELECT id, extract(epoch FROM _deleted_at)::int FROM {schema}.parts ORDER BY id",
    )
    assert found == [("1", 1_700_000_100), ("2", 1_700_000_200)]


class Measured(PostgresSink):
    """Notes how many bytes of rows each statement puts."""

    sizes: tuple[int, ...] = ()

    def _put_lines(self, statement: str, values: Sequence[Any]) -> list[tuple[str | None, int]]:
        self.sizes += (len(values[0]),)
        return super()._put_lines(statement, values)


def test_large_rows_behind_small_ones_come_in_statements_of_their_own(
    postgres_server: PostgresServer, schema: str
) -> None:
    sink, large = Measured(postgres_server.url, schema=schema), 2 * PUT_BYTES
    small = [put(f"small {number}") for number in range(4_000)]
    run(sink, *small, *(put(f"large {number}", name="x" * large) for number in range(4)))
    assert ask(postgres_server, f"SELECT count(*) FROM {schema}.things") == [(4_004,)]
    assert 4 * large < sum(sink.sizes)
    assert max(sink.sizes) < large + PUT_BYTES + 100


KNOWN_NOW = pytest.mark.parametrize(
    ("before", "now"),
    [pytest.param(UNKNOWN, TABLE, id="known now"), pytest.param(TABLE, UNKNOWN, id="unknown now")],
)


def values(server: PostgresServer, schema: str) -> list[Any]:
    return ask(server, f"SELECT id, name, size, rate, ok, at FROM {schema}.things ORDER BY id")


@KNOWN_NOW
def test_a_published_column_changes_with_what_is_known_of_its_field(
    postgres_server: PostgresServer, schema: str, before: Table, now: Table
) -> None:
    run(PostgresSink(postgres_server.url, schema=schema), put("1", **FIELDS), table=before)
    run(PostgresSink(postgres_server.url, schema=schema), put("2", **FIELDS), table=now)
    at = AT if now is TABLE else 1_700_000_000
    expected = ("n", 3, 1.5, True, at)
    assert values(postgres_server, schema) == [("1", *expected), ("2", *expected)]


@KNOWN_NOW
def test_a_staged_column_changes_with_what_is_known_of_its_field(
    postgres_server: PostgresServer, schema: str, before: Table, now: Table
) -> None:
    begun(postgres_server, schema, put("1", **FIELDS), table=before).close()
    run(PostgresSink(postgres_server.url, schema=schema), put("2", **FIELDS), table=now)
    at = AT if now is TABLE else 1_700_000_000
    expected = ("n", 3, 1.5, True, at)
    assert values(postgres_server, schema) == [("1", *expected), ("2", *expected)]
    assert "intercom_async_staged_things" not in tables(postgres_server, schema)


class Grown(msgspec.Struct):
    """A model of a later version, with the times at which a row was made and changed."""

    id: str
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


@pytest.mark.parametrize("fields", [{}, {"updated_at": 1_700_000_000}], ids=["none", "unknown"])
def test_rows_of_before_their_times_were_known_are_read(
    postgres_server: PostgresServer, schema: str, fields: dict[str, int]
) -> None:
    run(PostgresSink(postgres_server.url, schema=schema), put("1", **fields))
    sink = PostgresSink(postgres_server.url, schema=schema)
    sink.open()
    sink.begin([Table("things", "id", Grown, None, "updated_at")])
    (row,) = sink.rows("things")
    assert (row.key, row.version) == ("1", fields.get("updated_at", 0))
    sink.close()


def test_a_column_that_a_reader_has_changed_stays_as_it_is(
    postgres_server: PostgresServer, schema: str
) -> None:
    run(PostgresSink(postgres_server.url, schema=schema), put("1", name="n"))
    ask(postgres_server, f"ALTER TABLE {schema}.things ALTER COLUMN name TYPE varchar(20)")
    run(PostgresSink(postgres_server.url, schema=schema), put("2", name="m"))
    found = ask(
        postgres_server,
        "SELECT data_type FROM information_schema.columns "
        "WHERE table_schema = %s AND table_name = 'things' AND column_name = 'name'",
        schema,
    )
    assert found == [("character varying",)]


def test_new_fields_fill_their_columns_in_the_rows_that_bring_them(
    postgres_server: PostgresServer, schema: str
) -> None:
    sink = begun(postgres_server, schema, first("1"), put("2", a=1))
    more: list[Entry] = [put("3", a=2, b="x"), put("2", c=[1], b=None), put("4")]
    sink.commit(more, b"state")
    sink.publish(b"state")
    sink.close()
    found = ask(postgres_server, f"SELECT id, a, b, c FROM {schema}.things ORDER BY id")
    assert found == [
        ("1", None, None, None), ("2", None, None, [1]), ("3", 2, "x", None),
        ("4", None, None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("is_published", [True, False])
def test_a_column_whose_field_no_row_has_comes_without_a_write_of_the_rows(
    postgres_server: PostgresServer, schema: str, *, is_published: bool
) -> None:
    sink = begun(postgres_server, schema, put("1", name="n"))
    if is_published:
        sink.publish(b"state")
    sink.close()
    table = f"{schema}.{'things' if is_published else 'intercom_async_staged_things'}"
    ask(postgres_server, f"ALTER TABLE {table} DROP rate, DROP size")
    ask(
        postgres_server,
        f"CREATE FUNCTION {schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RAISE ''written''; END'",
    )
    ask(
        postgres_server,
        # FOR EACH STATEMENT: it is called for an UPDATE that finds no row, too.
        f"CREATE TRIGGER refuse BEFORE UPDATE ON {table} EXECUTE FUNCTION {schema}.refuse()",
    )
    begun(postgres_server, schema).close()
    assert ask(postgres_server, f"SELECT name, rate, size FROM {table}") == [("n", None, None)]
    ask(postgres_server, f"ALTER TABLE {table} DROP name")
    sink = PostgresSink(postgres_server.url, schema=schema)
    with pytest.raises(TargetError, match="trigger of your own"), closing(sink):
        run(sink)


def named_columns(server: PostgresServer, schema: str, table: str) -> list[str]:
    found = ask(
        server,
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s "
        "AND table_name = %s AND column_name NOT IN ('raw', '_digest') AND column_name !~ '_at$'",
        schema,
        table,
    )
    return [name for (name,) in found]


@pytest.mark.parametrize("is_published", [True, False])
def test_a_column_that_somebody_has_dropped_is_filled_again(
    postgres_server: PostgresServer, schema: str, *, is_published: bool
) -> None:
    rows = [put("1", **FIELDS, more=[1]), put("2")]
    sink = begun(postgres_server, schema, *rows)
    if is_published:
        sink.publish(b"state")
    sink.close()
    table = "things" if is_published else "intercom_async_staged_things"
    content = f"SELECT to_jsonb(t) FROM {schema}.{table} t ORDER BY id"
    before = ask(postgres_server, content)
    columns = named_columns(postgres_server, schema, table)
    assert {*FIELDS, "id", "more"} == set(columns)
    for column in columns:
        ask(postgres_server, f"ALTER TABLE {schema}.{table} DROP {column}")
        sink = begun(postgres_server, schema)
        if is_published:
            sink.publish(b"state")
        sink.close()
        assert ask(postgres_server, content) == before, column


def test_a_table_of_a_users_is_not_dropped(postgres_server: PostgresServer, schema: str) -> None:
    run(PostgresSink(postgres_server.url, schema=schema), first("1"))
    ask(postgres_server, f"CREATE TABLE {schema}.tags AS SELECT 1 AS mine")
    with closing(PostgresSink(postgres_server.url, schema=schema)) as sink:
        sink.open()
        sink.begin([TABLE])
        sink.commit([], b"state")
        sink.publish(b"state", dropped=["tags", "things"])

    assert ask(postgres_server, f"SELECT mine FROM {schema}.tags") == [(1,)]
    assert "things" not in tables(postgres_server, schema)


def test_the_last_value_of_a_field_counts(postgres_server: PostgresServer, schema: str) -> None:
    row = first("2", b'{"id":"1","name":"x","id":"2","name":"y"}')
    run(PostgresSink(postgres_server.url, schema=schema), row, first("1"))
    again = msgspec.structs.replace(row, digest=row.digest ^ 1, is_first=False)
    run(PostgresSink(postgres_server.url, schema=schema), again)

    found = ask(postgres_server, f"SELECT id, name FROM {schema}.things ORDER BY id")
    assert found == [("1", None), ("2", "y")]
