"""What is damaged in a DuckDB database: tables, columns and rows that are not as they were."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

import msgspec

from intercom_async.sync.errors import TargetError
from intercom_async.sync.merging import is_digest_of
from .columns import DELETED_AT, DIGEST, RECORD, SYNCED_AT, TableColumn, TableColumns
from .duckdb_sql import COLUMN_TYPES, READ_RECORDS, ROWID, Database, table_in_sql
from .duckdb_staging import VECTOR_BYTES, VECTOR_ROWS
from .duckdb_statements import differing_statement
from .table_damage import (
    changed_rows,
    missing_column,
    missing_table,
    other_count,
    other_values,
)


class StoredDatabase(msgspec.Struct):
    """What the sink remembers in the database beside the sync's state."""

    generation: int
    rows: dict[str, int] = {}
    """Rows of each table, by which damage shows."""
    extra: dict[str, list[str]] = {}
    """Fields beyond the model's that have columns."""
    columns: dict[str, list[TableColumn]] = {}
    """The columns of each table; none of one that an earlier version has written last."""
    sums: dict[str, str] = {}
    """What the digests and moments of each table's rows add up to."""

    def next(self) -> StoredDatabase:
        """Return what is remembered with the next generation."""
        return StoredDatabase(
            self.generation + 1,
            dict(self.rows),
            dict(self.extra),
            dict(self.columns),
            dict(self.sums),
        )

    def note(self, database: Database, name: str, columns: TableColumns) -> None:
        """Note a table as it is now."""
        self.extra[name], self.columns[name] = columns.extra, columns.all
        self.rows[name] = database.ask(f"SELECT count(*) FROM {table_in_sql(name)}")[0][0]
        self.sums[name] = _sums(database, name)

    def forget(self, name: str) -> None:
        """Forget a table that is dropped."""
        self.rows.pop(name, None)
        self.extra.pop(name, None)
        self.columns.pop(name, None)
        self.sums.pop(name, None)


def _sums(database: Database, name: str) -> str:
    """Return the sums of a table's digests and moments: columns that are short, and read fast."""
    moments = (f"sum(epoch({own})::BIGINT)" for own in (SYNCED_AT, DELETED_AT))
    listed = ", ".join([f"sum({DIGEST}::HUGEINT)", f"count({DELETED_AT})", *moments])
    found = database.ask(f"SELECT {listed} FROM {table_in_sql(name)}")[0]
    return " ".join(str(value or 0) for value in found)


def damaged(
    database: Database, stored: StoredDatabase, names: Container[str], *, whole: bool
) -> Iterator[tuple[str, str]]:
    """Give the tables that are damaged, each with the reason.

    Args:
        database: The database, connected.
        stored: What the tables should be.
        names: The tables that are there.
        whole: Compare all rows with their digests, and all columns with their records.
    """
    for name in stored.rows:
        reason = missing_table(name)
        if name in names:
            reason = _missing(database, stored, name) or (
                _changed(database, stored, name) if whole else ""
            )
        if reason:
            yield name, reason


def _missing(database: Database, stored: StoredDatabase, name: str) -> str:
    """Say which rows a table lacks, or has too many, if any."""
    count = database.ask(f"SELECT count(*) FROM {table_in_sql(name)}")[0][0]
    if count != stored.rows[name]:
        return other_count(name, count, stored.rows[name])
    return ""


def _changed(database: Database, stored: StoredDatabase, name: str) -> str:
    """Say what of a table was changed, if anything."""
    table, there, columns = table_in_sql(name), database.columns(name), stored.columns.get(name, [])
    wanted = (RECORD, DIGEST, SYNCED_AT, DELETED_AT) if columns else (RECORD, DIGEST)
    for column in wanted:
        if column not in there:
            return missing_column(name, column)
    if not _is_whole(database, table):
        return changed_rows(name)
    if name in stored.sums and stored.sums[name] != _sums(database, name):
        return f"{changed_rows(name)}, or took the place of others"
    # Columns that somebody has dropped or given another type are filled again.
    known = [one for one in columns if there.get(one.name) == COLUMN_TYPES[one.kind]]
    if known and _differ(database, table, known):
        return other_values(name)
    return ""


def _is_whole(database: Database, table: str) -> bool:
    # Rows that went before there were digests have none, and stay as they are.
    wanted = f"SELECT {RECORD}, {DIGEST} FROM {table} WHERE {DIGEST} IS NOT NULL"
    return all(
        is_digest_of(record.encode(), digest)
        for record, digest in database.stream(wanted, READ_RECORDS)
    )


def _differ(database: Database, table: str, columns: list[TableColumn]) -> bool:
    """Say whether columns hold what was not read of the records beside them."""
    return any(
        database.ask(differing_statement(table, columns, first, last))[0][0]
        for first, last in _places(database, table)
    )


def _places(database: Database, table: str) -> Iterator[tuple[int, int]]:
    """Give the places of rows that are compared together, the first and the last.

    DuckDB takes `VECTOR_ROWS` at once; of large rows it is given no more than are staged together.
    """
    sizes = database.ask(
        f"SELECT {ROWID} // {VECTOR_ROWS}, sum(strlen({RECORD})) FROM {table} GROUP BY 1 ORDER BY 1"
    )
    begin = end = 0
    for number, size in sizes:
        first = number * VECTOR_ROWS
        parts = min(int(size) // VECTOR_BYTES + 1, VECTOR_ROWS)
        if parts > 1:
            if begin < end:
                yield begin, end - 1
            step = VECTOR_ROWS // parts
            yield from (
                (at, min(at + step, first + VECTOR_ROWS) - 1)
                for at in range(first, first + VECTOR_ROWS, step)
            )
            begin = first + VECTOR_ROWS
        end = first + VECTOR_ROWS
    if begin < end:
        yield begin, end - 1


def refuse_other_columns(
    where: str, name: str, columns: Container[str], keys: Iterable[str | None]
) -> None:
    """Refuse a table without the columns that tell its rows, which somebody has dropped.

    Args:
        where: What messages call the database.
        name: The table.
        columns: Its columns.
        keys: Columns that tell its rows apart.

    Raises:
        TargetError: It lacks one.
    """
    for column in (RECORD, DIGEST, *keys):
        if column is not None and column not in columns:
            raise TargetError(
                f"{where} is damaged: {missing_column(name, column)}; drop the table, and run with "
                "--repair"
            )
