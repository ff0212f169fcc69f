"""How a list goes on: pure functions from a page to the call for the next one.

The API continues its lists in seven ways, and an endpoint does not always keep to the one its
description names: `pages.next` may be an object, a URL, null or absent. What follows a page is
therefore read from what the page says, and only where it goes (query or body) from the operation.
A link is taken apart and its parameters are put on the call at hand, so that no page can send the
token to another host.
https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/pagination/

A continuation is a small mapping, such as ``{"starting_after": "WzE3…"}``; a checkpoint is the same
as text, with the operation it belongs to, so that it can be kept and given to another process.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

from intercom_async.errors import PaginationError
from intercom_async.models.page import Page
from intercom_async.request.operation import Call, Paging

T = TypeVar("T")

Continuation = Mapping[str, str]
"""The parameters that lead to one page."""

_FORMAT = 1
_END: Continuation = {}


class _Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """What a checkpoint holds; `next` is empty after the last page."""

    format: int
    operation: str
    next: dict[str, str]


def continuation(paging: Paging, page: Page[Any]) -> Continuation | None:
    """Return what leads to the page after `page`, or None after the last one."""
    if paging is Paging.NONE:
        return None
    if paging is Paging.SCROLL:
        return {"scroll_param": page.scroll_param} if page.items and page.scroll_param else None
    if paging is Paging.NEXT_CURSOR:
        return (
            {"cursor": page.next_cursor}
            if page.next_cursor and page.has_more is not False
            else None
        )
    return _after(page, counts_pages=paging is Paging.PAGE)


def apply(call: Call[T], following: Continuation) -> Call[T]:
    """Return the call for the page that a continuation leads to."""
    if call.operation.paging is Paging.CURSOR_BODY:
        body: dict[str, Any] = dict(call.json or {})
        body["pagination"] = {**body.get("pagination", {}), **following}
        return call.replace(json=body)
    return call.replace(query={**call.query, **following})


def to_checkpoint(call: Call[Any], following: Continuation | None) -> str:
    """Write a continuation as text; None, after the last page, is written too."""
    state = _Checkpoint(_FORMAT, call.name, dict(following or _END))
    return base64.urlsafe_b64encode(msgspec.json.encode(state)).decode().rstrip("=")


def from_checkpoint(call: Call[Any], checkpoint: str) -> Continuation | None:
    """Read a checkpoint; None means that the list was at its end.

    Raises:
        PaginationError: The text is no checkpoint, or belongs to another list.
    """
    try:
        padded = checkpoint + "=" * (-len(checkpoint) % 4)
        state = msgspec.json.decode(base64.urlsafe_b64decode(padded.encode()), type=_Checkpoint)
    except (msgspec.MsgspecError, binascii.Error, ValueError, AttributeError, TypeError):
        raise PaginationError("this is not a checkpoint of a list", call=call.name) from None
    if state.format != _FORMAT:
        raise PaginationError(
            f"the checkpoint has format {state.format}, this version reads {_FORMAT}",
            call=call.name,
        )
    if state.operation != call.name:
        raise PaginationError(f"the checkpoint belongs to {state.operation}", call=call.name)
    return state.next or None


def _after(page: Page[Any], *, counts_pages: bool) -> Continuation | None:
    """Read `pages.next`, whatever its form; count pages in a list that goes by them."""
    pages = page.pages
    following = None if pages is None else pages.next
    if isinstance(following, str):
        return _parameters(following) if following else None
    if following is not None:
        if following.starting_after is not None:
            return {"starting_after": following.starting_after}
        return None if following.page is None else {"page": str(following.page)}
    if not counts_pages:
        return None
    number, total = (
        (page.page, page.total_pages) if pages is None else (pages.page, pages.total_pages)
    )
    if number is None or total is None or number >= total:
        return None
    return {"page": str(number + 1)}


def _parameters(link: str) -> Continuation:
    """Take a link's parameters; its host and path are never used."""
    try:
        found = dict(parse_qsl(urlsplit(link).query))
    except ValueError:
        found = {}
    if not found:
        raise PaginationError("the link to the next page has no parameters")
    return found
