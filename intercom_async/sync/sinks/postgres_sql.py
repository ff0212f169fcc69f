"""Names, values and statements of the PostgreSQL sink."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

from intercom_async.moments import MILLISECONDS_FROM
from .columns import DELETED_AT, DIGEST, SYNCED_AT, TableColumn
from .merge import Emitted

RAW = "raw"
"""The whole row, as PostgreSQL keeps JSON."""
OWN = (RAW, SYNCED_AT, DELETED_AT, DIGEST)
STATE, JOURNAL = "intercom_async_state", "intercom_async_journal"
SHARDS, SHARD_ENTRIES = "intercom_async_shards", "intercom_async_shard_entries"
MAX_NAME_BYTES = 63
"""Bytes of an identifier; PostgreSQL cuts longer ones
(test_postgres_sink.py::test_long_names_stay_apart)."""
LATEST_MS = 253_402_300_799_000
"""The end of the year 9999, UNIX milliseconds: later moments are taken for damage."""
STAGED_BYTES = 2**22
"""Bytes of rows that are copied before they are brought into their table."""
_REFUSED = (b"\\u0000", b"\\ud", b"\\uD")
_MARKS = (b"\\", b"\t", b"\n", b"\r")
"""What means something else in the text format of COPY, or may not be in what is kept."""
_SPACES = bytes(ord(" ") if byte in b"\t\n\r" else byte for byte in range(256))
COLUMN_TYPES = {
    "text": "text",
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "timestamp": "timestamptz",
    "json": "jsonb",
}


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
    try:
        body.decode()
    except UnicodeDecodeError:
        body = body.decode(errors="replace").encode()
    if b"\\" not in body or not any(escape in body for escape in _REFUSED):
        return body
    return json.dumps(_replaced(json.loads(body)), ensure_ascii=False).encode()


def staged_lines(rows: Sequence[Emitted]) -> bytes:
    """Return rows as `COPY_STAGED` reads them."""
    bodies = b"".join(row.body for row in rows)
    if bodies.isascii() and not any(mark in bodies for mark in _MARKS):
        return b"".join(_line(row, row.body) for row in rows)
    return b"".join(map(staged_line, rows))


def staged_line(row: Emitted) -> bytes:
    """Return a row as `COPY_STAGED` reads it."""
    body = clean(row.body)
    if b"\\" in body:
        body = body.replace(b"\\", b"\\\\")
    if b"\t" in body or b"\n" in body or b"\r" in body:
        # Between tokens only: in a string they would be escaped.
        body = body.translate(_SPACES)
    return _line(row, body)


def _line(row: Emitted, body: bytes) -> bytes:
    gone = b"%d" % row.deleted_at if row.deleted_at else b"\\N"
    return b"%b\t%d\t%b\t%d\n" % (body, row.synced_at, gone, signed(row.digest))


def _replaced(value: Any) -> Any:
    if isinstance(value, str):
        whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return whole.replace("\0", "\ufffd")
    # JSON is what it is read from, so these hold any values.
    if isinstance(value, list):
        return _each(value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, dict):
        fields: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return dict(zip(_each(fields), _each(fields.values()), strict=True))
    return value


def _each(values: Iterable[Any]) -> list[Any]:
    return [_replaced(value) for value in values]


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
CREATE OR REPLACE FUNCTION {s}.intercom_async_moment(value jsonb) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE told text := value #>> '{{}}'; number float8;
BEGIN
  IF told IS NULL OR jsonb_typeof(value) NOT IN ('number', 'string') THEN RETURN NULL; END IF;
  BEGIN
    number := told::float8;
  EXCEPTION WHEN OTHERS THEN
    BEGIN
      -- Without a zone it is UTC.
      IF told ~ '(Z|[+-]\\d\\d(:?\\d\\d)?)$' THEN
        RETURN date_trunc('second', told::timestamptz);
      END IF;
      RETURN date_trunc('second', told::timestamp) AT TIME ZONE 'UTC';
    EXCEPTION WHEN OTHERS THEN RETURN NULL;
    END;
  END;
  IF number <> number OR abs(number) > {LATEST_MS} THEN RETURN NULL; END IF;
  IF number > {MILLISECONDS_FROM} THEN number := number / 1000; END IF;
  RETURN to_timestamp(floor(number));
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


def create_table(schema: str, name: str, columns: Iterable[TableColumn], key: Sequence[str]) -> str:
    """Return what makes the table of a stream; a key stands in it once."""
    listed = [f"{identifier(column.name)} {COLUMN_TYPES[column.kind]}" for column in columns]
    listed += [
        f"{RAW} jsonb NOT NULL",
        f"{SYNCED_AT} timestamptz NOT NULL",
        f"{DELETED_AT} timestamptz",
        f"{DIGEST} bigint NOT NULL",
        f"PRIMARY KEY ({', '.join(map(identifier, key))})",
    ]
    return f"CREATE TABLE {identifier(schema)}.{identifier(name)} ({', '.join(listed)})"


def insert_staged(schema: str, name: str, columns: Sequence[TableColumn]) -> str:
    """Return what brings the rows of the staging table into the table of a stream."""
    names = [*(identifier(column.name) for column in columns), *OWN]
    values = [_value(schema, column) for column in columns]
    values += ["raw", "to_timestamp(synced)", "to_timestamp(gone)", "digest"]
    return (
        f"INSERT INTO {identifier(schema)}.{identifier(name)} ({', '.join(names)}) "
        f"SELECT {', '.join(values)} FROM ({UNPACKED}) AS unpacked"
    )


def _value(schema: str, column: TableColumn) -> str:
    """Return what reads a column out of a staged row."""
    field = literal(column.field.replace("\0", "\ufffd"))
    found, text = f"raw -> {field}", f"raw ->> {field}"
    if column.kind == "text":
        return text
    if column.kind == "json":
        return f"nullif({found}, 'null'::jsonb)"
    if column.kind == "timestamp":
        return f"{identifier(schema)}.intercom_async_moment({found})"
    if column.kind == "boolean":
        return f"CASE jsonb_typeof({found}) WHEN 'boolean' THEN ({text})::boolean END"
    if column.kind == "number":
        return (
            f"CASE WHEN jsonb_typeof({found}) = 'number' AND abs(({text})::numeric) < 1e300 "
            f"THEN ({text})::float8 END"
        )
    return (
        f"CASE WHEN jsonb_typeof({found}) = 'number' AND abs(({text})::numeric) < 9e18 "
        f"THEN trunc(({text})::numeric)::bigint END"
    )


STAGE = """
CREATE TEMPORARY TABLE intercom_async_staged (
  raw jsonb NOT NULL, synced bigint NOT NULL, gone bigint, digest bigint NOT NULL
) ON COMMIT DROP;
ALTER TABLE intercom_async_staged ALTER COLUMN raw SET STORAGE EXTERNAL
"""
UNPACKED = """
SELECT raw || '{}' AS raw, synced, gone, digest FROM intercom_async_staged OFFSET 0
"""
"""The staged rows, each fetched once: a row of some KB is kept apart from its table, and each
column that is read of it would fetch it again. OFFSET keeps the planner from the table itself."""
COPY_STAGED = "COPY intercom_async_staged (raw, synced, gone, digest) FROM STDIN"


def plain(name: str) -> str:
    """Return a table's name as the database knows it."""
    return identifier(name)[1:-1].replace('""', '"')


def chunks(rows: Iterable[Emitted]) -> Iterator[list[Emitted]]:
    """Give rows in lists of about `STAGED_BYTES`."""
    chunk: list[Emitted] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += len(row.body)
        if size >= STAGED_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
