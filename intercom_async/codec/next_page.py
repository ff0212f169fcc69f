"""What a page says of its list and of the page after it, where its form is none that is declared.

A list must not end early because its position cannot be read, so whatever says that there is more
is kept: as text that begins with `UNREADABLE`, which the pager refuses. What says that there is no
more, in whatever form, becomes null. A list that is null is an empty one, but where the page counts
rows or says that there is more.
"""

from __future__ import annotations

import re
from typing import Any

from . import drift_log
from .coercion import is_object, name_of

UNREADABLE = "unreadable "
"""Beginning of a link or cursor in place of one that cannot be read."""
WAS_NULL = "intercom_async.was_null"
"""Name of `Page.was_null` in a body."""
_CURSORS = ("next_cursor", "scroll_param")
"""Names in the body itself."""
_PAGE = re.compile(r"\s*[0-9]{1,18}(\.0*)?\s*", re.ASCII)
"""Number of a page, as a number or as text."""


def with_next_page(body: Any) -> Any:
    """Return the body of a page with a position that can be read, and with all else as it is."""
    if not is_object(body):
        return body
    changed: dict[str, Any] = {
        name: _cursor(name, body[name])
        for name in _CURSORS
        if not isinstance(body.get(name), str | None)
    }
    pages = body.get("pages")
    if is_object(pages):
        following = pages.get("next")
        if following is not None and not isinstance(following, str):
            changed["pages"] = {**pages, "next": _following(following)}
    elif pages:
        changed["pages"] = {"next": _unread("pages", pages)}
    return {**body, **changed} if changed else body


def with_list(body: Any, page: Any) -> Any:
    """Return the body of a page with an empty list in place of null, unless it says otherwise.

    Args:
        body: The body, as `with_next_page` returns it.
        page: What msgspec says of the page's type.
    """
    name = next(field.encode_name for field in page.fields if field.name == "items")
    if not is_object(body) or body.get(name, body) is not None:
        return body
    pages = body.get("pages")
    following = pages.get("next") if is_object(pages) else pages
    if following or any(body.get(one) for one in ("total_count", "has_more", "next_cursor")):
        return body
    drift_log.note("Page", name, "list", "null")
    return {**body, name: [], WAS_NULL: True}


def _cursor(name: str, value: Any) -> Any:
    """Return a cursor in the body itself that is neither null nor text."""
    if not value:
        return None
    return value if _is_cursor(value) else _unread(name, value, model="Page", expected="str")


def _following(value: Any) -> Any:
    """Return `next`, which is neither null nor a link."""
    if not value and not is_object(value):
        drift_log.note("Pages", "next", "PageCursor | str", name_of(value))
        return None
    if not is_object(value):
        return _unread("next", value)
    cursor, page = value.get("starting_after"), value.get("page")
    if cursor is None:
        is_read = not page or _PAGE.fullmatch(str(page)) is not None
    elif cursor:
        is_read = _is_cursor(cursor)
    else:
        # Empty, as a cursor is where nothing follows; 0 and false would become text.
        return {**value, "starting_after": ""}
    return value if is_read else _unread("next", value)


def _is_cursor(value: Any) -> bool:
    """Return whether a value that is not empty can be sent back as a cursor."""
    return value is not True and isinstance(value, str | int | float)


def _unread(
    field: str, value: Any, *, model: str = "Pages", expected: str = "PageCursor | str"
) -> str:
    """Return text that is neither a link nor a cursor, so that following it is an error."""
    drift_log.note(model, field, expected, name_of(value))
    return UNREADABLE + name_of(value)
