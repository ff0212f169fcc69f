"""The pages that a list has led to: one that leads back, or on and on, would be read for ever."""

from __future__ import annotations

from typing import Any

from intercom_async.errors import PaginationError
from intercom_async.models.page import Page

MOST_EMPTY = 8
"""Pages in a row without any row, each with a further one, after which a list has no more to give,
however many pages it says there are (test_absurd_counts.py)."""


class EmptyPages:
    """How many pages of a reading have come without a row, one behind the other."""

    def __init__(self) -> None:
        self._count = 0

    def begin(self) -> None:
        """Begin another reading."""
        self._count = 0

    def check(self, page: Page[Any]) -> None:
        """Take in what a page brings.

        Raises:
            PaginationError: It was one too many without a row.
        """
        is_empty = not (page.items or page.unreadable) and page.checkpoint is not None
        self._count = self._count + 1 if is_empty else 0
        if self._count >= MOST_EMPTY:
            raise PaginationError(f"{self._count} pages in a row are empty, and the list goes on")


class Followed:
    """The pages that one reading of a list was led to."""

    def __init__(self) -> None:
        self._places: set[int] = set()
        self._empty = EmptyPages()

    def begin(self, position: str | None) -> None:
        """Note that a page is read; the first one, which has no position, begins a new reading."""
        if position is None:
            self._places.clear()
            self._empty.begin()

    def check(self, page: Page[Any]) -> None:
        """Take in where a page leads.

        Raises:
            PaginationError: To a page that this reading was led to before, or too many are empty.
        """
        self._empty.check(page)
        if page.checkpoint is None:
            return
        place = hash(page.checkpoint)
        if place in self._places:
            raise PaginationError("the list leads back to a page it has been on")
        self._places.add(place)
