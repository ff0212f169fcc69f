"""Finds rows that are gone: by lists of deleted rows, by sweeps, and by what lists leave out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import Any, cast

import anyio
import msgspec

from intercom_async.errors import ClosedError, GoneError, IntercomError, NotFoundError
from intercom_async.moments import from_server
from intercom_async.request.operation import Operation
from .evidence import Finding, judge, suspect, tombstone
from .holes import Hole
from .key_table import GONE, SEEN, Held
from .list_reader import ListPass, ListReader
from .page_reader import ENDINGS, REFUSALS, PageReader
from .sinks.entries import Entry
from .stream_run import StreamRun
from .streams import Children, Listing, Ranged
from .writer import Batch

MAX_PASSES = 8
"""Readings of a list until one agrees with those before; then it is a hole."""
AT_ONCE = 16
"""Suspects that are read by id side by side."""
SEARCH_IDS = 15
"""Ids in one search."""
MAX_INTO = 10
"""Merges that are followed to the row that is left."""

Select = Callable[[StreamRun, Callable[[Held], bool]], Awaitable[list[str]]]
"""Gives the keys that the target holds of a stream, of those rows for which a test holds."""


class Reconciler:
    """Finds what is gone.

    Args:
        reader: Reads and hands over.
        select: Gives the keys that the target holds of a stream.
        settled_before: H: rows that have not changed since then are found by search.
    """

    def __init__(self, reader: PageReader, select: Select, settled_before: int) -> None:
        self._reader = reader
        self._list_reader = ListReader(reader)
        self._select = select
        self._settled_before = settled_before

    # Lists.

    async def read_list(self, run: StreamRun) -> None:
        """Read a list until a reading agrees with those before, and judge what it leaves out."""
        try:
            await self._read_list(run)
        except ENDINGS:
            return
        except ClosedError:
            raise
        except (*REFUSALS, NotFoundError) as error:
            self._reader.refuse(run, error)
        except IntercomError as error:
            await self._reader.hand_over(Batch(run, holes=[self._list_hole(run, str(error))]))

    async def _read_list(self, run: StreamRun) -> None:
        source = cast("Listing", run.stream.source)
        began = run.clock.now()
        live = set(await self._select(run, _is_live))
        agreed = await self._agree(run, live)
        if agreed is None:
            return
        absent = sorted(live - agreed.keys)
        filled = [hole for hole in run.state.holes if hole.kind in ("list", "stream")]
        if absent:
            hole = await self._judge_absent(run, source, absent, agreed)
            if hole is not None:
                await self._reader.hand_over(Batch(run, holes=[hole]))
                return

        def note() -> None:
            run.state.watermark = run.state.swept = began

        await self._reader.hand_over(Batch(run, filled=filled, apply=note))
        run.is_current = True

    def _list_hole(self, run: StreamRun, reason: str) -> Hole:
        return Hole(kind="list", reason=reason, since=run.clock.now())

    async def _agree(self, run: StreamRun, live: set[str]) -> ListPass | None:
        """Unite readings until one brings nothing that is new; None makes a hole of the list."""
        union = set(live)
        absent: set[str] | None = None
        merged = ListPass()
        for number in range(MAX_PASSES):
            found = await self._list_reader.read_pass(run)
            if found.unreadable:
                reason = f"{found.unreadable} rows without a readable {run.stream.key!r}"
                await self._reader.hand_over(Batch(run, holes=[self._list_hole(run, reason)]))
                return None
            is_new = not found.keys <= union
            missing = live - found.keys
            one_page = found.pages <= 1 and found.is_consistent
            union |= found.keys
            merged.keys |= found.keys
            settled = found.is_consistent and (not is_new or one_page)
            # What is not there has to be not there twice.
            if settled and (not missing or (absent is not None and missing <= absent)):
                merged.keys = set(found.keys)
                return merged
            absent = missing if settled or absent is None else absent & missing
            if number == MAX_PASSES - 1:
                break
        reason = f"{MAX_PASSES} readings of the list disagree"
        await self._reader.hand_over(Batch(run, holes=[self._list_hole(run, reason)]))
        return None

    async def _judge_absent(
        self, run: StreamRun, source: Listing, absent: Sequence[str], agreed: ListPass
    ) -> Hole | None:
        if source.get is not None:
            await self.confirm(run, absent, source.get, source.is_listed)
            return None
        if not agreed.keys:
            return self._list_hole(run, f"it is empty where {len(absent)} rows were")
        entries: list[Entry] = []
        at = run.clock.now()
        for key in absent:
            entries += tombstone(run, key, at, "deleted", evidence="two readings of the list")
        await self._reader.hand_over(Batch(run, entries))
        return None

    # Sweeps.

    async def end_sweep(self, run: StreamRun) -> None:
        """Judge the rows that a sweep has not met."""
        source = cast("Ranged", run.stream.source)
        absent = await self._select(run, _is_unseen)
        try:
            await self._confirm_ranged(run, source, absent)
        except ENDINGS:
            return
        pass_ = run.state.pass_

        def note() -> None:
            run.state.swept = run.state.seeded = None if pass_ is None else pass_.began
            run.state.pass_ = None

        filled = [hole for hole in run.state.holes if hole.kind in ("sweep", "unseeded")]
        await self._reader.hand_over(Batch(run, filled=filled, apply=note))
        run.table.clear(SEEN)

    async def _confirm_ranged(self, run: StreamRun, source: Ranged, absent: Sequence[str]) -> None:
        """Look for suspects by a search, then read each of the rest by its id."""
        if not absent:
            return
        left: list[str] = []
        for begin in range(0, len(absent), SEARCH_IDS):
            ids = absent[begin : begin + SEARCH_IDS]
            try:
                found = await self._reader.find(run, ids)
            except (*ENDINGS, ClosedError):
                raise
            except IntercomError as error:
                holes = [suspect(key, str(error), run.clock.now()) for key in ids]
                await self._reader.hand_over(Batch(run, holes=holes))
                continue
            left += [key for key in ids if key not in found]
        if source.get is not None:
            await self.confirm(run, left, source.get)
            return
        holes = [suspect(key, "it cannot be read by its id", run.clock.now()) for key in left]
        await self._reader.hand_over(Batch(run, holes=holes))

    async def confirm(
        self,
        run: StreamRun,
        keys: Iterable[str],
        get: Operation[Any],
        is_listed: Callable[[bytes], bool] | None = None,
    ) -> None:
        """Read suspects by id, and let those go that are proven to be gone."""
        limiter = anyio.Semaphore(AT_ONCE)

        async def one(key: str) -> None:
            async with limiter:
                await self._confirm_one(run, key, get, is_listed)

        async with anyio.create_task_group() as group:
            for key in keys:
                group.start_soon(one, key)

    async def _confirm_one(
        self,
        run: StreamRun,
        key: str,
        get: Operation[Any],
        is_listed: Callable[[bytes], bool] | None,
    ) -> None:
        error: IntercomError | None = None
        body = b""
        read_at = run.clock.now()
        try:
            body = bytes((await run.client.send(get.at(key).into(msgspec.Raw))).data)
        except ENDINGS:
            await self._reader.hand_over(
                Batch(run, holes=[suspect(key, "the run ended before it was read", read_at)])
            )
            return
        except ClosedError:
            raise
        except IntercomError as failure:
            error = failure
        listed = is_listed is None or not body or is_listed(body)
        row = run.reader.read(body) if body else None
        is_ranged = isinstance(run.stream.source, Ranged)
        is_settled = is_ranged and row is not None and row.version < self._settled_before
        finding = judge(error, is_listed=listed, is_settled=is_settled)
        if finding.verdict in ("gone", "merged", "unlisted"):
            into = await self._end_of_chain(run, finding, get)
            evidence = "read by id, not listed" if finding.verdict == "unlisted" else "read by id"
            entries = tombstone(run, key, read_at, finding.reason, into=into, evidence=evidence)
            filled = [Hole(kind="suspect", key=key), Hole(kind="record", key=key)]
            await self._reader.hand_over(Batch(run, entries, filled=filled))
            return
        # What has changed within the lookback may not be found yet; the next reading tells.
        is_recent = is_ranged and finding.verdict == "there"
        holes = [] if is_recent else [suspect(key, finding.reason, read_at)]
        filled = [Hole(kind="suspect", key=key)] if is_recent else []
        rows = [] if row is None else [row]
        batch = Batch(run, holes=holes, filled=filled)
        await self._reader.hand_over(batch, rows, read_at, by_id=True)

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
            except GoneError as error:
                if error.canonical_id is None:
                    break
                into = error.canonical_id
            except IntercomError:
                break
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
            found: set[str] = set()
            for begin in range(0, len(keys), SEARCH_IDS):
                found |= await self._reader.find(run, keys[begin : begin + SEARCH_IDS])
            filled = [hole for hole in holes if hole.key in found]
            await self._reader.hand_over(Batch(run, filled=filled))
            keys = [key for key in keys if key not in found]
        if source.get is not None:
            await self.confirm(run, keys, source.get)

    async def retry_records(self, run: StreamRun, holes: Sequence[Hole]) -> None:
        """Read rows again that were not read whole."""
        get = getattr(run.stream.source, "get", None)
        for hole in holes:
            if hole.key is None or get is None:
                continue
            read_at = run.clock.now()
            try:
                body = bytes((await run.client.send(get.at(hole.key).into(msgspec.Raw))).data)
            except (*ENDINGS, ClosedError):
                raise
            except IntercomError:
                await self.confirm(run, [hole.key], get)
                continue
            row = run.reader.read(body)
            if row is not None:
                batch = Batch(run, filled=[hole])
                await self._reader.hand_over(batch, [row], read_at, by_id=True)

    # Deletion lists.

    async def read_deletions(self, run: StreamRun, since: int) -> bool:
        """Read which rows were deleted since a moment; say whether the server tells it.

        Args:
            run: The stream.
            since: The moment, UNIX seconds of the server.
        """
        source = cast("Ranged", run.stream.source)
        deletions = source.deletions
        if deletions is None:
            return False
        began = run.clock.now()
        client = run.client.at_version(deletions.version)
        try:
            async with aclosing(deletions.read(client).raw().pages()) as pages:
                async for page in pages:
                    if await self._take_deleted(run, page.items, since):
                        break
        except ClosedError:
            raise
        except IntercomError:
            # Whatever the reason is: a sweep tells the same.
            return False

        def note() -> None:
            run.state.deletions = began

        await self._reader.hand_over(Batch(run, apply=note))
        return True

    async def _take_deleted(self, run: StreamRun, items: Iterable[Any], since: int) -> bool:
        """Let rows go that a list of deleted rows names; say whether the rest is older."""
        entries: list[Entry] = []
        filled: list[Hole] = []
        is_older = False
        for raw in items:
            try:
                item = msgspec.json.decode(raw, type=_Deleted)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue
            key, at = str(item.id), from_server(item.deleted_at)
            is_older = is_older or (at is not None and at < since)
            held = run.table.get(key)
            if held is not None and not held.is_gone and not (at and held.read_at > at):
                entries += tombstone(
                    run,
                    key,
                    run.clock.now(),
                    item.status or "deleted",
                    into=None if item.merged_into_id is None else str(item.merged_into_id),
                    evidence="list of deleted rows",
                )
                filled += [Hole(kind=kind, key=key) for kind in ("suspect", "record", "parent")]
        if entries:
            await self._reader.hand_over(Batch(run, entries, filled=filled))
        return is_older


def _is_live(held: Held) -> bool:
    return not held.is_gone


def _is_unseen(held: Held) -> bool:
    return not held.flags & (GONE | SEEN)


class _Deleted(msgspec.Struct):
    id: str | int
    deleted_at: Any = None
    status: str | None = None
    """Of a contact: archived, blocked, merged, pending_deletion or permanently_deleted."""
    merged_into_id: str | int | None = None
