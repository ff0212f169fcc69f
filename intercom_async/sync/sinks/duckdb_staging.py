"""Rows on their way into a DuckDB table: a file that one statement reads.

Rows given as parameters are parsed by DuckDB several times as slowly, and a transaction of many
small statements takes longer the more rows it has. The file is read by the CSV reader with a
separator that no JSON can have, so that each record stays as the API sent it. DuckDB takes the
first value of a field that a record has twice, and everybody else the last: the columns of such a
record are read of a text beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import BinaryIO, NamedTuple

from .columns import TableColumns
from .disk import Disk
from .duckdb_sql import GROUP_ROWS, SEPARATOR
from .merge import Emitted

VECTOR_ROWS = 2_048
"""Rows that DuckDB works on together."""
VECTOR_BYTES = 2**22
"""Most bytes of `VECTOR_ROWS` rows, which DuckDB takes together: it needs ten times as much
(test_duckdb_staging.py::test_large_rows_fit_into_the_memory_that_duckdb_is_given)."""
WRITE_ROWS = 128
"""Rows that are written together."""
_SEPARATOR = SEPARATOR.encode()
_NONE = repeat(b"")


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
            waiting: list[Emitted] = []
            for row in rows:
                waiting.append(row)
                size += len(row.body)
                count += 1
                is_full = size >= VECTOR_BYTES or count == GROUP_ROWS
                if is_full or count % WRITE_ROWS == 0:
                    longest = max(longest, self._write(file, waiting, columns, new))
                    waiting.clear()
                if is_full:
                    break
                if count % VECTOR_ROWS == 0:
                    size = 0
            if waiting:
                longest = max(longest, self._write(file, waiting, columns, new))
        return Staged(longest, frozenset(new)) if count else None

    def _write(
        self, file: BinaryIO, rows: Sequence[Emitted], columns: TableColumns, new: set[str]
    ) -> int:
        """Write some rows, note their new fields, and return the length of the longest."""
        bodies = [row.body for row in rows]
        unknown, repeated = columns.unknown_and_repeated(bodies)
        new |= unknown
        told = [repeated.get(place, b"") for place in range(len(rows))] if repeated else _NONE
        file.write(b"".join(chain.from_iterable(map(_pieces, rows, told))))
        return max(map(len, bodies)) + max(map(len, repeated.values()), default=0)

    def remove(self) -> None:
        """Remove it."""
        self._disk.remove(self.path)


def _pieces(row: Emitted, told: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return the line of a row with its moments and its digest; a moment of 0 is none.

    Args:
        row: The row.
        told: What its columns are read of, where it is not its record.
    """
    body = row.body
    if _SEPARATOR in body:
        # No JSON; as an escape it is at least the text that was meant.
        body = body.replace(_SEPARATOR, rb"\u0001")
    gone = row.deleted_at or ""
    rest = f"{SEPARATOR}{row.synced_at}{SEPARATOR}{gone}{SEPARATOR}{row.digest}\n"
    return body, _SEPARATOR, told, rest.encode()
