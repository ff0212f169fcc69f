"""Reads what rows refer to that the target holds, without a call of the API.

Rows that come are looked at as they come (`References`). Those of a stopped run are read again from
its journal, and all that the target holds where that does not tell of each: where a stream is new
to the target, was left out while rows came that refer to it, or where more led nowhere than are
kept. It is done once everything is read, as it is known by then what is there, and remembered, so
that the next run need not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from .references import MOST_REMEMBERED
from .sinks.base import RowFields, Sink, StagingSink
from .sinks.entries import Put
from .stream_run import StreamRun
from .streams import Listing


def refer_again(sink: Sink, runs: Sequence[StreamRun]) -> None:
    """Note what the rows refer to that commits have brought, and no other rows have replaced."""
    referring = {run.table_name: run for run in runs if run.references is not None}
    for entry in sink.entries() if referring else ():
        if entry.table in referring and isinstance(entry, Put):
            _refer(referring[entry.table], entry)
    if isinstance(sink, StagingSink):
        for name, run in referring.items():
            for row in sink.staged_rows(name, run.references.fields if run.references else ()):
                _refer(run, row)


def compare_stored(
    sink: Sink, runs: Sequence[StreamRun], whole: Iterable[str], is_stopped: Callable[[], bool]
) -> None:
    """Note what all rows of the target refer to, where that is not known of each.

    It may be called again after it has failed.

    Args:
        sink: The target.
        runs: The streams, which were read.
        whole: Those of which the target has everything.
        is_stopped: Says that there is no more time; the next run makes up for it.
    """
    for run in runs:
        references = run.references
        if references is None:
            continue
        if run.was_swept or isinstance(run.stream.source, Listing):
            references.doubt_remembered()
        lacking = references.lacking.intersection(whole)
        if not lacking or is_stopped():
            continue
        references.begin_again(lacking)
        refer_again(sink, [run])
        is_done = False
        try:
            for row in sink.fields_of(run.name, references.fields):
                _refer(run, row)
                if is_stopped():
                    return
            is_done = True
        finally:
            if not is_done:
                references.lacking |= lacking


def remember(run: StreamRun) -> dict[str, list[str]]:
    """Note in the state what leads nowhere, and return it by the streams that it should lead to."""
    state, references = run.state, run.references
    streams: list[str] = [] if references is None else references.streams
    if run.rows or run.was_replayed:
        # What its new rows refer to was not compared with streams that the run has left out.
        state.compared = [name for name in state.compared if name in streams]
    left = {} if references is None else references.left()
    for name in sorted(streams):
        keys = left.get(name, [])
        state.dangling.pop(name, None)
        if keys:
            state.dangling[name] = keys[:MOST_REMEMBERED]
        is_known = references is not None and name not in references.lacking
        state.compared = [each for each in state.compared if each != name]
        if is_known and len(keys) <= MOST_REMEMBERED:
            state.compared.append(name)
    return left


def _refer(run: StreamRun, row: Put | RowFields) -> None:
    """Note what a row refers to, unless it is gone or another one came later."""
    held = run.table.get(row.id)
    if run.references is None or held is None or held.is_gone or held.digest != row.digest:
        return
    run.references.note(row.body)
