"""A DuckDB database: a table a stream, with typed columns and the whole record beside them.

Rows and state are one transaction. There is no primary key: a key's index would have to be held in
memory. A row takes the place of an earlier one by a delete in the same transaction instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from intercom_async.moments import MILLISECONDS_FROM
from intercom_async.sync.errors import TargetError
from .base import Ending, Table
from .columns import RECORD, Column, table_columns
from .extra import load
from .files import os_errors_as_target_errors

STATE_TABLE = "intercom_async_state"
MEMORY_MB = 64
GROUP_ROWS = 10_240
INSERT_ROWS = 500
INSERT_BYTES = 2**19
"""Of records in one statement: DuckDB takes some fifteen times as much to parse them."""
MEMORY_TIMES = 64
"""What a record that is larger than a statement's share is allowed, in times of its size."""
_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "json": "JSON",
}
_PARSED = {"timestamp": "VARCHAR"}
LATEST_MS = 253_402_300_799_000
"""The end of the year 9999."""
RUN = "_run"
"""The column with the number of the run that wrote a row."""


class DuckDBSink:
    """Writes each stream into a table of its own.

    ::

        duckdb.connect("intercom.duckdb").sql("select email, created_at from contacts")

    Times are in UTC. Fields that the package does not know get columns as they are first seen.

    Args:
        path: The database; made if it is not there. Tables of yours in it are left alone.

    Raises:
        TargetError: duckdb is missing.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._duckdb = load("duckdb", extra="duckdb", what="DuckDB")
        self._path = Path(path)
        self._connection: Any = None
        self._tables: dict[str, Table] = {}
        self._columns: dict[str, list[Column]] = {}
        self._was_there = True

    @property
    def where(self) -> str:
        """Its path."""
        return str(self._path)

    def open(self) -> bytes | None:
        """Connect and return the state in it."""
        with os_errors_as_target_errors(self.where):
            if self._path.is_dir():
                raise TargetError(f"{self._path} is a folder; a DuckDB database is a file")
            if not self._path.parent.is_dir():
                raise TargetError(f"{self._path.parent} is not there; make it, or correct the path")
            self._was_there = self._path.exists()
        # Attached, since only so the size of row groups can be chosen: a checkpoint writes a group
        # that is not full anew, and usual ones hold some hundred megabytes of records.
        try:
            self._connection = self._duckdb.connect(
                ":memory:",
                config={
                    "memory_limit": f"{MEMORY_MB}MB",
                    "threads": 1,
                    "preserve_insertion_order": False,
                    "temp_directory": f"{self.where}.tmp",
                },
            )
            quoted = self.where.replace("'", "''")
            self._connection.execute(
                f"ATTACH '{quoted}' AS target (TYPE duckdb, ROW_GROUP_SIZE {GROUP_ROWS})"
            )
            self._connection.execute("USE target")
        except self._duckdb.Error as error:
            raise TargetError(f"{self.where} cannot be opened: {_reason(error)}") from error
        if STATE_TABLE not in self._names():
            return None
        found = self._ask(f'SELECT state FROM "{STATE_TABLE}"')  # noqa: S608 (its own name)
        return None if not found else str(found[0][0]).encode()

    def begin(self, tables: Sequence[Table]) -> None:
        """Make the tables that are not there yet."""
        names = self._names()
        if STATE_TABLE not in names:
            taken = sorted(names & {table.name for table in tables})
            if taken:
                raise TargetError(
                    f"{self.where} has tables of its own named {', '.join(taken)}; "
                    "choose another database"
                )
        self._ask("BEGIN")
        self._ask(f'CREATE TABLE IF NOT EXISTS "{STATE_TABLE}" (state VARCHAR)')
        for table in tables:
            self._tables[table.name] = table
            columns = table_columns(table.model, table.key)
            listed = ", ".join(f'"{one.name}" {_TYPES[one.kind]}' for one in columns)
            self._ask(
                f'CREATE TABLE IF NOT EXISTS "{table.name}" '
                f'({listed}, "{RECORD}" JSON, "{RUN}" INTEGER)'
            )
            self._columns[table.name] = self._read_columns(table.name, columns)
        self._ask("COMMIT")

    def _read_columns(self, name: str, known: list[Column]) -> list[Column]:
        """Return the columns that a table has; those not in the model hold JSON."""
        kinds = {one.name: one for one in known}
        found = [str(row[0]) for row in self._ask(f'DESCRIBE "{name}"')]
        return [kinds.get(one, Column(one, "json")) for one in found if one not in (RECORD, RUN)]

    def commit(self, rows: Mapping[str, Sequence[bytes]], state: bytes) -> None:
        """Write rows and state in one transaction."""
        self._ask("BEGIN")
        try:
            for name, records in rows.items():
                for chunk in _chunks(records):
                    self._put(self._tables[name], chunk)
            self._save(state)
            self._ask("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _put(self, table: Table, records: list[str]) -> None:
        if len(records) == 1 and len(records[0]) > INSERT_BYTES:
            needed_mb = MEMORY_MB + MEMORY_TIMES * len(records[0]) // 10**6
            self._ask(f"SET memory_limit = '{needed_mb}MB'")
        self._grow(table.name, records)
        if table.may_repeat:
            self._ask(
                f'DELETE FROM "{table.name}" WHERE "{table.key}" IN '  # noqa: S608 (checked names)
                f"(SELECT json(one) ->> {_path(table.key)} FROM (SELECT unnest($1) AS one))",
                [records],
            )
        columns = self._columns[table.name]
        listed = ", ".join(f'"{one.name}"' for one in columns)
        values = ", ".join(_value(one) for one in columns)
        self._ask(
            f'INSERT INTO "{table.name}" ({listed}, "{RECORD}", "{RUN}") '  # noqa: S608 (as above)
            f"SELECT {values}, r, {table.number} "
            f"FROM (SELECT r, from_json(r, '{_shape(columns)}') AS s "
            "FROM (SELECT json(unnest($1::VARCHAR[])) AS r))",
            [records],
        )

    def _grow(self, name: str, records: list[str]) -> None:
        """Add columns for fields that are new."""
        known = {one.name.lower() for one in self._columns[name]} | {RECORD, RUN}
        found = self._ask(
            "SELECT DISTINCT unnest(json_keys(json(one))) FROM (SELECT unnest($1) AS one)",
            [records],
        )
        for new in sorted(str(row[0]) for row in found):
            if new.lower() not in known and '"' not in new:
                known.add(new.lower())
                self._ask(f'ALTER TABLE "{name}" ADD COLUMN "{new}" JSON')
                self._columns[name].append(Column(new, "json"))

    def _save(self, state: bytes) -> None:
        self._ask(f'DELETE FROM "{STATE_TABLE}"')  # noqa: S608 (its own name)
        self._ask(f'INSERT INTO "{STATE_TABLE}" VALUES ($1)', [state.decode()])  # noqa: S608

    def keys(self, name: str) -> Iterable[str]:
        """Give the keys that the open run has written."""
        table = self._tables[name]
        found = self._ask(
            f'SELECT "{table.key}" FROM "{name}" WHERE "{RUN}" = $1',  # noqa: S608 (checked names)
            [table.number],
        )
        return [str(row[0]) for row in found]

    def finish(self, endings: Mapping[str, Ending], state: bytes) -> None:
        """Drop what is gone; the rest is merged already."""
        self._ask("BEGIN")
        try:
            for name, ending in endings.items():
                if ending == "replace":
                    self._ask(
                        f'DELETE FROM "{name}" WHERE "{RUN}" < $1',  # noqa: S608 (checked names)
                        [self._tables[name].number],
                    )
            self._save(state)
            self._ask("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        self._ask("CHECKPOINT")

    def _names(self) -> set[str]:
        found = self._ask("SELECT table_name FROM duckdb_tables() WHERE database_name = 'target'")
        return {str(row[0]) for row in found}

    def _ask(self, statement: str, parameters: list[Any] | None = None) -> list[Any]:
        try:
            found: list[Any] = self._connection.execute(statement, parameters).fetchall()
        except self._duckdb.Error as error:
            raise self._refused(error) from error
        return found

    def _roll_back(self) -> None:
        # After some errors, a full disk among them, there is no transaction to roll back any more.
        try:
            self._connection.execute("ROLLBACK")
        except self._duckdb.Error:
            return

    def _refused(self, error: Exception) -> TargetError:
        return TargetError(f"{self.where}: {_reason(error)}; nothing that was committed is lost")

    def close(self) -> None:
        """Disconnect."""
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        try:
            connection.close()
        except self._duckdb.Error as error:
            raise self._refused(error) from error


def _reason(error: Exception) -> str:
    """Return the first line of what DuckDB says."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _chunks(records: Iterable[bytes]) -> Iterator[list[str]]:
    """Give records in lists for one statement each; one that is larger stands alone."""
    chunk: list[str] = []
    size = 0
    for record in records:
        if chunk and (len(chunk) == INSERT_ROWS or size + len(record) > INSERT_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(record.decode())
        size += len(record)
    if chunk:
        yield chunk


def _path(name: str) -> str:
    """Return a field's place in a record, as text in SQL."""
    quoted = name.replace("'", "''")
    return f"'$.\"{quoted}\"'"


def _shape(columns: Iterable[Column]) -> str:
    """Return how the columns stand in a record, for DuckDB to parse each record once."""
    shape = {one.name: _PARSED.get(one.kind, _TYPES[one.kind]) for one in columns}
    return msgspec.json.encode(shape).decode().replace("'", "''")


def _value(column: Column) -> str:
    """Return what reads a column out of the parsed record `s`."""
    parsed = f's."{column.name}"'
    if column.kind != "timestamp":
        return parsed
    # Some moments come in milliseconds where seconds are declared, and some as ISO 8601.
    number = f"TRY_CAST({parsed} AS DOUBLE)"
    return (
        f"CASE WHEN {number} IS NULL THEN TRY_CAST({parsed} AS TIMESTAMP) "
        f"WHEN abs({number}) > {LATEST_MS} THEN NULL "
        f"WHEN {number} > {MILLISECONDS_FROM} THEN make_timestamp(CAST({number} * 1e3 AS BIGINT)) "
        f"ELSE make_timestamp(CAST({number} * 1e6 AS BIGINT)) END"
    )
