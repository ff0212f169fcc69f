"""Pagination of any list, by its path."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any, TypeGuard, get_origin

import msgspec

from intercom_async.client import Intercom
from intercom_async.codec import decode
from intercom_async.errors import ConfigError
from intercom_async.models.page import Page, with_items
from intercom_async.pagination.pager import Pager
from intercom_async.request.operation import Call, Operation, Paging
from intercom_async.resources._registry import RESOURCES


def _is_operation(value: object) -> TypeGuard[Operation[Any]]:
    return isinstance(value, Operation)


def find_endpoint(intercom: Intercom, method: str, path: str) -> Operation[Any] | None:
    """Return the package's operation for a path; None if there is none."""
    fitting: list[Operation[Any]] = []
    for name in RESOURCES:
        resource: object = getattr(intercom, name)
        for found in filter(_is_operation, vars(type(resource)).values()):
            if found.method == method:
                pattern = "[^/]+".join(re.escape(part) for part in found.parts)
                if re.fullmatch(pattern, path):
                    fitting.append(found)
    # `/articles/search` is no article's path, though it has the form of one.
    return min(fitting, key=lambda each: len(each.names), default=None)


def is_list(endpoint: Operation[Any]) -> bool:
    """Return whether an operation answers with a page of rows."""
    origin: object = get_origin(endpoint.model)
    return isinstance(origin, type) and issubclass(origin, Page)


class _Envelope(msgspec.Struct):
    """Fields that tell a page of rows from an object."""

    type: Any = None
    data: Any = None


def _is_page(body: bytes) -> bool:
    """Return whether a response is a page of rows, under any name."""
    try:
        found = msgspec.json.decode(body, type=_Envelope)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(found.data, list) or str(found.type).endswith("list")


async def items(
    intercom: Intercom, call: Call[Any], endpoint: Operation[Any] | None
) -> AsyncIterator[bytes]:
    """Yield the items of a list as JSON; a response that is no list is a single item.

    Raises:
        ConfigError: The call would change something.
    """
    is_read = endpoint is not None and endpoint.repeat == "safe"
    if not is_read and call.operation.method != "GET" and not call.path.endswith("/search"):
        raise ConfigError(
            f"--paginate follows lists and searches; {call.name} is none that is known"
        )
    pages: type[Page[Any]] = Page[Any]
    if endpoint is not None and is_list(endpoint):
        pages, call.operation.paging = endpoint.model, endpoint.paging
    else:
        # A list that is not known is paged by what its pages contain: a link, a cursor or a number.
        call.operation.paging = Paging.PAGE
    call.operation.repeat = "safe" if endpoint is None else endpoint.repeat
    model = with_items(pages, msgspec.Raw)
    known: Page[msgspec.Raw] | None = None
    if endpoint is None or not is_list(endpoint):
        body: bytes = (await intercom.send(call.into(bytes))).data
        if not _is_page(body):
            yield body
            return
        known = decode(body, model, call=call.name)

    async def fetch(following: Call[Any]) -> Any:
        nonlocal known
        if known is not None:
            page, known = known, None
            return page
        return (await intercom.send(following)).data

    async for item in Pager(fetch, call.into(model)):
        yield bytes(item)
