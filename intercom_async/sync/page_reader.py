"""Reads spans of a stream, page by page, and hands over what they bring.

Each reading ends with what it has read in the hands of the writer. A page that keeps failing while
the server answers other calls is poison: what can be read around it is read (`isolation`), and what
remains is a hole. Nothing here decides that a row is gone; see `reconcile`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

import anyio
import msgspec
from anyio.streams.memory import MemoryObjectSendStream

from intercom_async.clock import CLOCK
from intercom_async.errors import (
    ClosedError,
    ConfigError,
    DecodeError,
    ForbiddenError,
    IntercomError,
    PaginationError,
    UnauthorizedError,
)
from intercom_async.models.page import Page
from intercom_async.pagination.pager import Pager
from .chain import Chain
from .cut_points import BEGINNING, DAY_SLACK_S
from .doubtful_rows import doubts
from .embedded import complete
from .followed import Followed
from .holes import Hole, closed_in, is_closed_in
from .isolation_budget import IsolationBudget
from .list_order import ListOrder
from .memory_budget import MemoryBudget
from .numbered_spans import isolation_of
from .outage import OutageError, StoppedError
from .page_reading import MAX_IDS, Taken
from .partitions import OPEN
from .raw_rows import Row
from .short_parts import is_pushed, is_united, is_whole, met_before, read_again, short_hole
from .stale_children import stale_parents
from .stream_run import StreamRun
from .streams import Ranged, Selection
from .turn_taking import TurnTaking
from .writer import Batch, Writer

MOST_QUEUED = 256
"""Parents that wait for their children to be read, before the next page of parents is."""
REFUSALS = (ForbiddenError, UnauthorizedError, ConfigError)
"""Errors that concern the stream as a whole, not one page: it cannot be read."""
ENDINGS = (StoppedError, OutageError)
"""What ends a reading without saying anything of what is read."""


class PageReader:
    """Reads, and hands over.

    Args:
        give: Where batches go; waits when the writer is behind.
        writer: Says when there is room for more.
        stop: Set when no further page is to be begun.
        wake: Called when there is new work for the readers of children.
    """

    def __init__(
        self,
        give: MemoryObjectSendStream[Batch],
        writer: Writer,
        *,
        stop: anyio.Event,
        wake: Callable[[StreamRun], None],
    ) -> None:
        self._give = give
        self._writer = writer
        self.stop: anyio.Event = stop
        self._wake = wake
        self.isolation_budget: IsolationBudget = IsolationBudget()
        self.turns: TurnTaking = TurnTaking()

    @property
    def memory_budget(self) -> MemoryBudget:
        """The room in memory for what is read and not yet written."""
        return self._writer.memory_budget

    # Spans.

    async def read_part(self, run: StreamRun, chain: Chain) -> None:
        """Read a part to its floor."""
        selection, followed = self._selection(run, chain), Followed()
        try:
            while not self.stop.is_set():
                await self._throttle(run)
                page, read_at = await self._next(run, selection, chain, followed)
                if await self._take(run, chain, page, read_at):
                    await self._end(run, chain)
                    return
        except ENDINGS:
            return
        except REFUSALS as error:
            self.refuse(run, error)
        except ClosedError:
            raise
        except IntercomError as error:
            await self._isolate(run, chain, error)

    async def _next(
        self, run: StreamRun, selection: Selection, chain: Chain, followed: Followed
    ) -> tuple[Page[Any], int]:
        """Read a part's next page; the first where an earlier run's place is no longer known."""
        try:
            return await self.page(run, selection, chain.position, followed)
        except (*ENDINGS, *REFUSALS, ClosedError):
            raise
        except IntercomError:
            if chain.pages or chain.position is None:
                raise
        await self._begin_again(run, chain)
        return await self.page(run, selection, None, followed)

    async def _begin_again(self, run: StreamRun, chain: Chain) -> None:
        """Let a part be read from its beginning, by this run or by the next one."""
        part = chain.part
        chain.position, chain.pages = None, 0
        chain.rows.begin_again()
        chain.reached, chain.order = part.high, None

        def note() -> None:
            part.position, part.rows = None, 0

        await self.hand_over(Batch(run, apply=note))

    def _selection(self, run: StreamRun, chain: Chain) -> Selection:
        source = cast("Ranged", run.stream.source)
        hole = chain.heals
        return Selection(
            (hole.field if hole is not None else None) or source.partition_field,
            chain.part.low,
            chain.part.high,
            source.per_page,
            has_high=hole is not None,
        )

    async def page(
        self,
        run: StreamRun,
        selection: Selection,
        position: str | None = None,
        followed: Followed | None = None,
    ) -> tuple[Page[Any], int]:
        """Read one page of a selection, and return it with the moment at which its read began.

        One that leads back to a page of this reading, of those in `followed`, has failed.
        """
        source = cast("Ranged", run.stream.source)
        pager = source.read(run.client, selection).raw().resume(position)
        followed = followed or Followed()
        followed.begin(position)
        page, read_at = await self._page(run, pager)
        followed.check(page)
        return page, read_at

    async def numbered_page(
        self, run: StreamRun, selection: Selection, number: int, size: int
    ) -> tuple[Page[Any], int]:
        """Read the page of a number and a size, where pages are numbered."""
        source = cast("Ranged", run.stream.source)
        return await self._page(run, source.read(run.client, selection).raw().at_page(number, size))

    async def _page(self, run: StreamRun, pager: Pager[Any]) -> tuple[Page[Any], int]:
        self.isolation_budget.pages += 1
        async with self._writer.memory_budget.reserve(run.page_bytes):
            read_at = run.clock.now()
            page = await pager.page()
        if page.was_null:
            raise PaginationError("null stands in place of a page's rows")
        if page.total_count is None and page.pages is None and not (page.items or page.unreadable):
            # Each answer says one of both, but for a list that is none, such as [].
            raise PaginationError("an empty page that says neither a count nor its place")
        run.page_bytes = sum(map(len, page.items))
        return page, read_at

    async def _take(self, run: StreamRun, chain: Chain, page: Page[Any], read_at: int) -> bool:
        """Hand over a page of a part; say whether the part is at its end."""
        source, part = cast("Ranged", run.stream.source), chain.part
        chain.pages, chain.asked_at = chain.pages + 1, read_at
        if chain.pages == 1:
            chain.promised, chain.began, chain.came = page.total_count, read_at, set()
            chain.note_count(page.total_count)
        edges = (part.low, chain.unread_below)
        taken = await self.hand_over_page(run, page, read_at, edges=edges, chain=chain)
        if chain.pages > 1 and part.high == OPEN:
            chain.came.update(row.key for row in taken.rows if row.is_made_since(chain.began))
        chain.note_new(taken.rows)
        chain.holes += taken.holes
        chain.position = page.checkpoint
        if chain.heals is None:
            chain.order = chain.order or ListOrder(run.orders, source.partition_field)
            moments = [row.partition_at for row in taken.rows if row.partition_at is not None]
            chain.order.take(moments)
            chain.reached = min([chain.reached, *moments])
            is_past = part.floor > BEGINNING and chain.order.is_below(part.floor - run.slack_s)
            if is_past and chain.order.is_proven:
                run.count.is_proof = False
                return True
        return page.checkpoint is None and await self._is_read(run, chain)

    async def _is_read(self, run: StreamRun, chain: Chain) -> bool:
        """Say whether a part whose list was read to its end is; else it is read again."""
        source = cast("Ranged", run.stream.source)
        # At its end all rows of a list have come, also where another chain reads some of them.
        counted = await self._counted(run, chain)
        selection = self._selection(run, chain)
        if is_whole(chain, counted) or await is_pushed(self, run, chain, selection, counted):
            return True
        count = await self._count(run, chain) if chain.again else None
        if await is_united(self, run, chain, counted, count):
            return True
        if read_again(chain, count):
            await self._begin_again(run, chain)
            return False
        if await self.counts_are_true(run, selection.field):
            short = short_hole(run, source.partition_field, chain, counted)
            chain.holes.append(short)
            await self.hand_over(Batch(run, holes=[short]))
        return True

    async def _counted(self, run: StreamRun, chain: Chain) -> int:
        """Return how many rows a part has; asked once more where fewer came than once before."""
        promised, before = chain.expected, max(chain.part.counted or 0, chain.least)
        if chain.rows.count < promised or chain.rows.count >= before:
            return promised
        return await self._count(run, chain) or chain.least

    async def _count(self, run: StreamRun, chain: Chain) -> int | None:
        page, _ = await self.page(run, replace(self._selection(run, chain), per_page=1))
        return page.total_count

    async def counts_are_true(self, run: StreamRun, field: str) -> bool:
        """Say whether the server counts no rows where there are none; else its counts are noise."""
        page, _ = await self.page(run, Selection(field, 1, 2, 1, "ascending"))
        return not page.total_count or bool(page.items)

    async def hand_over_page(
        self,
        run: StreamRun,
        page: Page[Any],
        read_at: int,
        *,
        edges: tuple[int, int],
        chain: Chain | None = None,
        field: str | None = None,
    ) -> Taken:
        """Hand over the rows of a page, and note those that cannot be read as holes.

        Args:
            run: The stream.
            page: The page.
            read_at: When its read began.
            edges: Moments between which its rows lie.
            chain: What it brings forward.
            field: The field that the page is sorted by; by default the one that never moves.
        """
        source = cast("Ranged", run.stream.source)
        name = field or source.partition_field
        # There may be hundreds: each chain has a page that waits.
        with self.memory_budget.holding(sum(map(len, page.items))):
            await self.turns.take()
        found, count = run.read(page.items), len(page.items) + len(page.unreadable)
        rows = [row for row in found if row is not None]
        holes: list[Hole] = []
        if len(rows) < count:
            is_made = name == source.partition_field
            moments = [row.partition_at if is_made else row.version or None for row in rows]
            known = [moment for moment in moments if moment is not None]
            # A part without an end: nothing is asked for by a moment that no row can have.
            end = min(edges[1], run.clock.now() + DAY_SLACK_S)
            low, high = min([edges[0], *known]), max([end, *known])
            reason = f"a row has no readable {run.stream.key!r}"
            holes.append(run.span_hole(name, low, high, reason))
        batch = Batch(run, holes=holes)
        if chain is not None:
            batch.part, batch.position = chain.part, page.checkpoint
            met = met_before(run, rows) if chain.rows.goes_on else set[str]()
            batch.counted = chain.rows.take([row.key for row in rows], count - len(rows), met)
        if run.state.seeded is None and run.state.pass_ is None:
            # Only changes were asked for; what lies before them is a hole as a whole.
            rows = [row for row in rows if row.version >= run.followed_from or not row.version]
        # The pager keeps the page until the next one is there. Its rows are copied by now.
        page.items.clear()
        await self.hand_over(batch, rows, read_at)
        return Taken(rows, count, holes)

    async def hand_over(
        self, batch: Batch, rows: Iterable[Row] = (), read_at: int = 0, *, by_id: bool = False
    ) -> None:
        """Merge rows into what the target holds, and give what changes to the writer."""
        run = batch.stream_run
        run.touch()
        whole = list(rows)
        with self.memory_budget.holding(sum(len(row.body) for row in whole)):
            listed, holes, note = await complete(run, whole)
            batch.holes, batch.apply = [*batch.holes, *holes], batch.apply or note
            if listed:
                await self.turns.take()
        # From here until it is given on, nobody else changes what the target will hold.
        batch.entries += run.accept(listed, read_at, by_id=by_id)
        if run.undated or run.reader.met_ahead:
            batch.holes += doubts(run, listed, batch.entries, by_id=by_id)
        self._writer.expect(batch)
        with anyio.CancelScope(shield=True):  # what is counted as on its way has to arrive
            await self._give.send(batch)
        for child, keys in stale_parents(run, listed, batch.entries).items():
            if child.want(keys):
                self._wake(child)

    async def _end(self, run: StreamRun, chain: Chain, holes: Iterable[Hole] = ()) -> None:
        """Note that a part was read, and that the hole it heals is filled but for new ones."""
        filled = [] if chain.heals is None else [chain.heals]
        part = chain.part if chain.heals is None else None
        # What was found on the way may be where the hole was that is filled: it comes last.
        missing = list(holes)
        if chain.heals is not None:
            missing = closed_in(chain.heals, [*chain.holes, *missing])
        await self.hand_over(Batch(run, part=part, is_last=True, holes=missing, filled=filled))

    async def _isolate(self, run: StreamRun, chain: Chain, error: IntercomError) -> None:
        """Read around a page that fails, and note what remains as holes."""
        part, hole = chain.part, chain.heals
        if hole is not None and not chain.pages and is_closed_in(hole):
            again = msgspec.structs.replace(hole, reason=str(error))
            await self.hand_over(Batch(run, holes=[again]))
            return
        field = self._selection(run, chain).field
        if not await self.answers_at_all(run, field):
            self.refuse(run, error)
            return
        high = min(chain.unread_below, run.clock.now() + DAY_SLACK_S)
        isolation = isolation_of(self, run, field, error, self.isolation_budget)
        try:
            holes = await isolation.between(part.low, max(part.low, high))
        except ENDINGS:
            return
        await self._end(run, chain, holes)

    async def answers_at_all(self, run: StreamRun, field: str) -> bool:
        """Say whether a search for the newest row alone, or for none, can be answered."""
        newest = Selection(field, 1, OPEN, 1, "descending")
        for selection in (newest, Selection(field, 1, 2, 1, "ascending")):
            try:
                await self.page(run, selection)
            except ENDINGS:
                return True
            except IntercomError:
                continue
            return True
        return False

    def refuse(self, run: StreamRun, error: IntercomError) -> None:
        """Note that a stream as a whole cannot be read."""
        run.refusal = str(error)
        run.hole(Hole(kind="stream", reason=str(error), since=run.clock.now()))

    async def _throttle(self, run: StreamRun) -> None:
        """Wait until the children are not far behind."""
        while not self.stop.is_set() and any(
            len(child.queue) > MOST_QUEUED for child in run.children if child.refusal is None
        ):
            await CLOCK.sleep(0.05)

    async def find(
        self, run: StreamRun, ids: Sequence[str], *, hands_over: bool = True, proves: bool = True
    ) -> set[str]:
        """Search rows by their ids and return the keys of those that are found.

        They are handed over, unless only the search is tried: beside what a run looks for they hide
        that it looks in the wrong place. Beside an unreadable row, absence `proves` nothing.
        """
        selection = Selection(run.stream.key, 0, OPEN, MAX_IDS, ids=tuple(ids))
        found, unread, position, followed = set[str](), 0, None, Followed()
        while True:
            page, read_at = await self.page(run, selection, position, followed)
            rows = [row for row in run.read(page.items) if row is not None]
            found.update(row.key for row in rows)
            unread += len(page.items) + len(page.unreadable) - len(rows)
            if not page.items and page.total_count:
                raise PaginationError(f"{page.total_count} rows were counted, and none came")
            page.items.clear()
            if hands_over:
                await self.hand_over(Batch(run), rows, read_at)
            if (position := page.checkpoint) is None:
                break
        if proves and unread and not found.issuperset(ids):
            raise DecodeError(f"a row has no readable {run.stream.key!r}")
        return found
