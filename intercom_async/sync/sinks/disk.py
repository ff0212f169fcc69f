"""The seam through which sinks touch files: everything that a crash can undo passes here.

A crash keeps what was synced and may drop the rest: bytes that were written since a file's last
`sync`, and names that were made, renamed or removed since their folder's last `sync_folder`. A test
puts a double in place of `OsDisk` that drops exactly these, or that is full at the n-th write.

Only the database file of `DuckDBSink` does not pass here: DuckDB opens it itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
"""Modes of what a sync makes: rows are personal data
(test_private.py::test_what_a_sink_makes_is_private_at_each_moment)."""


class Disk(Protocol):
    """What sinks ask of a file system."""

    def read(self, path: Path) -> BinaryIO:
        """Open a file for reading."""
        ...

    def create(self, path: Path) -> BinaryIO:
        """Open a new file for writing, or an old one as an empty one; only its owner can read."""
        ...

    def append(self, path: Path, length: int) -> BinaryIO:
        """Open a file for writing behind its first `length` bytes; what lies behind is dropped."""
        ...

    def sync(self, file: BinaryIO) -> None:
        """Bring what was written to the disk."""
        ...

    def sync_folder(self, path: Path) -> None:
        """Bring the names in a folder to the disk."""
        ...

    def rename(self, path: Path, to: Path) -> None:
        """Give a file or folder another name; a file there is replaced."""
        ...

    def link(self, path: Path, to: Path) -> None:
        """Give a file a second name, which stays when the first one goes; or copy it."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file, or a folder with all that is in it; nothing there is no error."""
        ...

    def remove_empty(self, path: Path) -> None:
        """Remove a folder; one that has something in it stays."""
        ...

    def make_folder(self, path: Path) -> None:
        """Make a folder that only its owner can enter; one that is there stays."""
        ...

    def names(self, path: Path) -> Sequence[str]:
        """Return the sorted names in a folder; none where there is no folder."""
        ...

    def size(self, path: Path) -> int | None:
        """Return the length of a file in bytes; None if there is none."""
        ...

    def is_folder(self, path: Path) -> bool:
        """Say whether this is a folder."""
        ...


class OsDisk:
    """The file system of this machine."""

    def read(self, path: Path) -> BinaryIO:
        """Open a file for reading."""
        return path.open("rb")

    def create(self, path: Path) -> BinaryIO:
        """Open a new file for writing, or an old one as an empty one; only its owner can read."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        return os.fdopen(os.open(path, flags, PRIVATE_FILE), "wb")

    def append(self, path: Path, length: int) -> BinaryIO:
        """Open a file for writing behind its first `length` bytes; what lies behind is dropped."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        file = os.fdopen(os.open(path, flags, PRIVATE_FILE), "r+b")
        file.truncate(length)
        file.seek(length)
        return file

    def sync(self, file: BinaryIO) -> None:
        """Bring what was written to the disk."""
        file.flush()
        os.fsync(file.fileno())

    def sync_folder(self, path: Path) -> None:
        """Bring the names in a folder to the disk; where folders cannot be opened, that is all."""
        if os.name != "posix":
            return
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, path: Path, to: Path) -> None:
        """Give a file or folder another name; a file there is replaced."""
        path.replace(to)

    def link(self, path: Path, to: Path) -> None:
        """Give a file a second name; where the file system has no such thing, copy it."""
        try:
            os.link(path, to)
        except FileExistsError:
            # It may be this file already: to write a copy would empty both.
            raise
        except OSError:
            with path.open("rb") as source, self.create(to) as target:
                shutil.copyfileobj(source, target, 2**20)
                self.sync(target)

    def remove(self, path: Path) -> None:
        """Remove a file, or a folder with all that is in it; nothing there is no error."""
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def remove_empty(self, path: Path) -> None:
        """Remove a folder; one that has something in it stays."""
        with suppress(OSError):
            path.rmdir()

    def make_folder(self, path: Path) -> None:
        """Make a folder that only its owner can enter; one that is there stays."""
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)

    def names(self, path: Path) -> Sequence[str]:
        """Return the sorted names in a folder; none where there is no folder."""
        return sorted(entry.name for entry in path.iterdir()) if path.is_dir() else ()

    def size(self, path: Path) -> int | None:
        """Return the length of a file in bytes; None if there is none."""
        return path.stat().st_size if path.is_file() else None

    def is_folder(self, path: Path) -> bool:
        """Say whether this is a folder."""
        return path.is_dir()


OS_DISK: Disk = OsDisk()
