"""``api``: send any request, as curl does, through the scheduler."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, cast
from urllib.parse import parse_qsl

from cyclopts import Parameter

from intercom_async.client import Intercom
from intercom_async.codec.plain import Parameter as QueryValue
from intercom_async.errors import ConfigError, ResponseError
from intercom_async.redaction import printable
from intercom_async.request.operation import Call, Method, Operation, any_operation
from intercom_async.request.query_string import add_parameter, to_query
from .any_list import find_endpoint, items
from .connection import Connection
from .console import put_body, put_bytes
from .options import Flag
from .os_errors import STDOUT, naming
from .request_body import read_fields, read_json

PHRASES = {status.value: status.phrase for status in HTTPStatus}


async def api(
    method: Annotated[str, Parameter(show_default=False)] = "",
    path: Annotated[str, Parameter(show_default=False)] = "",
    /,
    *,
    data: Annotated[str | None, Parameter(name=["--data", "-d"], allow_leading_hyphen=True)] = None,
    field: Annotated[list[str] | None, Parameter(name=["--field", "-f"], negative=())] = None,
    include: Annotated[
        bool, Parameter(name=["--include", "-i"], negative=(), show_default=False)
    ] = False,
    paginate: Flag = False,
    connection: Connection | None = None,
) -> None:
    """Send a request and print the body of the response, also of an error.

    Parameters
    ----------
    method:
        GET, POST, PUT, PATCH or DELETE; GET if left out.
    path:
        Path with its query, starting with a slash: '/contacts?per_page=5'
    data:
        Request body as JSON; @FILE reads a file, - reads stdin.
    field:
        Body field, or query parameter of a GET: KEY=TEXT, KEY:=JSON or KEY[NAME]=TEXT.
    include:
        Include status and headers in the output.
    paginate:
        Fetch all pages of a list or search and print one JSON object per line.
    """
    if not path and method.startswith("/"):
        method, path = "GET", method
    if not path:
        raise ConfigError("api takes [METHOD] PATH, and a path starts with one slash")
    if include and paginate:
        raise ConfigError("--include shows one answer; leave it out with --paginate")
    body, fields = _given(method, data, field)
    async with (connection or Connection()).client() as intercom:
        call, endpoint = _call(intercom, method.upper(), path, body, fields)
        try:
            if paginate:
                async for item in items(intercom, call, endpoint):
                    with naming(STDOUT):
                        sys.stdout.buffer.write(item + b"\n")
                return
            answer = await intercom.send(call)
        except ResponseError as error:
            _put(error.status, error.headers, error.body, include=include)
            raise
    _put(answer.status, answer.headers, answer.data, include=include)


def _given(method: str, data: str | None, field: list[str] | None) -> tuple[Any, dict[str, Any]]:
    """Return the body and the fields that the options give.

    Raises:
        ConfigError: They are not JSON, contradict each other, or are a body of a GET.
    """
    if data is None:
        return None, read_fields(field or ())
    if field:
        raise ConfigError("give --data or --field, not both: each is the whole body")
    if method.upper() == "GET":
        raise ConfigError("a GET sends no body: name the method, as in api POST PATH --data …")
    return read_json(data), {}


def _call(
    intercom: Intercom, method: str, path: str, body: Any, fields: dict[str, Any]
) -> tuple[Call[bytes], Operation[Any] | None]:
    """Return the call to send, and the operation of this package that it is, if it is one.

    Raises:
        ConfigError: It is no method, or no path of the API.
    """
    template, _, written = path.partition("?")
    operation = any_operation(cast("Method", method), template, bytes)
    endpoint = find_endpoint(intercom, method, template)
    if endpoint is not None:
        operation.repeat, operation.kind = endpoint.repeat, endpoint.kind
        operation.accept = endpoint.accept
    query: dict[str, QueryValue | list[str]] = {}
    for name, value in parse_qsl(written, keep_blank_values=True):
        add_parameter(query, name, value)
    if method == "GET":
        query.update(to_query(fields))
    elif fields:
        body = fields
    return Call(operation, template, query, body), endpoint


def _put(status: int, headers: Mapping[str, str], body: bytes, *, include: bool) -> None:
    """Print an answer as it came, laid out for reading in a terminal."""
    if include:
        lines = [f"HTTP/1.1 {status} {PHRASES.get(status, '')}".rstrip()]
        lines += [f"{name}: {printable(value, limit=10_000)}" for name, value in headers.items()]
        put_bytes("\n".join([*lines, "", ""]).encode())
    if body:
        put_body(body)
