"""What is damaged in a DuckDB database: tables, columns and rows that are not as they were."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from intercom_async.sync.errors import TargetError
from intercom_async.sync.merging import digest_of
from .columns import DIGEST, RECORD
from .duckdb_sql import READ_RECORDS, Database, name_in_sql


def damaged(
    database: Database, rows: Mapping[str, int], names: Container[str], *, whole: bool
) -> Iterator[tuple[str, str]]:
    """Give the tables that are damaged, each with the reason.

    Args:
        database: The database, connected.
        rows: How many rows each table should have.
        names: The tables that are there.
        whole: Compare all rows with their digests.
    """
    for name, count in rows.items():
        if name not in names:
            yield name, f"the table {name} is missing"
            continue
        table = name_in_sql(name)
        found = database.ask(f"SELECT count(*) FROM {table}")[0][0]
        there = database.columns(name) if whole else (RECORD, DIGEST)
        lacking = next((column for column in (RECORD, DIGEST) if column not in there), None)
        if lacking is not None:
            yield name, f"the table {name} has no column {lacking}"
        elif found != count:
            yield name, f"the table {name} has {found} rows instead of {count}"
        elif whole and not _is_whole(database, table):
            yield name, f"rows of the table {name} were changed"


def _is_whole(database: Database, table: str) -> bool:
    # Rows that went before there were digests have none, and stay as they are.
    wanted = f"SELECT {RECORD}, {DIGEST} FROM {table} WHERE {DIGEST} IS NOT NULL"
    return all(
        digest_of(record.encode()) == digest
        for record, digest in database.stream(wanted, READ_RECORDS)
    )


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
                f"{where} is damaged: the table {name} has no column {column}; drop the "
                "table, and run with --repair"
            )
