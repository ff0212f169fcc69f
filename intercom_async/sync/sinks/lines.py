"""A row as a line of JSON: the bytes that the API sent, with when they came put behind.

{"id":"7","name":"Ada","_synced_at":"2026-11-26T02:00:00Z","_deleted_at":null}
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

_META = re.compile(
    rb',"_synced_at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)",'
    rb'"_deleted_at":(?:null|"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")\}$'
)
META_BYTES = 92
"""More than what is put behind a row: no further back is it looked for."""


class Line(NamedTuple):
    """A stored line."""

    body: bytes
    """As the API sent it."""
    synced_at: bytes | None
    """None of a line that an earlier version wrote."""
    deleted_at: bytes | None


def iso(seconds: int) -> str:
    """Return a moment as text."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: bytes | None) -> int:
    """Return a moment that `iso` has written; 0 if there is none."""
    if text is None:
        return 0
    return int(datetime.fromisoformat(text.decode()).timestamp())


def as_lines(bodies: Sequence[bytes], synced_at: int, deleted_at: int) -> bytes:
    """Return rows that came at one moment as lines; a `deleted_at` of 0 is null."""
    gone = f'"{iso(deleted_at)}"' if deleted_at else "null"
    behind = f'"_synced_at":"{iso(synced_at)}","_deleted_at":{gone}}}\n'.encode()
    if b"{}" in bodies:
        return b"".join(body[:-1] + (b"," * (body != b"{}")) + behind for body in bodies)
    # One copy of each row, and one of all of them.
    cut = [body[:-1] for body in bodies]
    cut.append(b"")
    return (b"," + behind).join(cut)


def without_meta(line: bytes) -> Line:
    """Take a line apart."""
    found = _META.search(line, max(0, len(line) - META_BYTES - 16))
    if found is None:
        return Line(line, None, None)
    return Line(line[: found.start()] + b"}", found[1], found[2])
