"""Reads what a target holds when a run begins: its rows, and what came since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush

from .checkpoint import read_state
from .evidence import TOMBSTONES
from .key_table import GONE, Held
from .policy import Policy
from .referring import refer_again
from .sinks.base import Opened, Sink
from .sinks.ending import current_ending
from .sinks.entries import Entry, Family, Put
from .stale_children import prune, want_children
from .stream_run import StreamRun
from .streams import Children

ASKED_ROWS = 150
"""Rows that went and are asked for again, the latest: as many as a search by ids gives in one call
(test_returned_rows.py::test_of_many_rows_that_went_the_latest_are_asked_for)."""


def load(sink: Sink, runs: Sequence[StreamRun], opened: Opened) -> None:
    """Note in each run what the target holds, and queue the parents whose children it lacks.

    It may be called again after it has failed.

    Raises:
        BusyTargetError: Another process holds the target.
        StoppedError: The run is to stop, and there is much to note.
    """
    base = None if opened.base is None else read_state(opened.base, sink.where)
    damaged = {name for name, _ in opened.damaged}
    for run in runs:
        saved = None if base is None else base.streams.get(run.name)
        run.is_repaired = run.name in damaged
        is_whole = saved is not None and not run.is_repaired
        if saved is not None and is_whole and isinstance(run.stream.source, Children):
            run.families.load(saved.families)
    for run in runs:
        _load_rows(sink, run)
    _replay(sink, runs)
    refer_again(sink, runs)


def recall(sink: Sink, runs: Sequence[StreamRun], policy: Policy) -> list[Entry]:
    """Note rows of which no row of their own is left in the target.

    It may be called again after it has failed: the target is looked at before anything is noted.

    Args:
        sink: The target.
        runs: What is read.
        policy: How the run reads: which rows that went are asked for again.

    Returns:
        The entries by which children go whose parent went in a run that left them out: it wrote
        the tombstone, and did not look at them.
    """
    doubted = [
        (child, _parents_of(sink, child))
        for child in runs
        if child.parent is not None and child.state.has_unknown_parents
    ]
    orphans = _recall_gone(sink, runs, policy)
    for child, keys in doubted:
        _recall_parents(child, keys)
    return orphans


def _recall_gone(sink: Sink, runs: Sequence[StreamRun], policy: Policy) -> list[Entry]:
    """Note the rows of which tombstones are all that is left, as `hard_delete` has removed them.

    They are read at one go: nobody can take the target in between.
    """
    by_name = {run.name: run for run in runs if not isinstance(run.stream.source, Children)}
    orphans: list[Entry] = []
    for key, at in _tombstones(sink):
        name, _, record = key.partition(":")
        run = by_name.get(name)
        held = None if run is None else run.table.get(record)
        if run is None or (held is not None and not held.is_gone):
            continue
        if policy.asks_again(run.stream.source, at):
            keep_latest(run.departed, (at, record))
        if at > policy.settled_before:
            run.just_gone.append(record)
        if held is None:
            run.table.put(record, Held(0, 0, 0, GONE))
        for child in run.children:
            family = child.families.get(record)
            if family is not None and not family.is_gone:
                entry = Family(child.table_name, record, at, family.version, 0, is_gone=True)
                child.replay(entry)
                orphans.append(entry)
    return orphans


def keep_latest(departed: list[tuple[int, str]], found: tuple[int, str]) -> None:
    """Note a row that went, and when, among those that are asked for again."""
    heappush(departed, found)
    if len(departed) > ASKED_ROWS:
        heappop(departed)


def _recall_parents(child: StreamRun, keys: Iterable[str]) -> None:
    """Note parents of which the target has nothing but their children.

    One that went before it was listed again would never be missed, and its children would stay. A
    sweep judges those that it does not meet; where the list was read before, each is read by id.

    Args:
        child: The stream of the children.
        keys: The parents of all that the target has.
    """
    parent = child.parent
    if parent is None:
        return
    unknown = [key for key in keys if parent.table.get(key) is None]
    for key in unknown:
        parent.table.put(key, Held(0, 0, 0, 0))
    if parent.state.seeded is not None:
        child.want(unknown)


def _parents_of(sink: Sink, child: StreamRun) -> Iterable[str]:
    """Return the keys of parents of which the target has live children."""
    found = dict.fromkeys(row.parent for row in sink.rows(child.name) if not row.is_deleted)
    for entry in sink.entries():
        if entry.table != child.table_name:
            continue
        if isinstance(entry, Family):
            found.pop(entry.parent, None)
        elif isinstance(entry, Put):
            found[entry.parent] = None
    return found


def _tombstones(sink: Sink) -> Iterator[tuple[str, int]]:
    """Give the keys of what is gone, and when it was found to be."""
    for row in sink.rows(TOMBSTONES):
        if not row.is_deleted:
            yield row.key, row.version
    for entry in sink.entries():
        if isinstance(entry, Put) and entry.table == TOMBSTONES:
            yield entry.key, entry.version


def _load_rows(sink: Sink, run: StreamRun) -> None:
    if not run.is_shown:
        # All that the target has of these rows is what their children say.
        for child in run.children:
            for row in sink.rows(child.name):
                run.hold(row._replace(key=row.parent, parent="", version=0, digest=0))
    elif not isinstance(run.stream.source, Children):
        ending = current_ending()
        for row in sink.rows(run.name):
            ending.check()
            run.hold(row)
            if not row.is_deleted:
                want_children(run, row.key, row.version)


def _replay(sink: Sink, runs: Sequence[StreamRun]) -> None:
    tables = {run.table_name: run for run in runs}
    puts: dict[tuple[str, str], Put] = {}
    ending = current_ending()
    for entry in sink.entries():
        ending.check()
        if entry.table not in tables:
            continue
        tables[entry.table].replay(entry)
        if isinstance(entry, Put) and tables[entry.table].children:
            puts[entry.table, entry.key] = entry
    for run in runs:
        prune(run)
    for (table, key), put in puts.items():
        held = tables[table].table.get(key)
        if held is not None and not held.is_gone:
            want_children(tables[table], key, put.version, held.read_at, put.body)
