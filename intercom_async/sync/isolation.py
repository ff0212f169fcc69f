"""Closes in on rows that break every page containing them, and reads all others.

From above with fewer and fewer rows a page, each a fresh query that begins at the last good row's
second; from below in the other order; then the rest is halved by time. A page that fails gives no
cursor, so one row a page finds the poison but never steps over it. What cannot be read is a hole.
Where neither counts nor the pages before have shown that the list is in order, what lies beside the
holes is read again by its time; see `unordered_spans`.
"""

from __future__ import annotations

from .holes import Hole
from .page_reading import MAX_PAGE, Edge, LeapError, ReadPage
from .streams import Selection
from .unordered_spans import BOTH, DEEPEST, UnorderedSpans

FIRST_PAGE = 8
"""Rows that are asked for first where it is not known how near the next such row is."""
MAX_READINGS = 3
"""Readings of a span whose rows move or go meanwhile (deleted-while-poison-is-closed-in.json); then
nothing relies on the place of a row, as where a page is out of order."""


class Isolation(UnorderedSpans):
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
        is_in_order = await self._is_read_in_order(low, high)
        if not is_in_order:
            self._begin()
            await self._split(low, high)
        named = len(self._alone) + sum(max(1, hole.rows) for hole in self._holes)
        self._proven = min(self._proven, named)
        for bottom, top in self._alone:
            self._hole(*await self._narrow(bottom, top), rows=1)
        if is_in_order:
            await self._verify(low, high)
        await self._count_holes()
        return self._holes

    async def _is_read_in_order(self, low: int, high: int) -> bool:
        """Read a span by the places of its rows; say whether none was out of its place."""
        before = -1
        for _ in range(MAX_READINGS):
            self._begin()
            try:
                await self._read(low, high)
            except LeapError:
                if not self._is_in_order or self._calls == before:
                    # What leaps twice alike is no row that moves.
                    break
                before = self._calls
            else:
                return True
        return False

    def _begin(self) -> None:
        self._holes.clear()
        self._alone.clear()
        self._calls, self._proven, self._is_bounded = 0, 1, False

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
            beyond = top.at
            if self._tells_seconds and bottom.at is not None and top.at is not None:
                # Both may have read the same rows of a second.
                beyond = self._rows_met(bottom.second, top.second) - bottom.at
            unread = None if beyond is None else max(1, bottom.left - beyond)
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
        proven = _proof(most)
        if not bottom.new and not top.new and most is None:
            # Neither side has read a row, so that nothing tells yet where there are any.
            low, high = await self._trim(low, high)
            bottom, top = bottom._replace(second=low), top._replace(second=high)
            if self._cut(low, high) is not None and not self._is_spent:
                # Both halves have rows, and neither the oldest nor the newest can be read.
                proven = BOTH
                self._proven += 1
        cut = self._cut(low, high)
        if bottom.at is None or top.at is None:
            if cut is not None:
                await self._split(low, high, depth)
                return
            # Cursors have come from both sides as near as the ends of pages can.
            is_spent = self._budget.is_spent
            unread = 0 if is_spent else await self._count_unread(low, high)
            self._hole(low, high, rows=unread)
            return
        if most == 1:
            self._alone.append((bottom, top))
            return
        if most == BOTH or cut is None or depth >= DEEPEST or self._is_spent:
            self._hole(low, high, rows=most or 0)
            return
        for edge, is_upper, rest in await self._read_halves(bottom, top, cut, most, proven):
            pair = (edge, top) if is_upper else (bottom, edge)
            await self._between(*pair, rest, depth + 1)

    async def _read_halves(
        self, bottom: Edge, top: Edge, cut: int, most: int | None, proven: int
    ) -> list[tuple[Edge, bool, int | None]]:
        """Read both halves of what is between two edges, from where they meet.

        Args:
            bottom: The edge below which all is read.
            top: The edge above which all is read.
            cut: The first second of the upper half.
            most: Rows between the edges, at most; None where it is not known.
            proven: How many of them are known not to be readable.

        Returns:
            For each that is not read whole: how near it came, whether it is the upper one, and how
            many rows of it are not read, at most. Where no calls are left, both are a hole.
        """
        low, high = bottom.second, max(bottom.second, top.second)
        limit, before = None if most is None else most - 1, self._rows_met(low, high)
        upper = await self._approach(
            cut, high, is_upward=True, beyond=top.at, limit=limit, start=FIRST_PAGE
        )
        lower = await self._approach(
            low, cut - 1, is_upward=False, beyond=bottom.at, limit=limit, start=FIRST_PAGE
        )
        halves: list[tuple[Edge, bool, int | None]] = []
        if upper is not None:
            rest = await self._rest((cut, high), upper, top, is_upper=True)
            halves.append((upper, True, rest))
        if lower is not None:
            rest = await self._rest((low, cut - 1), lower, bottom, is_upper=False)
            halves.append((lower, False, rest))
        rests = [rest for *_, rest in halves if rest is not None]
        left = None if most is None else most - self._rows_met(low, high) + before
        if not self._is_spent:
            self._proven += max(0, sum(_proof(rest) for *_, rest in halves) - proven)
        elif len(halves) > 1 and not rests:
            # It may be that neither was read, and so none has failed.
            self._hole(low, high, rows=0 if left is None else max(1, left))
            return []
        self._is_bounded = self._is_bounded or (len(halves) > 1 and not rests)
        other = None if left is None else max(1, left - sum(rests))
        return [(edge, up, other if rest is None else rest) for edge, up, rest in halves]

    async def _rest(
        self, half: tuple[int, int], edge: Edge, far: Edge, *, is_upper: bool
    ) -> int | None:
        """Return how many rows of half a span are not read; None where it is not known."""
        counted = edge.left
        if counted is None and not self._is_spent:
            counted = await self._count(*half, far, is_upward=not is_upper)
        return None if counted is None or far.at is None else max(1, counted - far.at)

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
        return await self._trim(low, high)

    async def _trim(self, low: int, high: int) -> tuple[int, int]:
        """Return what is left of a span once halves without a row are left out.

        The half that was empty the last time is asked for first: the first span of all begins
        decades before its rows, and an answer costs less than a failure.
        """
        is_lower = True
        while not self._is_spent and (cut := self._cut(low, high)) is not None:
            halves = ((cut, high), (low, cut - 1))
            if not await self._is_empty(*halves[is_lower]):
                is_lower = not is_lower
                if not await self._is_empty(*halves[is_lower]):
                    break
            low, high = halves[not is_lower]
        return low, high

    async def _is_read(self, edge: Edge) -> bool:
        """Say whether all rows of the second of an edge are read."""
        if not edge.at or edge.at >= MAX_PAGE or self._is_spent:
            return False
        selection = Selection(self._field, edge.second, edge.second, edge.at + 1, has_high=True)
        read = await self._try(selection, None)
        return read is not None and read.page.checkpoint is None and len(read.moments) <= edge.at

    async def _is_empty(self, low: int, high: int) -> bool:
        """Say whether a span is shown to have no row; one that is costs no call of the row's."""
        read = await self._try(Selection(self._field, low, high, 1, has_high=True), None)
        is_empty = read is not None and not read.moments and not read.page.total_count
        self._calls -= is_empty
        return is_empty

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
            self._check_order(read, is_upward=is_upward)
            if edge.left is not None and total is not None and total - at < edge.left:
                raise LeapError
            if not is_upward and self._is_past(moments):
                return None
            moved = self._edge(moments, edge.second, is_upward=is_upward)
            if page.checkpoint is None:
                is_short = await self._is_short(len(moments), total)
                return Edge(moved, None) if is_short else None
            new = len(keys - known)
            is_longest = asked >= MAX_PAGE or not new
            if is_longest and self._first(moved) == self._first(edge.second):
                # A query cannot begin further on: a second, or a day, has more rows than a page,
                # or than the server gives of those that are asked for.
                second = await self._walk_on(selection, read, moved)
                return None if second is None else Edge(second, None)
            at = self._rows_at(moved, edge.second, moments, new)
            left = None if total is None else total - len(moments)
            known = keys if new else known | keys
            edge, start = Edge(moved, at, left, edge.new + new), 2 * start
            bad = None if bad is None else max(1, bad - new)
            limit = None if limit is None else limit - new
            if left is not None and beyond is not None:
                limit = left - beyond - 1
        await self._check(edge, low, high, is_upward=is_upward)
        return edge

    def _rows_at(self, moved: int, before: int, moments: list[int], new: int) -> int:
        """Return how many rows of a page a query has that begins at its edge."""
        if not new or self._first(moved) == self._first(before):
            # By days that are not the workspace's, a query begins before the edge.
            return len(moments)
        return sum(self._first(moment) == self._first(moved) for moment in moments)

    def _check_order(self, read: ReadPage, *, is_upward: bool) -> None:
        """Refuse a page out of order: the places of its rows say nothing."""
        firsts = [self._first(moment) for moment in read.moments]
        self._is_counted = self._is_counted and read.page.total_count is not None
        if firsts != sorted(firsts, reverse=not is_upward):
            self._is_in_order = False
            raise LeapError
        self._goes_upward = self._goes_upward or (is_upward and firsts[0:1] < firsts[-1:])

    async def _verify(self, low: int, high: int) -> None:
        """Read by time what is said to be read where nothing but the places of rows tells it.

        By seconds, counts tell; else lists have to have shown both orders. Where a row has shown
        no time, neither tells: its place may not be that which is taken for it.
        """
        is_told = self._tells_seconds and self._is_counted
        is_shown = self._goes_upward and self._run.orders.is_shown(self._field)
        if self._is_dated and (is_told or is_shown):
            return
        begin, self._calls = low, 0
        for hole in sorted(self._holes, key=lambda hole: hole.low or 0):
            end = min((hole.low or 0) - hole.slack - 1, high)
            if begin <= end and await self._rows_of(begin, end) is None:
                await self._split(begin, end)
            begin = max(begin, (hole.high or 0) + hole.slack + 1)
        if begin <= high and await self._rows_of(begin, high) is None:
            await self._split(begin, high)

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
