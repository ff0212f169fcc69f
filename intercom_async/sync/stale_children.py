"""Tells whose children are to be read: of parents that are another version than they were read for.

A parent whose time is still to come, is not there, or went back does not say which version it is.
Its children are read again whenever its content is another one, and after a stop unless they were
read later than it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from .raw_rows import Row
from .sinks.entries import Entry, Put
from .stream_run import StreamRun
from .streams import Children


def stale_parents(
    run: StreamRun, rows: Sequence[Row], entries: Iterable[Entry]
) -> dict[StreamRun, list[str]]:
    """Return for each stream of children the parents whose children are to be read.

    Args:
        run: The parents' stream.
        rows: Parents that were read.
        entries: What they have changed.
    """
    found: dict[StreamRun, list[str]] = {}
    if not run.children:
        return found
    doubtful = {row.key for row in rows if row.is_ahead or not row.version}
    doubtful |= run.earlier.went_back
    run.earlier.went_back.clear()
    changed = doubtful and doubtful & {entry.key for entry in entries if type(entry) is Put}
    for child in run.children:
        count = _count_of(child)
        keys = [
            row.key
            for row in rows
            if row.key in changed
            or child.is_stale(row.key, row.version, count(row.body) if count else 0)
        ]
        if keys:
            found[child] = keys
    return found


def want_children(
    run: StreamRun, key: str, version: int, read_at: int = 0, body: bytes = b""
) -> None:
    """Queue a parent that the target has, where its children were read for another version.

    Args:
        run: The parent's stream.
        key: The parent.
        version: When it changed; 0 where it does not say.
        read_at: When it was read, if a stopped run has read it.
        body: The parent, if it is at hand: its count may tell of children that its time does not.
    """
    for child in run.children:
        count = _count_of(child)
        told = count(body) if count and body else 0
        if child.is_stale(key, version, told) or _is_read_before(child, key, version, read_at):
            child.want([key])


def _count_of(child: StreamRun) -> Callable[[bytes], int] | None:
    """Return what counts the children that a parent says it has, if anything does."""
    source = child.stream.source
    return source.count if isinstance(source, Children) else None


def prune(run: StreamRun) -> None:
    """Leave out of a queue of parents those of which it turned out that children were read."""
    if run.parent is None or not run.queue:
        return
    table = run.parent.table
    kept = [
        key
        for key in run.queue
        if (held := table.get(key)) is not None
        and not held.is_gone
        and (
            run.is_stale(key, held.version, 0)
            or _is_read_before(run, key, held.version, held.read_at)
        )
    ]
    run.queue = deque(kept)
    run.queued = set(kept)


def _is_read_before(run: StreamRun, key: str, version: int, read_at: int) -> bool:
    """Say whether children were read before their parent, whose time does not tell it or went back.

    A generation does not tell when its rows were read: their moments are 0 or 1.
    """
    family = run.families.get(key)
    if version and family is not None and family.version > version:
        return True
    return not version and family is not None and max(family.read_at, 1) < read_at
