"""JSON lines: one file a stream, each line the bytes that the API sent.

The state holds the length of each file at the last commit. What lies behind it after a crash is cut
off. When a run changes rows that are there already, a new file is written beside the old one, the
state notes that it takes its place, and then it is renamed: a crash at any moment leaves either.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from intercom_async.sync.raw_rows import keys_of, with_keys
from .base import Ending, Table
from .files import Folder, os_errors_as_target_errors, sync_folder
from .line_log import Codec, Log, Plain


class _File(msgspec.Struct):
    length: int = 0
    base: int = 0
    """Length when the open run began."""
    next_length: int | None = None
    """Length of the file that is to take its place."""


class JsonlSink:
    """Writes each stream into a file of its own, one row a line.

    ::

        duckdb.sql("from 'workspace/contacts.jsonl'")
        pandas.read_json("workspace/contacts.jsonl", lines=True)

    Args:
        path: A folder; made if it is not there.
        compression: ``zstd`` for files with the suffix ``.jsonl.zst``; needs pyarrow.

    Raises:
        TargetError: pyarrow is missing.
    """

    def __init__(self, path: str | os.PathLike[str], *, compression: str | None = None) -> None:
        self._path = Path(path)
        self._codec: Codec = Plain()
        self._suffix = "jsonl"
        if compression is not None:
            from .zstd import Zstd  # noqa: PLC0415 (needs an extra)

            self._codec, self._suffix = Zstd(compression), "jsonl.zst"
        self._folder = Folder(self._path, self._suffix)
        self._files: dict[str, _File] = {}
        self._logs: dict[str, Log] = {}
        self._tables: dict[str, Table] = {}

    @property
    def where(self) -> str:
        """Its path."""
        return str(self._path)

    def open(self) -> bytes | None:
        """Take hold of the folder and return the state in it."""
        saved = self._folder.open(dict[str, _File])
        if saved is None:
            return None
        state, self._files = saved
        return state

    def begin(self, tables: Sequence[Table]) -> None:
        """Open the files, each as long as the last commit left it."""
        with os_errors_as_target_errors(self.where):
            self._rename()
            for table in tables:
                file = self._files.setdefault(table.name, _File())
                if table.is_new:
                    file.base = file.length
                log = Log(self._file_path(table.name), self._codec, file.length)
                log.cut()
                self._tables[table.name], self._logs[table.name] = table, log

    def _file_path(self, name: str) -> Path:
        return self._path / f"{name}.{self._suffix}"

    def _beside(self, name: str) -> Path:
        return self._path / f".{name}.{self._suffix}.next"

    def commit(self, rows: Mapping[str, Sequence[bytes]], state: bytes) -> None:
        """Add rows and write the state."""
        with os_errors_as_target_errors(self.where):
            for name, lines in rows.items():
                self._logs[name].append(lines)
                self._files[name].length = self._logs[name].length
            self._folder.save(state, self._files)

    def keys(self, name: str) -> Iterable[str]:
        """Give the keys that the open run has written."""
        return keys_of(self._logs[name].lines(self._files[name].base), self._tables[name].key)

    def finish(self, endings: Mapping[str, Ending], state: bytes) -> None:
        """Merge what the runs have brought with what was there."""
        with os_errors_as_target_errors(self.where):
            for name, ending in endings.items():
                self._end(name, ending)
            # From here on a crash no longer undoes it: what is left is to rename.
            self._folder.save(state, self._files)
            self._rename()
            for name in endings:
                self._files[name].base = self._files[name].length
            self._folder.save(state, self._files)

    def _end(self, name: str, ending: Ending) -> None:
        file, log = self._files[name], self._logs[name]
        if ending == "discard":
            file.length = log.length = file.base
            log.cut()
        elif ending == "replace" and file.base > 0:
            file.next_length = log.write_copy(self._beside(name), log.lines(file.base))
        elif ending == "merge":
            new = Counter(self.keys(name))
            if (file.base and new) or new.total() > len(new):
                file.next_length = log.write_copy(self._beside(name), self._merged(name, new))

    def _merged(self, name: str, new: Counter[str]) -> Iterator[bytes]:
        """Give the earlier lines that no new one takes the place of, then the new ones."""
        file, log, table = self._files[name], self._logs[name], self._tables[name]
        for line, key in with_keys(log.lines(0, file.base), table.key):
            if key not in new:
                yield line
        for line, key in with_keys(log.lines(file.base), table.key):
            new[key] -= 1
            if new[key] == 0:
                yield line

    def _rename(self) -> None:
        """Put new files in the place of old ones, where the state says so."""
        for name, file in self._files.items():
            if file.next_length is None:
                continue
            if name in self._logs:
                self._logs[name].close()
            beside = self._beside(name)
            if beside.exists():
                beside.replace(self._file_path(name))
            file.length = file.base = file.next_length
            file.next_length = None
            if name in self._logs:
                self._logs[name].length = file.length
        sync_folder(self._path)

    def close(self) -> None:
        """Let go of the files."""
        for log in self._logs.values():
            log.close()
        self._folder.close()
