"""Files that survive a crash: written beside, flushed to the disk, then renamed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from intercom_async.sync.errors import TargetError

T = TypeVar("T")

STATE_NAME = "sync-state.json"
LOCK_NAME = ".lock"


def write_whole(path: Path, body: bytes) -> None:
    """Write a file so that after a crash the old one or the new one is there, whole."""
    beside = _beside(path)
    with beside.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def sync_folder(path: Path) -> None:
    """Bring the names in a folder to the disk; where folders cannot be opened, that is all."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def os_errors_as_target_errors(where: str) -> Generator[None]:
    """Turn what the file system says into one line that names the target."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise TargetError(f"{where}: {reason}; nothing that was committed is lost") from error


class Folder:
    """A folder that holds one sync.

    Args:
        path: Where; it is made if it is not there, its parent is not.
        format: What its rows are written as; another one is refused.
    """

    def __init__(self, path: Path, format: str) -> None:  # noqa: A002 (what it is called)
        self.path = path
        self._format = format
        self._lock: int | None = None

    @property
    def state_path(self) -> Path:
        """The file with the state."""
        return self.path / STATE_NAME

    def open(self, own: type[T]) -> tuple[bytes, T] | None:
        """Take hold of the folder; return the sync's state and the sink's, None if it is new.

        Args:
            own: The type of the sink's state.

        Raises:
            TargetError: It cannot be used.
        """
        with os_errors_as_target_errors(str(self.path)):
            if self.path.exists() and not self.path.is_dir():
                raise TargetError(f"{self.path} is a file; this format is written into a folder")
            if not self.path.parent.is_dir():
                raise TargetError(f"{self.path.parent} is not there; make it, or correct the path")
            self.path.mkdir(exist_ok=True)
            self._take_lock()
            if not self.state_path.exists():
                if not all(self._is_left(entry) for entry in self.path.iterdir()):
                    raise TargetError(
                        f"{self.path} has files and no {STATE_NAME}: it is not a sync's folder; "
                        "choose an empty one"
                    )
                return None
            return self._read(own)

    def _is_left(self, entry: Path) -> bool:
        """Say whether a sync that was killed before its first commit may have left this."""
        if entry.is_dir():
            return not any(entry.iterdir())
        return entry.name in (LOCK_NAME, _beside(self.state_path).name)

    def _read(self, own: type[T]) -> tuple[bytes, T]:
        try:
            whole = msgspec.json.decode(self.state_path.read_bytes(), type=_Whole)
            sink = msgspec.convert(whole.sink, own)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise TargetError(
                f"{self.state_path}: damaged; restore it, or choose another folder"
            ) from None
        if whole.format_of_rows != self._format:
            raise TargetError(
                f"{self.path} holds {whole.format_of_rows}, not {self._format}; "
                "choose another folder"
            )
        return bytes(whole.sync), sink

    def save(self, state: bytes, own: Any) -> None:
        """Write the sync's state and the sink's; this is the moment of a commit."""
        whole = _Whole(format_of_rows=self._format, sync=msgspec.Raw(state), sink=own)
        write_whole(self.state_path, msgspec.json.format(msgspec.json.encode(whole), indent=1))

    def _take_lock(self) -> None:
        """Refuse a folder that another process writes to."""
        try:
            import fcntl  # noqa: PLC0415 (there is none on Windows, and no lock either)
        except ImportError:
            return
        self._lock = os.open(self.path / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise TargetError(f"{self.path} is being written to by another sync") from None

    def close(self) -> None:
        """Let go of the folder."""
        if self._lock is not None:
            lock, self._lock = self._lock, None
            with contextlib.suppress(OSError):
                os.close(lock)


class _Whole(msgspec.Struct, kw_only=True):
    format_of_rows: str
    sync: msgspec.Raw
    sink: Any = None
