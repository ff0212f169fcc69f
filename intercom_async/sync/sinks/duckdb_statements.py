"""The statements that read the columns of a DuckDB table out of its records, and bring rows in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from intercom_async.moments import (
    EARLIEST,
    ISO_TEXT,
    LATEST,
    MILLISECONDS_FROM,
    NUMBER_TEXT,
    ZONED_TEXT,
)
from .columns import DELETED_AT, DIGEST, RECORD, SYNCED_AT, TableColumn
from .duckdb_sql import COLUMN_TYPES, ROWID, SEPARATOR, name_in_sql, table_in_sql, text_in_sql

LINE_BYTES = 2**21
"""Longest line that the reader of staged rows takes, if no record is longer."""
_PARSED = {"timestamp": "VARCHAR"}


def parent_of(column: str | None, columns: Mapping[str, str]) -> str:
    """Return what reads a row's parent, which an earlier version kept as JSON."""
    if column is None or column not in columns:
        return text_in_sql("")
    quoted = name_in_sql(column)
    return f"{quoted} ->> '$'" if columns[column] == "JSON" else quoted


def insert_statement(table: str, columns: list[TableColumn], staged: Path, longest: int) -> str:
    """Return what inserts the rows of a staged file.

    Args:
        table: The table.
        columns: Its columns.
        staged: The file: lines of record, what its columns are read of if it is another text, two
            moments in seconds, and digest, with `SEPARATOR`.
        longest: Bytes of its longest record.
    """
    names = [*(name_in_sql(column.name) for column in columns), RECORD, SYNCED_AT, DELETED_AT]
    together = _parsed_together(columns)
    values = [_value(column, is_parsed=column.field in together) for column in columns]
    line = max(LINE_BYTES, longest + 1_024)
    return (
        f"INSERT INTO {table_in_sql(table)} ({', '.join([*names, DIGEST])}) "
        f"SELECT {', '.join(values)}, r, make_timestamp(synced * 1000000), "
        "make_timestamp(gone * 1000000), digest "
        f"FROM (SELECT r, told, synced, gone, digest, from_json(told, {_shape(columns)}) AS s "
        "FROM (SELECT r, coalesce(told, r) AS told, synced, gone, digest "
        "FROM (SELECT r::JSON AS r, told::JSON AS told, synced, gone, digest "
        f"FROM read_csv({text_in_sql(str(staged))}, auto_detect = false, header = false, "
        f"delim = '{SEPARATOR}', quote = '', escape = '', new_line = '\\n', "
        f"max_line_size = {line}, buffer_size = {2 * line}, "
        "columns = {'r': 'VARCHAR', 'told': 'VARCHAR', 'synced': 'BIGINT', 'gone': 'BIGINT', "
        "'digest': 'UBIGINT'}))))"
    )


def _parsed_together(columns: Iterable[TableColumn]) -> dict[str, TableColumn]:
    """Return the columns that DuckDB can parse in one structure, by their field.

    Its keys must not be empty, nor differ in case only.
    """
    found: dict[str, TableColumn] = {}
    for column in columns:
        found.setdefault(column.field.lower(), column)
    found.pop("", None)
    return {column.field: column for column in found.values()}


def _shape(columns: Iterable[TableColumn]) -> str:
    """Return how the columns stand in a record, for DuckDB to parse each record once."""
    shape = {
        field: _PARSED.get(column.kind, COLUMN_TYPES[column.kind])
        for field, column in _parsed_together(columns).items()
    }
    return text_in_sql(msgspec.json.encode(shape).decode())


def fill_statement(table: str, columns: Sequence[TableColumn]) -> str:
    """Return what fills columns of a table, named as in SQL, from the records of its rows."""
    # The same for all of them, so that DuckDB parses each record once.
    fields = f"from_json({RECORD}, {_shape(columns)})"
    filled = ", ".join(f"{name} = {value}" for name, value in _read_of_records(columns, fields))
    return f"UPDATE {table} SET {filled}"


def differing_statement(table: str, columns: Sequence[TableColumn], first: int, last: int) -> str:
    """Return what counts the values of columns that were not read of the records beside them.

    Rows of before there were digests are left out, and so are records that have a field twice:
    their columns were read of another text.

    Args:
        table: The table, named as in SQL.
        columns: The columns.
        first: The place of the first row that is looked at.
        last: That of the last one.
    """
    parsed, taken = "parsed", {column.name.lower() for column in columns}
    while parsed in taken:
        parsed += "_"
    read = _read_of_records(columns, parsed)
    differing = " + ".join(f"({name} IS DISTINCT FROM {value})::INTEGER" for name, value in read)
    listed = ", ".join([*(name for name, _ in read), RECORD])
    # In a condition, DuckDB would parse a record for each column.
    return (
        f"SELECT sum({differing}) FROM ("
        f"SELECT {listed}, from_json({RECORD}, {_shape(columns)}) AS {parsed} FROM {table} "
        f"WHERE {ROWID} BETWEEN {first} AND {last} AND {DIGEST} IS NOT NULL "
        f"AND len(json_keys({RECORD})) = list_unique(json_keys({RECORD})))"
    )


def _read_of_records(columns: Sequence[TableColumn], fields: str) -> list[tuple[str, str]]:
    """Return the names of columns, and what reads each out of the record of its row."""
    together = _parsed_together(columns)
    values = [
        _value(column, is_parsed=column.field in together, record=RECORD, fields=fields)
        for column in columns
    ]
    return [
        (name_in_sql(column.name), value) for column, value in zip(columns, values, strict=True)
    ]


def _value(column: TableColumn, *, is_parsed: bool, record: str = "told", fields: str = "s") -> str:
    """Return what reads a column out of a record, or out of its parsed fields."""
    if not is_parsed:
        pointer = "/" + column.field.replace("~", "~0").replace("/", "~1")
        return f"json_extract({record}, {text_in_sql(pointer)})"
    parsed = f"{fields}[{text_in_sql(column.field)}]"
    if column.kind != "timestamp":
        return parsed
    return _moment(parsed)


def _moment(text: str) -> str:
    """Return what reads a moment out of a text, as `moments.from_server` does.

    Some come in milliseconds where seconds are declared, and some as ISO 8601, in UTC where they
    name no zone. The result is cut to seconds.
    """
    # A cast alone takes more for a number: `1_000`, `.5`, one behind a tab.
    is_number = f"regexp_full_match({text}, ' *{NUMBER_TEXT} *')"
    number = f"TRY_CAST({text} AS DOUBLE)"
    trimmed = f"trim({text}, ' ')"
    whole = f"regexp_replace({trimmed}, '[.][0-9]+', '')"
    iso = (
        f"CASE WHEN NOT regexp_full_match({trimmed}, '{ISO_TEXT}') THEN NULL "
        f"WHEN regexp_full_match({trimmed}, '{ZONED_TEXT}') "
        f"THEN floor(epoch(TRY_CAST({whole} AS TIMESTAMPTZ))) "
        f"ELSE floor(epoch(TRY_CAST({whole} AS TIMESTAMP))) END"
    )
    seconds = (
        f"CASE WHEN {number} IS NULL THEN "
        f"CASE WHEN {iso} BETWEEN {EARLIEST} AND {LATEST} THEN {iso} END "
        f"WHEN NOT {is_number} THEN NULL "
        f"WHEN {number} BETWEEN {EARLIEST} AND {MILLISECONDS_FROM} THEN floor({number}) "
        f"WHEN {number} >= 0 AND {number} < {1000 * (LATEST + 1)} THEN floor({number} / 1e3) END"
    )
    return f"make_timestamp(CAST({seconds} AS BIGINT) * 1000000)"
