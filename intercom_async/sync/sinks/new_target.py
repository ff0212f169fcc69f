"""Where a target is, and whether anything of a sync is there: to open it makes it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from intercom_async.sync.errors import TargetError
from .base import Sink
from .failures import shown

NOWHERE = "is a link that leads nowhere, or in a circle: correct it, or choose another path"


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


def check_place(path: Path, *, kind: Literal["file", "folder"]) -> None:
    """Refuse a path at which no target can be.

    Args:
        path: The path.
        kind: What a target is there, or is made there.

    Raises:
        TargetError: Something else is there, or nothing can be made there.
    """
    where = shown(path)
    if _leads_nowhere(path):
        raise TargetError(f"{where} {NOWHERE}")
    if path.is_dir():
        if kind == "file":
            file = shown(path / "intercom.duckdb")
            raise TargetError(f"{where} is a folder; a DuckDB database is a file, such as {file}")
    elif path.is_file():
        if kind == "folder":
            what = "is a file; this format is written into a folder"
            raise TargetError(f"{where} {what}: choose another path")
    elif path.exists():
        what = f"is a pipe or a device, not a {kind}"
        raise TargetError(f"{where} {what}: choose another path")
    else:
        _check_parent(path)


def _check_parent(path: Path) -> None:
    """Refuse a path where nothing is and nothing can be made."""
    if not path.parent.is_dir():
        raise TargetError(_no_folder(path.parent))
    if not _may_write(path.parent):
        raise TargetError(
            f"{shown(path)} cannot be made: give this user the right to write to "
            f"{shown(path.parent)}, or choose another path"
        )


def _may_write(folder: Path) -> bool:
    has_effective = os.access in os.supports_effective_ids
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=has_effective)


def _leads_nowhere(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def _no_folder(path: Path) -> str:
    """Say why a target cannot be made in a folder that is not there."""
    there = next(one for one in (path, *path.parents) if one.exists() or one.is_symlink())
    if _leads_nowhere(there):
        return f"{shown(there)} {NOWHERE}"
    if not there.is_dir():
        return f"{shown(there)} is no folder, so nothing can be made in it: correct the path"
    return f"{shown(path)} is not there; make it, or correct the path"


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
