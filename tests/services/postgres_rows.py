"""A table with a column of each kind, and the PostgreSQL sink by itself."""

from __future__ import annotations

from typing import Any

import msgspec

from intercom_async.models.base import Timestamp
from intercom_async.sync import PostgresSink
from intercom_async.sync.sinks.base import Table
from intercom_async.sync.sinks.entries import Entry, Put
from .conftest import PostgresServer


def ask(server: PostgresServer, statement: str, *values: Any) -> list[Any]:
    import psycopg  # noqa: PLC0415 (an extra)

    with psycopg.connect(server.url, autocommit=True, options="-c TimeZone=UTC") as connection:
        cursor = connection.execute(statement.encode(), values)
        return list(cursor.fetchall()) if cursor.description else []


class Row(msgspec.Struct):
    """A model with a column of each kind."""

    id: str
    name: str | None = None
    size: int | None = None
    rate: float | None = None
    ok: bool | None = None
    at: Timestamp | None = None


TABLE = Table("things", "id", Row)


def put(key: str, **fields: Any) -> Put:
    body = msgspec.json.encode({"id": key, **fields})
    return Put("things", key, "", body, 0, 1_700_000_000, abs(hash(body)) % 2**64)


def run(sink: PostgresSink, *entries: Entry, table: Table = TABLE) -> None:
    sink.open()
    sink.begin([table])
    sink.commit(entries, b"state")
    sink.publish(b"state")
    sink.close()


def tables(server: PostgresServer, schema: str) -> set[str]:
    wanted = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s"
    return {name for (name,) in ask(server, wanted, schema)}


def begun(
    server: PostgresServer, schema: str, *entries: Entry, table: Table = TABLE
) -> PostgresSink:
    """Commit entries to a schema in which a sync is under way."""
    sink = PostgresSink(server.url, schema=schema)
    sink.open()
    sink.begin([table])
    sink.commit(entries, b"state")
    return sink
