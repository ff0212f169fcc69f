"""Rows with a list inside them that stays shorter than the row counts: holes once, then named.

Another run that gets as few an hour later shows that it is no accident: the count may be of
something else. So it is once several rows of a stream differ like that. What a row's list lacks is
remembered until it comes, and asked for whenever the row is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from .checkpoint import MANY_MISCOUNTED
from .holes import Hole
from .stream_run import StreamRun

SETTLED_AFTER_S = 3_600
"""Seconds after which another run's list that is as short is taken for all there is."""
FIRST = 3
"""Rows that a note names."""


def short_hole(run: StreamRun, key: str, lack: int) -> Hole | None:
    """Return the hole of a row whose lists lack entries; None where that is settled.

    Args:
        run: The stream.
        key: The row.
        lack: Entries that its lists count and that did not come.
    """
    state = run.state
    if not lack or lack <= state.short_lists.get(key, 0):
        return None
    reason = f"lists inside it have {lack} entries fewer than they count"
    hole = Hole(kind="record", key=key, reason=reason, since=run.clock.now())
    known = next((one for one in state.holes if one.place == hole.place), None)
    is_many = len(state.miscounted) >= MANY_MISCOUNTED
    if known is None:
        return None if is_many else hole
    if known.since <= run.began - SETTLED_AFTER_S and (is_many or known.reason == reason):
        return None
    return msgspec.structs.replace(hole, since=known.since, tries=known.tries + 1)


def noting(
    run: StreamRun, lacking: Mapping[str, int], doubted: frozenset[str]
) -> Callable[[], None] | None:
    """Return what notes the entries that lists lack; None where there is nothing new.

    Args:
        run: The stream.
        lacking: Entries that came in vain, by row; 0 of a row whose lists are whole.
        doubted: Rows of which that is not settled.
    """
    state = run.state
    noted = {*state.short_lists, *state.miscounted}
    if not any(lacking.values()) and not (noted and noted & lacking.keys()):
        return None

    def note() -> None:
        for key, lack in lacking.items():
            state.note_short_list(key, 0 if key in doubted else lack)
            state.note_miscounted(key, is_miscounted=lack > 0)

    return note


def short_list_notes(run: StreamRun) -> list[str]:
    """Return what there is to say of lists that stay short; forget rows that are gone."""
    saved = run.state.short_lists
    for key in list(saved):
        held = run.table.get(key)
        if held is None or held.is_gone:
            del saved[key]
    if not saved:
        return []
    first = ", ".join(list(saved)[:FIRST])
    note = (
        f"{run.name}: lists inside {len(saved):,} rows have fewer entries than they count, {first} "
        f"first; {sum(saved.values()):,} did not come"
    )
    return [note]
