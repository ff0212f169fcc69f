"""Reads a span in which a page fails by shorter and shorter spans, whatever order its pages keep.

The times that a query asks for hold without an order; the place of a row in a list does not. So a
span is halved by time until one row is left, or a second or a day that cannot be halved. There a
cursor leads behind each page, from both ends; what did not come is a hole.
"""

from __future__ import annotations

import msgspec

from .followed import Followed
from .page_reading import MAX_PAGE, pages_that_end_between
from .partitions import OPEN
from .span_pages import SpanPages
from .streams import Selection

BOTH = 2
"""Rows next to the edges of what is not read: neither can be, or they were."""
DEEPEST = 48
"""Halvings of a span, enough for any span of seconds."""


class UnorderedSpans(SpanPages):
    """Reads spans, and concludes nothing from the place of a row in a list."""

    async def _split(self, low: int, high: int, depth: int = 0, counted: int | None = None) -> None:
        """Read a span, of which a page is known to fail, but for what breaks pages.

        Args:
            low: Its first second.
            high: Its last second.
            depth: How often it was halved.
            counted: Rows that it has; None where that is not known.
        """
        if counted is None and not self._is_spent:
            counted = await self._count_below(low, high)
        if counted == 1 or depth >= DEEPEST or self._is_spent:
            self._hole(low, high, rows=1 if counted == 1 else 0)
            return
        cut = self._cut(low, high)
        if cut is None:
            await self._read_sides(low, high, counted)
            return
        # A change moves a row up: the upper part, which is read last, has it.
        halves = ((low, cut - 1), (cut, high))
        lower = await self._rows_of(*halves[0])
        # What breaks a page of both is in the other, where one of them is whole.
        upper = await self._rows_of(*halves[1]) if lower is None else None
        if lower is None and upper is None:
            self._proven += 1
            for half in halves:
                await self._split(*half, depth + 1)
            return
        # By days, a row may be in both.
        rest = counted - (lower or upper or 0) if counted and self._tells_seconds else None
        await self._split(*halves[lower is not None], depth + 1, rest)

    async def _rows_of(self, low: int, high: int) -> int | None:
        """Read a span to its end; return its rows, None where not all of them came."""
        selection = Selection(self._field, low, high, self._per_page, has_high=True)
        position, came, promised, followed = None, 0, None, Followed()
        while True:
            read = await self._try(selection, position, followed)
            if read is None:
                return None
            came += len(read.moments)
            promised = read.page.total_count if promised is None else promised
            position = read.page.checkpoint
            if self._is_past(read.moments):
                return came
            if position is None:
                return None if await self._is_short(came, promised) else came

    async def _read_sides(self, low: int, high: int, counted: int | None) -> None:
        """Read by cursor from both ends what a span has that cannot be cut; the rest is a hole."""
        size = max(1, min(MAX_PAGE, counted // 2)) if counted else MAX_PAGE
        keys: set[str] = set()
        for is_upward in (False, True):
            total, is_whole = await self._read_side(low, high, size, keys, is_upward=is_upward)
            if is_whole:
                return
            counted = counted if total is None else total
        self._hole(low, high, rows=max(1, counted - len(keys)) if counted else 0)

    async def _read_side(
        self, low: int, high: int, size: int, keys: set[str], *, is_upward: bool
    ) -> tuple[int | None, bool]:
        """Read by cursor as far as pages of any size end before the row that breaks them.

        Returns:
            How many rows the span has, as far as it is counted, and whether all of them came.
        """
        good, bad, total, pages = 0, 0, None, OPEN
        while not self._is_spent and size:
            selection = self._selection(low, high, size, is_upward=is_upward)
            position, read, came, followed = None, 0, 0, Followed()
            while read < pages:
                page = await self._try(selection, position, followed)
                if page is None:
                    break
                read, came, position = read + 1, came + len(page.moments), page.page.checkpoint
                keys |= page.keys
                total = page.page.total_count if total is None else total
                if not is_upward and self._is_past(page.moments):
                    return total, True
                if position is None:
                    return total, not await self._is_short(came, total)
            before = good, bad
            good = max(good, came)
            bad = came + size if read < pages else bad
            if (good, bad) == before:
                # Pages have fewer rows than are asked for, and end nowhere else.
                break
            pages, size = pages_that_end_between(good, bad)
        return total, False

    async def _count_holes(self) -> None:
        """Leave out how many rows of a hole were not read where nothing confirms it.

        A bound on them would let `--accept-hole` cover rows that break later. By days that are not
        the workspace's, places may be off: there a count has to say as few.
        """
        for number, hole in enumerate(self._holes):
            rows = 0 if self._is_bounded and hole.rows > 1 else hole.rows
            if rows and not self._tells_seconds and not self._budget.is_spent:
                unread = await self._count_unread(hole.low or 0, hole.high or 0)
                rows = unread if unread <= rows else 0
            self._holes[number] = msgspec.structs.replace(hole, rows=rows)

    async def _count_unread(self, low: int, high: int) -> int:
        """Return how many rows of whole days were not read, at most; 0 where it is not counted."""
        points = self._run.cut_points
        low, high = points.floor(low), points.ceil(high + 1) - 1
        for is_upward in (False, True):
            read = await self._try(self._selection(low, high, 1, is_upward=is_upward), None)
            if read is not None and read.page.total_count is not None:
                return max(1, read.page.total_count - self._rows_met(low, high))
        return 0

    def _rows_met(self, low: int, high: int) -> int:
        """Return how many rows of a span were read."""
        return sum(low <= moment <= high for moment in self._met.values())

    async def _count_below(self, low: int, high: int) -> int | None:
        """Return how many rows a span has, told by the newest row of all; by days, whole days."""
        counts: list[int] = []
        beyond = high + 1 if self._tells_seconds else self._run.cut_points.ceil(high + 1)
        for begin in (low, beyond):
            read = await self._try(Selection(self._field, begin, OPEN, 1), None)
            if read is None or read.page.total_count is None:
                return None
            counts.append(read.page.total_count)
        return counts[0] - counts[1]

    def _cut(self, low: int, high: int) -> int | None:
        """Return where a span is halved; None where it cannot be."""
        points = self._run.cut_points
        if self._tells_seconds:
            return None if low >= high else low + (high - low + 1) // 2
        cut = points.ceil(low + (high - low + 1) // 2)
        if not low < cut <= high:
            cut = points.floor(high)
        return cut if low < cut <= high else None
