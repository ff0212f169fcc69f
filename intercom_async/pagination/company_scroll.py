"""All companies, by numbered pages and by the scroll, as a list like any other.

A scroll is the only way to read more than 10,000 companies. An app has only one open scroll, which
cannot be closed, expires when its next page is not requested within a minute, and cannot repeat a
page whose response was lost. So a scroll here

- holds a lock: within one event loop a second scroll of an app waits for the first one to end;
- waits for a scroll that another process has open (``scroll_exists``);
- is read in the background: a few pages ahead at once, and after that one page before each minute
  is over, so that a slow caller does not lose it;
- is begun again when it is lost, without yielding any company twice.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/scrolloverallcompanies
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

from intercom_async.clock import CLOCK
from intercom_async.codec import decode_rows
from intercom_async.codec.coercion import read_either
from intercom_async.errors import (
    BadRequestError,
    DecodeError,
    IntercomError,
    NotFoundError,
    PaginationError,
    ServerError,
    TransportError,
)
from intercom_async.models.base import Id
from intercom_async.models.page import Page, with_items
from intercom_async.request.operation import Call
from intercom_async.workflows.background import BackgroundTask
from .continuation import apply, continuation, from_checkpoint, to_checkpoint
from .pager import Fetch, Pager

T = TypeVar("T")

log: logging.Logger = logging.getLogger("intercom_async")

MAX_LISTED = 10_000
"""Companies that numbered pages can list; the API refuses pages beyond
(test_company_scroll.py::test_more_companies_than_can_be_listed_are_scrolled_to)."""
KEEP_ALIVE_S = 40.0
"""Longest time between two requests of a scroll, which expires after 60 s
(test_company_scroll.py::test_a_slow_caller_does_not_lose_the_scroll)."""
PREFETCHED_PAGES = 2
"""Pages read before the caller asks for them, without a pause
(test_company_scroll.py::test_a_scroll_is_read_two_pages_ahead)."""
OCCUPIED_PAUSE_S = 15.0
"""Seconds between two attempts to begin a scroll while another one is open
(test_company_scroll.py::test_waiting_for_a_scroll_ends)."""
OCCUPIED_ATTEMPTS = 8
"""Attempts after the first one: two minutes outlast a scroll that was abandoned
(test_company_scroll.py::test_waiting_for_a_scroll_ends)."""
MAX_RESTARTS = 5
"""How often a lost scroll is begun again
(test_company_scroll.py::test_a_scroll_that_is_lost_for_good_is_an_error)."""
DIGEST_BYTES = 6
"""Length of a company's digest in a checkpoint. With 10,000 of them, one company in 28 billion is
mistaken for another (test_company_scroll.py::test_companies_resumed_by_scroll_come_once)."""


class _Key(msgspec.Struct):
    id: Id


_KEYS = msgspec.json.Decoder(_Key, dec_hook=read_either)


class _NewRows:
    """Decodes rows, leaving out those that were yielded before.

    Args:
        item_type: What a row is decoded into.
        call: Name of the call, for error messages.
        yielded: Digests of the rows that an earlier process has yielded.
    """

    def __init__(self, item_type: Any, call: str, yielded: bytes) -> None:
        self._item_type = item_type
        self._call = call
        starts = range(0, len(yielded), DIGEST_BYTES)
        self._digests = {yielded[start : start + DIGEST_BYTES] for start in starts}

    def __len__(self) -> int:
        return len(self._digests)

    @property
    def digests(self) -> bytes:
        """The digests of all rows yielded so far."""
        return b"".join(sorted(self._digests))

    def decode(self, page: Page[msgspec.Raw], checkpoint: str | None = None) -> Page[Any]:
        """Return the page with those of its rows that are new, decoded."""
        rows = [row for row in page.items if self._is_new(row)]
        items, unreadable = decode_rows(rows, self._item_type, call=self._call)
        changed: Page[Any] = msgspec.structs.replace(
            page,
            items=items,
            checkpoint=checkpoint,
            unreadable=(*page.unreadable, *unreadable),
        )
        return changed

    def _is_new(self, row: msgspec.Raw) -> bool:
        """Remember a row, and return whether it is seen for the first time."""
        try:
            key = _KEYS.decode(row).id
        except msgspec.MsgspecError:
            # Without an id it cannot be told from others; the codec decides what it is worth.
            return True
        digest = blake2b(key.encode(), digest_size=DIGEST_BYTES).digest()
        is_new = digest not in self._digests
        self._digests.add(digest)
        return is_new


class _PageBuffer:
    """Pages that were read and are not taken yet."""

    def __init__(self) -> None:
        self._pages: deque[Page[Any]] = deque()
        self._changed = asyncio.Event()
        self._is_closed = False

    def put(self, page: Page[Any]) -> None:
        """Add a page."""
        self._pages.append(page)
        self._changed.set()

    def close(self) -> None:
        """End the pages after those that are in the buffer."""
        self._is_closed = True
        self._changed.set()

    async def wait_for_space(self, within_s: float) -> None:
        """Wait until fewer than `PREFETCHED_PAGES` are left, but no longer than `within_s`."""
        try:
            async with asyncio.timeout(within_s):
                while len(self._pages) >= PREFETCHED_PAGES:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return

    async def take(self) -> Page[Any] | None:
        """Return the next page, or None after the last."""
        while not self._pages:
            if self._is_closed:
                return None
            self._changed.clear()
            await self._changed.wait()
        page = self._pages.popleft()
        self._changed.set()
        return page


class CompanyPager(Pager[T]):
    """All companies: by numbered pages while the API lists them all, else by the scroll.

    Args:
        fetch: Sends a call.
        call: The call for the first page of the list; the one that begins the scroll for a scroll.
        scroll: The call that begins a scroll.
        shared_lock: Returns the lock that all scrolls of the app share.
        while_open: Ends what a block waits for when the client is closed.
        checkpoint: The checkpoint of the page to begin after.
        ahead: Pages to read before they are asked for.
    """

    __slots__ = ("_is_scroll", "_scroll", "_shared_lock", "_while_open", "is_scrolling")

    def __init__(
        self,
        fetch: Fetch,
        call: Call[Page[T]],
        *,
        scroll: Call[Page[Any]],
        shared_lock: Callable[[], asyncio.Lock],
        while_open: Callable[[], AbstractAsyncContextManager[None]],
        checkpoint: str | None = None,
        ahead: int = 0,
    ) -> None:
        super().__init__(fetch, call, checkpoint=checkpoint, ahead=ahead)
        self._scroll = scroll
        self._shared_lock = shared_lock
        self._while_open = while_open
        self._is_scroll = call.name == scroll.name
        self.is_scrolling: bool = self._is_scroll
        """Whether the latest iteration has gone over to the scroll."""

    def _changed(self, call: Call[Page[Any]], checkpoint: str | None, ahead: int) -> Pager[Any]:
        return CompanyPager(
            self._fetch,
            call,
            scroll=self._scroll,
            shared_lock=self._shared_lock,
            while_open=self._while_open,
            checkpoint=checkpoint,
            ahead=ahead,
        )

    def resume(self, checkpoint: str | None) -> Pager[T]:
        """Return the list from after the page that has this checkpoint.

        Raises:
            PaginationError: The text is no checkpoint, belongs to another list, or the list is a
                scroll, which cannot be resumed.
        """
        if checkpoint is not None and self._is_scroll:
            raise PaginationError("a scroll cannot be resumed", call=self._call.name)
        return super().resume(checkpoint)

    async def count(self) -> int:
        """Return how many companies the server says there are.

        Raises:
            PaginationError: The list is a scroll, which is not counted without being begun.
        """
        if self._is_scroll:
            raise PaginationError(
                "a scroll is not counted; companies.list().count() is", call=self._call.name
            )
        return await super().count()

    async def page(self) -> Page[T]:
        """Read one page of the list; its `checkpoint` leads to the next one.

        After the last page, a list has an empty one without a checkpoint. What an earlier page has
        brought is left out.
        """
        if self._is_scroll:
            return await super().page()
        raw = self._call.into(with_items(self._call.operation.model, msgspec.Raw))
        page = await Pager(self._fetch, raw, checkpoint=self._checkpoint).page()
        rows = self._new_rows()
        decoded = rows.decode(page)
        following = continuation(raw.operation.paging, page)
        if following is None:
            return decoded
        checkpoint = to_checkpoint(raw, following, yielded=rows.digests)
        return msgspec.structs.replace(decoded, checkpoint=checkpoint)

    def _new_rows(self) -> _NewRows:
        yielded = b""
        if self._checkpoint is not None:
            yielded = from_checkpoint(self._call, self._checkpoint).yielded
        return _NewRows(self._item_type, self._call.name, yielded)

    async def _walk(self) -> AsyncGenerator[Page[T], None]:
        rows = self._new_rows()
        self.is_scrolling = self._is_scroll
        if not self._is_scroll:
            is_whole = True
            has_begun = self._checkpoint is not None
            try:
                async with aclosing(self._by_pages(rows)) as pages:
                    async for page in pages:
                        has_begun = True
                        is_whole = page.checkpoint is not None
                        yield page
            except BadRequestError:
                # The last page of a list of nearly 10,000 reaches beyond them.
                if not has_begun:
                    raise
                is_whole = False
            if is_whole:
                return
            log.info("%s: too long for numbered pages, going on by scroll", self._call.name)
            self.is_scrolling = True
        async with aclosing(self._by_scroll(rows)) as pages:
            async for page in pages:
                yield page

    async def _by_pages(self, rows: _NewRows) -> AsyncGenerator[Page[T], None]:
        """Yield numbered pages; one without a checkpoint says that only the scroll leads on."""
        raw = self._call.into(with_items(self._call.operation.model, msgspec.Raw))
        pager = Pager(self._fetch, raw, checkpoint=self._checkpoint)
        async with aclosing(pager.pages()) as pages:
            async for page in pages:
                total = page.total_count
                if total is not None and total > MAX_LISTED:
                    yield rows.decode(page)
                    return
                decoded = rows.decode(page)
                following = continuation(raw.operation.paging, page)
                yield msgspec.structs.replace(
                    decoded, checkpoint=to_checkpoint(raw, following, yielded=rows.digests)
                )

    async def _by_scroll(self, rows: _NewRows) -> AsyncGenerator[Page[T], None]:
        """Yield the pages of a scroll that is read in the background."""
        buffer = _PageBuffer()
        async with BackgroundTask(self._read(buffer, rows), on_end=buffer.close):
            while (page := await buffer.take()) is not None:
                yield page

    async def _read(self, buffer: _PageBuffer, rows: _NewRows) -> None:
        """Read a scroll to its end; begin it again where it is lost."""
        raw = self._scroll.into(with_items(self._scroll.operation.model, msgspec.Raw))
        lock = self._shared_lock()
        async with AsyncExitStack() as held:
            async with self._while_open():
                await held.enter_async_context(lock)
            for restart in range(MAX_RESTARTS + 1):
                try:
                    await self._read_once(raw, buffer, rows)
                except _LostError as lost:
                    if restart == MAX_RESTARTS:
                        raise lost.error from None
                    name = type(lost.error).__name__
                    log.info("%s: lost (%s), beginning again", raw.name, name)
                else:
                    return

    async def _read_once(
        self, raw: Call[Page[msgspec.Raw]], buffer: _PageBuffer, rows: _NewRows
    ) -> None:
        page = await self._begin(raw)
        while True:
            read_at = CLOCK.now()
            decoded = rows.decode(page)
            if decoded.items or decoded.unreadable:
                buffer.put(decoded)
            following = continuation(raw.operation.paging, page)
            if following is None:
                return
            await buffer.wait_for_space(read_at + KEEP_ALIVE_S - CLOCK.now())
            total = page.total_count
            try:
                page = await self._fetch_page(apply(raw, following))
            except _LostError as lost:
                # Some scrolls end with a 404; one that has not given every company was lost.
                is_whole = total is not None and len(rows) >= total
                if is_whole and isinstance(lost.error, NotFoundError):
                    return
                raise

    async def _begin(self, raw: Call[Page[msgspec.Raw]]) -> Page[msgspec.Raw]:
        """Begin a scroll, after one that is open elsewhere has ended or expired."""
        for attempt in range(OCCUPIED_ATTEMPTS + 1):
            try:
                page = await self._fetch_page(raw)
            except BadRequestError as error:
                if not _is_open_elsewhere(error) or attempt == OCCUPIED_ATTEMPTS:
                    raise
                log.info("%s: another scroll is open, waiting for its end", raw.name)
            else:
                return page
            async with self._while_open():
                await CLOCK.sleep(OCCUPIED_PAUSE_S)
        raise AssertionError

    async def _fetch_page(self, call: Call[Page[msgspec.Raw]]) -> Page[msgspec.Raw]:
        try:
            page: Page[msgspec.Raw] = await self._fetch(call)
        except (NotFoundError, ServerError, TransportError, DecodeError) as error:
            raise _LostError(error) from error
        return page


class _LostError(Exception):
    """A page of the scroll that did not arrive, so that the rest of the scroll is lost, too."""

    def __init__(self, error: IntercomError) -> None:
        super().__init__()
        self.error = error


def _is_open_elsewhere(error: BadRequestError) -> bool:
    # Old responses have the message and no code.
    message = error.errors[0].message if error.errors else None
    return error.code == "scroll_exists" or "scroll already exists" in (message or "")
