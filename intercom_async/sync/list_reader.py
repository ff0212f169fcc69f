"""Reads a list from its beginning to its end, and says what that reading brought."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from math import inf
from typing import Any, NamedTuple, cast

from intercom_async.errors import BadRequestError, ClosedError, IntercomError, PaginationError
from intercom_async.models.page import Page
from intercom_async.pagination.company_scroll import MAX_LISTED, CompanyPager
from intercom_async.pagination.pager import Pager
from .followed import EmptyPages
from .numbered_pages import Piece, answers_at_all, read_around
from .outage import StoppedError
from .page_reader import ENDINGS, REFUSALS, PageReader
from .stream_run import StreamRun
from .streams import Listing
from .writer import Batch

MOST_PLACES = 3
"""Pieces that cannot be read and that a reason names."""


class _Read(NamedTuple):
    """A page, and the moment at which its read began."""

    page: Page[Any]
    read_at: int


class _Broken(NamedTuple):
    """A page that fails."""

    number: int
    size: int
    error: IntercomError
    places: frozenset[int]
    """Places in the list that could not be read before."""


class ListPass:
    """What one reading of a list has brought."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.pages = 0
        self.duplicates = 0
        self.unreadable = 0
        self.was_null = False
        """Whether null stood in place of its rows: that says nothing of them."""
        self.totals: set[int | None] = set()
        self.is_placed = False
        """Whether a page says which of its list it is."""
        self.lost: list[Piece] = []
        """Pieces that cannot be read."""
        self.ended_at: float = inf
        """The last place of a piece with which the list ended."""
        self.reach: float = inf
        """Rows that numbered pages list; behind them, there is only a scroll."""
        self.failure: IntercomError | None = None
        """Why it is not read to its end, though what numbers reach is."""

    @property
    def is_counted(self) -> bool:
        """Whether it says how many rows it has."""
        return bool(self.totals - {None})

    @property
    def is_consistent(self) -> bool:
        """Whether no row came twice and as many came as were counted, on each page the same."""
        counted = self.totals - {None}
        return not self.duplicates and (not counted or counted == {len(self.keys) + self.lost_rows})

    def is_like(self, other: ListPass) -> bool:
        """Say whether another reading has brought and counted the same."""
        return (self.keys, self.duplicates, self.totals) == (
            other.keys, other.duplicates, other.totals,
        )  # fmt: skip

    @property
    def lacking(self) -> int:
        """Rows that it counts and that did not come, those that cannot be read included."""
        counted = max((total for total in self.totals if total is not None), default=0)
        return max(counted - len(self.keys), self.lost_rows)

    @property
    def told(self) -> str:
        """What it counts and what came, for people."""
        totals = sorted(total for total in self.totals if total is not None)
        counted = " or ".join(map(str, totals))
        return f"counts {counted or 'no'} rows, and {len(self.keys)} come"

    @property
    def longest(self) -> float:
        """Rows that the list has, as far as it is counted or its end was seen."""
        counted = max((total for total in self.totals if total is not None), default=inf)
        return min(counted, self.ended_at)

    @property
    def is_beyond(self) -> bool:
        """Whether it is known to have more rows than numbered pages list."""
        return self.reach < self.longest < inf

    @property
    def lost_rows(self) -> int:
        """Rows that cannot be read: at least one where a page fails, whatever is counted."""
        rows = sum(
            int(max(0, min(piece.size, self.longest + 1 - piece.first))) for piece in self.lost
        )
        return max(rows, int(bool(self.lost)))

    @property
    def lost_reason(self) -> str:
        """Which of its rows cannot be read, and why."""
        places = [
            str(piece.first)
            if piece.size == 1
            else f"{piece.first} to {piece.first + piece.size - 1}"
            for piece in self.lost
        ]
        more = f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else ""
        error = next((piece.error for piece in self.lost), None)
        return f"its rows {', '.join(places[:MOST_PLACES])}{more} cannot be read: {error}"


def _is_over(found: ListPass, empty: EmptyPages, page: Page[Any]) -> bool:
    """Say whether all that a list counts has come, though it says that it goes on.

    Raises:
        PaginationError: It goes on without rows, and some have not come.
    """
    try:
        empty.check(page)
    except PaginationError:
        if found.is_counted and found.is_consistent:
            return True
        raise
    return False


class ListReader:
    """Reads lists.

    Args:
        reader: Hands over.
    """

    def __init__(self, reader: PageReader) -> None:
        self._reader = reader

    async def read_pass(self, run: StreamRun, before: ListPass | None = None) -> ListPass:
        """Read a list from its beginning to its end, and hand over what it brings.

        Args:
            run: The stream.
            before: The reading before: what it has lost is looked for where it was.

        Raises:
            IntercomError: A page cannot be read, nor what is around its rows that break it.
        """
        source = cast("Listing", run.stream.source)
        found = ListPass()
        run.earlier.begin()
        lost = () if before is None else before.lost
        places = frozenset(piece.first for piece in lost if piece.size == 1)
        async with aclosing(self._list_pages(run, source, found, places)) as pages:
            async for page, read_at in pages:
                await self._reader.turns.take()
                if source.with_key is not None:
                    page.items[:] = [source.with_key(bytes(raw)) for raw in page.items]
                rows = run.read(page.items)
                readable = [row for row in rows if row is not None]
                found.unreadable += len(rows) - len(readable) + len(page.unreadable)
                found.pages += 1
                found.totals.add(page.total_count)
                found.was_null = found.was_null or page.was_null
                found.is_placed = found.is_placed or page.pages is not None
                for row in readable:
                    found.duplicates += row.key in found.keys
                    found.keys.add(row.key)
                page.items.clear()
                await self._reader.hand_over(Batch(run), readable, read_at)
        is_said = found.is_counted or found.is_placed or found.keys or found.unreadable
        if not is_said and source.read(run.client).numbered_size is not None:
            # A numbered list says one of both, but for an answer that is none, such as [].
            raise PaginationError("an empty list that says neither a count nor its pages")
        return found

    async def _list_pages(
        self, run: StreamRun, source: Listing, found: ListPass, places: frozenset[int]
    ) -> AsyncGenerator[_Read, None]:
        pager: Pager[Any] = source.read(run.client).raw()
        found.reach = MAX_LISTED if isinstance(pager, CompanyPager) else inf
        for begun in (0, 1):
            try:
                async with aclosing(self._pages(run, pager, begun, found, places)) as pages:
                    async for read in pages:
                        yield read
            except (*ENDINGS, *REFUSALS, ClosedError):
                raise
            except IntercomError as error:
                found.failure = found.failure or error
            if not (_is_scrolling(pager) and found.failure and found.is_beyond):
                break
            # A scroll cannot go past a page: what numbers reach is read by them.
            pager = pager.at_page(2, pager.numbered_size or 1)
        if found.failure is not None:
            raise found.failure

    async def _pages(
        self,
        run: StreamRun,
        pager: Pager[Any],
        number: int,
        found: ListPass,
        places: frozenset[int],
    ) -> AsyncGenerator[_Read, None]:
        """Yield the pages behind that of a number, and what can be read of those that fail."""
        pages, empty = pager.pages(), EmptyPages()
        try:
            while True:
                number += 1
                try:
                    read = await self._next(run, pages)
                except (*ENDINGS, *REFUSALS, ClosedError):
                    raise
                except IntercomError as error:
                    size = pager.numbered_size
                    if size is None or _is_refused(pager, found, error):
                        raise
                    await pages.aclose()
                    pages = pager.at_page(number + 1, size).pages()
                    broken = _Broken(number, size, error, places)
                    async with aclosing(self._around(run, pager, broken, found)) as pieces:
                        async for read in pieces:
                            yield read
                    if number * size >= found.longest:
                        return
                    continue
                if read is None or _is_over(found, empty, read.page):
                    return
                yield read
        finally:
            await pages.aclose()

    async def _next(self, run: StreamRun, pages: AsyncGenerator[Page[Any], None]) -> _Read | None:
        if self._reader.stop.is_set():
            raise StoppedError("the run was asked to stop")
        read_at = run.clock.now()
        async with self._reader.memory_budget.reserve(run.page_bytes):
            page = await anext(pages, None)
        if page is None:
            return None
        run.page_bytes = sum(map(len, page.items))
        return _Read(page, read_at)

    async def _around(
        self, run: StreamRun, pager: Pager[Any], broken: _Broken, found: ListPass
    ) -> AsyncGenerator[_Read, None]:
        """Yield what can be read of a page that fails, and note what cannot."""

        async def ask(number: int, size: int) -> _Read:
            read = await self._next(run, pager.at_page(number, size).pages())
            return read or _Read(Page(items=[]), run.clock.now())

        number, size, error, places = broken
        if not await answers_at_all(ask):
            raise error
        budget = self._reader.isolation_budget
        is_read = False
        around = read_around(ask, number, size, error, budget, places=places)
        async with aclosing(around) as pieces:
            async for piece in pieces:
                if piece.page is None:
                    found.lost.append(piece)
                    continue
                is_read = True
                yield _Read(piece.page, piece.read_at)
                if piece.is_last:
                    found.ended_at = piece.first + piece.size - 1
        if found.is_beyond:
            found.failure = found.failure or error
        if not is_read and found.longest == inf:
            # Nothing says whether the list goes on, or has ended before.
            raise error


def _is_scrolling(pager: Pager[Any]) -> bool:
    """Say whether a list is read by a scroll, which has no numbers and cannot go past a page."""
    return isinstance(pager, CompanyPager) and pager.is_scrolling


def _is_refused(pager: Pager[Any], found: ListPass, error: IntercomError) -> bool:
    """Say whether pages of other sizes would fail as well: those of a scroll, or beyond numbers."""
    return _is_scrolling(pager) or (found.is_beyond and isinstance(error, BadRequestError))
