"""The activity log of the admins."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import bad_parameter
from intercom_async.simulator.rows import Row
from .call import Call
from .checks import list_of, moment_of
from .paging import numbered_page
from .registry import Routes

routes: Routes = Routes()


@routes("GET /admins/activity_logs")
def list_activity(call: Call) -> Any:
    """Answer a page of what was done after a moment, the last first."""
    query = dict(call.query)
    kinds = call.query.get("event_type") or call.query.get("event_types") or ""
    return _page(call, query, [one for one in kinds.split(",") if one], None)


@routes("POST /admins/activity_logs/search")
def search_activity(call: Call) -> Any:
    """Answer a page; filters and page stand in the body, which the next URL does not repeat."""
    kinds = [str(one) for one in list_of(call.fields, "event_types")]
    return _page(call, call.fields, kinds, dict(call.query) | call.fields)


def _page(call: Call, given: Row, kinds: list[str], source: Row | None) -> Row:
    first_at, last_at = (moment_of(given, f"created_at_{end}") for end in ("after", "before"))
    if first_at is None:
        raise bad_parameter(
            "created_at_after is required", code="parameter_not_found", field="created_at_after"
        )
    rows = [
        one
        for one in reversed(call.workspace.activity)
        if one["created_at"] >= first_at
        and (last_at is None or one["created_at"] <= last_at)
        and (not kinds or one["activity_type"] in kinds)
    ]
    places, pages = numbered_page(call, len(rows), default=20, high=250, source=source)
    return {
        "type": "activity_log.list",
        "pages": pages,
        "activity_logs": [rows[place] for place in places],
    }
