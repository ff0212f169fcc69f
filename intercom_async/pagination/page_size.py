"""How many rows to ask for, where a page can be too large for the server.

Searches over large objects time out or answer 5xx at page sizes that work elsewhere. The size is
halved then, and doubled again after each page that succeeds.
"""

from __future__ import annotations

from typing import Any, Self, TypeVar

from intercom_async.request.operation import Call, Paging

T = TypeVar("T")

SMALLEST_PART = 16
"""A page is never made smaller than the requested size divided by this: an outage fails at any
size, and must not be answered with ever more requests (test_page_size.py::test_an_outage_ends)."""


class PageSize:
    """The page size of one walk along a list.

    Only lists with cursors have one: where pages are numbered, another size makes other pages.

    Args:
        requested: Rows a page, as the caller asked; None leaves the size to the server.
        is_in_body: Whether the size belongs into the body's `pagination`, else into the query.
    """

    __slots__ = ("_is_fixed", "_is_in_body", "_requested", "items")

    def __init__(self, requested: int | None, *, is_in_body: bool) -> None:
        self._requested = requested
        self._is_in_body = is_in_body
        self._is_fixed = False
        self.items: int = requested or 0
        """Rows that the next page is asked for."""

    @classmethod
    def of(cls, call: Call[Any]) -> Self:
        """Read from a call how many rows it asks for."""
        paging = call.operation.paging
        if paging is Paging.CURSOR_BODY:
            body: dict[str, dict[str, Any]] = call.json or {}
            return cls(body.get("pagination", {}).get("per_page"), is_in_body=True)
        if paging is Paging.CURSOR_QUERY:
            per_page = call.query.get("per_page")
            return cls(per_page if isinstance(per_page, int) else None, is_in_body=False)
        return cls(None, is_in_body=False)

    def apply(self, call: Call[T]) -> Call[T]:
        """Return the call with the present size."""
        if self._requested is None or self.items == self._requested:
            return call
        if self._is_in_body:
            body = {**call.json, "pagination": {**call.json["pagination"], "per_page": self.items}}
            return call.replace(json=body)
        return call.replace(query={**call.query, "per_page": self.items})

    def shrink(self) -> bool:
        """Halve the size, and return whether that was possible."""
        if self._requested is None or self._is_fixed:
            return False
        if self.items <= max(1, self._requested // SMALLEST_PART):
            return False
        self.items = max(1, self.items // 2)
        return True

    def fix(self) -> None:
        """Keep the present size: the list goes on by a page's number, which counts in it."""
        self._is_fixed = True

    def grow(self) -> None:
        """Double the size, up to the requested one."""
        if self._requested is not None and not self._is_fixed:
            self.items = min(self._requested, 2 * self.items)
