"""Cuts a span of time into parts that are about equally heavy, by asking how many rows there are.

A search with one row a page tells the number of all its rows for the price of a call. Halving the
span and asking again, a few dozen calls find the cuts, wherever the rows lie in time. Numbers are
the server's word and advice only: the parts cover the whole span whatever it says, a number that
is missing ends the halving, and what turns out heavy is cut again while it is read (`engine`).
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import NamedTuple

import anyio

from intercom_async.clock import CLOCK
from intercom_async.errors import IntercomError
from intercom_async.resources._registry import ResourceRegistry
from .counting_client import CountingClient
from .cut_points import CutPoints, middle
from .partitions import OPEN, Part, make_part
from .row_count import Measured
from .streams import Ranged, Selection

Count = Callable[[int, int], Awaitable[int | None]]
"""Asks how many rows there are from one moment on and before another; None if nobody says."""

FEWEST_PARTS, MOST_PARTS = 4, 128
"""Bounds of the parts that a stream is cut into, however fast the limit is."""
DEEPEST = 40
"""Halvings of a span that end at a second, whatever numbers the server gives."""


async def count_rows(
    client: ResourceRegistry, source: Ranged, field: str, cut_points: CutPoints, low: int, high: int
) -> int | None:
    """Ask how many rows a span has; None where the answer does not say it or cannot be had."""
    selection = Selection(
        field, cut_points.floor(low), high if high >= OPEN else cut_points.ceil(high), 1
    )
    try:
        async with aclosing(source.read(client, selection).raw().pages()) as pages:
            async for page in pages:
                return page.total_count
    except IntercomError:
        # The reading of the rows meets the same error and tells of it.
        return None
    return None


async def measure(
    client: CountingClient, source: Ranged, field: str, cut_points: CutPoints, low: int
) -> Measured:
    """Ask how many rows there are from a moment on, and note how long a call of it takes."""
    begun_s, calls = CLOCK.now(), client.count.calls
    total = await count_rows(client, source, field, cut_points, low, OPEN)
    return Measured(total, (CLOCK.now() - begun_s) / max(1, client.count.calls - calls))


def wanted_parts(rate_per_s: float, latency_s: float) -> int:
    """Return how many chains of pages keep a limit busy, by Little's law."""
    return max(FEWEST_PARTS, min(MOST_PARTS, math.ceil(rate_per_s * latency_s)))


class Counted(NamedTuple):
    """The parts of a span, and what the server said of it."""

    parts: list[Part]
    total: int | None


async def count_and_cut(
    client: CountingClient,
    source: Ranged,
    field: str,
    cut_points: CutPoints,
    low: int,
    high: int,
    *,
    rate_per_s: float,
    hint: int | None,
    rows_per_part: int | None = None,
    measured: Measured | None = None,
) -> Counted:
    """Ask how many rows a span has, and cut it into as many parts as keep the limit busy.

    Args:
        client: Sends the calls and counts them.
        source: What is read.
        field: The field that the span is of.
        cut_points: Where spans may be cut.
        low: Where the span begins, in UNIX seconds.
        high: Where it ends.
        rate_per_s: Calls a second that the limit allows.
        hint: Before this moment no rows are expected.
        rows_per_part: Rows a part, instead of parts that keep the limit busy.
        measured: What was counted a moment ago, where somebody has asked.
    """

    async def count(low: int, high: int) -> int | None:
        return await count_rows(client, source, field, cut_points, low, high)

    if measured is None:
        measured = await measure(client, source, field, cut_points, low)
    total, wanted = measured.total, wanted_parts(rate_per_s, measured.latency_s)
    if rows_per_part is not None:
        wanted = max(1, math.ceil((total or 0) / rows_per_part))
    parts = await cut(
        count,
        cut_points,
        low,
        high,
        parts=wanted,
        fewest=source.per_page * (1 if rows_per_part is not None else source.part_pages),
        total=total,
        hint=hint,
    )
    if parts:
        # What lies in the future, by whichever clock, belongs to the latest part.
        parts[0].high = OPEN
    return Counted(parts, total)


async def cut(
    count: Count,
    cut_points: CutPoints,
    low: int,
    high: int,
    *,
    parts: int,
    fewest: int,
    total: int | None,
    hint: int | None = None,
) -> list[Part]:
    """Return parts that cover [low, high) exactly, the latest first.

    Args:
        count: Asks for numbers.
        cut_points: Where spans may be cut.
        low: Where the span begins.
        high: Where it ends.
        parts: How many parts are wanted.
        fewest: Rows that no part is to fall below.
        total: Rows of the whole span; None leaves it whole.
        hint: Before this moment no rows are expected; where they are, the cuts are worse.
    """
    found: list[Part] = []
    if total is None:
        return [make_part(low, high)]
    target = max(fewest, math.ceil(total / parts))

    async def halve(low: int, high: int, inner: tuple[int, int], total: int, depth: int) -> None:
        at = middle(cut_points, *inner) if total > target and depth < DEEPEST else None
        older = None if at is None else await count(low, at)
        if at is None or older is None:
            found.append(make_part(low, high, total))
        elif older <= 0:
            await halve(low, high, (at, inner[1]), total, depth + 1)
        elif older >= total:
            await halve(low, high, (inner[0], at), total, depth + 1)
        else:
            async with anyio.create_task_group() as group:
                group.start_soon(halve, low, at, (inner[0], at), older, depth + 1)
                group.start_soon(halve, at, high, (at, inner[1]), total - older, depth + 1)

    begin = low if hint is None or not low < hint < high else cut_points.floor(hint)
    await halve(low, high, (max(begin, low), high), total, 0)
    return sorted(found, key=lambda part: part.high, reverse=True)
