"""How many items to ask for, where a page can be too heavy for the server.

Searches over large objects time out or answer 5xx at sizes that work elsewhere. Half as many items
are asked for then, and twice as many again as soon as that goes well.
"""

from __future__ import annotations

from typing import Any, Self, TypeVar

from intercom_async.request.operation import Call, Paging

T = TypeVar("T")

SMALLEST_PART = 16
"""A page is not made smaller than this part of what was asked for: an outage is no heavy page."""


class PageSize:
    """The size of the pages of one walk along a list.

    Only lists that go by cursors have one: where pages are numbered, another size would be another
    page.
    """

    __slots__ = ("_is_in_body", "_wanted", "items")

    def __init__(self, wanted: int | None, *, is_in_body: bool) -> None:
        self._wanted = wanted
        self._is_in_body = is_in_body
        self.items: int = wanted or 0
        """How many items a page is asked for now."""

    @classmethod
    def of(cls, call: Call[Any]) -> Self:
        """Read from a call how many items it asks for."""
        paging = call.operation.paging
        if paging is Paging.CURSOR_BODY:
            body: dict[str, dict[str, Any]] = call.json or {}
            return cls(body.get("pagination", {}).get("per_page"), is_in_body=True)
        if paging is Paging.CURSOR_QUERY:
            wanted = call.query.get("per_page")
            return cls(wanted if isinstance(wanted, int) else None, is_in_body=False)
        return cls(None, is_in_body=False)

    def on(self, call: Call[T]) -> Call[T]:
        """Return the call with the present size."""
        if self._wanted is None or self.items == self._wanted:
            return call
        if self._is_in_body:
            body = {**call.json, "pagination": {**call.json["pagination"], "per_page": self.items}}
            return call.replace(json=body)
        return call.replace(query={**call.query, "per_page": self.items})

    def shrink(self) -> bool:
        """Halve the size; say whether that was possible."""
        if self._wanted is None or self.items <= max(1, self._wanted // SMALLEST_PART):
            return False
        self.items = max(1, self.items // 2)
        return True

    def grow(self) -> None:
        """Double the size, up to what was asked for."""
        if self._wanted is not None:
            self.items = min(self._wanted, 2 * self.items)
