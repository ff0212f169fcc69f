"""Writes the Parquet files of a stream's next generation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from intercom_async.sync.errors import TargetError
from .arrow import Shape, TableRow
from .columns import DELETED_AT, DIGEST, RECORD, SYNCED_AT, TableColumns
from .disk import Disk
from .files import Digesting
from .folder import StoredFile
from .merge import Fate

GROUP_ROWS = 500
"""Rows of a row group, and of what is held in memory: 2,000 of them take 40 MB more."""


@dataclass(frozen=True, slots=True)
class Library:
    """pyarrow, and where files are."""

    arrow: Any
    parquet: Any
    disk: Disk


class NextFolder:
    """The next folder of a stream.

    Args:
        library: pyarrow, and where files are.
        folder: Where it is made.
        columns: The columns of the stream.
        prefix: With what the names of its files begin; another one in each generation.
        file_bytes: How much JSON becomes one file.
    """

    def __init__(
        self, library: Library, folder: Path, columns: TableColumns, prefix: str, *, file_bytes: int
    ) -> None:
        self._library = library
        self._shape = Shape(library.arrow, columns)
        self._prefix = prefix
        self._file_bytes = file_bytes
        self._count = 0
        self.folder: Path = folder
        self.files: list[StoredFile] = []

    def take_over(self, path: Path, stored: StoredFile) -> None:
        """Take over a file of the last generation as it is."""
        self._library.disk.link(path, self.folder / path.name)
        self.files.append(stored)

    def rewrite(self, path: Path, fates: list[Fate]) -> None:
        """Write what stays of a file of the last generation again."""
        self.add(self._kept(path, iter(fates)))

    def _kept(self, path: Path, fates: Iterator[Fate]) -> Iterator[TableRow]:
        library = self._library
        with library.disk.read(path) as source:
            parquet = library.parquet.ParquetFile(source)
            own = [
                one for one in (SYNCED_AT, DELETED_AT, DIGEST) if one in parquet.schema_arrow.names
            ]
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
        library = self._library
        self._count += 1
        path = self.folder / f"{self._prefix}-{self._count:04d}.parquet"
        count = size = 0
        with library.disk.create(path) as file:
            writer = library.parquet.ParquetWriter(file, self._shape.schema, compression="zstd")
            while True:
                writer.write_table(self._shape.table(chunk))
                count += len(chunk)
                size += sum(len(row.body) for row in chunk)
                chunk = list(islice(rows, GROUP_ROWS))
                if not chunk or size >= self._file_bytes:
                    break
            writer.close()
            library.disk.sync(file)
        self.files.append(self._stored(path, count))
        return chunk

    def _stored(self, path: Path, count: int) -> StoredFile:
        with self._library.disk.read(path) as file:
            digesting = Digesting(file)
            while body := file.read(2**20):
                digesting.count(body)
        return StoredFile(
            name=path.name,
            rows=count,
            bytes=digesting.length,
            tail=digesting.tail,
            digest=digesting.digest,
        )

    def end(self) -> None:
        """Give a stream without rows a file with its schema."""
        if not self.files:
            self._write([], iter(()))
        self._library.disk.sync_folder(self.folder)


def seconds_of(arrow: Any, column: Any) -> list[int | None]:
    """Return a column of timestamps, kept as milliseconds in files, as UNIX seconds."""
    seconds = column.cast(arrow.timestamp("s", tz="UTC"), safe=False)
    found: list[int | None] = seconds.cast(arrow.int64()).to_pylist()
    return found


class ArrowErrors:
    """Turns what pyarrow and the file system say into one line that names the target."""

    def __init__(self, arrow: Any, where: str) -> None:
        self._error: type[Exception] = arrow.lib.ArrowException
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, OSError):
            reason = error.strerror or type(error).__name__
        elif isinstance(error, self._error):
            reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        else:
            return
        raise TargetError(f"{self._where}: {reason}; nothing that was committed is lost") from error
