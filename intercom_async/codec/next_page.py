"""What a page says of the page after it, where its form is none that is declared.

A list must not end early because its position cannot be read, so whatever says that there is more
is kept: as a link that leads nowhere, which the pager refuses. What says that there is no more, in
whatever form, becomes null.
"""

from __future__ import annotations

from typing import Any

from . import drift_log
from .coercion import is_object, name_of

_CURSOR = ("starting_after", "page")
"""Names in an object that lead to the next page."""
_CURSORS = ("next_cursor", "scroll_param")
"""Names in the body itself."""


def with_next_page(body: Any) -> Any:
    """Return the body of a page with a position that can be read, and with all else as it is."""
    if not is_object(body):
        return body
    changed: dict[str, Any] = {name: None for name in _CURSORS if body.get(name) is False}
    pages = body.get("pages")
    if is_object(pages):
        following = pages.get("next")
        if following is not None and not isinstance(following, str):
            changed["pages"] = {**pages, "next": _following(following)}
    elif pages:
        changed["pages"] = {"next": _unread("pages", pages)}
    return {**body, **changed} if changed else body


def _following(value: Any) -> Any:
    """Return `next`, which is neither null nor a link."""
    if not value and not is_object(value):
        drift_log.note("Pages", "next", "PageCursor | str", name_of(value))
        return None
    if not is_object(value):
        return _unread("next", value)
    places = [value[name] for name in _CURSOR if value.get(name)]
    if any(place is True or not isinstance(place, str | int | float) for place in places):
        return _unread("next", value)
    # Empty, as a cursor is where nothing follows; false would become text.
    return {**value, "starting_after": ""} if value.get("starting_after") is False else value


def _unread(field: str, value: Any) -> str:
    """Return text that is no link, so that following it is an error."""
    drift_log.note("Pages", field, "PageCursor | str", name_of(value))
    return f"unreadable {name_of(value)}"
