"""What every resource is made of: a row per operation, and a thin method per row.

class Tags(Resource):
    GET = Operation("GET", "/tags/{tag_id}", Tag)

    async def get(self, tag_id: Id) -> Tag:
        return await self._send(self.GET, tag_id=tag_id)
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

from intercom_async.config import is_positive_number
from intercom_async.download import Download
from intercom_async.errors import ConfigError
from intercom_async.models.page import Page
from intercom_async.operation import Call, Operation, Parameter
from intercom_async.pager import Pager
from intercom_async.query import Predicate, Query, to_query
from intercom_async.response import Response
from intercom_async.wire import StreamReply

T = TypeVar("T")

Id = str | int
"""An id as the caller has it; it is sent as text."""

Moment = int | datetime
"""UNIX seconds, or a datetime with a time zone, which is sent as UNIX seconds."""

Order = Literal["asc", "desc"]
"""Whether the smallest or the largest comes first."""

SearchOrder = Literal["ascending", "descending"]
"""The same, as searches spell it."""


class Sender(Protocol):
    """What a resource needs of a client."""

    async def send(self, call: Call[T]) -> Response[T]:
        """Send a call and return its answer."""
        ...

    async def stream(self, call: Call[Any]) -> Response[StreamReply]:
        """Send a call and return as soon as its answer begins."""
        ...

    def turn(self, name: str) -> asyncio.Lock:
        """Return a lock that all clients of the same token share, by its name."""
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

    def _search(
        self,
        row: Operation[Page[T]],
        query: Predicate | Query,
        *,
        sort: str | None,
        order: SearchOrder,
        per_page: int | None,
        parameters: Mapping[str, Parameter] | None = None,
    ) -> Pager[T]:
        """Fill the row of a search in and return its pager.

        Args:
            row: The operation.
            query: What is to be found.
            sort: The field to sort by; None leaves it to the server.
            order: Which end of it comes first.
            per_page: Items a page; None leaves it to the server.
            parameters: What stands in the address beside the body.

        Raises:
            QueryError: The API would refuse the query.
            ConfigError: The order is none, or `per_page` is not a whole number above 0.
        """
        json: dict[str, Any] = {"query": to_query(query)}
        if order not in ("ascending", "descending"):
            raise ConfigError(f"order must be 'ascending' or 'descending', not {order!r}")
        if sort is not None:
            json["sort"] = {"field": sort, "order": order}
        if per_page is not None:
            json["pagination"] = {"per_page": check_per_page(per_page)}
        return self._list(row, query=parameters, json=json)

    def _download(
        self,
        row: Operation[bytes],
        *,
        query: Mapping[str, Parameter] | None = None,
        **path: Id,
    ) -> Download:
        """Fill a row in and return its download; nothing is sent before it is entered."""
        call = row.at(query=query, **path)
        return Download(lambda: self._sender.stream(call))

    async def _fetch(self, call: Call[T]) -> T:
        return (await self._sender.send(call)).data


def check_per_page(per_page: int | None) -> int | None:
    """Return the number of items a page.

    Raises:
        ConfigError: It is not a whole number above 0.
    """
    if per_page is None or (isinstance(per_page, int) and is_positive_number(per_page)):
        return per_page
    raise ConfigError(f"per_page must be a whole number above 0, not {per_page!r}")
