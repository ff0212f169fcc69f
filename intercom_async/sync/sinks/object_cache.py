"""Objects that were fetched, as files, and compared with what was put."""

from __future__ import annotations

from pathlib import Path

from .disk import OS_DISK
from .files import Digesting
from .folder import StoredFile
from .object_store import ObjectStore

CACHE_BYTES = 2**30
"""Bytes of files that stay for being read again: a run reads each when it begins, and when it
publishes. Those of a larger target are fetched twice
(test_bucket.py::test_a_run_fetches_each_file_once)."""


class ObjectCache:
    """Fetches objects into a folder, and keeps those that were read last.

    Args:
        objects: The storage.
        folder: Where the files stand.
        most_bytes: What they may take, but for the last one.
    """

    def __init__(
        self, objects: ObjectStore, folder: Path, *, most_bytes: int = CACHE_BYTES
    ) -> None:
        self._objects = objects
        self._folder = folder
        self._most_bytes = most_bytes
        self._held: dict[str, int] = {}
        """Bytes of each object that is here, in the order in which they were used."""
        self._numbers: dict[str, int] = {}

    def path(self, file: StoredFile) -> Path:
        """Return where an object stands once it was compared."""
        number = self._numbers.setdefault(file.name, len(self._numbers))
        return self._folder / f"object-{number}"

    def damage(self, file: StoredFile) -> str | None:
        """Fetch an object unless it is here; say in words how it differs from what was put."""
        held = self._held.pop(file.name, None)
        path = self.path(file)
        if held is None:
            OS_DISK.create(path).close()  # nobody else can read it
            if not self._objects.download(file.name, path):
                path.unlink()
                return f"{file.name} is missing"
            if digested(path, like=file.digest).digest != file.digest:
                path.unlink()
                return f"{file.name} was changed"
            self._make_room(file.bytes)
        self._held[file.name] = file.bytes
        return None

    def _make_room(self, size: int) -> None:
        while self._held and sum(self._held.values()) + size > self._most_bytes:
            oldest = next(iter(self._held))
            del self._held[oldest]
            (self._folder / f"object-{self._numbers[oldest]}").unlink()


def digested(path: Path, *, like: str = "") -> Digesting:
    """Read a file to its end and return its digest."""
    with path.open("rb") as file:
        digesting = Digesting(file, like=like)
        while body := file.read(2**20):
            digesting.count(body)
    return digesting
