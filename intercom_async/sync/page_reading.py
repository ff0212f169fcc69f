"""What reads pages of a span and hands over their rows, as far as `isolation` has to know it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from intercom_async.models.page import Page
from .followed import Followed
from .holes import Hole
from .raw_rows import Row
from .stream_run import StreamRun
from .streams import Selection

MAX_PAGE = 150
"""Rows that a page may have."""
MAX_IDS = 150
"""Rows a page of a search by ids."""
MORE_PAGES = 8
"""Pages beyond the fewest that may be read to end exactly where it is wanted."""


class ReadPage(NamedTuple):
    """A page that was handed over."""

    page: Page[Any]
    moments: list[int]
    keys: frozenset[str]


class Edge(NamedTuple):
    """How near a reading from one side came to a row that cannot be read."""

    second: int
    at: int | None = 0
    """Rows that were read in the second, or on the day, of the edge."""
    left: int | None = None
    """Rows that its last query had beyond the edge, as they were counted."""
    new: int = 0
    """Rows that it has read."""


class LeapError(Exception):
    """A reading went past rows: they are not in the order of the times that they show."""


class Taken(NamedTuple):
    """A page that was handed over."""

    rows: list[Row]
    total: int
    """Rows that the page had, those that cannot be read included."""
    holes: list[Hole]


class Reads(Protocol):
    """What reads and hands over pages."""

    async def page(
        self,
        run: StreamRun,
        selection: Selection,
        position: str | None = None,
        followed: Followed | None = None,
    ) -> tuple[Page[Any], int]:
        """Read one page of a selection."""
        ...

    async def numbered_page(
        self, run: StreamRun, selection: Selection, number: int, size: int
    ) -> tuple[Page[Any], int]:
        """Read the page of a number and a size, where pages are numbered."""
        ...

    async def counts_are_true(self, run: StreamRun, field: str) -> bool:
        """Say whether the server counts no rows where there are none."""
        ...

    async def hand_over_page(
        self,
        run: StreamRun,
        page: Page[Any],
        read_at: int,
        *,
        edges: tuple[int, int],
        field: str | None = None,
    ) -> Taken:
        """Hand over the rows of a page."""
        ...


class Searches(Reads, Protocol):
    """What searches rows by their ids as well."""

    async def find(
        self, run: StreamRun, ids: Sequence[str], *, hands_over: bool = True, proves: bool = True
    ) -> set[str]:
        """Search rows by their ids and return the keys of those that are found."""
        ...


def pages_that_end_between(good: int, bad: int) -> tuple[int, int]:
    """Return how many pages of which size end after `good` rows and before `bad`, near the middle.

    Both are 0 where there are no such rows.
    """
    middle = (good + bad) // 2
    for rows in sorted(range(good + 1, bad), key=lambda rows: abs(rows - middle)):
        fewest = -(-rows // MAX_PAGE)
        for pages in range(fewest, fewest + MORE_PAGES):
            if rows % pages == 0:
                return pages, rows // pages
    return 0, 0
