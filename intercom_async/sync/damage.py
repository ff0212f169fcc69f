"""What a target has lost, and what of it can be made again."""

from __future__ import annotations

from collections.abc import Sequence

from .checkpoint import State
from .errors import TargetError
from .evidence import tombstone_put
from .sinks.base import Opened, Sink
from .sinks.ending import current_ending
from .sinks.entries import Entry
from .stream_run import StreamRun
from .streams import Children, Stream


def damaged_streams(opened: Opened, where: str, *, repair: bool) -> tuple[list[str], list[str]]:
    """Return the damaged streams, which are to be read again, and what the report says of it.

    Raises:
        TargetError: There are some, and nobody has asked for a repair.
    """
    reasons, notes = [reason for _, reason in opened.damaged], list[str]()
    again = "these streams" if reasons else "what that run has read"
    if opened.lost:
        reasons.insert(0, opened.lost)
        notes.append(f"given up and read again: {opened.lost}")
    if reasons and not repair:
        raise TargetError(f"{where} is damaged: {'; '.join(reasons)}; --repair reads {again} again")
    names = [name for name, _ in opened.damaged]
    if names:
        notes.append(f"damaged and read again: {', '.join(names)}")
    return names, notes


def hidden_parents(damaged: Sequence[str], chosen: Sequence[Stream], state: State) -> list[str]:
    """Return the parents of damaged children of which nothing but those stands in the target."""
    parents = [
        stream.source.parent
        for stream in chosen
        if stream.name in damaged and isinstance(stream.source, Children)
    ]
    saved = state.streams
    return [name for name in parents if name in saved and not saved[name].is_shown]


def restored_tombstones(sink: Sink, runs: Sequence[StreamRun]) -> list[Entry]:
    """Return tombstones for the rows that stand as deleted, where the old ones are damaged.

    Raises:
        StoppedError: The run is to stop, and there are many rows.
    """
    reason, ending = "unknown", current_ending()
    evidence = "the row stands as deleted, and its tombstone was damaged"
    entries: list[Entry] = []
    for run in runs:
        if not run.is_shown or run.is_repaired or isinstance(run.stream.source, Children):
            continue
        for row in sink.rows(run.name):
            ending.check()
            if row.is_deleted:
                at = row.deleted_at
                entries.append(tombstone_put(run.name, row.key, at, reason, evidence=evidence))
    return entries
