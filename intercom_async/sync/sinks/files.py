"""What sinks on files share: one process to a target, and whole files."""

from __future__ import annotations

import contextlib
import os
import secrets
import zlib
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from intercom_async.sync.errors import BusyTargetError, TargetError
from .disk import PRIVATE_FILE, Disk
from .failures import shown

BLAKE2_DIGITS = 32
"""Length of a digest in older manifests (test_older_targets.py)."""
LOCK_NAME, EPOCH_NAME, JOURNAL_NAME = "lock", "epoch", "journal"
LOCK_TRIES = 5
"""Times that a lock is taken which others may not find, as a refused run removes its own; a file
system may also tell two of one file (test_target_lock.py)."""
TAIL_BYTES = 4096
"""Bytes at the end of each file that every run compares."""


class TargetLock:
    """One process's hold on a target: a lock, and an epoch where locks do not work.

    File locks fail on some network file systems. So each process that opens a target writes a new
    epoch, and one that finds another epoch than its own before it writes has lost the target.
    What was made for a run that has written nothing, as it was refused, is removed with the hold.

    Args:
        disk: Where files are.
        folder: The sync's own folder in the target.
        where: What messages call the target.
    """

    def __init__(self, disk: Disk, folder: Path, where: str) -> None:
        self._disk = disk
        self._folder = folder
        self._where = where
        self._lock: int | None = None
        self._epoch = b""
        self._made: list[str] = []
        """What was made in the folder, and is removed if nothing is written."""
        self._made_folder = False

    def take(self) -> None:
        """Take hold of the target.

        Raises:
            BusyTargetError: Another process has it.
        """
        disk, folder = self._disk, self._folder
        there = disk.names(folder)
        self._made_folder = not disk.is_folder(folder)
        disk.make_folder(folder)
        disk.sync_folder(folder.parent)
        self._take_lock(is_new=LOCK_NAME not in there)
        self._made = [name for name in (EPOCH_NAME, LOCK_NAME) if name not in there]
        self._epoch = secrets.token_hex(8).encode()
        with self._disk.create(self._folder / EPOCH_NAME) as file:
            file.write(self._epoch)
            self._disk.sync(file)

    def check(self) -> None:
        """Refuse to go on once another process has taken hold of the target.

        Raises:
            BusyTargetError: It has.
        """
        if self._read_epoch() != self._epoch:
            what = "was taken over by another sync; nothing was changed"
            raise BusyTargetError(f"{self._where} {what}")
        self._made, self._made_folder = [], False

    def _read_epoch(self) -> bytes:
        """Return the epoch that stands there; nothing where there is none."""
        if self._disk.size(self._folder / EPOCH_NAME) is None:
            return b""
        with self._disk.read(self._folder / EPOCH_NAME) as file:
            return file.read()

    def _take_lock(self, *, is_new: bool) -> None:
        try:
            import fcntl  # noqa: PLC0415 (there is none on Windows, and no lock either)
        except ImportError:
            return
        path = self._folder / LOCK_NAME
        try:
            for number in range(LOCK_TRIES):
                if number:
                    self._close()
                    self._disk.make_folder(self._folder)
                with contextlib.suppress(FileNotFoundError):
                    self._lock = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
                    fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if self._is_at(path):
                        return
        except BlockingIOError:
            self._close()
            raise BusyTargetError(
                f"{self._where} is being written to by another sync; --wait SECONDS waits for it"
            ) from None
        except OSError:  # such as of a file system without locks
            self._close()
            if is_new:
                with contextlib.suppress(OSError):
                    self._disk.remove(path)
            raise

    def _is_at(self, path: Path) -> bool:
        """Say whether the lock is the one that others find: a refused run removes its own."""
        return self._lock is not None and os.path.samestat(os.fstat(self._lock), path.stat())

    def release(self) -> None:
        """Let go of the target, and leave nothing of a run that has written nothing."""
        made, self._made = self._made, []
        try:
            with contextlib.suppress(OSError):
                # One that could not be written is a part of it.
                if made and self._epoch.startswith(self._read_epoch()):
                    for name in made:
                        self._disk.remove(self._folder / name)
                if self._made_folder:
                    self._made_folder = False
                    self._disk.remove_empty(self._folder)
        finally:
            self._close()

    def _close(self) -> None:
        if self._lock is not None:
            lock, self._lock = self._lock, None
            with contextlib.suppress(OSError):
                os.close(lock)


def write_whole(disk: Disk, path: Path, beside: Path, body: bytes) -> None:
    """Write a file so that after a crash the old one or the new one is there, whole."""
    with disk.create(beside) as file:
        file.write(body)
        disk.sync(file)
    disk.rename(beside, path)
    disk.sync_folder(path.parent)


def read_whole(disk: Disk, path: Path) -> bytes:
    """Return what a file holds."""
    with disk.read(path) as file:
        return file.read()


class _Crc32:
    """CRC-32 as a hash: it finds damage, at a fifth of what a cryptographic digest costs."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, body: bytes) -> None:
        """Take bytes in."""
        self._value = zlib.crc32(body, self._value)

    def hexdigest(self) -> str:
        """Return it as text."""
        return f"{self._value:08x}"


class Digesting:
    """A file that is written or read along with its digest and its end.

    Args:
        file: The file, at its beginning.
        like: A digest that it is to be compared with, and whose kind it therefore has.
    """

    def __init__(self, file: BinaryIO, *, like: str = "") -> None:
        self._file = file
        # Older manifests of this format have 128 bits of BLAKE2.
        self._hash = blake2b(digest_size=16) if len(like) == BLAKE2_DIGITS else _Crc32()
        self._tail = b""
        self.length: int = 0

    def write(self, body: bytes) -> None:
        """Write."""
        self._file.write(body)
        self.count(body)

    def count(self, body: bytes) -> None:
        """Take bytes into the digest."""
        self._hash.update(body)
        self.length += len(body)
        self._tail = (self._tail + body[-TAIL_BYTES:])[-TAIL_BYTES:]

    @property
    def digest(self) -> str:
        """The digest of all of it."""
        return self._hash.hexdigest()

    @property
    def tail(self) -> str:
        """The digest of its end."""
        return tail_digest(self._tail)


def tail_digest(tail: bytes) -> str:
    """Return the digest of a file's end."""
    return blake2b(tail, digest_size=8).hexdigest()


def check_file(
    disk: Disk, root: Path, name: str, length: int, tail: str, digest: str, *, whole: bool
) -> str | None:
    """Compare a file with what was written; say in words what differs.

    Args:
        disk: Where the file is.
        root: The target.
        name: The file's path in the target.
        length: Its length in bytes.
        tail: The digest of its end.
        digest: The digest of all of it.
        whole: Read all of it, not its end only.
    """
    path = root / name
    size = disk.size(path)
    if size is None:
        return f"{name} is missing"
    if size != length:
        return f"{name} has {size} bytes instead of {length}"
    with disk.read(path) as file:
        if whole:
            found = Digesting(file, like=digest)
            while body := file.read(2**20):
                found.count(body)
            return None if found.digest == digest else f"{name} was changed"
        file.seek(max(0, size - TAIL_BYTES))
        return None if tail_digest(file.read()) == tail else f"the end of {name} was changed"


def refuse(where: Path, reason: str) -> TargetError:
    """Return the error of a target that cannot be used."""
    return TargetError(f"{shown(where)} {reason}")
