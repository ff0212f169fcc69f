"""A view of a user's that reads a table is no trap: it stays, or what to do about it is said."""

from __future__ import annotations

from secrets import token_hex

import msgspec
import pytest

from intercom_async.sync import PostgresSink, TargetError
from intercom_async.sync.sinks import Table
from .conftest import PostgresServer
from .postgres_rows import TABLE, ask, begun, put, run

pytest.importorskip("psycopg", reason="the extra postgres is not installed")


class KeyOnly(msgspec.Struct):
    """A model of an earlier version, which does not know the name."""

    id: str


@pytest.fixture
def schema(postgres_server: PostgresServer) -> str:
    """Return a schema in which a view reads a column of an earlier version's table."""
    schema = f"sync_{token_hex(4)}"
    sink = PostgresSink(postgres_server.url, schema=schema)
    run(sink, put("1", name="Ada"), table=Table("things", "id", KeyOnly))
    ask(
        postgres_server,
        f"CREATE VIEW {schema}.names AS SELECT id, name FROM {schema}.things",  # noqa: S608 (own names)
    )
    return schema


def test_a_view_that_reads_a_column_whose_type_changes_is_named(
    postgres_server: PostgresServer, schema: str
) -> None:
    sink = PostgresSink(postgres_server.url, schema=schema)
    sink.open()
    with pytest.raises(TargetError, match=f"view {schema}.names depends on column .*drop it, run"):
        sink.begin([TABLE])
    sink.close()

    ask(postgres_server, f"DROP VIEW {schema}.names")
    run(PostgresSink(postgres_server.url, schema=schema), put("2", name="Bo"))
    names = ask(postgres_server, f"SELECT name FROM {schema}.things ORDER BY id")  # noqa: S608
    assert names == [("Ada",), ("Bo",)]


def test_a_table_that_a_view_reads_is_repaired_in_its_place(
    postgres_server: PostgresServer, schema: str
) -> None:
    table = Table("things", "id", KeyOnly)
    ask(postgres_server, f"DELETE FROM {schema}.things")  # noqa: S608
    sink = PostgresSink(postgres_server.url, schema=schema)
    assert [name for name, _ in sink.open().damaged] == ["things"]
    sink.begin([table], repaired=["things"])
    sink.commit([put("1", name="Ada"), put("3")], b"state")
    sink.publish(b"state")
    sink.close()

    assert ask(postgres_server, f"SELECT id FROM {schema}.names ORDER BY id") == [("1",), ("3",)]  # noqa: S608
    begun(postgres_server, schema, table=table).close()


def test_a_table_that_a_view_reads_is_not_dropped(
    postgres_server: PostgresServer, schema: str
) -> None:
    sink = PostgresSink(postgres_server.url, schema=schema)
    sink.open()
    sink.begin([])
    with pytest.raises(TargetError, match=f"view {schema}.names depends on table .*drop it, run"):
        sink.publish(b"state", dropped=["things"])
    sink.close()
    assert ask(postgres_server, f"SELECT count(*) FROM {schema}.names") == [(1,)]  # noqa: S608
