"""Streams of which readings bring nothing where many rows were: all may have gone, or none.

Some are read by their ids first. Where that proves that each of them is gone, the others are read
as well; else the readings are at fault, and no more calls are spent on it.
"""

from __future__ import annotations

from collections.abc import Iterable

from .stream_run import StreamRun


def are_gone(run: StreamRun, keys: Iterable[str], settled_before: int) -> bool:
    """Say whether rows that were read by their ids are gone, but for those that just changed.

    Args:
        run: Their stream.
        keys: The rows.
        settled_before: H: a row that has changed since then may not be found by search yet.
    """
    rows = [run.table.get(key) for key in keys]
    return all(row is None or row.is_gone or row.version >= settled_before for row in rows)
