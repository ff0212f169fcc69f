"""Where lists go on: cursors that expire, go in a circle or jump back, and links in their place."""

from __future__ import annotations

from typing import Any, Literal, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from intercom_async.transport.base import Reply, Request
from .search_index import STREAMS as SEARCHES

Expired = Literal["400", "500", "first"]
"""What a search answers to a cursor that is too old: a refusal, a failure of its own, as tickets
were seen to, or its first page."""

MISLEADING = ("loop", "back", "link")
"""Kinds of failures: a page leads to itself, to the second page, or by a link where a cursor is
expected and by a number where a link is."""

REFUSAL = {
    "type": "error.list",
    "errors": [{"code": "client_error", "message": "Invalid starting_after param."}],
}


class Cursors:
    """The cursors that the searches of a workspace have given.

    Args:
        life_s: Seconds for which one leads on; 0 is for ever.
        expired: What is answered to one that is older.
    """

    def __init__(self, life_s: float, expired: Expired) -> None:
        self._life_s = life_s
        self._expired = expired
        self._given_at: dict[str, float] = {}
        self._second_pages: dict[bytes, str] = {}

    def admit(self, request: Request, path: str, now: float) -> Request | Reply:
        """Return what the server is to answer, or its answer to a cursor that is too old."""
        if path not in SEARCHES:
            return request
        cursor = _cursor(request)
        given_at = self._given_at.get(cursor, now)
        if not self._life_s or now - given_at <= self._life_s:
            return request
        if self._expired != "first":
            return Reply(int(self._expired), {}, msgspec.json.encode(REFUSAL))
        body = _body(request)
        body["pagination"].pop("starting_after")
        return with_body(request, msgspec.json.encode(body))

    def note(self, request: Request, path: str, reply: Reply, now: float) -> None:
        """Take in which cursor an answer gives."""
        if path not in SEARCHES or reply.status != 200:
            return
        given = _given(msgspec.json.decode(reply.body))
        if given is not None:
            self._given_at[given] = now
            if not _cursor(request):
                self._second_pages[_list(request)] = given

    def mislead(self, kind: str, request: Request, path: str, reply: Reply) -> Reply:
        """Return an answer that leads elsewhere than on, or that says so in another form."""
        if reply.status != 200:
            return reply
        body: dict[str, Any] = msgspec.json.decode(reply.body)
        pages: Any = body.get("pages")
        following: Any = _object(pages).get("next")
        if not following:
            return reply
        if path in SEARCHES:
            pages["next"] = self._led(kind, request, following)
        elif isinstance(following, str):
            number = int(dict(parse_qsl(urlsplit(following).query)).get("page", "0"))
            pages["next"] = _numbered(kind, following, number)
        return Reply(200, reply.headers, msgspec.json.encode(body))

    def _led(self, kind: str, request: Request, following: Any) -> Any:
        cursor, second = _cursor(request), self._second_pages.get(_list(request))
        led = _object(following)
        if not led:
            # Another fault has spoilt it already.
            return following
        if kind == "link":
            query = urlencode({"starting_after": led["starting_after"]})
            return f"{request.url}?{query}"
        elsewhere = cursor if kind == "loop" else second
        return {**led, "starting_after": elsewhere} if cursor and elsewhere else following


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _numbered(kind: str, link: str, number: int) -> Any:
    """Return what a numbered page leads to, by a link before."""
    if kind == "link" or number <= 2:
        return {"page": number} if number else link
    url = urlsplit(link)
    elsewhere = number - 1 if kind == "loop" else 2
    query = {**dict(parse_qsl(url.query)), "page": str(elsewhere)}
    return url._replace(query=urlencode(query)).geturl()


def _body(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(request.body or b"{}")
    return body


def _cursor(request: Request) -> str:
    pagination: Any = _body(request).get("pagination") or {}
    return str(pagination.get("starting_after") or "")


def _list(request: Request) -> bytes:
    body = _body(request)
    return msgspec.json.encode([request.url, body.get("query"), body.get("sort")])


def _given(body: dict[str, Any]) -> str | None:
    pages: Any = body.get("pages") or {}
    following: Any = pages.get("next")
    return _object(following).get("starting_after")


def with_body(request: Request, body: bytes | None, url: str = "") -> Request:
    """Return a request with another body, and another address if one is given."""
    return Request(
        method=request.method,
        url=url or request.url,
        name=request.name,
        headers=request.headers,
        body=body,
        timeout_s=request.timeout_s,
        max_bytes=request.max_bytes,
    )
