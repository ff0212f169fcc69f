"""What the pages of one reading show of rows that they may lack, though their list does not end.

A count shows it as well, where a list is read to its end and none of its rows goes meanwhile.
"""

from __future__ import annotations

_PAIR = 2
"""Pages of a list of which one is followed: no other one tells how many rows a page has."""


class PageSigns:
    """The pages of one reading, as they come.

    Args:
        per_page: How many rows were asked for a page.
    """

    __slots__ = ("_first", "_is_uneven", "_latest", "_pages", "_per_page",
                 "has_shrunk", "total")  # fmt: skip

    def __init__(self, per_page: int) -> None:
        self._per_page = per_page
        self._pages = self._first = self._latest = 0
        self._is_uneven = False
        self.total: int = 0
        """How many rows the first page has counted."""
        self.has_shrunk: bool = False
        """Whether a row went between two of them. Where pages begin behind a number of rows, those
        behind it move, and one of them comes to a page that was read already."""

    @property
    def is_short(self) -> bool:
        """Whether a page that another one follows had fewer rows than others.

        A server may give fewer a page than are asked for, and as many on each.
        """
        return self._is_uneven or (self._pages == _PAIR and self._first < self._per_page)

    def take(self, rows: int, total: int | None, *, is_followed: bool) -> None:
        """Take in a page.

        Args:
            rows: How many it has.
            total: How many its list has, as it says.
            is_followed: Whether it says that another one follows.
        """
        self._pages += 1
        if self._pages == 1:
            self._first, self.total = rows, total or 0
        self._is_uneven |= rows > self._first or (is_followed and rows < self._first)
        if total is not None:
            self.has_shrunk |= total < self._latest
            self._latest = total

    def may_lack(self, *, is_moving: bool) -> bool:
        """Say whether rows may be missing from a list that has as many as were counted.

        Args:
            is_moving: Whether rows came meanwhile: they would stand for others.
        """
        return self.has_shrunk or (self.is_short and is_moving)
