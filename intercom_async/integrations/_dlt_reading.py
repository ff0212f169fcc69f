"""Readers of the dlt source: spans of time are read concurrently, into batches for a thread."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress

import anyio
import msgspec
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.pagination.pager import Pager
from intercom_async.sync.counting_client import CountingClient
from intercom_async.sync.cut_points import BEGINNING, CutPoints, Days, Seconds, zone_of
from intercom_async.sync.partitions import OPEN
from intercom_async.sync.planner import count_and_cut
from intercom_async.sync.streams import Children, Listing, ParentGone, Ranged, Selection, Stream

Body = bytes
Take = Callable[[], Awaitable[list[Body] | None]]
"""Returns the next rows; None after the last ones."""
Batches = AbstractAsyncContextManager[Take]

ROWS = 2_000
"""Rows of a batch at most: dlt's cost of one is the same whatever it holds."""
WAITING_PAGES = 16
"""Pages that wait for dlt; reading waits for room."""
CHAINS = 16
"""Spans that are read concurrently."""


@asynccontextmanager
async def _reading(
    read: Callable[[MemoryObjectSendStream[list[Body]]], Awaitable[None]],
) -> AsyncGenerator[Take]:
    """Run a reader; what it reads is taken from the stream that it is given."""
    give, receive = anyio.create_memory_object_stream[list[Body]](WAITING_PAGES)
    async with anyio.create_task_group() as group, receive:

        async def run() -> None:
            async with give:
                await read(give)

        group.start_soon(run)
        yield lambda: _take(receive)
        group.cancel_scope.cancel()


async def _take(receive: MemoryObjectReceiveStream[list[Body]]) -> list[Body] | None:
    """Return the rows of all pages that are there, of one at least."""
    try:
        rows = await receive.receive()
    except anyio.EndOfStream:
        return None
    with suppress(anyio.WouldBlock, anyio.EndOfStream):
        while len(rows) < ROWS:
            rows = [*rows, *receive.receive_nowait()]
    return rows


async def _send_pages(pager: Pager[msgspec.Raw], give: MemoryObjectSendStream[list[Body]]) -> None:
    async with aclosing(pager.prefetch(1).pages()) as pages:
        async for page in pages:
            if page.items:
                await give.send([bytes(row) for row in page.items])


def read_list(client: Intercom, stream: Stream) -> Batches:
    """Read a list from its beginning to its end."""
    source = stream.source
    if not isinstance(source, Listing):
        raise TypeError(f"{stream.name} is no list")
    return _reading(lambda give: _send_pages(source.read(client).raw(), give))


def read_spans(client: Intercom, source: Ranged, start: int | None) -> Batches:
    """Read what has changed since a moment, or everything; then what has changed meanwhile."""

    async def read(give: MemoryObjectSendStream[list[Body]]) -> None:
        begun_at = int(CLOCK.unix())
        cut_points, made_at = await _cut_points(client, source)
        field = source.partition_field if start is None else source.cursor_field
        low = BEGINNING if start is None else start
        counted = await count_and_cut(
            CountingClient(client),
            source,
            field,
            cut_points,
            low,
            begun_at,
            rate_per_s=client.statistics().rate_per_s or 1.0,
            hint=max(low, made_at),
        )
        limiter = anyio.CapacityLimiter(CHAINS)

        async def chain(low: int, high: int) -> None:
            async with limiter:
                top = OPEN if high >= OPEN else cut_points.ceil(high)
                selection = Selection(field, cut_points.floor(low), top, source.per_page)
                await _send_pages(source.read(client, selection).raw(), give)

        async with anyio.create_task_group() as group:
            for part in counted.parts:
                group.start_soon(chain, part.low, part.high)
        # A row that changes while it is read leaves the span that it was in.
        low = cut_points.floor(begun_at)
        last = Selection(source.cursor_field, low, OPEN, source.per_page)
        await _send_pages(source.read(client, last).raw(), give)

    return _reading(read)


async def _cut_points(client: Intercom, source: Ranged) -> tuple[CutPoints, int]:
    """Return where spans may be cut, and when the workspace was made."""
    me = await client.admins.me()
    made_at = (me.app.created_at if me.app else None) or BEGINNING
    if source.tells_seconds(client.version):
        return Seconds(), made_at
    zone = zone_of(me.app.timezone if me.app else None)
    return (Seconds() if zone is None else Days(zone)), made_at


async def read_children(
    client: Intercom, source: Children, keys: Sequence[str]
) -> list[tuple[str, Body]]:
    """Read the rows inside some rows concurrently; those that are gone meanwhile have none."""
    found: dict[str, list[Body]] = {}

    async def read(key: str) -> None:
        try:
            found[key] = [bytes(row) for row in (await source.read(client, key)).rows]
        except ParentGone:
            found[key] = []

    async with anyio.create_task_group() as group:
        for key in keys:
            group.start_soon(read, key)
    return [(key, body) for key in keys for body in found[key]]
