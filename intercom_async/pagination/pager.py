"""A list to iterate over: by item, by page, and on from where it stopped.

    async for contact in intercom.contacts.list(): ...
    async for page in intercom.contacts.search(query).pages(): save(page.items, page.checkpoint)

A request is complete before its first item is yielded: no permit and no connection is held while
the caller works. An empty or broken response is never taken for the end of a list, and a list that
leads back to a page it has been on raises an error instead of going round for ever.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Generic, TypeVar, get_args

import msgspec

from intercom_async.codec import check_decodable
from intercom_async.codec.plain import plain
from intercom_async.config import check_count, shown
from intercom_async.errors import ConfigError, PaginationError, RequestTimeoutError, ServerError
from intercom_async.models.page import Page, with_items
from intercom_async.request.operation import Call, Paging
from intercom_async.workflows.background import BackgroundTask
from .continuation import (
    Continuation,
    apply,
    continuation,
    from_checkpoint,
    is_numbered,
    to_checkpoint,
)
from .page_size import PageSize

T = TypeVar("T")
T_new = TypeVar("T_new")

log: logging.Logger = logging.getLogger("intercom_async")

Fetch = Callable[[Call[Any]], Awaitable[Any]]
"""Sends a call and returns its decoded response."""


class Pager(Generic[T]):
    """A list that is read page by page as it is iterated over; each iteration begins again.

    Args:
        fetch: Sends a call.
        call: The call for the first page.
        checkpoint: The checkpoint of the page to begin after.
        ahead: Pages to read before they are asked for.
    """

    __slots__ = ("_ahead", "_call", "_checkpoint", "_fetch")

    def __init__(
        self,
        fetch: Fetch,
        call: Call[Page[T]],
        *,
        checkpoint: str | None = None,
        ahead: int = 0,
    ) -> None:
        self._fetch = fetch
        self._call = call
        self._checkpoint = checkpoint
        self._ahead = ahead

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._call.name}>"

    def as_(self, item_type: type[T_new]) -> Pager[T_new]:
        """Return the same list with each item decoded into `item_type`, a msgspec.Struct of yours.

        Fields that the struct does not name are skipped without being decoded.

        Raises:
            ConfigError: msgspec cannot decode into it.
        """
        check_decodable("item_type", item_type)
        call = self._call.into(with_items(self._call.operation.model, item_type))
        return self._changed(call, self._checkpoint, self._ahead)

    def raw(self) -> Pager[msgspec.Raw]:
        """Return the same list with each item as the bytes that were received."""
        return self.as_(msgspec.Raw)

    def resume(self, checkpoint: str | None) -> Pager[T]:
        """Return the same list from after the page that has this checkpoint.

        Args:
            checkpoint: The `checkpoint` of a page of this list: of the same operation, path, query,
                filters and order. None begins at the first page.

        Raises:
            PaginationError: The text is no checkpoint, or belongs to another list.
        """
        if checkpoint is not None:
            from_checkpoint(self._call, checkpoint)
        return self._changed(self._call, checkpoint, self._ahead)

    def prefetch(self, pages: int = 1) -> Pager[T]:
        """Return the same list, read up to `pages` pages ahead of the caller.

        Raises:
            ConfigError: `pages` is not a whole number from 0 up.
        """
        ahead = check_count("prefetch", pages, least=0)
        return self._changed(self._call, self._checkpoint, ahead)

    async def __aiter__(self) -> AsyncIterator[T]:
        """Yield every item once.

        Raises:
            PaginationError: The list leads back to a page it has been on.
        """
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                items = iter(page.items)
                # What was yielded is not held here while the next page is on its way.
                del page
                for item in items:
                    yield item
                    del item

    @property
    def numbered_size(self) -> int | None:
        """Rows a page, where pages are numbered and a size was asked for; else None."""
        size = self._call.query.get("per_page")
        is_numbered = self._call.operation.paging is Paging.PAGE
        return size if is_numbered and isinstance(size, int) else None

    def at_page(self, number: int, per_page: int) -> Pager[T]:
        """Return the same list from a page on, in pages of a size, where pages are numbered.

        Pages of other sizes have other edges: smaller ones read what surrounds a row that breaks
        each page with it.

        Args:
            number: The page to begin at, the first one is 1.
            per_page: Rows a page.

        Raises:
            ConfigError: Pages of this list are not numbered, or a number is below 1.
        """
        if self._call.operation.paging is not Paging.PAGE:
            raise ConfigError(f"{self._call.name}: its pages are not numbered")
        check_count("number", number)
        check_count("per_page", per_page)
        query = {**self._call.query, "per_page": per_page, "page": number}
        return Pager(self._fetch, self._call.replace(query=query))

    def pages(self) -> AsyncGenerator[Page[T], None]:
        """Yield every page, with the `checkpoint` from which to go on after it.

        Raises:
            PaginationError: The list leads back to a page it has been on.
        """
        return self._read_ahead() if self._ahead else self._walk()

    async def page(self) -> Page[T]:
        """Read one page at the size that was asked for; its `checkpoint` leads to the next one.

        After the last page, a list has an empty one without a checkpoint.
        """
        call = self._call
        if self._checkpoint is not None:
            start = from_checkpoint(call, self._checkpoint).next
            if not start:
                return Page(items=[])
            call = apply(call, start)
        page: Page[T] = await self._fetch(call)
        following = continuation(call.operation.paging, page)
        checkpoint = None if following is None else to_checkpoint(self._call, following)
        return msgspec.structs.replace(page, checkpoint=checkpoint)

    async def first(self) -> T | None:
        """Return the first item, or None if the list is empty."""
        async with aclosing(self._walk()) as pages:
            async for page in pages:
                if page.items:
                    return page.items[0]
        return None

    async def collect(self, limit: int | None = None) -> list[T]:
        """Return the items as a list, at most `limit` of them.

        Raises:
            ConfigError: `limit` is not a whole number.
        """
        limit = plain(limit)
        if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool)):
            raise ConfigError(f"limit must be a whole number, or None, not {shown(limit)}")
        if limit is not None and limit <= 0:
            return []
        items: list[T] = []
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                items.extend(page.items)
                if limit is not None and len(items) >= limit:
                    return items[:limit]
        return items

    async def count(self) -> int:
        """Return how many items the server says the list has, by one request for a single item.

        Raises:
            PaginationError: The API does not count this list.
        """
        raw = self._call.into(with_items(self._call.operation.model, msgspec.Raw))
        page: Page[msgspec.Raw] = await self._fetch(_for_one(raw))
        if page.total_count is not None:
            return page.total_count
        if self._call.operation.paging is Paging.NONE:
            return len(page.items)
        raise PaginationError("the API does not count this list", call=self._call.name)

    async def batches(self, rows: int = 5_000) -> AsyncGenerator[Any, None]:
        """Yield the list as `pyarrow.RecordBatch`es of one schema, in constant memory.

        Columns are the fields of the model, or of the struct given to `as_`. Moments are timestamps
        in UTC; lists and objects are JSON text.

        Args:
            rows: Rows of a batch; the last one may have fewer.

        Raises:
            ConfigError: `rows` is not a whole number above 0, or the list is raw.
            ImportError: pyarrow is not installed (extra ``arrow``).
        """
        from . import frames  # noqa: PLC0415 (comes with an extra)

        builder = frames.BatchBuilder(self._item_type)
        async with (
            aclosing(self.pages()) as pages,
            aclosing(frames.batches(pages, builder, rows)) as batches,
        ):
            async for batch in batches:
                yield batch

    async def to_arrow(self) -> Any:
        """Return the whole list as a `pyarrow.Table`, see `batches`.

        Raises:
            ConfigError: The list is raw.
            ImportError: pyarrow is not installed (extra ``arrow``).
        """
        from . import frames  # noqa: PLC0415 (comes with an extra)

        builder = frames.BatchBuilder(self._item_type)
        async with aclosing(self.pages()) as pages:
            return builder.table([builder.batch(page.items) async for page in pages])

    async def to_polars(self) -> Any:
        """Return the whole list as a `polars.DataFrame`, see `batches`.

        Raises:
            ConfigError: The list is raw.
            ImportError: pyarrow (extra ``arrow``) or polars is not installed.
        """
        from . import frames  # noqa: PLC0415 (comes with an extra)

        frames.load("polars", "polars")
        return frames.to_polars(await self.to_arrow())

    async def to_pandas(self) -> Any:
        """Return the whole list as a `pandas.DataFrame`, see `batches`.

        Raises:
            ConfigError: The list is raw.
            ImportError: pyarrow (extra ``arrow``) or pandas is not installed.
        """
        from . import frames  # noqa: PLC0415 (comes with an extra)

        frames.load("pandas", "pandas")
        return frames.to_pandas(await self.to_arrow())

    @property
    def _item_type(self) -> Any:
        return get_args(self._call.operation.model)[0]

    def _changed(self, call: Call[Page[Any]], checkpoint: str | None, ahead: int) -> Pager[Any]:
        """Return a pager of the same kind with another call, checkpoint or prefetch."""
        return Pager(self._fetch, call, checkpoint=checkpoint, ahead=ahead)

    async def _walk(self) -> AsyncGenerator[Page[T], None]:
        """Read one page after the other."""
        start: Continuation | None = None
        followed: set[bytes] = set()
        if self._checkpoint is not None:
            start = from_checkpoint(self._call, self._checkpoint).next
            if not start:
                return
            followed.add(_key(start))
        call = self._call if start is None else apply(self._call, start)
        size = PageSize.of(call)
        if start is not None and is_numbered(start):
            size.fix()
        count = 0
        total: int | None = None
        while True:
            page: Page[T] = await self._page(call, size)
            following = continuation(self._call.operation.paging, page)
            if following is not None and self._call.operation.paging is not Paging.SCROLL:
                self._refuse_circle(following, followed)
            if following is not None and is_numbered(following):
                size.fix()
            count += len(page.items) + len(page.unreadable)
            total = page.total_count if total is None else total
            is_whole = following is None and start is None and total is not None
            handed = [
                msgspec.structs.replace(
                    page,
                    checkpoint=to_checkpoint(size.apply(self._call), following),
                    count_difference=self._compared(count, total or 0) if is_whole else None,
                )
            ]
            # A list that nobody goes on with, or that waits for its next page, holds no page.
            del page
            yield handed.pop()
            if following is None:
                return
            size.grow()
            call = apply(self._call, following)

    async def _page(self, call: Call[Page[T]], size: PageSize) -> Page[T]:
        """Read one page; where the server fails at its size, as several smaller ones."""
        while True:
            try:
                page: Page[T] = await self._fetch(size.apply(call))
            except (RequestTimeoutError, ServerError):
                if not size.shrink():
                    raise
                log.info("%s: the page is too large, retrying with %d items", call.name, size.items)
                continue
            return page

    def _compared(self, count: int, total: int) -> int:
        """Return rows received minus rows that the first page announced."""
        if count != total:
            log.info("%s: received %d rows, %d were announced", self._call.name, count, total)
        return count - total

    def _refuse_circle(self, following: Continuation, followed: set[bytes]) -> None:
        """Refuse a continuation that was followed before; only a scroll's are all the same."""
        key = _key(following)
        if key in followed:
            raise PaginationError(
                "the list leads back to a page it has been on; no item of this page was yielded",
                call=self._call.name,
            )
        followed.add(key)

    async def _read_ahead(self) -> AsyncGenerator[Page[T], None]:
        """Read up to `ahead` pages in the background while the caller works on earlier ones."""
        pages: asyncio.Queue[Page[T] | None] = asyncio.Queue()
        space = asyncio.Semaphore(self._ahead)

        async def read() -> None:
            async with aclosing(self._walk()) as walk:
                async for page in walk:
                    pages.put_nowait(page)
                    await space.acquire()

        async with BackgroundTask(read(), on_end=lambda: pages.put_nowait(None)):
            while (page := await pages.get()) is not None:
                handed = [page]
                del page
                yield handed.pop()
                space.release()


def _for_one(call: Call[T]) -> Call[T]:
    """Return the call for a page of one item, where pages have a size."""
    paging = call.operation.paging
    if paging in (Paging.CURSOR_QUERY, Paging.PAGE):
        return call.replace(query={**call.query, "per_page": 1})
    if paging is Paging.CURSOR_BODY:
        body: dict[str, Any] = dict(call.json or {})
        body["pagination"] = {**body.get("pagination", {}), "per_page": 1}
        return call.replace(json=body)
    return call


def _key(following: Continuation) -> bytes:
    return msgspec.json.encode(sorted(following.items()))
