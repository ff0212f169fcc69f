"""Parquet: files of bounded size that are never written twice, in a folder or in object storage.

A generation takes over the files of the last one in which no row has changed; files with changed
rows are written again, and new rows get files of their own. In a folder, a stream's folder is then
swapped as a whole (`ParquetFolder`); in object storage the manifest names the files (`Bucket`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from intercom_async.clock import give_way
from intercom_async.sync.arguments import checked_count, checked_path, checked_seam
from intercom_async.sync.errors import TargetError
from intercom_async.sync.raw_rows import RowReader
from .arrow import TableRow
from .base import Departed, Opened, RowFields, StoredRow, Table
from .bucket import Bucket
from .columns import DELETED_AT, DIGEST, RECORD, SYNCED_AT, TableColumns
from .disk import OS_DISK, Disk
from .entries import Entry, Put
from .extra import load
from .failures import failures_as_target_errors
from .folder import StoredFile, StoredStream
from .merge import GIVES_WAY_S, Fate, Merge
from .new_target import PathTarget
from .object_store import ObjectStore, is_object_store
from .parquet_files import GROUP_ROWS, Library, NextGeneration, seconds_of
from .parquet_folder import ParquetFolder
from .parquet_target import ParquetTarget
from .s3 import S3Objects

FILE_BYTES = 64 * 2**20
"""JSON that becomes one file."""
OWN_READ = (DIGEST, DELETED_AT, SYNCED_AT)
READ_TOGETHER = 128
"""Rows of a journal in which new fields are looked for together."""
SMALL_PART = 64
"""A file of fewer bytes than this part of `file_bytes`, which counts JSON, is a small one."""
MOST_SMALL = 32
"""Small files of a stream that stand beside each other; with more, all of them become one."""
READ_ROWS = 8_192
"""Rows of which keys are read together."""


class ParquetSink:
    """Writes each stream into Parquet files.

    ::

        duckdb.sql("from 'workspace/contacts/*.parquet'")
        polars.scan_parquet("workspace/contacts/*.parquet")

    In object storage, `published_files` names the files: `polars.scan_parquet(published_files(
    "s3://bucket/prefix", "contacts"))`.

    Args:
        path: A folder, made if it is not there, or `s3://bucket/prefix`, with the credentials of
            the environment (extra `s3`).
        file_bytes: How much JSON becomes one file.
        disk: Another file system, for tests.
        inline: Work in the loop's own thread, for tests in virtual time.

    Raises:
        TargetError: pyarrow or obstore is missing.
        SyncConfigError: The path or the size is invalid.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | ObjectStore,
        *,
        file_bytes: int = FILE_BYTES,
        disk: Disk = OS_DISK,
        inline: bool = False,
    ) -> None:
        checked_count("file_bytes", file_bytes)
        checked_seam(disk, inline=inline)
        self.inline = inline
        self._target = _target_of(path, disk)
        self._arrow = load("pyarrow", extra="parquet", what="Parquet")
        self._parquet = load("pyarrow.parquet", extra="parquet", what="Parquet")
        self._library = Library(self._arrow, self._parquet)
        self._file_bytes = file_bytes
        self._tables: dict[str, Table] = {}
        self._without: set[str] = set()

    @property
    def where(self) -> str:
        """Its path or address."""
        return self._target.where

    @property
    def path(self) -> Path | None:
        """Where it is; None of one in object storage."""
        return self._target.path if isinstance(self._target, PathTarget) else None

    def __repr__(self) -> str:
        return f"<ParquetSink {self.where}>"

    def is_new(self) -> bool:
        """Say whether nothing of a target is there yet."""
        with failures_as_target_errors(self.where):
            return self._target.is_new()

    def open(self, *, verify: bool = False) -> Opened:
        """Take hold of the target."""
        with failures_as_target_errors(self.where):
            return self._target.open(verify=verify)

    def begin(self, tables: Sequence[Table], *, repaired: Sequence[str] = ()) -> None:
        """Note the tables, and refuse those in the place of which a user's files stand."""
        self._target.begin(table.name for table in tables)
        self._tables.update((table.name, table) for table in tables)
        self._without = set(repaired)

    def _files(self, name: str) -> list[StoredFile]:
        """Return a stream's files."""
        if name in self._without:
            return []
        stored = self._target.manifest.streams.get(name)
        if stored is not None:
            return stored.files
        return self._target.older_files(name)

    def rows(self, name: str) -> Iterator[StoredRow]:
        """Give the rows of a stream's files."""
        with failures_as_target_errors(self.where):
            for file in self._files(name):
                yield from self._file_rows(name, file)

    def fields_of(self, name: str, fields: Sequence[str]) -> Iterator[RowFields]:
        """Give the live rows of a stream's files."""
        del fields
        with failures_as_target_errors(self.where):
            for file in self._files(name):
                with self._target.read(name, file) as source:
                    parquet = self._parquet.ParquetFile(source)
                    if DIGEST not in parquet.schema_arrow.names:
                        continue  # each row of an earlier version's file is written again
                    batches = parquet.iter_batches(GROUP_ROWS, columns=[RECORD])
                    records = (one for batch in batches for one in batch.column(0).to_pylist())
                    for row, record in zip(self._file_rows(name, file), records, strict=True):
                        if not row.is_deleted:
                            yield RowFields(row.id, row.digest, record.encode())

    def _file_rows(self, name: str, file: StoredFile) -> Iterator[StoredRow]:
        table = self._tables[name]
        with self._target.read(name, file) as source:
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
        reader = RowReader(
            table.key,
            version=table.version_field,
            parent=table.parent_field,
            takes_any_key=True,
        )
        for batch in parquet.iter_batches(GROUP_ROWS, columns=[RECORD]):
            for record in batch.column(0).to_pylist():
                row = reader.read(record.encode())
                if row is not None:
                    yield StoredRow(row.key, row.parent, row.version, 0)

    def entries(self) -> Iterator[Entry]:
        """Give the entries of the journal."""
        return self._target.journal.entries()

    def commit(self, entries: Sequence[Entry], state: bytes) -> None:
        """Add entries and state to the journal."""
        self._target.commit(entries, state)

    def publish(
        self, state: bytes, *, departed: Departed = "keep", dropped: Sequence[str] = ()
    ) -> None:
        """Write the files of the next generation, and let readers see them."""
        with failures_as_target_errors(self.where):
            made: dict[str, StoredStream] = {}
            for name in self._tables:
                stored = self._make(name, departed)
                if stored is not None:
                    made[name] = stored
            self._target.publish(state, made, departed=departed, dropped=dropped)

    def _make(self, name: str, departed: Departed) -> StoredStream | None:
        """Write a stream's next generation; None if it is the same as the last one."""
        target = self._target
        merge = Merge(self._tables[name], target.journal, departed)
        stored = target.manifest.streams.get(name)
        is_there = stored is not None and name not in self._without
        columns = TableColumns(self._tables[name], stored.extra if stored else ())
        there = msgspec.UNSET if stored is None else stored.columns
        if there is not msgspec.UNSET:
            # A version that knew more fields may have written them.
            columns.grow(field for field, _ in there)
        if is_there and not merge.changes and there == columns.kinds:
            return None
        self._grow(columns, merge, name)
        making = NextGeneration(
            self._library,
            target.next_files(name),
            columns,
            f"part-{target.manifest.generation + 1:06d}",
            file_bytes=self._file_bytes,
        )
        # Readers find the same columns in all files of a generation, each of one kind.
        is_alike = is_there and there == columns.kinds
        self._write_again(making, merge, name, is_there=is_there, is_alike=is_alike)
        making.add(
            TableRow(row.body, row.digest, row.synced_at, row.deleted_at or None)
            for row in merge.new()
        )
        return making.end()

    def _write_again(
        self, making: NextGeneration, merge: Merge, name: str, *, is_there: bool, is_alike: bool
    ) -> None:
        """Write the files again that have changed, and take over the others.

        Args:
            making: The next generation.
            merge: What changes.
            name: The stream.
            is_there: Whether it is in the manifest, and not damaged.
            is_alike: Whether its files have the columns of the next generation.
        """

        def fates(file: StoredFile) -> list[Fate]:
            return [merge.fate(row) for row in self._file_rows(name, file)]

        def kept(file: StoredFile, fates: list[Fate]) -> Iterator[TableRow]:
            if is_there:
                self._check(name, file)
            return making.kept(self._target.read(name, file), fates)

        files = self._files(name)
        small = self._small(files)
        for file in files:
            if file not in small:
                found = fates(file)
                if is_alike and all(fate == "keep" for fate in found):
                    making.take_over(file)
                else:
                    making.add(kept(file, found))
        making.add(chain.from_iterable(kept(file, fates(file)) for file in small))

    def _small(self, files: Sequence[StoredFile]) -> list[StoredFile]:
        """Return files that become one: each night adds a small one to a stream that changes."""
        small = [file for file in files if file.bytes * SMALL_PART < self._file_bytes]
        return small if len(small) > MOST_SMALL else []

    def _check(self, name: str, file: StoredFile) -> None:
        reason = self._target.damage(name, file)
        if reason is not None:
            raise TargetError(f"{self.where}: {reason}; --repair reads the stream again")

    def _grow(self, columns: TableColumns, merge: Merge, name: str) -> None:
        if not merge.changes:
            return
        for _, entries in self._target.journal.frames(name):
            for first in range(0, len(entries), READ_TOGETHER):
                give_way(GIVES_WAY_S)
                part = entries[first : first + READ_TOGETHER]
                puts = [each.body for each in part if type(each) is Put and each.table == name]
                columns.grow(sorted(columns.unknown(puts)))

    def close(self) -> None:
        """Let go of the target."""
        self._target.close()


def _target_of(path: str | os.PathLike[str] | ObjectStore, disk: Disk) -> ParquetTarget:
    """Return what holds the files.

    Raises:
        SyncConfigError: It is neither a path nor an address that is supported.
        TargetError: It is an address, and obstore is missing.
    """
    if is_object_store(path):
        return Bucket(path)
    if isinstance(path, str) and "://" in path:
        return Bucket(S3Objects(path))
    return ParquetFolder(disk, checked_path("path", path))
