"""Writes the Parquet files of a stream's next generation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from .arrow import Shape, TableRow
from .columns import DELETED_AT, DIGEST, RECORD, SYNCED_AT, TableColumns
from .folder import StoredFile, StoredStream
from .merge import Fate
from .parquet_target import NextFiles

GROUP_ROWS = 500
"""Rows of a row group, and of what is held in memory: 2,000 of them take 40 MB more."""


@dataclass(frozen=True, slots=True)
class Library:
    """The modules of pyarrow."""

    arrow: Any
    parquet: Any


class NextGeneration:
    """Writes the next generation of a stream.

    Args:
        library: pyarrow.
        target: Where its files are made.
        columns: The columns of the stream.
        prefix: With what the names of its files begin; another one in each generation.
        file_bytes: How much JSON becomes one file.
    """

    def __init__(
        self,
        library: Library,
        target: NextFiles,
        columns: TableColumns,
        prefix: str,
        *,
        file_bytes: int,
    ) -> None:
        self._library = library
        self._target = target
        self._columns = columns
        self._shape = Shape(library.arrow, columns)
        self._prefix = prefix
        self._file_bytes = file_bytes
        self._count = 0
        self._files: list[StoredFile] = []

    def take_over(self, file: StoredFile) -> None:
        """Take over a file of the last generation as it is."""
        self._target.keep(file)
        self._files.append(file)

    def kept(self, source: BinaryIO, fates: Iterable[Fate]) -> Iterator[TableRow]:
        """Give the rows that stay of a file of the last generation, which is closed after them."""
        with source:
            yield from self._kept(source, iter(fates))

    def _kept(self, source: BinaryIO, fates: Iterator[Fate]) -> Iterator[TableRow]:
        library = self._library
        parquet = library.parquet.ParquetFile(source)
        own = [one for one in (SYNCED_AT, DELETED_AT, DIGEST) if one in parquet.schema_arrow.names]
        for batch in parquet.iter_batches(GROUP_ROWS, columns=[RECORD, *own]):
            records = batch.column(RECORD).to_pylist()
            empty: list[Any] = [None] * len(records)
            moments = [
                seconds_of(library.arrow, batch.column(one)) if one in own else empty
                for one in (SYNCED_AT, DELETED_AT)
            ]
            digests = batch.column(DIGEST).to_pylist() if DIGEST in own else empty
            for record, synced, deleted, digest in zip(records, *moments, digests, strict=True):
                fate = next(fates)
                if fate != "drop":
                    gone = deleted if fate == "keep" else int(fate)
                    yield TableRow(record.encode(), digest or 0, synced, gone)

    def add(self, rows: Iterator[TableRow]) -> None:
        """Write rows into files of their own."""
        chunk = list(islice(rows, GROUP_ROWS))
        while chunk:
            chunk = self._write(chunk, rows)

    def _write(self, chunk: list[TableRow], rows: Iterator[TableRow]) -> list[TableRow]:
        """Write one file; return the rows with which the next one begins."""
        self._count += 1
        name = f"{self._prefix}-{self._count:04d}.parquet"
        count = size = 0
        with self._target.create(name) as file:
            writer = self._library.parquet.ParquetWriter(
                file,
                self._shape.schema,
                compression="zstd",
                use_dictionary=self._shape.repeating,
                memory_pool=self._library.arrow.system_memory_pool(),
            )
            while True:
                writer.write_table(self._shape.table(chunk))
                count += len(chunk)
                size += sum(len(row.body) for row in chunk)
                chunk = list(islice(rows, GROUP_ROWS))
                if not chunk or size >= self._file_bytes:
                    break
            writer.close()
            self._target.sync(file)
        self._files.append(self._target.place(name, count))
        return chunk

    def end(self) -> StoredStream:
        """Return the stream; one without rows has a file with its schema."""
        if not self._files:
            self._write([], iter(()))
        stored = self._target.end(self._files)
        stored.extra, stored.columns = self._columns.extra, self._columns.kinds
        return stored


def seconds_of(arrow: Any, column: Any) -> list[int | None]:
    """Return a column of timestamps, kept as milliseconds in files, as UNIX seconds."""
    seconds = column.cast(arrow.timestamp("s", tz="UTC"), safe=False)
    found: list[int | None] = seconds.cast(arrow.int64()).to_pylist()
    return found
