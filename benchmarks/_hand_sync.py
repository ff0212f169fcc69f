"""All contacts of a workspace into a target, by a program that knows nothing of this package.

It reads one page after the other with aiohttp and msgspec, journals each few pages with one fsync,
and fills the target by the fastest way that its library has. What it leaves out: everything that a
sync is for. It cannot be stopped and gone on with, reads changes never, and sees no row that goes.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import aiohttp
import msgspec

from intercom_async.models import Contact
from intercom_async.models._columns import columns_of

PAGES_A_COMMIT = 4
"""Each fsync is for 600 rows, about a megabyte."""
GROUP_ROWS = 5_000
COPY_BYTES = 2**20
COLUMNS = {column.name: column.kind for column in columns_of(Contact)}
"""Columns of the table, with the kind of each: what both programs make of a row."""


class Next(msgspec.Struct):
    """Where a list goes on."""

    starting_after: str | None = None


class Pages(msgspec.Struct):
    """What a page says of the next one."""

    next: Next | None = None


class Page(msgspec.Struct):
    """A page of rows that are not decoded."""

    data: list[msgspec.Raw]
    pages: Pages | None = None


PAGE = msgspec.json.Decoder(Page)


async def pages(url: str, token: str) -> AsyncGenerator[list[bytes]]:
    """Give the rows of each page."""
    headers = {"Authorization": f"Bearer {token}", "Intercom-Version": "2.14"}
    query = {"field": "created_at", "operator": ">", "value": 0}
    pagination: dict[str, Any] = {"per_page": 150}
    async with aiohttp.ClientSession(headers=headers) as session:
        while True:
            body = {"query": query, "pagination": pagination}
            async with session.post(f"{url}/contacts/search", json=body) as response:
                page = PAGE.decode(await response.read())
            yield [bytes(row) for row in page.data]
            following = page.pages.next if page.pages is not None else None
            if following is None or following.starting_after is None:
                return
            pagination["starting_after"] = following.starting_after


class HandSink(Protocol):
    """A target."""

    def commit(self, rows: list[bytes]) -> None:
        """Bring rows to the disk."""

    def publish(self) -> None:
        """Fill the target."""


class JournalFile:
    """A line a row, and one fsync a commit."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_suffix(".journal")
        self._file: BinaryIO = self.path.open("wb")

    def commit(self, rows: list[bytes]) -> None:
        """Bring rows to the disk."""
        self._file.write(b"\n".join(rows) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


class Lines(JournalFile):
    """JSON lines: the journal, copied."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._target = path

    def publish(self) -> None:
        """Fill the target."""
        with self.path.open("rb") as source, self._target.open("wb") as target:
            shutil.copyfileobj(source, target, COPY_BYTES)
            target.flush()
            os.fsync(target.fileno())


_TYPES: dict[str, Any] = {
    "text": str | int | None,
    "integer": int | None,
    "number": float | None,
    "boolean": bool | None,
    "timestamp": int | None,
    "json": msgspec.Raw,
}
NULL = msgspec.Raw(b"null")


class Parquet(JournalFile):
    """Parquet, by Arrow tables of rows that msgspec has decoded as typed structs."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        import pyarrow as pa  # noqa: PLC0415 (an extra)
        import pyarrow.parquet as pq  # noqa: PLC0415 (an extra)

        self._target = path
        self._arrow, self._parquet = pa, pq
        fields = [
            (name, _TYPES[kind], NULL if kind == "json" else None) for name, kind in COLUMNS.items()
        ]
        self._decode = msgspec.json.Decoder(msgspec.defstruct("Row", fields)).decode
        types = {
            "text": pa.string(), "integer": pa.int64(), "number": pa.float64(),
            "boolean": pa.bool_(), "timestamp": pa.timestamp("s", tz="UTC"), "json": pa.string(),
        }  # fmt: skip
        listed = [(name, types[kind]) for name, kind in COLUMNS.items()]
        self._schema = pa.schema([*listed, ("record", pa.string())])

    def publish(self) -> None:
        """Fill the target."""
        with (
            self.path.open("rb") as source,
            self._parquet.ParquetWriter(self._target, self._schema, compression="zstd") as writer,
        ):
            for lines in _groups(source):
                writer.write_table(self._table(lines))

    def _table(self, lines: list[str]) -> Any:
        rows = [self._decode(line) for line in lines]
        arrays: list[Any] = []
        for name, kind in COLUMNS.items():
            values: list[Any] = [getattr(row, name) for row in rows]
            if name == "owner_id":  # a number in most answers
                values = [None if value is None else str(value) for value in values]
            elif kind == "json":
                values = [None if value is NULL else str(value, "utf-8") for value in values]
            arrays.append(self._arrow.array(values, self._schema.field(name).type))
        arrays.append(self._arrow.array(lines, self._arrow.string()))
        return self._arrow.Table.from_arrays(arrays, schema=self._schema)


def _groups(source: BinaryIO) -> Iterator[list[str]]:
    lines: list[str] = []
    for line in source:
        lines.append(line[:-1].decode())
        if len(lines) == GROUP_ROWS:
            yield lines
            lines = []
    if lines:
        yield lines


class DuckDB(JournalFile):
    """DuckDB, which reads the journal itself."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        import duckdb  # noqa: PLC0415 (an extra)

        self._connect: Callable[[], Any] = lambda: duckdb.connect(str(path))

    def publish(self) -> None:
        """Fill the target."""
        types = {
            "text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN",
            "timestamp": "BIGINT", "json": "JSON",
        }  # fmt: skip
        shape = json.dumps({name: types[kind] for name, kind in COLUMNS.items()})
        values = [
            f"make_timestamp(s.{name} * 1000000) AS {name}" if kind == "timestamp" else f"s.{name}"
            for name, kind in COLUMNS.items()
        ]
        with self._connect() as connection:
            connection.execute(
                f"CREATE TABLE contacts AS SELECT {', '.join(values)}, record FROM ("
                f"SELECT json AS record, from_json(json, '{shape}') AS s "
                f"FROM read_ndjson_objects('{self.path}', format = 'newline_delimited'))"
            )


class Postgres:
    """PostgreSQL: the journal is a table, and the database makes the columns and the key."""

    def __init__(self, conninfo: str, schema: str) -> None:
        import psycopg  # noqa: PLC0415 (an extra)

        self._connection = psycopg.connect(conninfo, autocommit=True)
        self._schema = schema
        self._connection.execute(f"CREATE SCHEMA {schema}".encode())
        self._connection.execute(f"CREATE TABLE {schema}.journal (raw jsonb)".encode())
        self._connection.execute(f"CREATE TABLE {schema}.state AS SELECT 0 AS rows".encode())

    def commit(self, rows: list[bytes]) -> None:
        """Bring rows to the disk, together with how many there are."""
        into = f"COPY {self._schema}.journal FROM STDIN".encode()
        with self._connection.transaction(), self._connection.cursor() as cursor:
            with cursor.copy(into) as copy:
                for row in rows:
                    copy.write_row((row.decode(),))
            cursor.execute(f"UPDATE {self._schema}.state SET rows = rows + {len(rows)}".encode())

    def publish(self) -> None:
        """Fill the target."""
        cast = {
            "text": "raw ->> '{0}'", "integer": "(raw ->> '{0}')::bigint",
            "number": "(raw ->> '{0}')::float8", "boolean": "(raw ->> '{0}')::boolean",
            "timestamp": "to_timestamp((raw ->> '{0}')::bigint)", "json": "raw -> '{0}'",
        }  # fmt: skip
        values = [f"{cast[kind].format(name)} AS {name}" for name, kind in COLUMNS.items()]
        values += ["raw", "now() AS _synced_at"]
        with self._connection.transaction():
            self._connection.execute(
                f"CREATE TABLE {self._schema}.contacts AS SELECT {', '.join(values)} "
                f"FROM {self._schema}.journal".encode()
            )
            self._connection.execute(
                f"ALTER TABLE {self._schema}.contacts ADD PRIMARY KEY (id)".encode()
            )
            self._connection.execute(f"DROP TABLE {self._schema}.journal".encode())


async def sync(url: str, token: str, sink: HandSink) -> int:
    """Bring all contacts to the target; return how many there are."""
    count = number = 0
    waiting: list[bytes] = []
    async for rows in pages(url, token):
        waiting += rows
        count += len(rows)
        number += 1
        if number % PAGES_A_COMMIT == 0:
            sink.commit(waiting)
            waiting = []
    if waiting:
        sink.commit(waiting)
    sink.publish()
    return count
