"""Deleted contacts, and the log of contact activity."""

from __future__ import annotations

import html
import re
from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter
from intercom_async.simulator.rows import Row
from intercom_async.simulator.store.contact_history import shown_deleted
from intercom_async.simulator.store.inactive_contacts import status_of
from .call import Call
from .paging import numbered_list, page_size
from .registry import Routes

routes: Routes = Routes()

MAX_PER_PAGE = 150
"""Rows of one page at most; a larger number counts as this one."""
LEADING_DIGITS = re.compile(r"0*([1-9]\d*)")


@routes("GET /contacts/deleted", since="2.17")
def list_deleted(call: Call) -> Any:
    """Answer a page of the contacts that are not active any more, the last changed first."""
    found = LEADING_DIGITS.match(call.query.get("per_page") or "10")
    if found is None:
        raise ApiError(400, "invalid_per_page", "per_page must be a positive integer")
    source = {"page": call.query.get("page"), "per_page": min(int(found[1]), MAX_PER_PAGE)}
    is_escaped = call.query.get("escape_identity") != "false"

    def show(row: Row) -> Row:
        shown = _shown(call, row)
        email = shown["email"]
        return shown | {"email": email and html.escape(email)} if is_escaped else shown

    inactive = call.workspace.inactive.newest_first()
    return numbered_list(call, inactive, default=10, source=source, show=show)


def _shown(call: Call, row: Row) -> Row:
    if "deleted_at" in row:
        return shown_deleted(row, call.workspace.now())
    shown = {
        "type": "contact",
        "id": row["id"],
        "external_id": row["external_id"],
        "email": row["email"],
        "status": status_of(row),
    }
    if "_merged_into" in row:
        shown["merged_into_id"] = row["_merged_into"]
    return shown


@routes("GET /contacts/activities")
def list_activities(call: Call) -> Any:
    """Answer a page of what happened to contacts, the oldest first."""
    history = call.workspace.history
    per_page = page_size(call, call.query.get("per_page"), default=50)
    start = _place(call.query.get("starting_after"), len(history))
    end = min(len(history), start + per_page)
    data = [history.at(number) for number in range(start, end)]
    pages: Row = {"type": "pages", "per_page": per_page, "next": None}
    if end < len(history):
        pages["next"] = {"starting_after": data[-1]["id"]}
    return {"type": "list", "data": data, "pages": pages}


def _place(cursor: str | None, count: int) -> int:
    if not cursor:
        return 0
    try:
        place = int(cursor.partition(".")[2], 16) + 1
    except ValueError:
        place = count + 1
    if not 0 < place <= count:
        raise bad_parameter("starting_after was not given out by this list", field="starting_after")
    return place
