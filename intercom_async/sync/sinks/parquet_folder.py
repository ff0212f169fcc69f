"""Parquet files in a folder: a folder a stream, which is swapped as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from .base import Departed, Opened
from .disk import Disk
from .entries import Entry
from .files import Digesting, check_file
from .folder import Folder, Manifest, StoredFile, StoredStream, described
from .journal import Journal
from .new_target import PathTarget


class ParquetFolder(PathTarget):
    """A `ParquetTarget` in a folder.

    Args:
        disk: Where files are.
        path: The folder.
    """

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self._path = path
        self._folder = Folder(disk, path, "parquet")

    @property
    def manifest(self) -> Manifest:
        """What the folder holds."""
        return self._folder.manifest

    def open(self, *, verify: bool) -> Opened:
        """Take hold of the folder."""
        return self._folder.open(verify=verify)

    def begin(self, names: Iterable[str]) -> None:
        """Refuse to write streams where files of a user's stand."""
        self._folder.refuse_taken(names)

    @property
    def journal(self) -> Journal:
        """What came since the last generation."""
        return self._folder.journal

    def commit(self, entries: Sequence[Entry], state: bytes) -> None:
        """Add entries and state to the journal."""
        self._folder.commit(entries, state)

    def publish(
        self,
        state: bytes,
        made: Mapping[str, StoredStream],
        *,
        departed: Departed,
        dropped: Sequence[str],
    ) -> None:
        """Swap the streams' folders; nothing of the last generation stays."""
        del departed
        self._folder.publish(state, made, dropped)

    def older_files(self, stream: str) -> list[StoredFile]:
        """Return the files that an earlier version has written."""
        if not self._folder.is_older:
            return []
        return [
            StoredFile(name=name, rows=0, bytes=0, tail="", digest="")
            for name in self._disk.names(self._path / stream)
            if name.endswith(".parquet")
        ]

    def read(self, stream: str, file: StoredFile) -> BinaryIO:
        """Open a file for reading."""
        return self._disk.read(self._path / stream / file.name)

    def damage(self, stream: str, file: StoredFile) -> str | None:
        """Compare all of a file with its digest; say in words what differs."""
        name = f"{stream}/{file.name}"
        return check_file(
            self._disk, self._path, name, file.bytes, file.tail, file.digest, whole=True
        )

    def next_files(self, stream: str) -> NextFolder:
        """Return the next folder of a stream."""
        return NextFolder(self._disk, self._path / stream, self._folder.staged(stream))

    def close(self) -> None:
        """Let go of the folder."""
        self._folder.close()


class NextFolder:
    """The next folder of a stream.

    Args:
        disk: Where files are.
        last: The stream's folder of the last generation.
        staged: Where the next one is made.
    """

    def __init__(self, disk: Disk, last: Path, staged: Path) -> None:
        self._disk = disk
        self._last = last
        self._staged = staged
        if disk.is_folder(staged):
            # Left by a publication that was refused, and is tried again: with names of live files.
            disk.remove(staged)
        disk.make_folder(staged)

    def create(self, name: str) -> BinaryIO:
        """Open a new file for writing."""
        return self._disk.create(self._staged / name)

    def sync(self, file: BinaryIO) -> None:
        """Bring what was written to the disk."""
        self._disk.sync(file)

    def place(self, name: str, rows: int) -> StoredFile:
        """Read a file again and describe it; it is where it stays."""
        with self._disk.read(self._staged / name) as file:
            digesting = Digesting(file)
            while body := file.read(2**20):
                digesting.count(body)
        return described(name, rows, digesting)

    def keep(self, file: StoredFile) -> None:
        """Give a file of the last generation a second name."""
        self._disk.link(self._last / file.name, self._staged / file.name)

    def end(self, files: list[StoredFile]) -> StoredStream:
        """Bring the names to the disk."""
        self._disk.sync_folder(self._staged)
        return StoredStream(staged=self._staged.name, files=files)
