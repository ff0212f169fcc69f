"""Names, values and statements of the PostgreSQL sink."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import TypeVar

from intercom_async.moments import (
    EARLIEST,
    ISO_TEXT,
    LATEST,
    MILLISECONDS_FROM,
    NUMBER_TEXT,
    ZONED_TEXT,
)
from intercom_async.sync.raw_rows import clean as clean_row
from .base import Table
from .columns import DELETED_AT, DIGEST, SYNCED_AT, TableColumn, TableColumns
from .entries import Put
from .merge import Emitted

R = TypeVar("R", Emitted, Put)

RAW = "raw"
"""The whole row, as PostgreSQL keeps JSON."""
OWN = (RAW, SYNCED_AT, DELETED_AT, DIGEST)
TAKEN = (*OWN, "tableoid", "ctid", "xmin", "cmin", "xmax", "cmax")
"""Names that no field's column can have: ours, and those that PostgreSQL has in each table
(test_postgres_strange_rows.py::test_strange_rows_are_rows)."""
STATE, JOURNAL = "intercom_async_state", "intercom_async_journal"
SHARDS, SHARD_ENTRIES = "intercom_async_shards", "intercom_async_shard_entries"
MAX_NAME_BYTES = 63
"""Bytes of an identifier; PostgreSQL cuts longer ones
(test_postgres_sink.py::test_long_names_stay_apart)."""
PUT_BYTES = 2**20
"""Bytes of rows that one statement puts into their table: PostgreSQL keeps them in memory, four
megabytes by default."""
STAGED = "intercom_async_staged_"
"""Beginning of the names of staging tables: the rest is the table that they become."""
_NUL = re.compile(rb"(\\[^u])|\\u0000")
"""NUL as an escape; another one, such as a backslash before `u0000`, is taken whole."""
_REFUSED = (b"\\u0000", b"\\ud", b"\\uD")
COLUMN_TYPES = {
    "text": "text",
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "timestamp": "timestamp with time zone",
    "json": "jsonb",
}
"""Types of columns by what they hold, by the names that the database gives them."""

LZ4 = (
    "SELECT count(*) > 0 FROM pg_settings "
    "WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)"
)
"""Whether the database can compress rows by LZ4, in a quarter of the time of its own way."""


def identifier(name: str) -> str:
    """Return a name as an identifier; of a long one, its beginning and a digest of the whole."""
    name = name.replace("\0", "")
    body = name.encode(errors="replace")
    if len(body) > MAX_NAME_BYTES:
        digest = blake2b(body, digest_size=4).hexdigest()
        kept = body[: MAX_NAME_BYTES - 9].decode(errors="ignore")
        name = f"{kept}_{digest}"
    quoted = name.replace('"', '""')
    return f'"{quoted}"'


def literal(text: str) -> str:
    """Return a text as a literal; texts with backslashes mean what they say."""
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def clean(body: bytes) -> bytes:
    """Return a row as JSON that PostgreSQL can keep.

    It keeps neither NUL nor half a surrogate pair, and UTF-8 only; what is none becomes U+FFFD.
    """
    return _NUL.sub(lambda found: found[1] or rb"\ufffd", clean_row(body))


def lines(bodies: Sequence[bytes]) -> bytes:
    """Return rows that PostgreSQL can keep, each on a line of its own."""
    whole = b"\n".join(bodies)
    if whole.count(b"\n") < len(bodies) and _is_kept(whole):
        return whole
    return b"\n".join(map(clean, bodies))


def _is_kept(text: bytes) -> bool:
    """Say whether PostgreSQL can keep a text."""
    if b"\\" in text and any(escape in text for escape in _REFUSED):
        return False
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def numbers(values: Iterable[int]) -> str:
    """Return numbers as PostgreSQL's array."""
    return "{" + ",".join(map(str, values)) + "}"


def clean_text(text: str) -> str:
    """Return a text as PostgreSQL can keep it, the same as `clean` makes of it in a row."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


def signed(digest: int) -> int:
    """Return 64 bits as PostgreSQL's bigint."""
    return digest - 2**64 if digest >= 2**63 else digest


def unsigned(digest: int) -> int:
    """Return a bigint as 64 bits."""
    return digest + 2**64 if digest < 0 else digest


def setup(schema: str) -> str:
    """Return what makes the sink's own tables and its reader of times."""
    s = identifier(schema)
    return f"""
CREATE TABLE IF NOT EXISTS {s}.{STATE} (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  epoch bigint NOT NULL DEFAULT 0, state text, journal_state text, sink text);
INSERT INTO {s}.{STATE} DEFAULT VALUES ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS {s}.{JOURNAL} (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, entry bytea NOT NULL);
{moment_function(schema)}"""


def moment_function(schema: str) -> str:
    """Return what makes the reader of times."""
    s = identifier(schema)
    return f"""
CREATE OR REPLACE FUNCTION {s}.intercom_async_moment(value jsonb) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE told text := btrim(value #>> '{{}}', ' '); seconds float8;
BEGIN
  IF told IS NULL OR jsonb_typeof(value) NOT IN ('number', 'string') THEN RETURN NULL; END IF;
  BEGIN
    IF told ~ '^{NUMBER_TEXT}$' THEN
      seconds := told::float8;
      IF seconds > {MILLISECONDS_FROM} THEN seconds := seconds / 1000; END IF;
    ELSIF told ~ '^{ISO_TEXT}$' THEN
      told := regexp_replace(told, '[.][0-9]+', '');  -- a fraction would be rounded
      IF told ~ '^{ZONED_TEXT}$' THEN
        seconds := extract(epoch FROM told::timestamptz);
      ELSE
        seconds := extract(epoch FROM told::timestamp);  -- without a zone it is UTC
      END IF;
    END IF;
  EXCEPTION WHEN OTHERS THEN RETURN NULL;
  END;
  seconds := floor(seconds);
  RETURN CASE WHEN seconds BETWEEN {EARLIEST} AND {LATEST} THEN to_timestamp(seconds) END;
END $$;
"""


def shard_tables(schema: str) -> str:
    """Return what makes the tables of a sharded run."""
    s = identifier(schema)
    return f"""
CREATE TABLE IF NOT EXISTS {s}.{SHARDS} (
  run text, number integer, epoch bigint NOT NULL, token bigint NOT NULL DEFAULT 0,
  is_done boolean NOT NULL DEFAULT false, spec text NOT NULL, state text NOT NULL,
  PRIMARY KEY (run, number));
CREATE TABLE IF NOT EXISTS {s}.{SHARD_ENTRIES} (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, shard integer NOT NULL,
  entry bytea NOT NULL);
CREATE INDEX IF NOT EXISTS {SHARD_ENTRIES}_shard ON {s}.{SHARD_ENTRIES} (shard);
"""


def key_columns(table: Table, columns: TableColumns) -> list[str]:
    """Return the columns that tell rows of a table apart."""
    named = [columns.named(field) for field in (table.parent_field, table.key)]
    return [column for column in named if column is not None]


def create_table(
    schema: str, name: str, columns: TableColumns, key: Iterable[str], compression: str = ""
) -> str:
    """Return what makes the table of a stream; a key stands in it once.

    Args:
        schema: Its schema.
        name: Its name.
        columns: Its columns.
        key: Those that tell rows apart.
        compression: How whole rows are compressed; empty for the database's own way.
    """
    listed = [f"{identifier(column.name)} {COLUMN_TYPES[column.kind]}" for column in columns.all]
    listed += [
        f"{RAW} jsonb{compression and ' COMPRESSION '}{compression} NOT NULL",
        f"{SYNCED_AT} timestamptz NOT NULL",
        f"{DELETED_AT} timestamptz",
        f"{DIGEST} bigint NOT NULL",
        f"PRIMARY KEY ({', '.join(map(identifier, key))})",
    ]
    return f"CREATE TABLE {identifier(schema)}.{identifier(name)} ({', '.join(listed)})"


def put_rows(schema: str, name: str, columns: Sequence[TableColumn], key: Iterable[str]) -> str:
    """Return what puts rows into a table.

    It gives how many rows are new, without a name, and the names of fields that are not known.

    Its values: rows as `lines`, three arrays of numbers (when a row came, when it went or nothing,
    its digest), and the names that are known, or nothing where none is asked for.

    Args:
        schema: The table's schema.
        name: Its name.
        columns: Its columns.
        key: Those of a row that takes the place of another one; none where no row does.
    """
    names = [*(identifier(column.name) for column in columns), *OWN]
    values = [value_of(schema, column) for column in columns]
    values += ["raw", "to_timestamp(synced)", "to_timestamp(gone)", "digest"]
    conflict = ", ".join(map(identifier, key))
    again = ", ".join(f"{name} = EXCLUDED.{name}" for name in names)
    instead = f"ON CONFLICT ({conflict}) DO UPDATE SET {again}" if conflict else ""
    return f"""
WITH given AS MATERIALIZED (
  SELECT unnest(string_to_array(convert_from($1, 'UTF8'), E'\n'))::jsonb AS raw,
    unnest($2::bigint[]) AS synced, unnest($3::bigint[]) AS gone, unnest($4::bigint[]) AS digest),
put AS (
  INSERT INTO {identifier(schema)}.{identifier(name)} ({", ".join(names)})
  SELECT {", ".join(values)} FROM given {instead} RETURNING xmax = 0 AS is_new)
SELECT NULL AS field, count(*) FROM put WHERE is_new UNION ALL
SELECT DISTINCT jsonb_object_keys(raw - $5::text[]), 0 FROM given
WHERE raw - $5::text[] <> '{{}}'
"""


def fill_columns(schema: str, name: str, columns: Sequence[TableColumn]) -> str:
    """Return what fills columns that were added after the first rows that have their fields.

    Those were put by the same transaction or a part of it, whose numbers come after its own, modulo
    2^32; other rows are not read, but for their heads.
    """
    return (
        f"{fill_all(schema, name, columns)} "
        "AND (xmin::text::bigint - (SELECT txid_current() & 4294967295)) & 4294967295 "
        "< 2147483648"
    )


def fill_all(schema: str, name: str, columns: Sequence[TableColumn]) -> str:
    """Return what fills columns in all rows of a table that have their fields."""
    return f"{_fill(schema, name, columns)} WHERE {_has_any(columns)}"


def correct(schema: str, name: str, columns: Sequence[TableColumn]) -> str:
    """Return what fills columns in the rows of a table in which one of them holds another value."""
    rows = _unpacked(schema, name, columns)
    return (
        f"{_fill(schema, name, columns)} "
        f"WHERE ctid IN (SELECT ctid FROM {rows} WHERE {_differing(schema, columns)})"
    )


def _fill(schema: str, name: str, columns: Iterable[TableColumn]) -> str:
    filled = ", ".join(
        f"{identifier(column.name)} = {value_of(schema, column)}" for column in columns
    )
    return f"UPDATE {identifier(schema)}.{identifier(name)} SET {filled}"


def any_row_has(schema: str, name: str, columns: Sequence[TableColumn]) -> str:
    """Return what says whether any row of a table has the field of one of some columns."""
    table = f"{identifier(schema)}.{identifier(name)}"
    return f"SELECT EXISTS (SELECT FROM {table} WHERE {_has_any(columns)})"


def _has_any(columns: Sequence[TableColumn]) -> str:
    """Return the condition on a row that it has the field of one of some columns."""
    fields = ", ".join(literal(column.field.replace("\0", "\ufffd")) for column in columns)
    return f"raw ?| ARRAY[{fields}]"


def value_of(schema: str, column: TableColumn) -> str:
    """Return what reads a column out of the row that stands in `raw`."""
    field = literal(column.field.replace("\0", "\ufffd"))
    found, text = f"raw -> {field}", f"raw ->> {field}"
    if column.kind == "text":
        return text
    if column.kind == "json":
        return f"nullif({found}, 'null'::jsonb)"
    if column.kind == "timestamp":
        # The function takes some times as long as what most moments need; it reads those below 1,
        # too, of which some are too small for float8.
        moment = f"{identifier(schema)}.intercom_async_moment({found})"
        return (
            f"CASE jsonb_typeof({found}) WHEN 'number' THEN "
            f"CASE WHEN ({found})::numeric BETWEEN 1 AND {MILLISECONDS_FROM} "
            f"THEN to_timestamp(floor(({found})::float8)) ELSE {moment} END "
            f"WHEN 'string' THEN {moment} END"
        )
    if column.kind == "boolean":
        return f"CASE jsonb_typeof({found}) WHEN 'boolean' THEN ({found})::boolean END"
    if column.kind == "number":
        # What is too small for float8 would be refused, and not become zero.
        return (
            f"CASE WHEN jsonb_typeof({found}) = 'number' THEN "
            f"CASE WHEN abs(({found})::numeric) < 1e-300 THEN 0 "
            f"WHEN abs(({found})::numeric) < 1e300 THEN ({found})::float8 END END"
        )
    return (
        f"CASE WHEN jsonb_typeof({found}) = 'number' AND abs(({found})::numeric) < 9e18 "
        f"THEN trunc(({found})::numeric)::bigint END"
    )


def _differing(schema: str, columns: Iterable[TableColumn]) -> str:
    """Return the condition on a row that one of some columns was not read of its `raw`."""
    return " OR ".join(
        f"{identifier(column.name)} IS DISTINCT FROM ({value_of(schema, column)})"
        for column in columns
    )


def _unpacked(schema: str, name: str, columns: Iterable[TableColumn]) -> str:
    """Return the rows of a table, each unpacked once, and not for each column that is read of it.

    The path to all of it does that, and OFFSET keeps it from being done where it is used.
    """
    listed = ", ".join(identifier(column.name) for column in columns)
    table = f"{identifier(schema)}.{identifier(name)}"
    return f"(SELECT ctid, {listed}, {RAW} #> '{{}}' AS {RAW} FROM {table} OFFSET 0) AS unpacked"


def row_by_row(schema: str, name: str, columns: Sequence[TableColumn]) -> str:
    """Return what says of each row of a table whether one of some columns was not read of it."""
    return f"SELECT {_differing(schema, columns)} FROM {_unpacked(schema, name, columns)}"


def plain(name: str) -> str:
    """Return a table's name as the database knows it."""
    return identifier(name)[1:-1].replace('""', '"')


def chunks(rows: Iterable[R]) -> Iterator[list[R]]:
    """Give rows in lists of about `PUT_BYTES`."""
    chunk: list[R] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += len(row.body)
        if size >= PUT_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
