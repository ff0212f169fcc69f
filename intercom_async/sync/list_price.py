"""Estimates what it costs to complete the lists inside rows, from a few pages of them.

The API counts rows by their fields, but not by how long a list inside them is. So some rows are
looked at: a page of the newest, one from the middle and one of the oldest parts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from intercom_async.errors import IntercomError
from intercom_async.resources._registry import ResourceRegistry
from .embedded import CutLists
from .partitions import Part
from .streams import Ranged, Selection

SAMPLED_PARTS = 3
"""Pages that are looked at, at most (test_list_price.py::test_the_price_is_an_estimate)."""


@dataclass(frozen=True, slots=True)
class ListSample:
    """What the lists of some rows cost."""

    rows: int
    calls: int

    def calls_of(self, rows: int | None) -> int | None:
        """Return what those of so many rows cost, if they are like these."""
        if rows is None or (rows and not self.rows):
            return None
        return math.ceil(rows * self.calls / self.rows) if rows else 0


async def sample_lists(
    client: ResourceRegistry, source: Ranged, parts: Sequence[Part]
) -> ListSample | None:
    """Look at a page of some parts; None where rows have no lists, or none can be had.

    Args:
        client: Sends the calls.
        source: What is read.
        parts: Parts that cover everything, the latest first.
    """
    if not source.embedded or not parts:
        return None
    places = {round(step * (len(parts) - 1) / (SAMPLED_PARTS - 1)) for step in range(SAMPLED_PARTS)}
    lists = CutLists(source)
    rows = calls = 0
    try:
        for place in sorted(places):
            part = parts[place]
            selection = Selection(source.partition_field, part.low, part.high, source.per_page)
            page = await source.read(client, selection).raw().page()
            rows += len(page.items)
            calls += sum(lists.calls_for(bytes(item)) for item in page.items)
    except IntercomError:
        return None
    return ListSample(rows, calls)
