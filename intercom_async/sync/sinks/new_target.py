"""Where a target is, and whether anything of a sync is there: to open it makes it."""

from __future__ import annotations

import os
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


def path_of(sink: Sink) -> Path | None:
    """Return where a target is; None of one that is at no path, such as a server's."""
    path: object = getattr(sink, "path", None)
    if isinstance(path, Path):
        return path
    return Path(sink.where) if os.path.isabs(sink.where) else None  # noqa: PTH117 (it need not be)


def is_inside(path: Path, target: Path) -> bool:
    """Say whether a path is that of a target, or of something that a sync keeps in or beside it."""
    place, wanted = Path(os.path.realpath(target)), Path(os.path.realpath(path))
    own = {place, private_folder(place), place.parent / f"{place.name}.wal"}
    return not own.isdisjoint({wanted, *wanted.parents})


class PathTarget:
    """A target at a path."""

    _path: Path

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

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
