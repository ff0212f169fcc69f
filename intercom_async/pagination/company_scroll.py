"""Lists of companies, by pages and by the scroll, as a list like any other.

A scroll is the only way to read more than 10,000 companies, and a peculiar one. There is one at a
time for an app, it cannot be closed, it is gone when nobody asks for its next page within a minute,
and a page whose answer is lost cannot be asked for again. So it is

- alone: within this process a second scroll of an app waits for the first to end;
- patient: one that is open elsewhere (``scroll_exists``) is waited for;
- read in the background, so that a caller who takes his time does not lose it: a few pages ahead
  as fast as they come, and beyond that one page before each minute is over;
- begun anew when it is lost, without giving any company twice.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/scrolloverallcompanies
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, TypeVar, get_args

import msgspec

from intercom_async.clock import CLOCK
from intercom_async.codec import decode
from intercom_async.errors import (
    BadRequestError,
    DecodeError,
    NotFoundError,
    PaginationError,
    ServerError,
    TransportError,
)
from intercom_async.models.page import Page, with_items
from intercom_async.request.operation import Call
from intercom_async.workflows.background import BackgroundTask
from .continuation import apply, continuation
from .pager import Fetch, Pager

T = TypeVar("T")

log: logging.Logger = logging.getLogger("intercom_async")

MOST_LISTED = 10_000
"""Companies that can be listed by pages; what lies beyond is refused by the API."""
KEEP_ALIVE_S = 40.0
"""A scroll's next page is asked for at least this often."""
AHEAD = 2
"""Pages that are read before the caller asks for them, as fast as they come."""
EXISTS_PAUSE_S = 15.0
EXISTS_TRIES = 8
"""How often a scroll that is open elsewhere is waited for: two minutes outlast an abandoned one."""
RESTARTS = 5
"""How often a scroll that is lost is begun anew."""


class _Identified(msgspec.Struct):
    id: str


class _Rows:
    """Turns raw rows into items, and gives none twice."""

    def __init__(self, item_type: Any, name: str) -> None:
        self._item_type = item_type
        self._name = name
        self._given: set[str] = set()

    def __len__(self) -> int:
        return len(self._given)

    def fresh(self, rows: list[msgspec.Raw]) -> list[Any]:
        """Return those that have not been given yet, decoded."""
        items: list[Any] = []
        for row in rows:
            identity = msgspec.json.decode(row, type=_Identified).id
            if identity in self._given:
                continue
            self._given.add(identity)
            items.append(
                row
                if self._item_type is msgspec.Raw
                else decode(memoryview(row), self._item_type, call=self._name)
            )
        return items


class _Shelf:
    """Pages that were read and not yet taken."""

    def __init__(self) -> None:
        self._pages: deque[Page[Any]] = deque()
        self._changed = asyncio.Event()
        self._is_over = False

    def put(self, page: Page[Any]) -> None:
        """Add a page."""
        self._pages.append(page)
        self._changed.set()

    def end(self) -> None:
        """Say that no more pages come."""
        self._is_over = True
        self._changed.set()

    async def room(self, within_s: float) -> None:
        """Wait until few pages are left, but no longer than a scroll can wait."""
        try:
            async with asyncio.timeout(within_s):
                while len(self._pages) >= AHEAD:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return

    async def take(self) -> Page[Any] | None:
        """Return the next page, or None after the last."""
        while not self._pages:
            if self._is_over:
                return None
            self._changed.clear()
            await self._changed.wait()
        page = self._pages.popleft()
        self._changed.set()
        return page


class CompanyPager(Pager[T]):
    """All companies: by pages while that is possible, by the scroll otherwise.

    Args:
        fetch: What sends a call.
        call: The call for the first page of the list; that of the scroll to begin with a scroll.
        scroll: The call that begins a scroll.
        turn: Gives the lock that all scrolls of the app share.
    """

    __slots__ = ("_scroll", "_turn")

    def __init__(
        self,
        fetch: Fetch,
        call: Call[Page[T]],
        *,
        scroll: Call[Page[T]],
        turn: Callable[[], asyncio.Lock],
        checkpoint: str | None = None,
        ahead: int = 0,
    ) -> None:
        super().__init__(fetch, call, checkpoint=checkpoint, ahead=ahead)
        self._scroll = scroll
        self._turn = turn

    def _changed(self, call: Call[Page[Any]], checkpoint: str | None, ahead: int) -> Pager[Any]:
        return CompanyPager(
            self._fetch,
            call,
            scroll=self._scroll,
            turn=self._turn,
            checkpoint=checkpoint,
            ahead=ahead,
        )

    def resume(self, checkpoint: str | None) -> Pager[T]:
        """Return the list from after the page that gave `checkpoint`.

        Raises:
            PaginationError: The list goes by the scroll, which cannot be resumed.
        """
        if checkpoint is not None and self._call.operation is self._scroll.operation:
            raise PaginationError("a scroll cannot be resumed", call=self._call.name)
        return super().resume(checkpoint)

    async def _walk(self) -> AsyncGenerator[Page[T], None]:
        item_type = get_args(self._call.operation.model)[0]
        rows = _Rows(item_type, self._call.name)
        raw = self._call.into(with_items(self._call.operation.model, msgspec.Raw))
        if self._call.operation is not self._scroll.operation:
            async with aclosing(self._by_pages(raw, rows)) as pages:
                async for page in pages:
                    yield page
                    if page.checkpoint is None:
                        break
                else:
                    return
            log.info("%s: more than can be listed by pages; going on by scroll", raw.name)
        async with aclosing(self._by_scroll(rows)) as pages:
            async for page in pages:
                yield page

    async def _by_pages(
        self, raw: Call[Page[msgspec.Raw]], rows: _Rows
    ) -> AsyncGenerator[Page[T], None]:
        """Give pages; one without a checkpoint says that only the scroll leads on."""
        pager = Pager(self._fetch, raw, checkpoint=self._checkpoint)
        async with aclosing(pager.pages()) as pages:
            async for page in pages:
                total = page.total_count
                is_too_long = total is not None and total > MOST_LISTED
                yield _with(page, rows.fresh(page.items), None if is_too_long else page.checkpoint)
                if is_too_long:
                    return

    async def _by_scroll(self, rows: _Rows) -> AsyncGenerator[Page[T], None]:
        """Give the pages of a scroll that is read in the background."""
        shelf = _Shelf()
        async with BackgroundTask(self._read(shelf, rows), on_end=shelf.end):
            while (page := await shelf.take()) is not None:
                yield page

    async def _read(self, shelf: _Shelf, rows: _Rows) -> None:
        """Read a scroll to its end, anew where it is lost; one at a time for an app."""
        raw = self._scroll.into(with_items(self._scroll.operation.model, msgspec.Raw))
        async with self._turn():
            for restart in range(RESTARTS + 1):
                try:
                    await self._read_once(raw, shelf, rows)
                except (NotFoundError, ServerError, TransportError, DecodeError) as error:
                    if restart == RESTARTS:
                        raise
                    log.info("%s: lost (%s), begun anew", raw.name, type(error).__name__)
                else:
                    return

    async def _read_once(self, raw: Call[Page[msgspec.Raw]], shelf: _Shelf, rows: _Rows) -> None:
        page = await self._begin(raw)
        while True:
            read_at = CLOCK.now()
            items = rows.fresh(page.items)
            if items:
                shelf.put(_with(page, items, None))
            following = continuation(raw.operation.paging, page)
            if following is None:
                return
            await shelf.room(read_at + KEEP_ALIVE_S - CLOCK.now())
            total = page.total_count
            try:
                page = await self._fetch(apply(raw, following))
            except NotFoundError:
                # Some scrolls end so; one that has not given everything was lost.
                if total is not None and len(rows) >= total:
                    return
                raise

    async def _begin(self, raw: Call[Page[msgspec.Raw]]) -> Page[msgspec.Raw]:
        """Begin a scroll, once one that is open elsewhere is over."""
        for attempt in range(EXISTS_TRIES + 1):
            try:
                page: Page[msgspec.Raw] = await self._fetch(raw)
            except BadRequestError as error:
                if not _is_open_elsewhere(error) or attempt == EXISTS_TRIES:
                    raise
                log.info("%s: another scroll is open, waiting for its end", raw.name)
            else:
                return page
            await CLOCK.sleep(EXISTS_PAUSE_S)
        raise AssertionError


def _is_open_elsewhere(error: BadRequestError) -> bool:
    # Old answers have the message and no code.
    message = error.errors[0].message if error.errors else None
    return error.code == "scroll_exists" or "scroll already exists" in (message or "")


def _with(page: Page[msgspec.Raw], items: list[Any], checkpoint: str | None) -> Page[Any]:
    return Page(
        items=items,
        type=page.type,
        total_count=page.total_count,
        pages=page.pages,
        checkpoint=checkpoint,
        unreadable=page.unreadable,
    )
