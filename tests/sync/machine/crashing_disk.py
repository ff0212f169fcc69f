"""A disk that can be full, and a crash that drops what was not synced.

Files are real, in a folder of the test. Beside them the disk keeps what would survive a loss of
power: of each file its bytes at the last `sync`, of each folder its names at the last
`sync_folder`. After a kill `crash` rebuilds the folder from these, with as much of the rest as the
dice allow: a file system may keep any prefix of the changes to a folder's names, and any prefix of
a file's new bytes.
"""

from __future__ import annotations

import errno
import io
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from intercom_async.sync.sinks.disk import OsDisk

Keeping = Literal["all", "some", "none"]
"""What of the unsynced survives: all after a SIGKILL, some or none after a loss of power."""


Names = dict[Path, int | None]
"""What stands where: the number of a file, or None for a folder."""


class Killed(BaseException):
    """The process ended here."""


class _File(io.BufferedIOBase):
    """A file whose writes count as operations of the disk."""

    def __init__(self, disk: CrashingDisk, file: BinaryIO, number: int) -> None:
        super().__init__()
        self._disk = disk
        self.file = file
        self.number = number

    def write(self, body: Any) -> int:
        size = len(memoryview(body).cast("B"))
        self._disk.before_write(lambda: self.file.write(memoryview(body).cast("B")[: size // 2]))
        return self.file.write(body)

    def read(self, size: int | None = -1) -> bytes:
        return self.file.read(-1 if size is None else size)

    def readinto(self, buffer: Any) -> int:
        return cast("io.BufferedReader", self.file).readinto(buffer)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def truncate(self, size: int | None = None) -> int:
        return self.file.truncate(size)

    def flush(self) -> None:
        if not self.file.closed:
            self.file.flush()

    def fileno(self) -> int:
        return self.file.fileno()

    def readable(self) -> bool:
        return self.file.readable()

    def writable(self) -> bool:
        return self.file.writable()

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self.file.close()
        super().close()


class CrashingDisk(OsDisk):
    """The file system of this machine, until the n-th operation.

    Args:
        root: The folder that survives a crash; all that is in it is on the disk already.
        kill_at: The operation at which the process ends; 0 for none.
        full_at: The operation from which on writes fail; 0 for none.
    """

    def __init__(self, root: Path, *, kill_at: int = 0, full_at: int = 0) -> None:
        self.operations: int = 0
        self.hooks: dict[int, Callable[[], object]] = {}
        """What is called before the n-th operation."""
        self._root = root
        self._kill_at = kill_at
        self._full_at = full_at
        self._numbers = 0
        self._names: Names = {}
        """What stands where now."""
        self._bodies: dict[int, bytes] = {}
        """Bytes of each file at its last sync."""
        for path in sorted(root.rglob("*")):
            self._names[path] = None if path.is_dir() else self._new(path.read_bytes())
        self._durable = dict(self._names)
        self._open: list[_File] = []
        self._pending: list[tuple[frozenset[Path], Callable[[Names], None]]] = []

    def _new(self, body: bytes) -> int:
        self._numbers += 1
        self._bodies[self._numbers] = body
        return self._numbers

    # Counting -------------------------------------------------------------------------------

    def _step(self) -> None:
        self.operations += 1
        if self.operations in self.hooks:
            self.hooks[self.operations]()
        if self._kill_at and self.operations >= self._kill_at:
            raise Killed

    def before_write(self, write_half: Callable[[], object]) -> None:
        """Count a write; one that is killed leaves half of its bytes."""
        try:
            self._step()
        except Killed:
            if self.operations == self._kill_at:
                write_half()
            raise
        if self._full_at and self.operations >= self._full_at:
            write_half()
            raise OSError(errno.ENOSPC, "No space left on device")

    def _rename(self, folders: Sequence[Path], change: Callable[[Names], None]) -> None:
        change(self._names)
        self._pending.append((frozenset(folders), change))

    # The file system ------------------------------------------------------------------------

    def create(self, path: Path) -> BinaryIO:
        self._step()
        return self._opened(path, super().create(path))

    def append(self, path: Path, length: int) -> BinaryIO:
        self._step()
        return self._opened(path, super().append(path, length))

    def _opened(self, path: Path, file: BinaryIO) -> BinaryIO:
        number = self._names.get(path)
        if number is None:
            number = self._new(b"")
            made = number
            self._rename([path.parent], lambda names: names.update({path: made}))
        opened = _File(self, file, number)
        self._open.append(opened)
        return cast("BinaryIO", opened)

    def sync(self, file: BinaryIO) -> None:
        self._step()
        file.flush()
        number = cast("_File", file).number
        path = next((path for path, one in self._names.items() if one == number), None)
        if path is not None:
            self._bodies[number] = path.read_bytes()

    def sync_folder(self, path: Path) -> None:
        self._step()
        left: list[tuple[frozenset[Path], Callable[[Names], None]]] = []
        for folders, change in self._pending:
            if path in folders:
                change(self._durable)
            else:
                left.append((folders, change))
        self._pending = left

    def rename(self, path: Path, to: Path) -> None:
        self._step()
        super().rename(path, to)
        number = self._names[path]
        self._rename([path.parent, to.parent], lambda names: _move(names, path, to, number))

    def link(self, path: Path, to: Path) -> None:
        self._step()
        super().link(path, to)
        number = self._names[path]
        self._rename([to.parent], lambda names: names.update({to: number}))

    def remove(self, path: Path) -> None:
        self._step()
        super().remove(path)
        self._rename([path.parent], lambda names: _drop(names, path))

    def remove_empty(self, path: Path) -> None:
        self._step()
        super().remove_empty(path)
        if not path.exists():
            self._rename([path.parent], lambda names: _drop(names, path))

    def make_folder(self, path: Path) -> None:
        self._step()
        is_new = not path.exists()
        super().make_folder(path)
        if is_new:
            self._rename([path.parent], lambda names: names.update({path: None}))

    # The crash ------------------------------------------------------------------------------

    def crash(self, keeping: Keeping, dice: random.Random) -> None:
        """Leave what survives."""
        for file in self._open:
            # What is still in a buffer of the process must not be written after the crash.
            file.close()
        if keeping == "all":
            return
        names = dict(self._durable)
        count = dice.randint(0, len(self._pending)) if keeping == "some" else 0
        for _, change in self._pending[:count]:
            change(names)
        places = {number: path for path, number in self._names.items() if number is not None}
        bodies = {
            number: self._surviving(number, places.get(number), keeping, dice)
            for number in names.values()
            if number is not None
        }
        self._rebuild(names, bodies)

    def _rebuild(self, names: Names, bodies: dict[int, bytes]) -> None:
        for entry in self._root.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        # A folder comes before what is in it. What is in a folder whose own name was never synced
        # is not there either.
        for path, number in sorted(names.items()):
            if not path.parent.is_dir():
                continue
            if number is None:
                path.mkdir(exist_ok=True)
            else:
                path.write_bytes(bodies[number])

    def _surviving(
        self, number: int, place: Path | None, keeping: Keeping, dice: random.Random
    ) -> bytes:
        synced = self._bodies[number]
        if keeping == "none" or place is None or not place.exists():
            return synced
        now = place.read_bytes()
        if now.startswith(synced):
            return now[: dice.randint(len(synced), len(now))]
        return dice.choice((synced, now))


def _move(names: Names, path: Path, to: Path, number: int | None) -> None:
    """Move a name, and what is known to be below it; its own creation need not be known yet."""
    below = {one: inner for one, inner in names.items() if _is_below(one, path)}
    _drop(names, path)
    _drop(names, to)
    names[to] = number
    for one, inner in below.items():
        names[to / one.relative_to(path)] = inner


def _drop(names: Names, path: Path) -> None:
    for one in [one for one in names if _is_below(one, path)]:
        del names[one]
    names.pop(path, None)


def _is_below(one: Path, folder: Path) -> bool:
    # The parents of a path are made one by one, thousands of times in a history.
    return str(one).startswith(f"{folder}/")
