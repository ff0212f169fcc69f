"""Closes in on rows that break every page containing them, and reads all others.

From above with fewer and fewer rows a page, each a fresh query that begins at the last good row's
second; from below in the other order; then the rest is halved by time. A page that fails gives no
cursor, so one row a page finds the poison but never steps over it. What cannot be read is a hole.
"""

from __future__ import annotations

from .followed import Followed
from .holes import Hole
from .page_reading import MAX_PAGE, Edge, LeapError, ReadPage
from .partitions import OPEN
from .span_pages import SpanPages
from .streams import Ranged, Selection

MAX_READINGS = 3
"""Readings of a span whose rows move or go meanwhile, or are not in order; then all of it is a hole
(deleted-while-poison-is-closed-in.json)."""
FIRST_PAGE = 8
"""Rows that are asked for first where it is not known how near the next such row is."""
BOTH = 2
"""Rows next to the edges of what is not read: neither can be, or they were."""
DEEPEST = 48
"""Halvings of a span, enough for any span of seconds."""


class Isolation(SpanPages):
    """Reads a span in which a page fails."""

    async def between(self, low: int, high: int, *, floor: int | None = None) -> list[Hole]:
        """Read all that can be read from `low` up to and including `high`; return the holes.

        Args:
            low: Its first second.
            high: Its last second.
            floor: Rows before this moment are not wanted, though a query that begins with a whole
                day gives them: in a page in order, one of them ends the reading.

        Raises:
            IntercomError: The run is to end: it was stopped, or the server does not answer.
        """
        self._floor = floor
        for _ in range(MAX_READINGS):
            self._holes.clear()
            self._alone.clear()
            self._calls = 0
            try:
                await self._read(low, high)
            except LeapError:
                continue
            break
        else:
            self._hole(low, high)
        named = len(self._alone) + sum(max(1, hole.rows) for hole in self._holes)
        self._proven = min(self._proven, named)
        for bottom, top in self._alone:
            self._hole(*await self._narrow(bottom, top), rows=1)
        return self._holes

    async def _read(self, low: int, high: int) -> None:
        """Read a span, of which a page is known to fail."""
        top = await self._approach(low, high, is_upward=False, start=MAX_PAGE // 2)
        if top is None:
            return
        limit = None if top.left is None else top.left - 1
        bottom = await self._approach(low, top.second, is_upward=True, beyond=top.at, limit=limit)
        if bottom is None:
            return
        unread = top.left if top.left is not None else await self._count_below(low, high)
        if bottom.left is not None:
            unread = None if top.at is None else bottom.left - top.at
        self._proven += _proof(unread) - 1
        await self._between(bottom, top, unread, 0)

    async def _between(self, bottom: Edge, top: Edge, most: int | None, depth: int) -> None:
        """Read what is between two rows that cannot be read, or make a hole of it.

        Args:
            bottom: The edge below which all is read.
            top: The edge above which all is read.
            most: Rows between them, at most; None where it is not known.
            depth: How often the span was halved.
        """
        low, high = bottom.second, max(bottom.second, top.second)
        if bottom.at is None or top.at is None:
            await self._halve(low, high, depth)
            return
        cut = self._cut(low, high)
        if most == 1:
            self._alone.append((bottom, top))
            return
        if most == BOTH or cut is None or depth >= DEEPEST or self._is_spent:
            self._hole(low, high, rows=most or 0)
            return
        limit = None if most is None else most - 1
        upper = await self._approach(
            cut, high, is_upward=True, beyond=top.at, limit=limit, start=FIRST_PAGE
        )
        lower = await self._approach(
            low, cut - 1, is_upward=False, beyond=bottom.at, limit=limit, start=FIRST_PAGE
        )
        halves: list[tuple[Edge, Edge, int | None]] = []
        for edge, far in ((upper, top), (lower, bottom)):
            if edge is None:
                continue
            half = (cut, high) if far is top else (low, cut - 1)
            rest = await self._rest(half, edge, far, is_upper=far is top)
            halves.append((edge, far, rest))
        if not self._is_spent:
            # Else it may be that neither half was read, and so none has failed.
            self._proven += max(0, sum(_proof(rest) for *_, rest in halves) - _proof(most))
        read = sum(edge.new for edge, *_ in halves) + len(halves) - 1
        for edge, far, rest in halves:
            pair = (edge, top) if far is top else (bottom, edge)
            at_most = rest if rest is not None or most is None else max(1, most - read)
            await self._between(*pair, at_most, depth + 1)

    async def _rest(
        self, half: tuple[int, int], edge: Edge, far: Edge, *, is_upper: bool
    ) -> int | None:
        """Return how many rows of half a span are not read; None where it is not known."""
        counted = edge.left
        if counted is None and not self._is_spent:
            counted = await self._count(*half, far, is_upward=not is_upper)
        return None if counted is None or far.at is None else max(1, counted - far.at)

    async def _count_below(self, low: int, high: int) -> int | None:
        """Return how many rows a span has, told by the newest row of all."""
        counts: list[int] = []
        for begin in (low, high + 1):
            read = await self._try(Selection(self._field, begin, OPEN, 1), None)
            if read is None or read.page.total_count is None:
                return None
            counts.append(read.page.total_count)
        return counts[0] - counts[1]

    async def _count(self, low: int, high: int, edge: Edge, *, is_upward: bool) -> int | None:
        """Return how many rows a span has, told by a page of those at an edge that are read."""
        if not edge.at:
            return await self._count_below(low, high)
        read = await self._try(self._selection(low, high, edge.at, is_upward=is_upward), None)
        return None if read is None else read.page.total_count

    async def _narrow(self, bottom: Edge, top: Edge) -> tuple[int, int]:
        """Return the seconds between two edges that are not shown to be empty, so far as calls go.

        There should be one row; what it shares a second with, and where a second one is, stays.
        """
        low, high = bottom.second, max(bottom.second, top.second)
        if not self._tells_seconds or low == high:
            return low, high
        high -= await self._is_read(top)
        low += await self._is_read(bottom)
        while low < high and not self._is_spent:
            cut = low + (high - low + 1) // 2
            if await self._is_empty(cut, high):
                high = cut - 1
            elif await self._is_empty(low, cut - 1):
                low = cut
            else:
                break
        return low, high

    async def _is_read(self, edge: Edge) -> bool:
        """Say whether all rows of the second of an edge are read."""
        if not edge.at or edge.at >= MAX_PAGE or self._is_spent:
            return False
        selection = Selection(self._field, edge.second, edge.second, edge.at + 1, has_high=True)
        read = await self._try(selection, None)
        return read is not None and read.page.checkpoint is None and len(read.moments) <= edge.at

    async def _is_empty(self, low: int, high: int) -> bool:
        """Say whether a span is shown to have no row."""
        read = await self._try(Selection(self._field, low, high, 1, has_high=True), None)
        return read is not None and not read.moments and not read.page.total_count

    async def _halve(self, low: int, high: int, depth: int) -> None:
        cut = self._cut(low, high)
        if cut is None or depth >= DEEPEST or self._is_spent:
            self._hole(low, high)
            return
        for begin, end in ((cut, high), (low, cut - 1)):
            failed_at = await self._walk(begin, end)
            if failed_at is not None:
                await self._halve(begin, min(end, failed_at), depth + 1)

    def _cut(self, low: int, high: int) -> int | None:
        """Return where a span is halved; None where it cannot be."""
        points = self._run.cut_points
        if self._tells_seconds:
            return None if low >= high else low + (high - low + 1) // 2
        cut = points.ceil(low + (high - low + 1) // 2)
        if not low < cut <= high:
            cut = points.floor(high)
        return cut if low < cut <= high else None

    async def _walk(self, low: int, high: int) -> int | None:
        """Read a span downward, page by page; return the last good second where a page fails."""
        position, reached, came, promised, followed = None, high, 0, None, Followed()
        while True:
            source = self._run.stream.source
            per_page = source.per_page if isinstance(source, Ranged) else MAX_PAGE
            selection = Selection(self._field, low, high, per_page, has_high=True)
            page = await self._try(selection, position, followed)
            if page is None:
                return reached
            reached = self._edge(page[1], reached, is_upward=False)
            came += len(page[1])
            promised = page[0].total_count if promised is None else promised
            if page[0].checkpoint is None:
                return reached if await self._is_short(came, promised) else None
            position = page[0].checkpoint

    async def _approach(
        self,
        low: int,
        high: int,
        *,
        is_upward: bool,
        beyond: int | None = 0,
        limit: int | None = None,
        start: int = MAX_PAGE,
    ) -> Edge | None:
        """Read toward a row that cannot be read from one side; return how near it came.

        Once a page fails, the rows among which the poison is are halved with each call.

        Args:
            low: First second of the span.
            high: Its last second.
            is_upward: From which side.
            beyond: Rows at the far end that are read already.
            limit: Rows that are to be read at most, as the one after them cannot be.
            start: Rows to ask for first; twice as many after each page until one fails.

        Returns:
            None says that no page has failed: all of the span is read.
        """
        edge: Edge = Edge(low if is_upward else high)
        known: frozenset[str] = frozenset()
        bad: int | None = None
        while not self._is_spent and bad != 1 and (limit is None or limit > 0):
            at = edge.at or 0
            size = start if bad is None else bad // 2
            asked: int = min(MAX_PAGE, at + (size if limit is None else min(size, limit)))
            span = (edge.second, high) if is_upward else (low, edge.second)
            selection = self._selection(*span, asked, is_upward=is_upward)
            read = await self._try(selection, None)
            if read is None:
                bad = max(1, asked - at)
                continue
            page, moments, keys = read
            total = page.total_count
            await self._check_order(*span, read, is_upward=is_upward)
            if edge.left is not None and total is not None and total - at < edge.left:
                raise LeapError
            if not is_upward and self._is_past(moments):
                return None
            moved = self._edge(moments, edge.second, is_upward=is_upward)
            if page.checkpoint is None:
                is_short = await self._is_short(len(moments), total)
                return Edge(moved, None) if is_short else None
            new = len(keys - known)
            if asked >= MAX_PAGE and self._first(moved) == self._first(edge.second):
                # A query cannot begin further on: a second, or a day, has more rows than a page.
                second = await self._walk_on(selection, read, moved)
                return None if second is None else Edge(second, None)
            at = sum(self._first(moment) == self._first(moved) for moment in moments)
            # By days that are not the workspace's, a query begins before the edge.
            at = len(moments) if not new else at
            left = None if total is None else total - len(moments)
            edge, known, start = Edge(moved, at, left, edge.new + new), keys, 2 * start
            bad = None if bad is None else max(1, bad - new)
            limit = None if limit is None else limit - new
            if left is not None and beyond is not None:
                limit = left - beyond - 1
        await self._check(edge, low, high, is_upward=is_upward)
        return edge

    async def _check_order(self, low: int, high: int, read: ReadPage, *, is_upward: bool) -> None:
        """Refuse a page out of order where no count tells that rows are left out."""
        firsts = [self._first(moment) for moment in read.moments]
        if read.page.total_count is not None or not firsts:
            return
        if firsts != sorted(firsts, reverse=not is_upward):
            raise LeapError
        if firsts[0] != firsts[-1]:
            return
        # Rows of one moment show no order; but there is none before the first.
        if is_upward:
            high = firsts[0] - 1
        elif self._tells_seconds:
            low = firsts[0] + 1
        else:
            low = self._run.cut_points.ceil(firsts[0] + 1)
        if low <= high and not await self._is_empty(low, high):
            raise LeapError

    async def _check(self, edge: Edge, low: int, high: int, *, is_upward: bool) -> None:
        """Refuse an edge beyond which there are fewer rows than its last query had left."""
        if edge.left is None:
            return
        span = (edge.second, high) if is_upward else (low, edge.second)
        counted = await self._count(*span, edge, is_upward=is_upward)
        if counted is None and not self._tells_seconds:
            # A day may have another such row beyond the span.
            return
        if counted is None or counted - (edge.at or 0) < edge.left:
            raise LeapError


def _proof(unread: int | None) -> int:
    """Return how many rows cannot be read where each edge of those unread is beside one."""
    return 1 if unread is None else min(unread, BOTH)
