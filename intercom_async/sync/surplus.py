"""Counts all rows of a stream: more than are held are rows that no change tells of.

A row can come without a new time: a conversation that is imported with the time that it had
elsewhere, a contact that is unarchived. No search for changes finds it; a sweep does.
"""

from __future__ import annotations

from typing import cast

from intercom_async.errors import ClosedError, IntercomError
from .key_table import GONE
from .page_reader import ENDINGS, MAX_IDS, PageReader
from .partitions import OPEN
from .planner import count_rows
from .stream_run import StreamRun
from .streams import Ranged


async def count_all(run: StreamRun) -> int | None:
    """Ask how many rows a stream has; None where the answer does not say it or cannot be had."""
    source = cast("Ranged", run.stream.source)
    return await count_rows(run.client, source, source.partition_field, run.cut_points, 0, OPEN)


async def count_resumed(run: StreamRun, reader: PageReader) -> None:
    """Count the rows of a stream once a resumed reading is whole and all that went is known.

    It compared what came with what was there; a row that a stopped run has read and that went
    since stands there for one that came in no answer.
    """
    if run.was_resumed and run.was_told:
        run.counted = await count_all(run)
        await leave_out_gone(run, reader)


def surplus(run: StreamRun) -> int:
    """Return how many rows were counted that are neither held nor known to be missing.

    Args:
        run: The stream; 0 if its rows were not counted in this run.
    """
    if run.counted is None:
        return 0
    held = run.table.count(without=GONE)
    missing = sum(
        max(1, hole.rows)
        for hole in run.state.holes
        if hole.key is None or run.table.get(hole.key) is None
    )
    return max(0, run.counted - held - missing)


async def is_read_again(run: StreamRun) -> bool:
    """Let a reading of everything begin again that has left rows out; say whether it does.

    Once: a second reading as short as the first shows that the server counts more than it gives.
    """
    pass_ = run.state.pass_
    if pass_ is None or run.was_recounted or surplus(run) <= run.state.surplus:
        return False
    counted = await count_all(run)
    if counted is not None and run.counted is not None:
        # Rows that went since the first count are no longer held, and new ones not read.
        run.counted = min(run.counted, counted)
    if surplus(run) <= run.state.surplus:
        return False
    run.was_recounted = True
    pass_.spans, pass_.is_planned = [], False
    return True


def lower_surplus(run: StreamRun) -> None:
    """Note that the server counts fewer rows beyond those it gives than it did."""
    if run.counted is not None:
        run.state.surplus = min(run.state.surplus, surplus(run))


async def leave_out_gone(run: StreamRun, reader: PageReader) -> None:
    """Take rows off the count that went a moment ago, as far as a search still finds them.

    With more of them than a search has room for, or one that fails, a surplus is left to a sweep.
    """
    if run.counted is None or surplus(run) <= run.state.surplus:
        return
    if not 0 < len(run.just_gone) <= MAX_IDS:
        return
    try:
        found = await reader.find(run, run.just_gone, hands_over=False, proves=False)
    except (*ENDINGS, ClosedError):
        raise
    except IntercomError:
        return
    run.counted -= len(found)
