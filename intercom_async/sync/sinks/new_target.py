"""Whether anything of a sync is at a target's place: to open it makes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .base import Sink
from .failures import shown


def is_new(sink: Sink) -> bool:
    """Say whether a target holds nothing yet; no of one that cannot tell before it is opened."""
    asked: Callable[[], bool] | None = getattr(sink, "is_new", None)
    return asked is not None and asked()


def private_folder(path: Path) -> Path:
    """Return the folder beside a database in which a sync keeps what is not published yet."""
    return path.parent / f".{path.name}.sync"  # `with_name` refuses the root of a disk


class PathTarget:
    """A target at a path."""

    _path: Path

    @property
    def where(self) -> str:
        """Its path."""
        return shown(self._path)

    def is_new(self) -> bool:
        """Say whether nothing is there, nor what a stopped run keeps beside a database."""
        path = self._path
        if private_folder(path).exists() or path.is_symlink():
            return False
        return not path.exists() or (path.is_dir() and next(path.iterdir(), None) is None)
