"""JSON lines: one file a stream, each line the bytes that the API sent and when they came."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from operator import attrgetter
from typing import Any, BinaryIO, cast

from intercom_async.sync.arguments import checked_path, checked_seam
from intercom_async.sync.errors import SyncConfigError, TargetError
from intercom_async.sync.merging import digest_of
from intercom_async.sync.raw_rows import RowReader
from .base import Departed, Opened, RowFields, StoredRow, Table
from .disk import OS_DISK, Disk
from .entries import Entry
from .extra import load
from .failures import failures_as_target_errors, shown
from .files import Digesting
from .folder import Folder, StoredStream, described
from .lines import as_lines, seconds, without_meta
from .merge import Emitted, Merge
from .new_target import PathTarget

CHUNK_BYTES = 2**20
"""Bytes of lines that are compressed together, and read."""
WRITE_BYTES = 2**17
"""Bytes of lines that are written together: what some rows become, without being copied again."""
_MOMENTS: Callable[[Emitted], tuple[int, int]] = attrgetter("synced_at", "deleted_at")


class JsonlSink(PathTarget):
    """Writes each stream into a file of its own, one row a line.

    ::

        duckdb.sql("from 'workspace/contacts.jsonl'")
        pandas.read_json("workspace/contacts.jsonl", lines=True)

    Each line has ``_synced_at`` and ``_deleted_at`` beside what the API sent.

    Args:
        path: A folder; made if it is not there.
        compression: ``zstd`` for files with the suffix ``.jsonl.zst``; needs pyarrow.
        disk: Another file system, for tests.
        inline: Work in the loop's own thread, for tests in virtual time.

    Raises:
        TargetError: pyarrow is missing.
        SyncConfigError: The path or the compression is invalid.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        compression: str | None = None,
        disk: Disk = OS_DISK,
        inline: bool = False,
    ) -> None:
        self._path = checked_path("path", path)
        self.inline = inline
        self._arrow: Any = None
        if compression is not None:
            if compression != "zstd":
                raise SyncConfigError("compression must be 'zstd' or None")
            self._arrow = load("pyarrow", extra="parquet", what="compression")
        self._disk = checked_seam(disk, inline=inline)
        self._suffix = "jsonl" if self._arrow is None else "jsonl.zst"
        self._folder = Folder(disk, self._path, self._suffix)
        self._tables: dict[str, Table] = {}
        self._without: set[str] = set()

    def open(self, *, verify: bool = False) -> Opened:
        """Take hold of the folder."""
        with failures_as_target_errors(self.where):
            return self._folder.open(verify=verify)

    def begin(self, tables: Sequence[Table], *, repaired: Sequence[str] = ()) -> None:
        """Note the tables, and refuse those in the place of which a user's files stand."""
        self._folder.refuse_taken(table.name for table in tables)
        self._tables.update((table.name, table) for table in tables)
        self._without = set(repaired)

    def rows(self, name: str) -> Iterator[StoredRow]:
        """Give the rows of a stream's file."""
        with failures_as_target_errors(self.where):
            for _, row in self._stored(name):
                yield row

    def fields_of(self, name: str, fields: Sequence[str]) -> Iterator[RowFields]:
        """Give the live rows of a stream's file."""
        del fields
        with failures_as_target_errors(self.where):
            for raw, row in self._stored(name):
                if not row.is_deleted:
                    yield RowFields(row.id, row.digest, without_meta(raw).body)

    def _stored(self, name: str) -> Iterator[tuple[bytes, StoredRow]]:
        """Give the lines of a stream's file, each with what is to be known of it."""
        table = self._tables[name]
        reader = RowReader(
            table.key,
            version=table.version_field,
            parent=table.parent_field,
            takes_any_key=True,
        )
        for raw in self._lines(name):
            line = without_meta(raw)
            row = reader.read(line.body)
            if row is None:
                raise TargetError(f"{shown(self._folder.final(name))} has a line that is no row")
            digest = 0 if line.synced_at is None else digest_of(line.body)
            times = (seconds(line.deleted_at), seconds(line.synced_at))
            yield raw, StoredRow(row.key, row.parent, row.version, digest, *times)

    def _lines(self, name: str) -> Iterator[bytes]:
        """Give the lines of a file, and compare it with its digest on the way."""
        stream = self._folder.manifest.streams.get(name)
        path = self._folder.final(name)
        if name in self._without or (stream is None and not self._folder.is_older):
            return
        if self._disk.size(path) is None:
            return
        with self._disk.read(path) as file:
            if stream is None:
                with closing(self._decoded(file)) as decoded:
                    yield from _stripped(decoded)
                return
            counting = _Counting(file, stream.files[0].digest)
            counted = io.BufferedReader(counting, CHUNK_BYTES)
            with closing(counted), closing(self._decoded(counted)) as decoded:
                yield from _stripped(decoded)
            if counting.counted.digest != stream.files[0].digest:
                raise TargetError(
                    f"{shown(path)} was changed by somebody else; --repair reads it again"
                )

    def _decoded(self, file: BinaryIO) -> BinaryIO:
        if self._arrow is None:
            return file
        return io.BufferedReader(self._arrow.CompressedInputStream(file, "zstd"), CHUNK_BYTES)

    def entries(self) -> Iterator[Entry]:
        """Give the entries of the journal."""
        return self._folder.journal.entries()

    def commit(self, entries: Sequence[Entry], state: bytes) -> None:
        """Add entries and state to the journal."""
        self._folder.commit(entries, state)

    def publish(
        self, state: bytes, *, departed: Departed = "keep", dropped: Sequence[str] = ()
    ) -> None:
        """Write the files of the next generation, and put them in their place."""
        with failures_as_target_errors(self.where):
            made: dict[str, StoredStream] = {}
            for name in self._tables:
                stored = self._make(name, departed)
                if stored is not None:
                    made[name] = stored
            self._folder.publish(state, made, dropped)

    def _make(self, name: str, departed: Departed) -> StoredStream | None:
        """Write a stream's next file; None if it is the same as the last one."""
        merge = Merge(self._tables[name], self._folder.journal, departed)
        is_there = name in self._folder.manifest.streams and name not in self._without
        if is_there and not merge.changes:
            return None
        path = self._folder.staged(name)
        count = 0
        with self._disk.create(path) as file:
            digesting = Digesting(file)
            waiting: list[bytes] = []
            size = 0
            enough = WRITE_BYTES if self._arrow is None else CHUNK_BYTES
            for number, lines in self._merged(name, merge):
                waiting.append(lines)
                count += number
                size += len(lines)
                if size >= enough:
                    digesting.write(self._encoded(waiting))
                    waiting, size = [], 0
            if waiting or not count:
                # Without rows, too: what decompresses a file refuses one of no bytes.
                digesting.write(self._encoded(waiting))
            self._disk.sync(file)
        stored = described(self._folder.final(name).name, count, digesting)
        return StoredStream(staged=path.name, files=[stored])

    def _merged(self, name: str, merge: Merge) -> Iterator[tuple[int, bytes]]:
        """Give the lines of the next generation, each some together with their number.

        The stored ones come in their order, and new ones behind them.
        """
        for raw, row in self._stored(name):
            fate = merge.fate(row)
            if fate == "keep":
                yield 1, raw + b"\n"
            elif fate != "drop":
                body = without_meta(raw).body
                yield 1, as_lines([body], row.synced_at or fate, fate)
        for batch in merge.batches():
            for moments, rows in groupby(batch, _MOMENTS):
                bodies = [row.body for row in rows]
                yield len(bodies), as_lines(bodies, *moments)

    def _encoded(self, lines: list[bytes]) -> bytes:
        body = b"".join(lines)
        if self._arrow is None:
            return body
        return cast("bytes", self._arrow.Codec("zstd").compress(body, asbytes=True))

    def close(self) -> None:
        """Let go of the folder."""
        self._folder.close()


def _stripped(file: BinaryIO) -> Iterator[bytes]:
    for line in file:
        yield line.rstrip(b"\n")


class _Counting(io.RawIOBase):
    """A file that counts what is read of it into a digest like another one."""

    def __init__(self, file: BinaryIO, like: str) -> None:
        super().__init__()
        self._file = file
        self.counted = Digesting(file, like=like)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # any buffer is given as a memoryview
        body = self._file.read(len(buffer))
        self.counted.count(body)
        buffer[: len(body)] = body
        return len(body)
