"""Reads one thing at a time: a part page by page, a list, the children of one row.

Each ends with what it has read in the hands of the writer. A failure is tried again from the last
page that was handed over; what keeps failing is noted with its reason and ends nothing else.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, cast

import anyio
import msgspec
from anyio.streams.memory import MemoryObjectSendStream

from intercom_async.clock import CLOCK
from intercom_async.errors import (
    ClosedError,
    ConfigError,
    ForbiddenError,
    IntercomError,
    NotFoundError,
    UnauthorizedError,
)
from intercom_async.models.page import Page
from .builtin_streams import Vanished
from .partitions import Part
from .stream_run import Chain, StreamRun
from .streams import Children, Listing, Ranged, Window
from .writer import Batch, Writer

TRIES = 3
"""How often a page is tried, each time with all the retries of a call."""
PAUSE_S = 2.0
MOST_QUEUED = 256
"""Parents that wait for their children to be read, before the next page of parents is."""

REFUSALS = (ForbiddenError, UnauthorizedError, NotFoundError, ConfigError)
"""What is no matter of a page: the stream as a whole cannot be read."""


class Reader:
    """Reads, and hands over.

    Args:
        give: Where batches go; waits when the writer is behind.
        writer: Says when there is room for more.
        low_watermark: Rows that changed since then will be read again by the next run.
        stop: Set when no further page is to be begun.
        wake: Called when there is new work for others.
    """

    def __init__(
        self,
        give: MemoryObjectSendStream[Batch],
        writer: Writer,
        *,
        low_watermark: Callable[[StreamRun], int],
        stop: anyio.Event,
        wake: Callable[[StreamRun], None],
    ) -> None:
        self._give = give
        self._writer = writer
        self._low_watermark = low_watermark
        self._stop = stop
        self._wake = wake

    async def read_part(self, stream_run: StreamRun, chain: Chain) -> None:
        """Read a part to its floor."""
        await self._insist(stream_run, chain.part, lambda: self._read_part(stream_run, chain))

    async def read_list(self, stream_run: StreamRun, part: Part) -> None:
        """Read a list to its end."""
        await self._insist(stream_run, part, lambda: self._read_list(stream_run, part))

    async def _insist(
        self, stream_run: StreamRun, part: Part, read: Callable[[], Awaitable[None]]
    ) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                await read()
            except REFUSALS as error:
                stream_run.refusal = str(error)
                return
            except ClosedError:
                raise
            except IntercomError as error:
                if attempt == TRIES or self._stop.is_set():
                    part.failure = str(error)
                    stream_run.failed[_span(part)] = str(error)
                    return
                await CLOCK.sleep(PAUSE_S * attempt)
            else:
                return

    async def _read_part(self, stream_run: StreamRun, chain: Chain) -> None:
        source, part = cast("Ranged", stream_run.stream.source), chain.part
        window = Window(stream_run.field, part.low, part.high, source.per_page)
        pager = source.read(stream_run.client, window).raw().resume(chain.position)
        async with aclosing(pager.pages()) as pages:
            async for page in self._until_stopped(stream_run, pages):
                if await self._take_page(stream_run, chain, page):
                    return
                await self._room(stream_run)
        if not self._stop.is_set():
            await self._hand_over(Batch(stream_run, part=part, is_last=True))

    async def _take_page(self, stream_run: StreamRun, chain: Chain, page: Page[Any]) -> bool:
        """Hand over what belongs to a part; say whether the rest of its list lies below it."""
        part = chain.part
        chain.pages += 1
        stream_run.unreadable += len(page.unreadable)
        if part.count is None and chain.pages == 1:
            part.count = page.total_count
        rows, is_past = stream_run.select(chain, page.items)
        # The pager keeps the page until the next one is there. Its rows are copied by now.
        page.items.clear()
        fresh = stream_run.fresh(rows)
        chain.position = page.checkpoint
        await self._hand_over(
            Batch(
                stream_run,
                fresh,
                part=part,
                position=page.checkpoint,
                counted=len(rows),
                is_last=is_past,
                found=[row.key for row in fresh] if stream_run.children else [],
                recent=stream_run.remember(rows, self._low_watermark(stream_run)),
            )
        )
        return is_past

    async def _read_list(self, stream_run: StreamRun, part: Part) -> None:
        source = cast("Listing", stream_run.stream.source)
        pager = source.read(stream_run.client).raw().resume(part.position)
        async with aclosing(pager.pages()) as pages:
            async for page in self._until_stopped(stream_run, pages):
                stream_run.touch()
                stream_run.unreadable += len(page.unreadable)
                part.count = page.total_count if part.count is None else part.count
                rows = stream_run.unseen(page.items)
                await self._hand_over(
                    Batch(stream_run, rows, part=part, position=page.checkpoint, counted=len(rows))
                )
        if not self._stop.is_set():
            await self._hand_over(Batch(stream_run, part=part, is_last=True))

    async def read_children(self, stream_run: StreamRun, key: str) -> None:
        """Read the rows inside one row of another stream."""
        source = cast("Children", stream_run.stream.source)
        stream_run.touch()
        batch = Batch(stream_run, done=key)
        try:
            child_rows = await source.read(stream_run.client, key)
        except Vanished as gone:
            batch.tombstones[key] = _tombstone(source.parent, key, gone)
        except REFUSALS as error:
            stream_run.refusal = str(error)
            return
        except ClosedError:
            raise
        except IntercomError as error:
            stream_run.failed[key] = str(error)
            return
        else:
            stream_run.missing += child_rows.missing
            for raw in child_rows.rows:
                row = stream_run.reader.read(raw)
                if row is None:
                    stream_run.unreadable += 1
                else:
                    batch.rows.append(row)
        await self._hand_over(batch)

    async def _hand_over(self, batch: Batch) -> None:
        batch.stream_run.touch()
        self._writer.expect(batch)
        await self._give.send(batch)
        for child in batch.stream_run.children:
            if batch.found and child.refusal is None:
                child.queue.extend(batch.found)
                self._wake(child)

    async def _room(self, stream_run: StreamRun) -> None:
        """Wait until the children are not far behind."""
        while not self._stop.is_set() and any(
            len(child.queue) > MOST_QUEUED for child in stream_run.children if child.refusal is None
        ):
            await CLOCK.sleep(0.05)

    async def _until_stopped(
        self, stream_run: StreamRun, pages: AsyncGenerator[Page[Any], None]
    ) -> AsyncGenerator[Page[Any], None]:
        """Give pages; no further one is asked for once it is time to stop."""
        while not self._stop.is_set():
            async with self._writer.room.reserve(stream_run.page_bytes):
                page = await anext(pages, None)
            if page is None:
                return
            stream_run.page_bytes = sum(map(len, page.items))
            yield page


def _span(part: Part) -> str:
    return f"{part.floor} to {part.high}" if part.high else "the list"


def _tombstone(stream: str, key: str, gone: Vanished) -> bytes:
    return msgspec.json.encode(
        {
            "id": f"{stream}:{key}",
            "stream": stream,
            "record_id": key,
            "reason": gone.reason,
            "into": gone.into,
            "found_at": int(CLOCK.unix()),
        }
    )
