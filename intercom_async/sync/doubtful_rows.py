"""Rows of which nothing tells how new they are: some are read by their ids, many by a sweep.

A row may come without a time of its change, or with one that is still to come. Once that moment has
passed, nothing shows that it was wrong, so such a row is looked at again while it is known. Or it
has an earlier time than it had before: an old state of it, or a new one with a time that went back.
"""

from __future__ import annotations

from collections.abc import Iterable

from .holes import Hole
from .raw_rows import Row
from .sinks.entries import Entry, Put
from .stream_run import StreamRun
from .streams import Ranged

MOST_BY_ID = 100
"""Such rows of a stream that a run reads by their ids, at a call each. Where there are more, as
where clocks are wrong, the next sweep reads all of them again, a page a call
(test_doubtful_rows.py::test_many_times_to_come_cost_no_call_each)."""


def doubts(
    run: StreamRun, rows: Iterable[Row], entries: Iterable[Entry], *, by_id: bool
) -> list[Hole]:
    """Return the holes of such rows, and forget which they were.

    Args:
        run: Their stream.
        rows: Rows that were read.
        entries: What they have changed.
        by_id: Whether they were read by their ids: a time to come that is said there is theirs.
    """
    source, field, since = run.stream.source, run.stream.version_field, run.clock.now()
    whole = list(rows)
    ahead = {row.key for row in whole if row.is_ahead}
    dated = {row.key for row in whole if row.version} - ahead
    keys, run.undated = run.undated, []
    changed = set(keys)
    can_be_swept = isinstance(source, Ranged) and not source.is_append_only
    if can_be_swept and not by_id:
        # Lists are read whole by each run; children come by the id of their parent.
        keys += [entry.key for entry in entries if type(entry) is Put and entry.key in ahead]
    holes: list[Hole] = []
    for key in keys:
        if can_be_swept and not _is_read_by_id(run, key, is_changed=key in changed):
            run.is_doubtful = True
            reason = f"rows have no readable {field!r}, or one that is still to come or went back"
            return [*holes, Hole(kind="list", reason=reason, since=since)]
        reason = (
            f"its {field!r} is still to come" if key in ahead
            else f"its {field!r} is earlier than before" if key in dated
            else f"it has no readable {field!r}"
        )  # fmt: skip
        holes.append(Hole(kind="record", key=key, reason=reason, since=since))
    return holes


def _is_read_by_id(run: StreamRun, key: str, *, is_changed: bool) -> bool:
    """Say whether a row is among those that this run reads, or searches, by their ids.

    A search tells of another content that is held only: whether it shows the same twice.
    """
    source = run.stream.source
    can_be_searched = is_changed and isinstance(source, Ranged) and not source.embedded
    if isinstance(source, Ranged) and source.get is None and not can_be_searched:
        return False
    if len(run.doubted) < MOST_BY_ID:
        run.doubted.add(key)
    return key in run.doubted


def settles_doubts(run: StreamRun) -> bool:
    """Say whether a sweep that has ended has read every such row again.

    Not where it met more than are read by their ids, nor where a stopped run may have.
    """
    return run.was_swept and not run.is_doubtful
