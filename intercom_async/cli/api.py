"""``api``: any request, as curl would send it, but by the scheduler's road."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter

from intercom_async.errors import ConfigError

from .connection import Connection
from .console import put_json


async def api(
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"],
    path: str,
    /,
    *,
    data: Annotated[str | None, Parameter(name=["--data", "-d"], allow_leading_hyphen=True)] = None,
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
    """
    body = None if data is None else read_json(data)
    async with (connection or Connection()).client() as intercom:
        answer = await intercom.request(method, path, json=body, model=bytes)
    if answer.data:
        put_json(answer.data)


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
