"""The seam through which a sink touches object storage: whole objects, and conditional puts.

Storage of objects has no renames and no locks. What it has is one atomic put, which may depend on
what is there: `create` puts an object only where there is none, `replace` only in the place of the
one with a certain tag. The manifest of a target is put so, which makes it the commit point, and the
fence against a sync that was thought dead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeGuard


class ChangedObjectError(Exception):
    """The condition of a put does not hold: somebody else has put the object."""


class ObjectInfo(NamedTuple):
    """An object as a listing shows it."""

    name: str
    """Its name below the target's prefix."""
    size: int
    """Bytes."""
    tag: str
    """Another one for other content, the ETag of S3."""


class ObjectBody(NamedTuple):
    """An object with its content."""

    body: bytes
    tag: str


class ObjectStore(Protocol):
    """What a sink asks of object storage.

    Every method may raise `TargetError`, whose message names the target and holds no credential.
    """

    @property
    def where(self) -> str:
        """What messages call it: its address."""
        ...

    def get(self, name: str) -> ObjectBody | None:
        """Return an object; None if there is none."""
        ...

    def create(self, name: str, body: bytes) -> str:
        """Put an object where there is none and return its tag.

        Raises:
            ChangedObjectError: There is one.
        """
        ...

    def replace(self, name: str, body: bytes, tag: str) -> str:
        """Put an object in the place of one with this tag and return the new tag.

        Raises:
            ChangedObjectError: It has another tag, or is not there.
        """
        ...

    def upload(self, name: str, path: Path) -> str:
        """Put a file as an object, whatever is there, and return the tag."""
        ...

    def download(self, name: str, path: Path) -> bool:
        """Write an object into a file; say whether there is one."""
        ...

    def tag(self, name: str) -> str | None:
        """Return an object's tag; None if there is none."""
        ...

    def objects(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Give the objects whose names begin so, in the order of their names."""
        ...

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects; one that is not there is no error."""
        ...


def is_object_store(value: object) -> TypeGuard[ObjectStore]:
    """Say whether this can do what a sink asks of object storage."""
    needed = ("get", "create", "replace", "upload", "download", "tag", "objects", "remove")
    return not isinstance(value, type) and all(
        callable(getattr(value, name, None)) for name in needed
    )
