"""Requests as the console shows them: a line each, and all of one with ways to send it again."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from intercom_async.simulator.backend import Backend
from intercom_async.simulator.journal import Entry
from .snippets import as_curl, as_python

SECRET_HEADERS = ("authorization", "cookie")
"""Headers whose values are not shown: a token of the real workspace may be in them."""


class RequestLine(msgspec.Struct, frozen=True, kw_only=True):
    """One request in a list."""

    number: int
    at: float
    """When it was received, UNIX seconds on the simulator's clock."""
    method: str
    template: str
    """The path with placeholders; the path itself where no operation has it."""
    path: str
    app: str | None
    """Name of the app; None where the token is not valid."""
    status: int
    wait_s: float
    """Seconds by which the answer was held back."""
    is_fault: bool
    is_dropped: bool
    """Whether the connection was closed instead of an answer."""


class RequestDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One request with its answer."""

    line: RequestLine
    query: dict[str, str]
    version: str | None
    headers: dict[str, str]
    body: str
    body_bytes: int
    answer_headers: dict[str, str]
    answer: str
    answer_bytes: int
    """Bytes of the whole answer; `answer` may be its beginning."""
    curl: str
    """The request as a command; it takes the token from `INTERCOM_TOKEN`."""
    python: str
    """The request as a call of the client."""


def lines_since(backend: Backend, number: int, *, most: int) -> list[RequestLine]:
    """Return the newest requests after a number, `most` of them at most, the oldest first."""
    return [line_of(backend, entry) for entry in backend.journal.since(number)[-most:]]


def line_of(backend: Backend, entry: Entry) -> RequestLine:
    """Return the line of a request."""
    operation = backend.operation(entry.method, entry.path)
    return RequestLine(
        number=entry.number,
        at=entry.at,
        method=entry.method,
        template=entry.path if operation is None else operation[0],
        path=entry.path,
        app=entry.app,
        status=entry.status,
        wait_s=entry.wait_s,
        is_fault=entry.fault is not None,
        is_dropped=entry.is_dropped,
    )


def detail_of(backend: Backend, number: int) -> RequestDetail:
    """Return all that is kept of a request.

    Raises:
        ValueError: It is not kept.
    """
    entry = backend.journal.find(number)
    if entry is None:
        raise ValueError(f"request {number} is not kept; GET /_simulator/requests lists the others")
    url = backend.url + entry.path + (f"?{_encoded(entry.query)}" if entry.query else "")
    return RequestDetail(
        line=line_of(backend, entry),
        query=dict(entry.query),
        version=entry.version,
        headers=_shown(entry.headers),
        body=_text(entry.body),
        body_bytes=entry.body_bytes,
        answer_headers=_shown(entry.answer_headers),
        answer=_text(entry.answer),
        answer_bytes=entry.answer_bytes,
        curl=as_curl(entry, url),
        python=as_python(entry, backend.operation(entry.method, entry.path)),
    )


def _encoded(query: Any) -> str:
    return urlencode([*query.items()], quote_via=quote)


def _shown(headers: Any) -> dict[str, str]:
    return {
        str(name): "…" if name.lower() in SECRET_HEADERS else value
        for name, value in headers.items()
    }


def _text(body: bytes) -> str:
    return body.decode(errors="replace")
