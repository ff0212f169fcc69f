"""How a list continues: pure functions from a page to the call for the next one.

The API continues its lists in seven ways, and an endpoint does not always keep to the one its
description names: `pages.next` may be an object, a URL, null or absent. So what follows a page is
read from the page, and only its place (query or body) from the operation. Of a link only the
parameters are used, so no page can send the token to another host.
https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/pagination/

A continuation is a small mapping, such as ``{"starting_after": "WzE3…"}``. A checkpoint is a
continuation as text, with a fingerprint of the list it belongs to, so that it can be stored and
resumed in another process, but never as the checkpoint of another list.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

from intercom_async.codec.next_page import UNREADABLE
from intercom_async.codec.plain import plain
from intercom_async.errors import ConfigError, PaginationError
from intercom_async.models.page import Page
from intercom_async.moments import to_unix
from intercom_async.request.operation import Call, Paging

T = TypeVar("T")

Continuation = Mapping[str, str | list[str]]
"""The parameters that lead to one page; a list is a key that comes several times."""

FORMAT = 3
"""Version of the checkpoint's layout; one of another version is refused
(test_continuation.py::test_a_checkpoint_of_another_format_is_refused)."""
FINGERPRINT_BYTES = 8
"""Length of a list's fingerprint; two lists share one by chance once in 10^19
(test_continuation.py::test_a_checkpoint_of_another_list_is_refused)."""
CHECK_BYTES = 4
"""Length of a checkpoint's own digest: of four billion that were cut off or changed, one passes for
whole (test_continuation.py::test_a_checkpoint_that_was_changed_is_refused)."""


def _encodable(value: object) -> object:
    """Return a value that JSON has no form for as a plain one.

    Raises:
        ConfigError: It stands for none.
    """
    found: object = plain(value)
    if isinstance(value, datetime):
        # As pandas and pendulum have them; msgspec takes datetime itself.
        return to_unix("a moment", value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] (any mapping)
    if found is value:
        raise ConfigError(f"a list cannot be filtered by a value of type {type(value).__name__}")
    return found


_PLACES = ("starting_after", "cursor", "page", "before", "scroll_param")
"""Parameters of a link that say where a list goes on."""

_IN_ORDER = msgspec.json.Encoder(order="deterministic", enc_hook=_encodable)
"""Writes objects and sets in one order, whatever order they have in this process."""


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """What a checkpoint's text holds."""

    format: int
    operation: str
    """Method and path template, for the error's message."""
    list_fingerprint: bytes
    next: dict[str, str | list[str]]
    """The continuation; empty after the last page."""
    yielded: bytes = b""
    """Digests of the rows yielded so far, in lists that need them to yield each row once."""
    check: bytes = b""
    """Digest of all this, so that a letter that is lost or changed skips no rows."""


def continuation(paging: Paging, page: Page[Any]) -> Continuation | None:
    """Return what leads to the page after `page`, or None after the last one.

    Raises:
        PaginationError: The page says that there is more, and not where.
    """
    if paging is Paging.NONE:
        return None
    if paging is Paging.SCROLL:
        scroll = page.scroll_param
        return {"scroll_param": _readable(scroll)} if page.items and scroll else None
    if paging is Paging.NEXT_CURSOR:
        cursor = page.next_cursor
        return {"cursor": _readable(cursor)} if cursor and page.has_more is not False else None
    return _after(page, counts_pages=paging is Paging.PAGE)


def apply(call: Call[T], following: Continuation) -> Call[T]:
    """Return the call for the page that a continuation leads to."""
    if call.operation.paging is Paging.CURSOR_BODY:
        body: dict[str, Any] = dict(call.json or {})
        body["pagination"] = {**body.get("pagination", {}), **following}
        return call.replace(json=body)
    return call.replace(query={**call.query, **following})


def to_checkpoint(call: Call[Any], following: Continuation | None, *, yielded: bytes = b"") -> str:
    """Return a continuation as text; None, after the last page, has a text as well."""
    following = following or {}
    fingerprint = _fingerprint(call, following)
    state = Checkpoint(FORMAT, call.name, fingerprint, dict(following), yielded)
    state = msgspec.structs.replace(state, check=_check(state))
    return base64.urlsafe_b64encode(msgspec.json.encode(state)).decode().rstrip("=")


def from_checkpoint(call: Call[Any], checkpoint: str) -> Checkpoint:
    """Read a checkpoint of the list that `call` begins.

    Raises:
        PaginationError: The text is no checkpoint, or belongs to another list.
    """
    try:
        padded = checkpoint + "=" * (-len(checkpoint) % 4)
        state = msgspec.json.decode(base64.urlsafe_b64decode(padded.encode()), type=Checkpoint)
    except (msgspec.MsgspecError, binascii.Error, ValueError, AttributeError, TypeError):
        raise PaginationError("this is not a checkpoint of a list", call=call.name) from None
    if state.format != FORMAT:
        raise PaginationError(
            f"the checkpoint has format {state.format}, this version reads {FORMAT}: begin the "
            "list again",
            call=call.name,
        )
    if state.check != _check(state):
        raise PaginationError(
            "the checkpoint was cut off or changed where it was kept", call=call.name
        )
    if state.operation != call.name:
        raise PaginationError(f"the checkpoint belongs to {state.operation}", call=call.name)
    if state.list_fingerprint != _fingerprint(call, state.next):
        raise PaginationError(
            "the checkpoint belongs to another list of this operation: path, query, sort and "
            "filters must be the same, and per_page where pages are numbered",
            call=call.name,
        )
    return state


def is_numbered(following: Continuation) -> bool:
    """Return whether a continuation is a page's number, which means a place by the page size."""
    return bool(following.get("page")) and not following.get("starting_after")


def _check(state: Checkpoint) -> bytes:
    plain_state = msgspec.json.encode(msgspec.structs.replace(state, check=b""))
    return blake2b(plain_state, digest_size=CHECK_BYTES).digest()


def _fingerprint(call: Call[Any], following: Continuation) -> bytes:
    """Return a digest of everything that decides which rows a list has, and in which order.

    The page size counts where pages are numbered: page 3 of 50 rows begins elsewhere than page 3
    of 60. A cursor means the same position whatever the page size.
    """
    query: Mapping[str, Any] = call.query
    body: Any = call.json
    if call.operation.paging is not Paging.PAGE and not is_numbered(following):
        if "per_page" in query:
            query = {name: value for name, value in query.items() if name != "per_page"}
        if body and "pagination" in body:
            body = {name: value for name, value in body.items() if name != "pagination"}
    text = _IN_ORDER.encode((call.name, call.path, query, body))
    return blake2b(text, digest_size=FINGERPRINT_BYTES).digest()


def _after(page: Page[Any], *, counts_pages: bool) -> Continuation | None:
    """Read `pages.next`, whatever its form; count pages in a list whose pages are numbered."""
    pages = page.pages
    following = None if pages is None else pages.next
    if isinstance(following, str):
        parameters: Continuation = _parameters(following) if following else {}
        places = [parameters[name] for name in _PLACES if name in parameters]
        # An empty place is no place: followed, it would lead back to the first page.
        return (parameters or None) if any(places) or not places else None
    if following is not None:
        cursor = following.starting_after
        if cursor is not None:
            return {"starting_after": cursor} if cursor else None
        return {"page": str(following.page)} if following.page else None
    if not counts_pages:
        return None
    number, total = (
        (page.page, page.total_pages) if pages is None else (pages.page, pages.total_pages)
    )
    if number is None or total is None or number >= total:
        return None
    return {"page": str(number + 1)}


def _readable(cursor: str) -> str:
    """Return a cursor unless it stands for one that could not be read."""
    if cursor.startswith(UNREADABLE):
        raise PaginationError("the cursor of the next page cannot be read")
    return cursor


def _parameters(link: str) -> Continuation:
    """Return a link's query parameters; its host and path are never used."""
    found: dict[str, str | list[str]] = {}
    with suppress(ValueError):
        for name, value in parse_qsl(urlsplit(link).query, keep_blank_values=True):
            earlier = found.get(name)
            if earlier is None:
                found[name] = value
            else:
                found[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
    if not found:
        raise PaginationError("the link to the next page has no parameters")
    return found
