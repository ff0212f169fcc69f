"""Reads lists until their readings agree, and finds which rows have gone from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import anyio
import msgspec

from intercom_async.errors import ClosedError, IntercomError, NotFoundError
from intercom_async.request.operation import Operation
from .emptied import are_gone
from .evidence import told_gone, tombstone
from .held_keys import HeldKeys, is_live
from .holes import Hole, counted
from .list_reader import ListPass, ListReader
from .outage import reading_group
from .page_reader import ENDINGS, REFUSALS, PageReader
from .reconcile import AT_ONCE, MANY, Reconciler, list_hole
from .sinks.entries import Entry
from .stream_run import StreamRun
from .streams import Listing
from .writer import Batch

MAX_PASSES = 8
"""Readings of a list until one agrees with those before; then it is a hole."""
ALIKE = 3
"""Readings in a row that bring the same rows and another number than they count, until that is no
accident; then the list is a hole (test_wrong_counts.py::test_a_count_that_is_always_wrong)."""


class _Told(NamedTuple):
    """What reads by id say of rows that a list which has lost some does not show."""

    there: set[str]
    """They are there, and of those that the list has lost."""
    unread: dict[str, str]
    """They cannot be read by their ids either, and why."""


class ListReconciler:
    """Reads lists.

    Args:
        reader: Reads and hands over.
        held_keys: Gives the keys that the target holds.
        reconciler: Reads by its id what a list leaves out.
    """

    def __init__(self, reader: PageReader, held_keys: HeldKeys, reconciler: Reconciler) -> None:
        self._reader = reader
        self._list_reader = ListReader(reader)
        self._held_keys = held_keys
        self._reconciler = reconciler

    async def read(self, run: StreamRun) -> None:
        """Read a list until a reading agrees with those before, and judge what it leaves out."""
        try:
            await self._read(run)
        except ENDINGS:
            return
        except ClosedError:
            raise
        except (*REFUSALS, NotFoundError) as error:
            self._reader.refuse(run, error)
        except IntercomError as error:
            await self._reader.hand_over(Batch(run, holes=[list_hole(run, str(error))]))

    async def _read(self, run: StreamRun) -> None:
        source = cast("Listing", run.stream.source)
        began = run.clock.now()
        live = set(await self._held_keys.select(run, is_live))
        agreed = await self._agree(run, live)
        if agreed is None:
            return
        absent = sorted(live - agreed.keys)
        filled = [
            hole
            for hole in run.state.holes
            if hole.kind in ("list", "stream") or hole.key in agreed.keys
        ]
        if agreed.lost_rows:
            hole = await self._judge_lost(run, source, absent, agreed)
        else:
            hole = await self._judge_absent(run, source, absent, agreed) if absent else None
        if hole is not None:
            shown = [one for one in filled if one.key is not None]
            await self._reader.hand_over(Batch(run, holes=[hole], filled=shown))
            return

        def note() -> None:
            run.state.watermark = run.state.swept = began

        await self._reader.hand_over(Batch(run, filled=filled, apply=note))
        run.is_current = True

    async def _agree(self, run: StreamRun, live: set[str]) -> ListPass | None:
        """Unite readings until one brings nothing that is new; None makes a hole of the list."""
        union = set(live)
        absent: set[str] | None = None
        found: ListPass | None = None
        alike = nulls = 0
        for number in range(MAX_PASSES):
            before, found = found, await self._list_reader.read_pass(run, found)
            if found.unreadable:
                reason = f"{found.unreadable} rows without a readable {run.stream.key!r}"
                await self._reader.hand_over(Batch(run, holes=[list_hole(run, reason)]))
                return None
            if found.was_null:
                nulls += 1
                if nulls >= ALIKE:
                    reason = "null stands in place of its rows"
                    await self._reader.hand_over(Batch(run, holes=[list_hole(run, reason)]))
                    return None
                continue
            is_new = not found.keys <= union
            missing = live - found.keys
            one_page = found.pages <= 1 and found.is_consistent
            union |= found.keys
            # Without a count, nothing but a second reading tells a first one from a cut one, and
            # an empty list from one that came empty: where no row is known, none is missing.
            is_known = run.was_followed and bool(found.keys)
            is_proven = found.is_counted or is_known or number > nulls
            settled = found.is_consistent and is_proven and (not is_new or one_page)
            await self._read_earlier(run, found)
            settled = settled and not run.earlier.shown
            # What is not there has to be not there twice.
            if settled and (not missing or (absent is not None and missing <= absent)):
                return found
            alike = alike + 1 if before is not None and found.is_like(before) else 1
            if alike >= ALIKE and not found.is_consistent:
                reason = f"each of {alike} readings {found.told}"
                hole = list_hole(run, reason, rows=found.lacking)
                await self._reader.hand_over(Batch(run, holes=[hole]))
                return None
            absent = missing if settled or absent is None else absent & missing
            if number == MAX_PASSES - 1:
                break
        reason = f"{MAX_PASSES} readings of the list disagree"
        await self._reader.hand_over(Batch(run, holes=[list_hole(run, reason)]))
        return None

    async def _read_earlier(self, run: StreamRun, found: ListPass) -> None:
        """Read rows by their ids that a list shows with earlier times than before.

        Where that costs more than another reading of the list, or fails, that has to show the same.
        """
        keys, get = list(run.earlier.shown), cast("Listing", run.stream.source).get
        if get is None or len(keys) > found.pages:
            return
        for key in keys:
            read_at = run.clock.now()
            try:
                body = bytes((await run.client.send(get.at(key).into(msgspec.Raw))).data)
            except (*ENDINGS, ClosedError):
                raise
            except IntercomError:
                continue
            row = run.read([body])[0]
            if row is not None and row.key == key:
                await self._reader.hand_over(Batch(run), [row], read_at, by_id=True)
                run.earlier.shown.pop(key, None)

    async def _judge_absent(
        self, run: StreamRun, source: Listing, absent: Sequence[str], agreed: ListPass
    ) -> Hole | None:
        if source.get is not None:
            confirm = self._reconciler.confirm
            first = absent if agreed.keys else absent[:MANY]
            there = await confirm(run, first, source.get, source.is_listed)
            rest = absent[len(first) :]
            if not rest or are_gone(run, first, run.clock.now()):
                there |= await confirm(run, rest, source.get, source.is_listed)
                if not there or agreed.is_counted:
                    return None
                # What leaves out rows that are there, and counts none, may leave out new ones.
                return list_hole(run, f"{counted(len(there))} found by id and not listed")
        if not agreed.keys:
            return list_hole(run, f"it is empty where {len(absent)} rows were")
        entries: list[Entry] = []
        at = run.clock.now()
        for key in absent:
            entries += tombstone(run, key, at, "deleted", evidence="two readings of the list")
        await self._reader.hand_over(Batch(run, entries))
        return None

    async def _judge_lost(
        self, run: StreamRun, source: Listing, absent: Sequence[str], agreed: ListPass
    ) -> Hole | None:
        """Read by its id what a list has that it cannot show; return the hole of what is left.

        As many rows as the list has lost may be there still. Where each of them is a row that was
        known, those have holes of their own that say which they are, and the list is whole.
        """
        left = agreed.lost_rows
        if source.get is not None and len(absent) <= MANY:
            told = await self._ask(run, source, source.get, absent, agreed)
            # What it left out before it lost any is not what it has lost.
            doubted = {hole.key for hole in run.state.holes if hole.kind == "suspect"}
            left -= len((told.there | told.unread.keys()) - doubted)
            if left < 0:
                # It leaves out more than it has lost: any of those may be a row that is not known.
                left = agreed.lost_rows
            since = run.clock.now()
            holes = [
                Hole(kind="record", key=key, reason=reason, since=since)
                for key, reason in sorted(told.unread.items())
            ]
            await self._reader.hand_over(Batch(run, holes=holes))
        return list_hole(run, agreed.lost_reason, rows=left) if left > 0 else None

    async def _ask(
        self,
        run: StreamRun,
        source: Listing,
        get: Operation[Any],
        keys: Sequence[str],
        agreed: ListPass,
    ) -> _Told:
        """Read rows by their ids; what is proven to be gone goes."""
        told = _Told(set(), {})
        gone: list[str] = []
        limiter = anyio.Semaphore(AT_ONCE)
        # What breaks a page as if it were not found may break a read by id the same way.
        is_doubtful = any(isinstance(piece.error, NotFoundError) for piece in agreed.lost)

        async def one(key: str) -> None:
            async with limiter:
                read_at = run.clock.now()
                try:
                    body = bytes((await run.client.send(get.at(key).into(msgspec.Raw))).data)
                except (*ENDINGS, ClosedError):
                    raise
                except IntercomError as error:
                    said = told_gone(error)
                    is_doubted = said is not None and is_doubtful and said.reason == "deleted"
                    if said is not None and not is_doubted:
                        gone.append(key)
                    else:
                        told.unread[key] = str(error)
                    return
                row = run.read([body])[0]
                if row is None or row.key != key:
                    told.unread[key] = "a read by its id gives another row"
                elif source.is_listed is not None and not source.is_listed(body):
                    gone.append(key)
                else:
                    told.there.add(key)
                    batch = Batch(run, filled=[Hole(kind="record", key=key)])
                    await self._reader.hand_over(batch, [row], read_at, by_id=True)

        async with reading_group() as group:
            for key in keys:
                group.start_soon(one, key)
        await self._reconciler.confirm(run, gone, get, source.is_listed)
        return told
