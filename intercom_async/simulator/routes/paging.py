"""The shapes of lists: cursors in query or body, pages by number with URLs, and plain lists."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from intercom_async.simulator.errors import ApiError, bad_parameter
from intercom_async.simulator.rows import BAD_JSON, Row, decode_json, encode_json
from intercom_async.simulator.store.filters import Filter
from intercom_async.simulator.store.runs import Order, Position
from intercom_async.simulator.store.table import Table
from .call import Call, Reply

MAX_PER_PAGE = 150
"""Rows of one page at most, where an endpoint has no limit of its own; more are a 400."""


FIRST_CURSOR = 2
"""Number of the page that the first cursor of a list leads to."""


def whole_number(value: Any, name: str, *, default: int, low: int = 1, high: int) -> int:
    """Read a count from a query or a body; 400 beyond its bounds."""
    if value is None or value == "":
        return default
    if isinstance(value, bool):
        raise bad_parameter(f"{name} must be a number", field=name)
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise bad_parameter(f"{name} must be a number", field=name) from None
    if not low <= number <= high:
        raise bad_parameter(f"{name} must be between {low} and {high}", field=name)
    return number


def page_size(call: Call, value: Any, *, default: int, high: int = MAX_PER_PAGE) -> int:
    """Read `per_page`: 400 beyond its bounds, and no more than the workspace's quirk allows."""
    size = whole_number(value, "per_page", default=default, high=high)
    most = call.workspace.quirks.max_per_page
    return size if most is None else min(size, most)


def write_cursor(mark: Position, record_id: str, page: int) -> str:
    """Return base64 of sort value, id and number of the page it leads to."""
    value = mark.value
    if isinstance(value, int) and not isinstance(value, bool):
        value *= 1_000
    return base64.b64encode(encode_json([value, record_id, page])).decode()


def read_cursor(text: Any, table: Table) -> tuple[Position, int] | None:
    """Return where a cursor points; None for none, 400 for one that was not given out."""
    if text is None or text == "":
        return None
    try:
        value, record_id, page = decode_json(base64.b64decode(str(text), validate=True))
        number = table.seeds.number_of(record_id)
    except (*BAD_JSON, TypeError, binascii.Error):
        number = None
        value, page = None, None
    if number is None or isinstance(page, bool) or not isinstance(page, int) or page < FIRST_CURSOR:
        raise ApiError(
            400,
            "client_error",
            "starting_after was not given out by this list: take the value of its last page, "
            "unchanged",
        )
    if isinstance(value, int) and not isinstance(value, bool):
        value //= 1_000
    return Position(value, number), page


def cursor_page(
    call: Call,
    table: Table,
    asked: Filter,
    order: Order,
    *,
    per_page: int,
    starting_after: Any,
    key: str = "data",
    kind: str = "list",
    is_search: bool = False,
) -> Reply:
    """Return one page of a table, its rows encoded without being decoded."""
    cursor = read_cursor(starting_after, table)
    mark, page = cursor or (None, 1)
    size = call.workspace.drawn_size(per_page)
    cut = table.page(asked, order, mark, size, is_search=is_search)
    pages: Row = {
        "type": "pages",
        "page": page,
        "per_page": per_page,
        "total_pages": math.ceil(cut.total_count / per_page),
    }
    if cut.mark is not None:
        last_id = table.value_at(cut.mark.number, "id")
        pages["next"] = {
            "page": page + 1,
            "per_page": per_page,
            "starting_after": write_cursor(cut.mark, last_id, page + 1),
        }
    rows = (table.encoded(number, call.version) for number in cut.numbers)
    return Reply(join_rows(kind, key, rows, cut.total_count, pages))


def join_rows(
    kind: str, key: str, rows: Iterable[bytes], total_count: int, pages: Row | None
) -> bytes:
    """Put encoded rows into their envelope."""
    tail = b"" if pages is None else b',"pages":%b' % encode_json(pages)
    return b'{"type":"%b","%b":[%b],"total_count":%d%b}' % (
        kind.encode(),
        key.encode(),
        b",".join(rows),
        total_count,
        tail,
    )


def numbered_page(
    call: Call,
    total_count: int,
    *,
    default: int,
    high: int = MAX_PER_PAGE,
    source: Any = None,
) -> tuple[range, Row]:
    """Return the places of the rows on the page that was asked for, and `pages` with its URL."""
    given = call.query if source is None else source
    per_page = page_size(call, given.get("per_page"), default=default, high=high)
    page = whole_number(given.get("page"), "page", default=1, high=10_000_000)
    total_pages = math.ceil(total_count / per_page)
    pages: Row = {"type": "pages", "page": page, "per_page": per_page, "total_pages": total_pages}
    pages["next"] = None
    if page < total_pages:
        kept = {name: value for name, value in call.query.items() if name != "page"}
        query = urlencode(kept | {"per_page": per_page, "page": page + 1})
        pages["next"] = call.link(f"{call.path}?{query}")
    start = min(total_count, (page - 1) * per_page)
    return range(start, min(total_count, start + per_page)), pages


def numbered_list(
    call: Call,
    rows: Sequence[Row],
    *,
    default: int,
    high: int = MAX_PER_PAGE,
    key: str = "data",
    source: Any = None,
    show: Callable[[Row], Row] | None = None,
) -> Row:
    """Return one page of rows that are at hand; `show` makes what is sent of one of its rows."""
    places, pages = numbered_page(call, len(rows), default=default, high=high, source=source)
    shown = [rows[place] for place in places]
    if show is not None:
        shown = [*map(show, shown)]
    return {"type": "list", key: shown, "total_count": len(rows), "pages": pages}


def whole_list(rows: Iterable[Row], *, key: str = "data", kind: str = "list") -> Row:
    """Return all rows at once, as lists without pages do."""
    return {"type": kind, key: list(rows)}
