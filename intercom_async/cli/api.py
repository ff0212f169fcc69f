"""``api``: any request, as curl would send it, but by the scheduler's road."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any, get_origin
from urllib.parse import parse_qsl

import msgspec
from cyclopts import Parameter

from intercom_async.client import Intercom
from intercom_async.errors import ConfigError
from intercom_async.models.page import Page, with_items
from intercom_async.pagination.pager import Pager
from intercom_async.request.operation import Call, Method, Operation, Paging, any_operation
from intercom_async.resources._registry import RESOURCES
from .connection import Connection
from .console import put_json


async def api(
    method: Method,
    path: str,
    /,
    *,
    data: Annotated[str | None, Parameter(name=["--data", "-d"], allow_leading_hyphen=True)] = None,
    paginate: bool = False,
    connection: Connection | None = None,
) -> None:
    """Send one request and print the answer's body.

    Parameters
    ----------
    method:
        The verb.
    path:
        From the slash after the host on, with its query if it has one: /contacts?per_page=5
    data:
        The body as JSON; @FILE reads it from a file, - from stdin.
    paginate:
        Follow a list to its end and print its items, one JSON object a line.
    """
    body = None if data is None else read_json(data)
    async with (connection or Connection()).client() as intercom:
        if paginate:
            async for item in pager(intercom, method, path, body):
                sys.stdout.buffer.write(bytes(item) + b"\n")
            return
        answer = await intercom.request(method, path, json=body, model=bytes)
    if answer.data:
        put_json(answer.data)


def pager(intercom: Intercom, method: Method, path: str, body: Any) -> Pager[msgspec.Raw]:
    """Return the items of any list, as bytes."""
    template, _, query = path.partition("?")
    endpoint = find_endpoint(intercom, method, template)
    model = with_items(Page[Any] if endpoint is None else endpoint.model, msgspec.Raw)
    call = any_operation(method, template, model, "safe").at(
        query=dict(parse_qsl(query)), json=body
    )
    # A list that is not known is paged by what its pages contain: a link, a cursor or a number.
    call.operation.paging = Paging.PAGE if endpoint is None else endpoint.paging

    async def fetch(following: Call[Any]) -> Any:
        return (await intercom.send(following)).data

    return Pager(fetch, call)


def find_endpoint(intercom: Intercom, method: str, path: str) -> Operation[Any] | None:
    """Return the endpoint of the list that a path belongs to."""
    for name in RESOURCES:
        for found in vars(type(getattr(intercom, name))).values():
            if isinstance(found, Operation) and found.method == method and fits(found, path):
                return found
    return None


def fits(endpoint: Operation[Any], path: str) -> bool:
    """Return whether a path is one of an endpoint's, and the endpoint is a list."""
    origin: object = get_origin(endpoint.model)
    is_list = isinstance(origin, type) and issubclass(origin, Page)
    pattern = "[^/]+".join(re.escape(part) for part in endpoint.parts)
    return is_list and re.fullmatch(pattern, path) is not None


def read_json(data: str) -> Any:
    """Read a body from the argument itself, a file or stdin.

    Raises:
        ConfigError: It is not JSON.
    """
    if data == "-":
        text = sys.stdin.buffer.read()
    elif data.startswith("@"):
        text = Path(data[1:]).read_bytes()
    else:
        text = data.encode()
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"the body is not JSON: {error}") from None
