"""Reads a span of a list whose pages are numbered, newest first, around rows that break a page.

Activity logs are one: they can be asked for by a span of time, but in no other order.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import pairwise
from math import inf
from typing import Any

from intercom_async.errors import IntercomError
from intercom_async.models.page import Page
from .holes import Hole
from .isolation import Isolation
from .isolation_budget import IsolationBudget
from .numbered_pages import NO_ANSWERS, Piece, read_around
from .page_reading import Reads
from .span_pages import SpanPages
from .stream_run import StreamRun
from .streams import Ranged, Selection


class NumberedSpan(SpanPages):
    """Reads a span in which a page fails, by the numbers of its pages."""

    async def between(self, low: int, high: int, *, floor: int | None = None) -> list[Hole]:
        """Read all that can be read from `low` up to and including `high`; return the holes.

        Args:
            low: Its first second.
            high: Its last second.
            floor: Rows before this moment are not wanted.

        Raises:
            IntercomError: The run is to end: it was stopped, or the server does not answer.
        """
        self._floor = floor
        newer, lost, is_sorted = high, 0, True
        selection = self._selection(low, high, self._size, is_upward=False)
        async with aclosing(self._pieces(selection)) as pieces:
            async for piece in pieces:
                if piece.page is None:
                    lost += piece.size
                    self._error = piece.error or self._error
                    continue
                taken = await self._reader.hand_over_page(
                    self._run, piece.page, piece.read_at, edges=(low, newer), field=self._field
                )
                moments = [row.version for row in taken.rows if row.version]
                is_sorted = is_sorted and all(
                    one >= other for one, other in pairwise([newer, *moments])
                )
                if lost and moments:
                    self._hole(moments[0], newer, rows=lost)
                    lost = 0
                newer = min([newer, *moments])
                if is_sorted and self._is_past(moments):
                    return self._holes
        if lost:
            self._hole(low, newer, rows=lost)
        if self._holes and not is_sorted:
            # Their places say nothing of their time.
            self._holes.clear()
            self._hole(low, high)
        return self._holes

    @property
    def _size(self) -> int:
        source = self._run.stream.source
        return source.per_page if isinstance(source, Ranged) else 1

    async def _pieces(self, selection: Selection) -> AsyncGenerator[Piece, None]:
        """Yield all pieces of a selection, in their order."""
        number, size, longest = 1, selection.per_page, inf
        while (number - 1) * size < longest:
            is_read = False
            async with aclosing(self._page_or_pieces(selection, number)) as pieces:
                async for piece in pieces:
                    if piece.page is not None:
                        is_read, longest = True, piece.page.total_count or longest
                    yield piece
                    if piece.is_last:
                        return
            if not is_read and longest == inf:
                # Nothing says whether the list goes on, or has ended before.
                return
            number += 1

    async def _page_or_pieces(
        self, selection: Selection, number: int
    ) -> AsyncGenerator[Piece, None]:
        size = selection.per_page

        async def ask(number: int, size: int) -> tuple[Page[Any], int]:
            return await self._reader.numbered_page(self._run, selection, number, size)

        try:
            page, read_at = await ask(number, size)
        except NO_ANSWERS:
            raise
        except IntercomError as error:
            async with aclosing(read_around(ask, number, size, error, self._budget)) as pieces:
                async for piece in pieces:
                    yield piece
        else:
            yield Piece((number - 1) * size + 1, size, page, read_at)


def isolation_of(
    reader: Reads, run: StreamRun, field: str, error: IntercomError, budget: IsolationBudget
) -> Isolation | NumberedSpan:
    """Return what reads a span of a stream in which a page fails."""
    source = run.stream.source
    selection = Selection(field, 0, 1, 1)
    is_numbered = (
        isinstance(source, Ranged) and source.read(run.client, selection).numbered_size is not None
    )
    kind = NumberedSpan if is_numbered else Isolation
    return kind(reader, run, field, error, budget)
