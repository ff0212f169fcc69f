"""Search of companies, which Preview has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from intercom_async.simulator.rows import Row, names
from intercom_async.simulator.store.conditions import Fields
from intercom_async.simulator.store.filters import Filter
from .call import Call
from .checks import custom_fields, search
from .registry import Routes

routes: Routes = Routes()

TIMES = names("created_at updated_at remote_created_at last_request_at")
NUMBERS = names("monthly_spend session_count user_count")


@routes("POST /companies/search")
def search_companies(call: Call) -> Any:
    """Answer a search of the companies that have people."""
    # Every row that is shown or asked for has its count of people.
    call.workspace.members.need(range(call.workspace.companies.seeds.count))
    return search(call, call.workspace.companies, _fields_of(call), default=15, narrow=_with_people)


def _with_people(call: Call, asked: Filter) -> Filter:
    return call.workspace.members.with_people(asked)


def _tag_ids(row: Row) -> list[str]:
    return [one["id"] for one in row["_tags"]]


def _fields_of(call: Call) -> Fields:
    special: dict[str, Callable[[Row], Any]] = {
        "tag_id": _tag_ids,
        "user_count": call.workspace.members.count,
    }
    return Fields(
        known=names("company_id name") | TIMES | NUMBERS,
        dates=TIMES | custom_fields(call, "company", "date"),
        special=special,
        no_lists=TIMES,
        numbers=NUMBERS | custom_fields(call, "company", "integer", "float"),
        flags=custom_fields(call, "company", "boolean"),
    )
