"""Finds rows that are gone: by sweeps, and by what is said of each that they leave out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, cast

import anyio
import msgspec

from intercom_async.errors import ClosedError, GoneError, IntercomError, NotFoundError
from intercom_async.request.operation import Operation
from .checkpoint import Pass
from .control_rows import SEARCH_IDS, ControlRows
from .doubtful_rows import settles_doubts
from .emptied import are_gone
from .evidence import Finding, judge, suspect, told_gone, tombstone
from .held_keys import HeldKeys, is_unseen
from .holes import Hole
from .key_table import BY_ID, GONE, SEEN
from .outage import reading_group
from .page_reader import ENDINGS, PageReader
from .searched_again import search_again
from .stream_run import StreamRun
from .streams import Children, Ranged
from .surplus import SurplusSearch
from .unread_rows import judge_unread
from .writer import Batch

AT_ONCE = 16
"""Suspects that are read by id side by side."""
MANY = 100
"""Rows that a sweep may miss, or 1 % of them, before it is made once more. Where the second one
meets nothing, so many are read by their ids before the others
(test_emptied.py::test_a_stream_of_which_all_has_gone_is_known)."""
MAX_INTO = 10
"""Merges that are followed to the row that is left."""


class _Searched(NamedTuple):
    """Which of some rows a search by id finds, and which not."""

    found: set[str]
    missing: list[str]


class Reconciler:
    """Finds what is gone.

    Args:
        reader: Reads and hands over.
        held_keys: Gives the keys that the target holds.
        control_rows: Finds rows by their ids.
        surplus: Counts what a sweep leaves.
        settled_before: H: rows that have not changed since then are found by search.
    """

    def __init__(
        self,
        reader: PageReader,
        held_keys: HeldKeys,
        control_rows: ControlRows,
        surplus: SurplusSearch,
        settled_before: int,
    ) -> None:
        self._reader = reader
        self._held_keys = held_keys
        self._settled_before = settled_before
        self._control_rows = control_rows
        self._surplus = surplus
        self._begun_again: set[StreamRun] = set()

    async def end_sweep(self, run: StreamRun) -> None:
        """Judge the rows that a sweep has not met."""
        source = cast("Ranged", run.stream.source)
        absent = await self._held_keys.select(run, is_unseen)
        pass_ = run.state.pass_
        if pass_ is None:
            return
        is_much = len(absent) > max(MANY, len(run.table) // 100) or not _has_met(run)
        if (is_much or source.get is None) and absent and not run.was_reread:
            # So much at once is more likely a list that is cut than so many rows gone; and where
            # no read by id tells, two readings have to agree.
            run.was_reread = True
            self._begin_again(run, pass_)
            return
        try:
            if not await self._confirm_absent(run, source, absent):
                return
        except ENDINGS:
            return
        if self._is_begun_again(run, pass_):
            return

        left_over = await self._surplus.left_over(run)

        def note() -> None:
            run.state.swept = run.state.seeded = pass_.changed_from
            run.state.pass_ = None
            if left_over is not None:
                run.state.surplus = left_over

        # It has been read whole: what refused an earlier run refuses it no longer.
        kinds = {"stream", "sweep", "unseeded"}
        kinds |= {"list"} if settles_doubts(run) else set[str]()
        filled = [hole for hole in run.state.holes if hole.kind in kinds]
        await self._reader.hand_over(Batch(run, filled=filled, apply=note))
        run.table.clear(SEEN)

    def _is_begun_again(self, run: StreamRun, pass_: Pass) -> bool:
        """Let a sweep begin again of which no row is left that it met.

        Such rows went since, as when it was stopped for a while: what it has not met cannot be told
        from what a search does not find.
        """
        if not _has_met(run) or not self.has_no_controls(run) or run in self._begun_again:
            return False
        self._begun_again.add(run)
        run.table.clear(SEEN)
        self._begin_again(run, pass_)
        return True

    def _begin_again(self, run: StreamRun, pass_: Pass) -> None:
        pass_.spans, pass_.is_planned = [], False
        self._control_rows.forget(run)

    def has_no_controls(self, run: StreamRun) -> bool:
        """Say whether rows may have gone, and no row is left that shows it: a sweep has to."""
        return self._control_rows.leave_none(run)

    async def _give_up(self, run: StreamRun, count: int) -> None:
        """Make a hole of a stream of which two readings bring nothing where rows were."""

        def note() -> None:
            run.state.pass_ = None

        hole = list_hole(run, f"two readings bring none of {count} rows")
        await self._reader.hand_over(Batch(run, holes=[hole], apply=note))

    async def _confirm_absent(self, run: StreamRun, source: Ranged, absent: Sequence[str]) -> bool:
        """Confirm rows that a sweep has not met; say no where it is the sweep that is at fault.

        One that meets nothing, not even a row that is there, has not met new rows either.
        """
        has_met = _has_met(run)
        first = absent if has_met else absent[:MANY]
        await self._confirm_ranged(run, source, first)
        if not has_met and not are_gone(run, first, self._settled_before):
            await self._give_up(run, len(absent))
            return False
        await self._confirm_ranged(run, source, absent[len(first) :])
        return True

    async def _confirm_ranged(self, run: StreamRun, source: Ranged, absent: Sequence[str]) -> None:
        """Look for suspects by a search, then read each of the rest by its id."""
        if not absent:
            return
        if source.get is None:
            controls = self._control_rows
            await judge_unread(self._reader, run, absent, controls, self._settled_before)
            return
        left: list[str] = []
        for begin in range(0, len(absent), SEARCH_IDS):
            left += (await self._search(run, absent[begin : begin + SEARCH_IDS])).missing
        await self.confirm(run, left, source.get)

    async def _search(self, run: StreamRun, ids: Sequence[str]) -> _Searched:
        """Search suspects by their ids; those of which nothing can be said stay suspects.

        One that cannot be answered for fails its whole search: then each is searched alone.
        """
        try:
            found = await self._reader.find(run, ids)
        except (*ENDINGS, ClosedError):
            raise
        except IntercomError as error:
            if len(ids) > 1:
                each = [await self._search(run, [key]) for key in ids]
                return _Searched(
                    set().union(*(one.found for one in each)),
                    [key for one in each for key in one.missing],
                )
            hole = suspect(ids[0], str(error), run.clock.now())
            await self._reader.hand_over(Batch(run, holes=[hole]))
            return _Searched(set(), [])
        return _Searched(found, [key for key in ids if key not in found])

    async def confirm(
        self,
        run: StreamRun,
        keys: Iterable[str],
        get: Operation[Any],
        is_listed: Callable[[bytes], bool] | None = None,
    ) -> set[str]:
        """Read suspects by id, and let those go that are proven to be gone.

        Returns:
            Those that are there, and that the reading should have met.
        """
        limiter = anyio.Semaphore(AT_ONCE)
        there: set[str] = set()

        async def one(key: str) -> None:
            async with limiter:
                if await self._confirm_one(run, key, get, is_listed):
                    there.add(key)

        async with reading_group() as group:
            for key in keys:
                group.start_soon(one, key)
        return there

    async def _confirm_one(
        self,
        run: StreamRun,
        key: str,
        get: Operation[Any],
        is_listed: Callable[[bytes], bool] | None,
    ) -> bool:
        """Judge one of them by its id; say whether it is there."""
        error: IntercomError | None = None
        body = b""
        read_at = run.clock.now()
        try:
            body = bytes((await run.client.send(get.at(key).into(msgspec.Raw))).data)
        except ENDINGS:
            await self._reader.hand_over(
                Batch(run, holes=[suspect(key, "the run ended before it was read", read_at)])
            )
            return False
        except ClosedError:
            raise
        except IntercomError as failure:
            error = failure
        listed = is_listed is None or not body or is_listed(body)
        row = run.read([body])[0] if body else None
        if error is None and (row is None or row.key != key):
            reason = "its id gives no row" if row is None else "its id gives another row"
            await self._reader.hand_over(Batch(run, holes=[suspect(key, reason, read_at)]))
            return False
        is_old = row is not None and 0 < row.version < self._settled_before
        is_settled = is_old and error is None and await self._is_left_out(run, key)
        finding = judge(error, is_listed=listed, is_settled=is_settled)
        if finding.verdict in ("gone", "merged", "unlisted"):
            into = await self._end_of_chain(run, finding, get)
            evidence = "read by id, not listed" if finding.verdict == "unlisted" else "read by id"
            entries = tombstone(run, key, read_at, finding.reason, into=into, evidence=evidence)
            filled = [Hole(kind="suspect", key=key), Hole(kind="record", key=key)]
            await self._reader.hand_over(Batch(run, entries, filled=filled))
            return False
        # What has changed within the lookback may not be found yet; the next reading tells.
        is_recent = finding.verdict == "there" and not is_old and _is_ranged(run)
        holes = [] if is_recent else [suspect(key, finding.reason, read_at)]
        filled = [Hole(kind="suspect", key=key)] if is_recent else []
        rows = [] if row is None else [row]
        batch = Batch(run, holes=holes, filled=filled)
        await self._reader.hand_over(batch, rows, read_at, by_id=True)
        return finding.verdict == "there"

    async def _is_left_out(self, run: StreamRun, key: str) -> bool:
        """Say whether a stream leaves out a row that can be read: of contacts, an archived one.

        Where the server lists deleted rows, it would be there. Else a search has to find other rows
        and not this one beside them; where a sweep has met none, twice, all are gone if the list
        that rests on no search is empty, too.
        """
        source = run.stream.source
        if not isinstance(source, Ranged) or not source.archives:
            return False
        if (run.state.deletions or 0) >= self._settled_before:
            return False
        try:
            controls = (await self._control_rows.of(run)).found
            if not controls and not (_has_met_none(run) and await self._lists_none(run, source)):
                return False
            found = await self._reader.find(run, [key, *controls])
        except (*ENDINGS, ClosedError):
            raise
        except IntercomError:
            return False
        return found == set(controls)

    async def _lists_none(self, run: StreamRun, source: Ranged) -> bool:
        """Say whether a list that rests on no search has no rows: an index may be empty by fault.

        A page of a search that fails shows that the index is not empty.

        Raises:
            IntercomError: It cannot be read.
        """
        if any(hole.kind == "span" for hole in run.state.holes):
            return True
        if source.listed is None:
            return False
        page = await source.listed(run.client).raw().page()
        return not (page.items or page.unreadable or page.total_count or page.was_null)

    async def _end_of_chain(
        self, run: StreamRun, finding: Finding, get: Operation[Any]
    ) -> str | None:
        """Follow merges to the row that is left."""
        into = finding.into
        for _ in range(MAX_INTO):
            if into is None:
                break
            try:
                await run.client.send(get.at(into).into(msgspec.Raw))
            except IntercomError as error:
                told = told_gone(error)
                if told is None or told.into is None:
                    break
                into = told.into
            else:
                break
        return into

    async def retry_suspects(self, run: StreamRun, holes: Sequence[Hole]) -> None:
        """Look again at rows of which what was known disagreed."""
        source = run.stream.source
        if isinstance(source, Children):
            return
        keys = [hole.key for hole in holes if hole.key is not None]
        if isinstance(source, Ranged):
            left: list[str] = []
            for begin in range(0, len(keys), SEARCH_IDS):
                found, missing = await self._search(run, keys[begin : begin + SEARCH_IDS])
                filled = [hole for hole in holes if hole.key in found]
                await self._reader.hand_over(Batch(run, filled=filled))
                left += missing
            keys = left
        if source.get is not None:
            await self.confirm(run, keys, source.get)

    async def retry_records(self, run: StreamRun, holes: Sequence[Hole]) -> None:
        """Read rows again that were not read whole, or of which it is in doubt how new they are."""
        get = getattr(run.stream.source, "get", None)
        if get is None:
            await search_again(self._reader, run, holes)
            return
        for hole in holes:
            if hole.key is not None:
                await self._retry_record(run, hole, hole.key, get)

    async def _retry_record(
        self, run: StreamRun, hole: Hole, key: str, get: Operation[Any]
    ) -> None:
        read_at = run.clock.now()
        try:
            body = bytes((await run.client.send(get.at(key).into(msgspec.Raw))).data)
        except (*ENDINGS, ClosedError):
            raise
        except (NotFoundError, GoneError) as error:
            told = told_gone(error)
            is_merged = told is not None and told.reason == "merged"
            is_searched = _is_ranged(run) and not is_merged
            searched = await self._search(run, [key]) if is_searched else None
            if searched is None or searched.missing:
                await self.confirm(run, [key], get)
                return
            reason = f"a search finds it, but {error}" if searched.found else str(error)
        except IntercomError as error:
            reason = str(error)
        else:
            row = run.read([body])[0]
            if row is not None and row.key == key:
                batch = Batch(run, filled=[hole])
                await self._reader.hand_over(batch, [row], read_at, by_id=True)
            return
        again = msgspec.structs.replace(hole, reason=reason)
        await self._reader.hand_over(Batch(run, holes=[again]))


def _is_ranged(run: StreamRun) -> bool:
    return isinstance(run.stream.source, Ranged)


def _has_met(run: StreamRun) -> bool:
    """Say whether its sweep has met any row, other than by its id."""
    return run.table.count(having=SEEN, without=GONE | BY_ID) > 0


def _has_met_none(run: StreamRun) -> bool:
    """Say whether its sweep was made twice, each time to its end, and has met no row.

    Many rows do not go by that alone: a search that finds nothing at all is more likely.
    """
    pass_ = run.state.pass_
    is_read = pass_ is not None and pass_.is_done
    is_few = run.table.count(without=GONE) <= MANY
    return is_read and run.was_reread and is_few and not _has_met(run)


def list_hole(run: StreamRun, reason: str, *, rows: int = 0) -> Hole:
    """Return the hole of a list of which a reading shows that it is not whole."""
    return Hole(kind="list", rows=rows, reason=reason, since=run.clock.now())
