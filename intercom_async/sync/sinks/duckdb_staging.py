"""Rows on their way into a DuckDB table: a file that one statement reads.

Rows given as parameters are parsed by DuckDB several times as slowly, and a transaction of many
small statements takes longer the more rows it has. The file is read by the CSV reader with a
separator that no JSON can have, so that each record stays as the API sent it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from intercom_async.sync.errors import UNREADABLE
from intercom_async.sync.raw_rows import top_level
from .columns import TableColumns
from .disk import Disk
from .duckdb_sql import GROUP_ROWS, SEPARATOR
from .merge import Emitted

VECTOR_ROWS = 2_048
"""Rows that DuckDB works on together."""
VECTOR_BYTES = 2**22
"""Most bytes of `VECTOR_ROWS` rows, which DuckDB takes together: it needs ten times as much
(test_duckdb_staging.py::test_large_rows_fit_into_the_memory_that_duckdb_is_given)."""
_SEPARATOR = SEPARATOR.encode()
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Staged(NamedTuple):
    """What a file holds."""

    longest: int
    """Bytes of its longest record."""
    fields: frozenset[str]
    """Fields of its rows that have no column yet."""


class StagingFile:
    """A file of rows, written again and again.

    Args:
        disk: Where it is.
        path: The file; nothing in it has to outlive the statement that reads it.
    """

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self.path: Path = path

    def write(self, rows: Iterator[Emitted], columns: TableColumns) -> Staged | None:
        """Write as many rows as one statement takes; None if there are none."""
        longest = count = size = 0
        new: set[str] = set()
        with self._disk.create(self.path) as file:
            for row in rows:
                body = row.body
                file.write(_line(row))
                fields = _fields(body)
                if not columns.knows(fields):
                    new.update(fields)
                longest = max(longest, len(body))
                size += len(body)
                count += 1
                if size >= VECTOR_BYTES or count == GROUP_ROWS:
                    break
                if count % VECTOR_ROWS == 0:
                    size = 0
        return Staged(longest, frozenset(new)) if count else None

    def remove(self) -> None:
        """Remove it."""
        self._disk.remove(self.path)


def _line(row: Emitted) -> bytes:
    """Return a row with its moments and its digest; a moment of 0 is none."""
    body = row.body
    if _SEPARATOR in body:
        # No JSON; as an escape it is at least the text that was meant.
        body = body.replace(_SEPARATOR, rb"\u0001")
    gone = b"%d" % row.deleted_at if row.deleted_at else b""
    return b"%b\x01%d\x01%b\x01%d\n" % (body, row.synced_at, gone, row.digest)


def _fields(body: bytes) -> set[str]:
    try:
        return {*_KEYS.decode(body)}
    except UNREADABLE:
        # Too deep for a decoder; the whole of it stands in the record.
        return {name for name, _ in top_level(body)}
