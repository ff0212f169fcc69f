"""What the pages of one reading show of rows that they may lack, though their list does not end.

A count shows it as well, where a list is read to its end and none of its rows goes meanwhile.
"""

from __future__ import annotations


class PageSigns:
    """The pages of one reading, as they come."""

    __slots__ = ("_first", "_last", "_latest", "has_shrunk", "is_short", "total")

    def __init__(self) -> None:
        self._first = 0
        self._last: int | None = None
        self._latest = 0
        self.total: int = 0
        """How many rows the first page has counted."""
        self.is_short: bool = False
        """Whether one that another one follows had fewer rows than others."""
        self.has_shrunk: bool = False
        """Whether a row went between two of them. Where pages begin behind a number of rows, those
        behind it move, and one of them comes to a page that was read already."""

    def take(self, rows: int, total: int | None) -> None:
        """Take in a page.

        Args:
            rows: How many it has.
            total: How many its list has, as it says.
        """
        if self._last is None:
            self._first, self.total = rows, total or 0
        else:
            self.is_short = self.is_short or self._last < self._first or rows > self._first
        self.has_shrunk = self.has_shrunk or (total or 0) < self._latest
        self._last, self._latest = rows, total or 0

    def may_lack(self, *, is_moving: bool) -> bool:
        """Say whether rows may be missing from a list that has as many as were counted.

        Args:
            is_moving: Whether rows came meanwhile: they would stand for others.
        """
        return self.has_shrunk or (self.is_short and is_moving)
