"""Reads the children of one row, and writes them together with the row that they were read for."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from intercom_async.errors import ClosedError, IntercomError, NotFoundError, PaginationError
from .checkpoint import MANY_MISCOUNTED
from .evidence import tombstone
from .holes import Hole
from .key_table import MAX_U32, Held
from .merging import is_hasty
from .named_rows import with_parent
from .page_reader import ENDINGS, REFUSALS, PageReader
from .raw_rows import Row
from .sinks.entries import Entry, Family, Put
from .stream_run import StreamRun
from .streams import Children, ChildRows, ParentGone
from .writer import Batch

MAX_READS = 3
"""Answers with fewer children than they count until two are alike."""
LONGEST_ANSWER = 500
"""Children of a row that the API gives at most, the newest: of an answer with as many, what is
older than its oldest may be there still
(test_truncated.py::test_they_are_named_until_they_come_or_go)."""
SETTLED_AFTER_S = 3_600
"""Seconds after which another run's answer that is as short as one before is taken for all there
is; until then it is a hole (test_child_reader.py::test_what_never_comes_is_settled)."""


class ChildReader:
    """Reads children.

    Args:
        reader: Hands over.
    """

    def __init__(self, reader: PageReader) -> None:
        self._reader = reader

    async def read(self, run: StreamRun, key: str) -> None:
        """Read the children of the row with this key."""
        run.touch()
        is_read = False
        try:
            await self._read(run, key, run.clock.now())
            is_read = True
        except ENDINGS:
            return
        finally:
            run.queued.discard(key)
            run.was_cut_off = run.was_cut_off or not is_read
            run.owe([] if is_read else [key])

    async def _read(self, run: StreamRun, key: str, read_at: int) -> None:
        source = cast("Children", run.stream.source)
        try:
            children = await _read_whole(run, source, key)
        except ParentGone as gone:
            await self._note_gone(run, key, gone, read_at)
        except (*ENDINGS, ClosedError):
            raise
        except (*REFUSALS, IntercomError) as error:
            if isinstance(error, REFUSALS) and not isinstance(error, NotFoundError):
                self._reader.refuse(run, error)
                run.owe([key])
                return
            await self._note_failure(run, key, str(error), read_at)
        else:
            await self._hand_over(run, key, children, read_at)

    async def _hand_over(self, run: StreamRun, key: str, children: ChildRows, read_at: int) -> None:
        await self._reader.turns.take()
        parent = run.parent
        row = (
            None if parent is None or children.parent is None else parent.read([children.parent])[0]
        )
        if row is not None and row.key != key:
            await self._note_failure(run, key, "its id gives another row", read_at)
            return
        rows, bad = self._rows(run, key, children)
        came = len(rows) + bad
        lack = _lack(run, key, children, came)
        # As many as an answer has at most: what is left out is older. Fewer prove nothing at once.
        is_cut = len(rows) >= LONGEST_ANSWER
        is_long = len(children.rows) >= LONGEST_ANSWER
        doubt = f"{lack} of the rows that it counts did not come" if lack and not is_cut else ""
        is_empty = not rows and children.total > 0
        is_settled = not doubt or (not is_empty and _is_settled(run, key, lack, doubt))
        is_miscounted = bool(doubt) and _is_told_by_parent(children, came)
        is_settled = is_settled or (is_miscounted and _is_known(run, key, children, came, lack))
        held = None if parent is None else parent.table.get(key)
        version = row.version if row is not None else held.version if held is not None else 0
        if is_hasty(version, read_at) or run.clock.may_be_now(version):
            # Another child may come in the second of this change: they are read once more.
            version = max(0, version - 1)
        entries: list[Entry] = []
        if parent is not None and row is not None and (held is None or row.version > held.version):
            # Children are those of one answer, and so is the parent that they stand with.
            entries += parent.accept([row], read_at, by_id=True)
        kept_before = 0
        if lack or bad or is_long:
            # Older ones may be left out whatever is counted: a count may be of this answer alone.
            # One that was made in the second of the oldest may be among those that are not given;
            # and an answer that is shorter than the API's longest may lack any.
            # One that does not say when it was made tells nothing of the others, and one without
            # a key may be any of them.
            dated = [child.version for child in rows if child.version and not child.is_ahead]
            kept_before = min(dated) + 1 if is_cut and dated and not bad else MAX_U32
        count = children.count or len(rows) + _counted_beside(run)
        entries.append(Family(run.table_name, key, read_at, version, count, kept_before))
        entries += [
            Put(run.table_name, child.key, key, child.body, child.version, read_at, child.digest)
            for child in rows
        ]
        run.families.put(key, Held(version, read_at, count, 0))
        run.rows += len(rows)
        reason = f"{bad} of its rows have no key" if bad else children.lacks
        reason = reason or ("" if is_settled else doubt)
        hole = Hole(kind="parent", key=key, since=read_at, reason=reason)
        await self._reader.hand_over(
            Batch(
                run,
                entries,
                holes=[hole] if reason else [],
                filled=[] if reason else [hole],
                apply=_truncation(run, key, lack if is_settled else 0, is_miscounted=is_miscounted),
            )
        )

    def _rows(self, run: StreamRun, key: str, children: ChildRows) -> tuple[list[Row], int]:
        field = cast("Children", run.stream.source).parent_field
        found = [with_parent(row, field, key) for row in run.read(children.rows)]
        rows = {row.key: row for row in found if row is not None}
        return list(rows.values()), sum(row is None for row in found)

    async def _note_failure(self, run: StreamRun, key: str, reason: str, read_at: int) -> None:
        hole = Hole(kind="parent", key=key, since=read_at, reason=reason)
        await self._reader.hand_over(Batch(run, holes=[hole]))

    async def _note_gone(self, run: StreamRun, key: str, gone: ParentGone, read_at: int) -> None:
        """Take a parent that is not found for gone, unless a search still finds it."""
        parent = run.parent
        if parent is not None and gone.reason == "deleted":
            try:
                found = await self._reader.find(parent, [key])
            except ENDINGS:
                raise
            except IntercomError as error:
                await self._note_failure(run, key, str(error), read_at)
                return
            if found:
                reason = "it is found by search, and not by its id"
                await self._note_failure(run, key, reason, read_at)
                return
        filled = [Hole(kind="parent", key=key), Hole(kind="suspect", key=key)]
        entries = tombstone(
            parent or run, key, read_at, gone.reason, into=gone.into, evidence="read by id"
        )
        await self._reader.hand_over(Batch(run, entries, filled=filled))
        if parent is not None:
            await self._reader.hand_over(Batch(parent, filled=filled))


async def _read_whole(run: StreamRun, source: Children, key: str) -> ChildRows:
    """Return the children of a row; an answer with fewer than are counted once it comes twice."""
    before: ChildRows | None = None
    for _ in range(MAX_READS):
        found = await source.read(run.client, key)
        came = len(found.rows)
        lack = _lack(run, key, found, came)
        is_again = before is not None and len(before.rows) == came
        if not lack or came >= LONGEST_ANSWER or is_again:
            return found
        if _is_known(run, key, found, came, lack):
            return found
        before = found
    raise PaginationError("its answers have different numbers of rows")


def _lack(run: StreamRun, key: str, children: ChildRows, came: int) -> int:
    """Return how many children an answer lacks, by its own count; without one, by the parent's.

    What a conversation's statistics count is not documented: an answer that has as many parts as it
    counts itself is believed, unless it is as long as an answer can be.

    Args:
        run: The stream.
        key: The parent.
        children: The answer.
        came: Children that it has, each once.
    """
    listed = max(children.missing, children.total - came)
    count = 0 if children.total and 0 < came < LONGEST_ANSWER else children.count
    if not came and not count:
        # Where none came and nothing is counted, what was there before tells.
        family = run.families.get(key)
        count = 0 if family is None or family.is_gone else family.digest
    return max(0, listed, count - _counted_beside(run) - came)


def _is_told_by_parent(children: ChildRows, came: int) -> bool:
    """Say whether nothing but the parent's own count can tell that some of many did not come."""
    return came > 0 and not children.total and children.missing <= 0


def _is_known(run: StreamRun, key: str, children: ChildRows, came: int, lack: int) -> bool:
    """Say whether a parent's own count, which alone tells of more children, proves none.

    It may count what no answer has: of this parent as many as before, or of many parents any.
    """
    if not _is_told_by_parent(children, came):
        return False
    if lack <= run.state.truncated.get(key, 0):
        return True
    return len(run.state.miscounted) >= MANY_MISCOUNTED and not any(
        hole.key == key and hole.kind == "parent" and hole.since > run.began - SETTLED_AFTER_S
        for hole in run.state.holes
    )


def _counted_beside(run: StreamRun) -> int:
    """Return how many more than its children a parent counts: a conversation's first message."""
    return int(cast("Children", run.stream.source).count is not None)


def _is_settled(run: StreamRun, key: str, lack: int, doubt: str) -> bool:
    """Say whether an earlier run had the same doubt, so that it is no accident.

    That none come of those that the list itself counts is never taken for all.
    """
    if run.state.truncated.get(key) == lack:
        return True
    return any(
        hole.key == key
        and hole.kind == "parent"
        and hole.reason == doubt
        and hole.since <= run.began - SETTLED_AFTER_S
        for hole in run.state.holes
    )


def _truncation(
    run: StreamRun, key: str, missing: int, *, is_miscounted: bool
) -> Callable[[], None] | None:
    """Return what notes how many children an answer lacks; None where it lacks none, as before."""
    state = run.state
    is_noted = key in state.truncated or key in state.miscounted
    if not missing and not is_miscounted and not is_noted:
        return None

    def note() -> None:
        run.missing += state.note_truncated(key, missing)
        state.note_miscounted(key, is_miscounted=is_miscounted)

    return note
