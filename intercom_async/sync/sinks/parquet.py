"""Parquet: a folder a stream, with files of bounded size that are never written twice.

A generation takes over the files of the last one in which no row has changed, under the same names
and by a second name of the file system; files with changed rows are written again, and new rows get
files of their own. A stream's folder is then swapped as a whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from intercom_async.sync.arguments import checked_count, checked_path, checked_seam
from intercom_async.sync.errors import TargetError
from intercom_async.sync.raw_rows import RowReader
from .arrow import TableRow
from .base import Departed, Opened, StoredRow, Table
from .columns import DELETED_AT, DIGEST, RECORD, SYNCED_AT, TableColumns
from .disk import OS_DISK, Disk
from .entries import Entry, Put
from .extra import load
from .files import check_file, os_errors_as_target_errors
from .folder import Folder, StoredFile, StoredStream
from .merge import Fate, Merge
from .parquet_files import GROUP_ROWS, ArrowErrors, Library, NextFolder, seconds_of

FILE_BYTES = 64 * 2**20
"""JSON that becomes one file."""
OWN_READ = (DIGEST, DELETED_AT, SYNCED_AT)
READ_ROWS = 8_192
"""Rows of which keys are read together."""


class ParquetSink:
    """Writes each stream into a folder of Parquet files.

    ::

        duckdb.sql("from 'workspace/contacts/*.parquet'")
        polars.scan_parquet("workspace/contacts/*.parquet")

    Args:
        path: A folder; made if it is not there.
        file_bytes: How much JSON becomes one file.
        disk: Another file system, for tests.
        inline: Work in the loop's own thread, for tests in virtual time.

    Raises:
        TargetError: pyarrow is missing.
        SyncConfigError: The path or the size cannot be meant.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        file_bytes: int = FILE_BYTES,
        disk: Disk = OS_DISK,
        inline: bool = False,
    ) -> None:
        self._path = checked_path("path", path)
        checked_count("file_bytes", file_bytes)
        self.inline = inline
        self._arrow = load("pyarrow", extra="parquet", what="Parquet")
        self._parquet = load("pyarrow.parquet", extra="parquet", what="Parquet")
        self._disk = checked_seam(disk, inline=inline)
        self._library = Library(self._arrow, self._parquet, disk)
        self._file_bytes = file_bytes
        self._folder = Folder(disk, self._path, "parquet")
        self._tables: dict[str, Table] = {}
        self._without: set[str] = set()

    @property
    def where(self) -> str:
        """Its path."""
        return str(self._path)

    def open(self, *, verify: bool = False) -> Opened:
        """Take hold of the folder."""
        with os_errors_as_target_errors(self.where):
            return self._folder.open(verify=verify)

    def begin(self, tables: Sequence[Table], *, repaired: Sequence[str] = ()) -> None:
        """Note the tables."""
        self._tables.update((table.name, table) for table in tables)
        self._without = set(repaired)

    def _files(self, name: str) -> list[str]:
        """Return the names of a stream's files."""
        if name in self._without:
            return []
        stored = self._folder.manifest.streams.get(name)
        if stored is not None:
            return [file.name for file in stored.files]
        if not self._folder.is_older:
            return []
        names = self._disk.names(self._path / name)
        return [one for one in names if one.endswith(".parquet")]

    def rows(self, name: str) -> Iterator[StoredRow]:
        """Give the rows of a stream's files."""
        with self._errors():
            for file in self._files(name):
                yield from self._file_rows(name, file)

    def _file_rows(self, name: str, file: str) -> Iterator[StoredRow]:
        table = self._tables[name]
        with self._disk.read(self._path / name / file) as source:
            parquet = self._parquet.ParquetFile(source)
            there = set(parquet.schema_arrow.names)
            if DIGEST not in there:
                yield from self._older_rows(table, parquet)
                return
            columns = TableColumns(table)
            key, parent, version = map(
                columns.named, (table.key, table.parent_field, table.version_field)
            )
            named = [one for one in (key, parent, version) if one is not None and one in there]
            for batch in parquet.iter_batches(READ_ROWS, columns=[*named, *OWN_READ]):
                keys = batch.column(key).to_pylist()
                count = len(keys)
                parents = self._column(batch, parent, [""] * count)
                versions = self._moments(batch, version, count)
                digests = batch.column(DIGEST).to_pylist()
                deleted = self._moments(batch, DELETED_AT, count)
                synced = self._moments(batch, SYNCED_AT, count)
                for row in zip(keys, parents, versions, digests, deleted, synced, strict=True):
                    yield StoredRow(*row)

    def _column(self, batch: Any, name: str | None, without: list[Any]) -> list[Any]:
        return (
            without if name is None else [value or "" for value in batch.column(name).to_pylist()]
        )

    def _moments(self, batch: Any, name: str | None, count: int) -> list[int]:
        if name is None or name not in batch.schema.names:
            return [0] * count
        column = batch.column(name)
        if not self._arrow.types.is_timestamp(column.type):
            return [0] * count
        return [value or 0 for value in seconds_of(self._arrow, column)]

    def _older_rows(self, table: Table, parquet: Any) -> Iterator[StoredRow]:
        """Give the rows of a file that an earlier version has written."""
        reader = RowReader(table.key, version=table.version_field, parent=table.parent_field)
        for batch in parquet.iter_batches(GROUP_ROWS, columns=[RECORD]):
            for record in batch.column(0).to_pylist():
                row = reader.read(record.encode())
                if row is not None:
                    yield StoredRow(row.key, row.parent, row.version, 0)

    def entries(self) -> Iterator[Entry]:
        """Give the entries of the journal."""
        return self._folder.entries()

    def commit(self, entries: Sequence[Entry], state: bytes) -> None:
        """Add entries and state to the journal."""
        self._folder.commit(entries, state)

    def publish(
        self, state: bytes, *, departed: Departed = "keep", dropped: Sequence[str] = ()
    ) -> None:
        """Write the files of the next generation, and swap the streams' folders."""
        with self._errors():
            made: dict[str, StoredStream] = {}
            for name in self._tables:
                stored = self._make(name, departed)
                if stored is not None:
                    made[name] = stored
            self._folder.publish(state, made, dropped)

    def _errors(self) -> ArrowErrors:
        return ArrowErrors(self._arrow, self.where)

    def _make(self, name: str, departed: Departed) -> StoredStream | None:
        """Write a stream's next folder; None if it is the same as the last one."""
        merge = Merge(self._tables[name], self._folder.entries, departed)
        stored = self._folder.manifest.streams.get(name)
        is_there = stored is not None and name not in self._without
        if is_there and not merge.changes:
            return None
        columns = TableColumns(self._tables[name], stored.extra if stored else ())
        known = len(columns.extra)
        self._grow(columns, merge, name)
        making = NextFolder(
            self._library,
            self._folder.staged(name),
            columns,
            f"part-{self._folder.manifest.generation + 1:06d}",
            file_bytes=self._file_bytes,
        )
        self._disk.make_folder(making.folder)
        old = {file.name: file for file in stored.files} if stored and is_there else {}
        has_grown = len(columns.extra) > known
        for file in self._files(name):
            path = self._path / name / file
            fates: list[Fate] = [merge.fate(row) for row in self._file_rows(name, file)]
            if file in old and not has_grown and all(fate == "keep" for fate in fates):
                making.take_over(path, old[file])
                continue
            if file in old:
                self._check(path, old[file])
            making.rewrite(path, fates)
        making.add(
            TableRow(row.body, row.digest, row.synced_at, row.deleted_at or None)
            for row in merge.new()
        )
        making.end()
        return StoredStream(staged=making.folder.name, files=making.files, extra=columns.extra)

    def _check(self, path: Path, stored: StoredFile) -> None:
        reason = check_file(self._disk, path, stored.bytes, stored.tail, stored.digest, whole=True)
        if reason is not None:
            raise TargetError(f"{self.where}: {reason}; --repair reads the stream again")

    def _grow(self, columns: TableColumns, merge: Merge, name: str) -> None:
        if not merge.changes:
            return
        decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
        for entry in self._folder.entries():
            if isinstance(entry, Put) and entry.table == name:
                try:
                    fields = decoder.decode(entry.body).keys()
                except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
                    continue
                if not columns.knows(fields):
                    columns.grow(fields)

    def close(self) -> None:
        """Let go of the folder."""
        self._folder.close()
