"""Object storage in a folder, with the conditional puts of S3: for sinks, without a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import md5
from pathlib import Path

from intercom_async.sync.sinks.object_store import ChangedObjectError, ObjectBody, ObjectInfo


class FolderObjects:
    """An object store.

    Args:
        folder: Where the objects are; made with the first of them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fetched: list[str] = []
        """Names of the objects that were downloaded."""

    @property
    def where(self) -> str:
        return str(self.folder)

    def get(self, name: str) -> ObjectBody | None:
        path = self.folder / name
        if not path.is_file():
            return None
        body = path.read_bytes()
        return ObjectBody(body, _tag(body))

    def create(self, name: str, body: bytes) -> str:
        if (self.folder / name).exists():
            raise ChangedObjectError
        return self._put(name, body)

    def replace(self, name: str, body: bytes, tag: str) -> str:
        if self.tag(name) != tag:
            raise ChangedObjectError
        return self._put(name, body)

    def upload(self, name: str, path: Path) -> str:
        return self._put(name, path.read_bytes())

    def _put(self, name: str, body: bytes) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        return _tag(body)

    def download(self, name: str, path: Path) -> bool:
        found = self.get(name)
        if found is not None:
            self.fetched.append(name)
            path.write_bytes(found.body)
        return found is not None

    def tag(self, name: str) -> str | None:
        found = self.get(name)
        return None if found is None else found.tag

    def objects(self, prefix: str = "") -> Iterator[ObjectInfo]:
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and name.startswith(prefix):
                yield ObjectInfo(name, path.stat().st_size, _tag(path.read_bytes()))

    def remove(self, names: Sequence[str]) -> None:
        for name in names:
            (self.folder / name).unlink(missing_ok=True)


def _tag(body: bytes) -> str:
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'
