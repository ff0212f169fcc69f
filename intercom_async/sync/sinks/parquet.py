"""Parquet: a folder a stream, with files of bounded size.

A Parquet file cannot grow, and many small ones are slow to read. So rows go into a journal of JSON
lines first, as `JsonlSink` writes them, and a full journal becomes one file. The state names the
files that count; it is written after a file is whole and before its journal goes, so that a crash
at any moment leaves each row in exactly one of them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import msgspec

from intercom_async.sync.raw_rows import keys_of
from .arrow import Shape, widened
from .base import Ending, Table
from .columns import RECORD, Column, table_columns
from .extra import load
from .files import Folder, os_errors_as_target_errors, sync_folder
from .line_log import Log, Plain

FILE_BYTES = 64 * 2**20
"""JSON that becomes one file."""
GROUP_ROWS = 500
"""Rows of a row group, and of what is held in memory: 2,000 of them take 40 MB more."""


class _Stream(msgspec.Struct):
    files: list[str] = []
    base: int = 0
    """Files when the open run began."""
    next: int = 1
    """Number of the next file and journal."""
    length: int = 0
    """Bytes of the journal."""
    extra: list[str] = []
    """Columns beyond those of the model."""


class ParquetSink:
    """Writes each stream into a folder of Parquet files.

    ::

        duckdb.sql("from 'workspace/contacts/*.parquet'")
        polars.scan_parquet("workspace/contacts/*.parquet")

    Args:
        path: A folder; made if it is not there.
        file_bytes: How much JSON becomes one file.

    Raises:
        TargetError: pyarrow is missing.
    """

    def __init__(self, path: str | os.PathLike[str], *, file_bytes: int = FILE_BYTES) -> None:
        self._arrow = load("pyarrow", extra="parquet", what="Parquet")
        self._parquet = load("pyarrow.parquet", extra="parquet", what="Parquet")
        self._path = Path(path)
        self._file_bytes = file_bytes
        self._folder = Folder(self._path, "parquet")
        self._streams: dict[str, _Stream] = {}
        self._tables: dict[str, Table] = {}
        self._logs: dict[str, Log] = {}

    @property
    def where(self) -> str:
        """Its path."""
        return str(self._path)

    def open(self) -> bytes | None:
        """Take hold of the folder and return the state in it."""
        saved = self._folder.open(dict[str, _Stream])
        if saved is None:
            return None
        state, self._streams = saved
        return state

    def begin(self, tables: Sequence[Table]) -> None:
        """Open the journals and drop files that no state names."""
        with os_errors_as_target_errors(self.where):
            for table in tables:
                stream = self._streams.setdefault(table.name, _Stream())
                (self._path / table.name).mkdir(exist_ok=True)
                if table.is_new:
                    # A run that ended has no journal: all of it is in files.
                    stream.base = len(stream.files)
                self._tables[table.name] = table
                self._open_log(table.name)
                self._logs[table.name].cut()
                self._sweep(table.name)

    def _open_log(self, name: str) -> None:
        stream = self._streams[name]
        path = self._path / name / f".journal-{stream.next:06d}.jsonl"
        self._logs[name] = Log(path, Plain(), stream.length)

    def _sweep(self, name: str) -> None:
        """Delete what no state names: a crash has left it."""
        named = {*self._streams[name].files, self._logs[name].path.name}
        for path in (self._path / name).iterdir():
            if path.name not in named and path.name.endswith((".parquet", ".new", ".jsonl")):
                path.unlink()

    def commit(self, rows: Mapping[str, Sequence[bytes]], state: bytes) -> None:
        """Add rows to the journals, make files of full ones, and write the state."""
        with os_errors_as_target_errors(self.where):
            spent: list[Log] = []
            for name, lines in rows.items():
                self._logs[name].append(lines)
                self._streams[name].length = self._logs[name].length
                if self._logs[name].length >= self._file_bytes:
                    spent.append(self._roll(name))
            self._folder.save(state, self._streams)
            for log in spent:
                log.remove()

    def _roll(self, name: str) -> Log:
        """Make a file of a journal; return the journal, to go once the state is written."""
        stream, log = self._streams[name], self._logs[name]
        log.close()
        self._add_file(name, log.lines())
        stream.length = 0
        self._open_log(name)
        return log

    def _add_file(self, name: str, lines: Iterator[bytes]) -> None:
        stream = self._streams[name]
        file = f"part-{stream.next:06d}.parquet"
        stream.next += 1
        if self._write(name, self._path / name / file, lines):
            stream.files.append(file)

    def _write(self, name: str, path: Path, lines: Iterator[bytes]) -> bool:
        """Write rows to a file, whole or not at all; say whether there were any."""
        shape = Shape(self._arrow, self._all_columns(name))
        beside = path.with_name(f"{path.name}.new")
        writer = None
        chunk = list(islice(lines, GROUP_ROWS))
        has_rows = bool(chunk)
        while chunk:
            table = shape.table(chunk)
            if writer is None or shape.has_grown:
                # A file has one schema. A field that is new begins another file's worth of it:
                # rows so far are read back and written with the column added.
                writer = self._widen(writer, beside, table.schema)
                shape.has_grown = False
            writer.write_table(table)
            chunk = list(islice(lines, GROUP_ROWS))
        if writer is not None:
            writer.close()
            with beside.open("rb") as file:
                os.fsync(file.fileno())
            beside.replace(path)
            sync_folder(path.parent)
            self._streams[name].extra += shape.extra
        return has_rows

    def _widen(self, writer: Any, path: Path, schema: Any) -> Any:
        if writer is None:
            return self._parquet.ParquetWriter(path, schema, compression="zstd")
        writer.close()
        narrow = path.with_name(f"{path.name}.narrow.new")
        path.replace(narrow)
        wide = self._parquet.ParquetWriter(path, schema, compression="zstd")
        source = self._parquet.ParquetFile(narrow)
        for group in range(source.num_row_groups):
            wide.write_table(widened(self._arrow, source.read_row_group(group), schema))
        narrow.unlink()
        return wide

    def _all_columns(self, name: str) -> list[Column]:
        table = self._tables[name]
        known = table_columns(table.model, table.key)
        return known + [Column(one, "json") for one in self._streams[name].extra]

    def keys(self, name: str) -> Iterable[str]:
        """Give the keys that the open run has written."""
        stream, table = self._streams[name], self._tables[name]
        for file in stream.files[stream.base :]:
            yield from self._file_keys(name, file)
        yield from keys_of(self._logs[name].lines(), table.key)

    def _file_keys(self, name: str, file: str) -> Iterator[str]:
        source = self._parquet.ParquetFile(self._path / name / file)
        key = self._tables[name].key
        for batch in source.iter_batches(GROUP_ROWS, columns=[key]):
            for value in batch.column(0).to_pylist():
                yield str(value)

    def finish(self, endings: Mapping[str, Ending], state: bytes) -> None:
        """Make files of the journals and merge them with those that were there."""
        with os_errors_as_target_errors(self.where):
            spent = [self._roll(name) for name in endings]
            for name, ending in endings.items():
                self._end(name, ending)
            self._folder.save(state, self._streams)
            for log in spent:
                log.remove()
            for name in endings:
                self._sweep(name)

    def _end(self, name: str, ending: Ending) -> None:
        stream = self._streams[name]
        old, new = stream.files[: stream.base], stream.files[stream.base :]
        if ending == "replace":
            stream.files = new
        elif ending == "discard":
            stream.files = old
        elif ending == "merge" and new:
            self._merge(name, old, new)
        stream.base = len(stream.files)
        # Files made here have taken the journal's number.
        self._open_log(name)

    def _merge(self, name: str, old: list[str], new: list[str]) -> None:
        """Write anew each file with a row that a later one takes the place of."""
        stream = self._streams[name]
        counts = Counter(self.keys(name))
        stream.files = []
        for file in old:
            if counts.keys().isdisjoint(self._file_keys(name, file)):
                stream.files.append(file)
            else:
                rows = self._file_rows(name, file)
                self._add_file(name, (row for row, key in rows if key not in counts))
        if counts.total() == len(counts):
            stream.files += new
            return
        rows = chain.from_iterable(self._file_rows(name, file) for file in new)
        self._add_file(name, _latest(rows, counts))

    def _file_rows(self, name: str, file: str) -> Iterator[tuple[bytes, str]]:
        """Give the rows of a file, each with its key."""
        source = self._parquet.ParquetFile(self._path / name / file)
        for batch in source.iter_batches(GROUP_ROWS, columns=[self._tables[name].key, RECORD]):
            keys, records = (one.to_pylist() for one in batch.columns)
            for key, record in zip(keys, records, strict=True):
                yield record.encode(), str(key)

    def close(self) -> None:
        """Let go of the folder."""
        for log in self._logs.values():
            log.close()
        self._folder.close()


def _latest(rows: Iterator[tuple[bytes, str]], counts: Counter[str]) -> Iterator[bytes]:
    """Give the last row of each key."""
    for row, key in rows:
        counts[key] -= 1
        if counts[key] == 0:
            yield row
