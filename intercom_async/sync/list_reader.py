"""Reads a list from its beginning to its end, and says what that reading brought."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

from intercom_async.models.page import Page
from .outage import StoppedError
from .page_reader import PageReader
from .stream_run import StreamRun
from .streams import Listing
from .writer import Batch


class ListPass:
    """What one reading of a list has brought."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.pages = 0
        self.duplicates = 0
        self.unreadable = 0
        self.totals: set[int | None] = set()

    @property
    def is_counted(self) -> bool:
        """Whether it says how many rows it has."""
        return bool(self.totals - {None})

    @property
    def is_consistent(self) -> bool:
        """Whether no row came twice and as many came as were counted, on each page the same."""
        counted = self.totals - {None}
        return not self.duplicates and (not counted or counted == {len(self.keys)})


class ListReader:
    """Reads lists.

    Args:
        reader: Hands over.
    """

    def __init__(self, reader: PageReader) -> None:
        self._reader = reader

    async def read_pass(self, run: StreamRun) -> ListPass:
        """Read a list from its beginning to its end, and hand over what it brings.

        Raises:
            IntercomError: A page cannot be read.
        """
        source = cast("Listing", run.stream.source)
        found = ListPass()
        async with aclosing(self._list_pages(run, source)) as pages:
            async for page, read_at in pages:
                await self._reader.turns.take()
                rows = run.read(page.items)
                readable = [row for row in rows if row is not None]
                found.unreadable += len(rows) - len(readable) + len(page.unreadable)
                found.pages += 1
                found.totals.add(page.total_count)
                for row in readable:
                    found.duplicates += row.key in found.keys
                    found.keys.add(row.key)
                page.items.clear()
                await self._reader.hand_over(Batch(run), readable, read_at)
        return found

    async def _list_pages(
        self, run: StreamRun, source: Listing
    ) -> AsyncGenerator[tuple[Page[Any], int], None]:
        pages = source.read(run.client).raw().pages()
        try:
            while not self._reader.stop.is_set():
                read_at = run.clock.now()
                async with self._reader.memory_budget.reserve(run.page_bytes):
                    page = await anext(pages, None)
                if page is None:
                    return
                run.page_bytes = sum(map(len, page.items))
                yield page, read_at
            raise StoppedError("the run was asked to stop")
        finally:
            await pages.aclose()
