"""What several resources check alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter, not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.store.conditions import Days, Fields
from intercom_async.simulator.store.filters import Filter
from intercom_async.simulator.store.query import compile_filter, parse
from intercom_async.simulator.store.runs import Order
from intercom_async.simulator.store.table import Table
from intercom_async.simulator.versions import is_since
from .call import Call, Reply
from .paging import cursor_page, page_size

TYPE_NAMES: dict[type, str] = {str: "string", int: "number", bool: "boolean", dict: "object"}


def text_of(fields: Row, name: str) -> str | None:
    """Return a text field; numbers are taken as text, as ids come both ways."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise bad_parameter(f"{name} must be a string", field=name)
    return str(value)


def needed_text(fields: Row, name: str) -> str:
    """Return a text field that must be there and not blank."""
    value = text_of(fields, name)
    if value is None or not value.strip():
        raise bad_parameter(f"{name} is required", code="parameter_not_found", field=name)
    return value


def moment_of(fields: Row, name: str) -> int | None:
    """Return UNIX seconds; text of digits will do."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        raise bad_parameter(f"{name} must be a UNIX timestamp", field=name) from None


def object_of(fields: Row, name: str) -> Row:
    """Return an object field; absent and null are an empty one."""
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_parameter(f"{name} must be an object", field=name)
    return value  # pyright: ignore[reportUnknownVariableType]


def list_of(fields: Row, name: str) -> list[Any]:
    """Return a list field; absent and null are an empty one."""
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise bad_parameter(f"{name} must be an array", field=name)
    return value  # pyright: ignore[reportUnknownVariableType]


def admin_of(call: Call, admin_id: Any, *, code: str = "not_found") -> Row:
    """Return the admin of an id; 404 without one."""
    admin = call.workspace.admins.find(admin_id)
    if admin is None:
        message = "Resource Not Found" if code == "not_found" else "Admin for admin_id not found"
        raise not_found(message, code)
    return admin


def contact_of(call: Call, contact_id: str) -> Row:
    """Return a contact that can be seen by now; 404, or 410 where it was merged away."""
    row = call.workspace.contacts.find(contact_id)
    if row is None or row.get("_visible_at", 0) > call.workspace.now():
        raise not_found("User Not Found")
    if "_merged_into" not in row:
        return row
    merged_into = _canonical(call, row)
    if not is_since(call.version, "2.16"):
        raise not_found("User Not Found")
    raise ApiError(
        410,
        "contact_merged",
        f"This contact was merged into {merged_into}",
        headers={"Link": f'</contacts/{merged_into}>; rel="canonical"'},
    )


def _canonical(call: Call, row: Row) -> str:
    """Follow a chain of merges to the contact that is left."""
    merged_into: str = row["_merged_into"]
    while (following := call.workspace.contacts.find(merged_into)) is not None:
        if "_merged_into" not in following:
            break
        merged_into = following["_merged_into"]
    return merged_into


def contact_to_change(call: Call, contact_id: str) -> Row:
    """Return a contact to write to, its time of change already set."""
    contact_of(call, contact_id)
    row = call.workspace.contacts.change(contact_id)
    row["updated_at"] = call.now_at
    return row


def custom_fields(call: Call, model: str, *types: str) -> frozenset[str]:
    """Return the custom attributes of these types, as searches name them."""
    return frozenset(
        f"custom_attributes.{one['name']}"
        for one in call.workspace.data_attributes
        if one["custom"] and one["model"] == model and one["data_type"] in types
    )


def search(
    call: Call,
    table: Table,
    fields: Fields,
    *,
    default: int,
    narrow: Callable[[Call, Filter], Filter] | None = None,
    key: str = "data",
    kind: str = "list",
    days: Days | None = None,
) -> Reply:
    """Answer a search: query, pagination and sort from the body.

    `narrow` leaves out the rows that searches do not show, `days` says what a whole day is.
    """
    body = call.fields
    if "query" not in body:
        raise bad_parameter("query is required", code="parameter_not_found", field="query")
    day_of = call.workspace.day_of if days is None else days
    fields = call.workspace.links.in_search(fields)
    asked = compile_filter(parse(body["query"], fields), table, fields, day_of)
    pagination, sort = object_of(body, "pagination"), object_of(body, "sort")
    return cursor_page(
        call,
        table,
        asked if narrow is None else narrow(call, asked),
        sort_order(sort, fields, table),
        per_page=page_size(call, pagination.get("per_page"), default=default),
        starting_after=pagination.get("starting_after"),
        key=key,
        kind=kind,
        is_search=True,
    )


def sort_order(sort: Row, fields: Fields, table: Table) -> Order:
    """Read `sort`: the newest first unless it says otherwise."""
    field, direction = sort.get("field") or "created_at", sort.get("order") or "descending"
    if direction not in ("ascending", "descending"):
        raise bad_parameter(
            f"sort.order is ascending or descending, not {direction!r}",
            code="invalid_sort_order",
        )
    if not isinstance(field, str) or not fields.knows(field) or field in fields.equality_only:
        raise bad_parameter(f"{field} is not a valid sort field", code="invalid_field")
    read = None if field in table.seeds.columns else fields.special.get(field)
    return Order(field, direction == "descending", read)


def first_where(rows: Iterable[Row], **wanted: Any) -> Row | None:
    """Return the first row that has all these values."""
    return next(
        (row for row in rows if all(row.get(key) == value for key, value in wanted.items())), None
    )
