"""Reads the changes of a span around those that cannot be read, which are holes."""

from __future__ import annotations

from intercom_async.errors import IntercomError
from .numbered_spans import isolation_of
from .page_reader import PageReader
from .stream_run import StreamRun
from .writer import Batch


async def isolate_changes(
    reader: PageReader,
    run: StreamRun,
    field: str,
    low: int,
    high: int,
    error: IntercomError,
    *,
    floor: int | None = None,
) -> None:
    """Read the changes of a span of which a page fails, and name what cannot be read.

    Args:
        reader: Reads pages and hands over.
        run: The stream.
        field: The field that changes are told by.
        low: Where the span begins, UNIX seconds of the server.
        high: Where it ends.
        error: What the page was answered with.
        floor: Rows before this moment are not wanted.
    """
    if not await reader.answers_at_all(run, field):
        reader.refuse(run, error)
        return
    isolation = isolation_of(reader, run, field, error, reader.isolation_budget)
    holes = await isolation.between(low, max(low, high), floor=floor)
    await reader.hand_over(Batch(run, holes=holes))
