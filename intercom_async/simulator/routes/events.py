"""Events: what contacts did."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any
from urllib.parse import urlencode

from intercom_async.simulator.errors import bad_parameter, not_found
from intercom_async.simulator.rows import Row
from .call import Call, Reply
from .checks import moment_of, needed_text, object_of, text_of
from .paging import page_size
from .registry import Routes

routes: Routes = Routes()

KEPT_S = 90 * 86_400
"""Seconds for which an event is listed (`test_state.py`)."""
MAX_METADATA = 10
"""Keys of an event's metadata that are kept; the rest is dropped in silence."""


@routes("POST /events")
def create(call: Call) -> Any:
    """Take an event; one with the same contact, name and time is taken and not kept."""
    fields = call.fields
    name = needed_text(fields, "event_name")
    created_at = moment_of(fields, "created_at") or call.now_at
    contact = _contact(call, fields, ("id", "user_id", "email"))
    metadata = dict(list(object_of(fields, "metadata").items())[:MAX_METADATA])
    if any(_is_nested(value) for value in metadata.values()):
        raise bad_parameter("metadata cannot be nested", field="metadata")
    if not call.workspace.events.has(contact["id"], name, created_at):
        number = len(call.workspace.events) + 1
        call.workspace.events.append(
            {
                "type": "event",
                "id": f"event-{call.workspace.seed}-{number}",
                "created_at": created_at,
                "event_name": name,
                "user_id": contact["external_id"],
                "email": contact["email"],
                "intercom_user_id": contact["id"],
                "metadata": metadata,
            }
        )
    return Reply(b"", 202)


def _is_nested(value: Any) -> bool:
    """Tell whether a value is more than a plain one, a price or a link with its text."""
    if not isinstance(value, dict):
        return isinstance(value, list)
    inner: Row = value  # pyright: ignore[reportUnknownVariableType]
    return any(isinstance(one, (dict, list)) for one in inner.values())


def _contact(call: Call, given: Any, names: tuple[str, ...]) -> Row:
    """Find the contact of an event by whichever key is given."""
    table = call.workspace.contacts
    intercom_id, user_id, email = (text_of(given, name) for name in names)
    if not (intercom_id or user_id or email):
        raise bad_parameter("A user_id, email or id is required", code="parameter_not_found")
    row: Row | None = None
    if intercom_id:
        row = table.find(intercom_id)
    elif user_id:
        row = table.unique("external_id", user_id)
    elif email:
        row = table.unique("email", email)
    if row is None or "_merged_into" in row:
        raise not_found("User Not Found")
    return row


@routes("GET /events")
def list_events(call: Call) -> Any:
    """Answer the events of one contact of the last ninety days, the newest first."""
    query = call.query
    if query.get("type") != "user":
        raise bad_parameter("type must be user", field="type")
    contact = _contact(call, dict(query), ("intercom_user_id", "user_id", "email"))
    log, oldest_at = call.workspace.events, call.now_at - KEPT_S
    if call.flag("summary"):
        return _summary(log.between(contact["id"], oldest_at, math.inf)[::-1], contact)
    per_page = page_size(call, query.get("per_page"), default=50)
    before = moment_of(dict(query), "before")
    since = moment_of(dict(query), "since")
    first_at = oldest_at if since is None else max(oldest_at, since + 1)
    shown = log.between(contact["id"], first_at, math.inf if before is None else before)
    page = shown[-per_page:][::-1]
    pages: Row = {}
    kept = {key: value for key, value in query.items() if key not in ("before", "since")}
    if len(shown) > per_page:
        pages["next"] = _link(call, kept, "before", page[-1]["created_at"])
    if page:
        pages["since"] = _link(call, kept, "since", page[0]["created_at"])
    return {"type": "event.list", "events": page, "pages": pages}


def _link(call: Call, query: dict[str, str], name: str, moment: int) -> str:
    return call.link(f"/events?{urlencode(query | {name: moment})}")


def _summary(rows: list[Row], contact: Row) -> Row:
    by_name: dict[str, list[int]] = {}
    for row in rows:
        by_name.setdefault(row["event_name"], []).append(row["created_at"])
    return {
        "type": "event.summary",
        "email": contact["email"],
        "intercom_user_id": contact["id"],
        "user_id": contact["external_id"],
        "events": [
            {
                "name": name,
                "first": _iso(min(times)),
                "last": _iso(max(times)),
                "count": len(times),
                "description": "",
            }
            for name, times in by_name.items()
        ],
    }


def _iso(moment: int) -> str:
    return dt.datetime.fromtimestamp(moment, dt.UTC).isoformat()


@routes("POST /events/summaries")
def summaries(call: Call) -> Any:
    """Take a summary of events of a user; the answer is empty."""
    needed_text(call.fields, "user_id")
    object_of(call.fields, "event_summaries")
    return Reply(b"")
