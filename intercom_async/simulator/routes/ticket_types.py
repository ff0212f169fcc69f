"""Ticket types, their attributes, and the states."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import bad_parameter, not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.tickets import CATEGORIES, ticket_attribute, ticket_type
from intercom_async.simulator.store import present
from intercom_async.simulator.store.present import public
from .call import Call
from .checks import needed_text, text_of
from .paging import whole_list
from .registry import Routes

routes: Routes = Routes()

DATA_TYPES = frozenset(("string", "list", "integer", "decimal", "boolean", "datetime", "files"))
SWITCHES = (
    "required_to_create",
    "required_to_create_for_contacts",
    "visible_on_create",
    "visible_to_contacts",
    "archived",
)


def shown(call: Call, kind: Row) -> Row:
    """Return a ticket type as it is sent."""
    return present.ticket_type(kind, call.workspace.ticket_states)


@routes("GET /ticket_states")
def list_states(call: Call) -> Any:
    """Answer all states, each with the types that have it."""
    types = [shown(call, one) for one in call.workspace.ticket_types]
    return whole_list(
        public(state) | {"archived": False, "ticket_types": {"type": "list", "data": types}}
        for state in call.workspace.ticket_states
    )


@routes("GET /ticket_types")
def list_types(call: Call) -> Any:
    """Answer all types."""
    return whole_list(shown(call, one) for one in call.workspace.ticket_types)


@routes("GET /ticket_types/{ticket_type_id}")
def show(call: Call) -> Any:
    """Answer one type."""
    return shown(call, type_of(call, call.id("ticket_type_id")))


def type_of(call: Call, type_id: str) -> Row:
    """Return a ticket type; 404 without one."""
    row = call.workspace.ticket_types.find(type_id)
    if row is None:
        raise not_found("Ticket type not found")
    return row


@routes("POST /ticket_types")
def create(call: Call) -> Any:
    """Make a type with the two attributes that each has."""
    fields = call.fields
    category = text_of(fields, "category") or "Customer"
    if category not in CATEGORIES:
        raise bad_parameter(f"category must be one of {', '.join(CATEGORIES)}", field="category")
    types = call.workspace.ticket_types
    row = ticket_type(
        types.new_id(),
        needed_text(fields, "name"),
        category,
        call.workspace.id_code,
        call.now_at,
    )
    _apply(row, fields)
    return shown(call, types.add(row))


@routes("PUT /ticket_types/{ticket_type_id}", "PATCH /ticket_types/{ticket_type_id}")
def update(call: Call) -> Any:
    """Change a type."""
    row = type_of(call, call.id("ticket_type_id"))
    _apply(row, call.fields)
    row["updated_at"] = call.now_at
    return shown(call, row)


def _apply(row: Row, fields: Row) -> None:
    for name in ("name", "description", "icon", "category"):
        if fields.get(name) is not None:
            row[name] = text_of(fields, name)
    for name in ("archived", "is_internal"):
        if isinstance(fields.get(name), bool):
            row[name] = fields[name]


@routes("POST /ticket_types/{ticket_type_id}/attributes")
def create_attribute(call: Call) -> Any:
    """Add an attribute to a type."""
    kind, fields = type_of(call, call.id("ticket_type_id")), call.fields
    data_type = needed_text(fields, "data_type")
    if data_type not in DATA_TYPES:
        raise bad_parameter("data_type is not known", field="data_type")
    attributes: list[Row] = kind["_attributes"]
    attribute_id = f"{kind['id']}{len(attributes) + 1}"
    row = ticket_attribute(
        kind, attribute_id, needed_text(fields, "name"), data_type, len(attributes), call.now_at
    )
    _apply_attribute(row, fields)
    attributes.append(row)
    return row


@routes(
    "PUT /ticket_types/{ticket_type_id}/attributes/{attribute_id}",
    "PATCH /ticket_types/{ticket_type_id}/attributes/{attribute_id}",
)
def update_attribute(call: Call) -> Any:
    """Change an attribute of a type."""
    kind = type_of(call, call.id("ticket_type_id"))
    wanted = call.id("attribute_id")
    row = next((one for one in kind["_attributes"] if one["id"] == wanted), None)
    if row is None:
        raise not_found("Ticket type attribute not found")
    _apply_attribute(row, call.fields)
    row["updated_at"] = call.now_at
    return row


def _apply_attribute(row: Row, fields: Row) -> None:
    for name in ("name", "description"):
        if fields.get(name) is not None:
            row[name] = text_of(fields, name)
    for name in SWITCHES:
        if isinstance(fields.get(name), bool):
            row[name] = fields[name]
    if isinstance(fields.get("multiline"), bool):
        row["input_options"] = {"multiline": fields["multiline"]}
