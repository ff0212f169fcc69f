"""The pages that a list has led to: one that leads back to such a page would be read for ever."""

from __future__ import annotations

from typing import Any

from intercom_async.errors import PaginationError
from intercom_async.models.page import Page


class Followed:
    """The pages that one reading of a list was led to."""

    def __init__(self) -> None:
        self._places: set[int] = set()

    def begin(self, position: str | None) -> None:
        """Note that a page is read; the first one, which has no position, begins a new reading."""
        if position is None:
            self._places.clear()

    def check(self, page: Page[Any]) -> None:
        """Take in where a page leads.

        Raises:
            PaginationError: To a page that this reading was led to before.
        """
        if page.checkpoint is None:
            return
        place = hash(page.checkpoint)
        if place in self._places:
            raise PaginationError("the list leads back to a page it has been on")
        self._places.add(place)
