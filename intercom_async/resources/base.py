"""What every resource is made of: a row per operation, and a thin method per row.

class Tags(Resource):
    GET = Operation("GET", "/tags/{tag_id}", Tag)

    async def get(self, tag_id: Id) -> Tag:
        return await self._send(self.GET, tag_id=tag_id)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from intercom_async.config import is_positive_number
from intercom_async.errors import ConfigError
from intercom_async.models.page import Page
from intercom_async.operation import Call, Operation, Parameter
from intercom_async.pager import Pager
from intercom_async.response import Response

T = TypeVar("T")

Id = str | int
"""An id as the caller has it; it is sent as text."""


Moment = int | datetime
"""UNIX seconds, or a datetime with a time zone, which is sent as UNIX seconds."""


class Sender(Protocol):
    """What a resource needs of a client."""

    async def send(self, call: Call[T]) -> Response[T]:
        """Send a call and return its answer."""
        ...


class Resource:
    """One group of operations, reached as an attribute of the client."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._sender!r}>"

    async def _send(
        self,
        row: Operation[T],
        *,
        query: Mapping[str, Parameter] | None = None,
        json: Any = None,
        fields: Mapping[str, Any] | None = None,
        **path: Id,
    ) -> T:
        """Fill a row in, send it, and return the decoded answer.

        Args:
            row: The operation.
            query: Query parameters; None leaves one out.
            json: The body as it is.
            fields: Or the body as keywords, whose names the row knows.
            path: A value for each placeholder.
        """
        if fields is not None:
            json = row.fields(fields)
        return (await self._sender.send(row.at(query=query, json=json, **path))).data

    def _list(
        self,
        row: Operation[Page[T]],
        *,
        query: Mapping[str, Parameter] | None = None,
        json: Any = None,
        **path: Id,
    ) -> Pager[T]:
        """Fill a row in and return its pager; nothing is sent before it is iterated over."""
        return Pager(self._fetch, row.at(query=query, json=json, **path))

    async def _fetch(self, call: Call[T]) -> T:
        return (await self._sender.send(call)).data


def search_body(
    query: Any, *, sort: str | None, order: str, per_page: int | None
) -> dict[str, Any]:
    """Write the body of a search.

    Args:
        query: The query object.
        sort: The field to sort by; None leaves it to the server.
        order: ``ascending`` or ``descending``.
        per_page: Items a page; None leaves it to the server.

    Raises:
        ConfigError: The order is neither, or `per_page` is not a whole number above 0.
    """
    body: dict[str, Any] = {"query": query}
    if order not in ("ascending", "descending"):
        raise ConfigError(f"order must be 'ascending' or 'descending', not {order!r}")
    if sort is not None:
        body["sort"] = {"field": sort, "order": order}
    if per_page is not None:
        body["pagination"] = {"per_page": check_per_page(per_page)}
    return body


def check_per_page(per_page: int | None) -> int | None:
    """Return the number of items a page.

    Raises:
        ConfigError: It is not a whole number above 0.
    """
    if per_page is None or (isinstance(per_page, int) and is_positive_number(per_page)):
        return per_page
    raise ConfigError(f"per_page must be a whole number above 0, not {per_page!r}")
