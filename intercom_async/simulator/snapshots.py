"""Snapshots of the whole state: settings, and what was written, as lines of JSON."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

import msgspec

from .rows import BAD_JSON, decode_json, encode_json
from .settings import Settings
from .store import snapshot
from .store.workspace import Workspace

SNAPSHOT_FORMAT = 2
"""Number of the form of snapshots; it rises when an older one cannot be read any more."""

NewWorkspace = Callable[[Settings], Workspace]


class Snapshots:
    """Takes snapshots and restores them, in steps.

    Writes, and what frees a workspace, wait for a snapshot that is being taken (`until_taken`), so
    that it is of one moment; reads go on.
    """

    def __init__(self) -> None:
        self._taking: Iterator[None] | None = None

    def until_taken(self) -> Iterator[None]:
        """Go on with the snapshot that is being taken, in steps, until it is."""
        while self._taking is not None:
            next(self._taking, None)
            yield

    def take(self, settings: Settings, workspace: Workspace) -> Generator[None, None, list[bytes]]:
        """Return the lines of a snapshot, where none is being taken (`until_taken`)."""
        lines = [encode_json({"format": SNAPSHOT_FORMAT, "settings": settings}) + b"\n"]
        self._taking = self._take(workspace, lines)
        yield from self.until_taken()
        return lines

    def _take(self, workspace: Workspace, lines: list[bytes]) -> Iterator[None]:
        try:
            for line in snapshot.lines(workspace):
                lines.append(line + b"\n")
                yield
        finally:
            self._taking = None


def restored(
    saved: Iterable[bytes], new_workspace: NewWorkspace
) -> Generator[None, None, tuple[Settings, Workspace]]:
    """Return the settings and the workspace of a snapshot, which may come in parts.

    Raises:
        ValueError: The bytes are no snapshot, or one of another release.
    """
    lines = _lines(saved)
    try:
        head: Any = decode_json(next(lines, b""))
        if head["format"] != SNAPSHOT_FORMAT:
            raise ValueError(f"its format is {head['format']}, not {SNAPSHOT_FORMAT}")
        settings = msgspec.convert(head["settings"], Settings)
        workspace = new_workspace(settings)
        yield from snapshot.put_back(workspace, lines)
    except (*BAD_JSON, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"this is no snapshot of a simulator: {error}") from None
    return settings, workspace


def _lines(saved: Iterable[bytes]) -> Iterator[bytes]:
    begun: list[bytes] = []
    for part in saved:
        start = 0
        while (end := part.find(b"\n", start)) >= 0:
            yield b"".join((*begun, part[start:end]))
            begun.clear()
            start = end + 1
        begun.append(part[start:])
    if any(begun):
        yield b"".join(begun)
