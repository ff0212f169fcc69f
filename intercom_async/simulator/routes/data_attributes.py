"""Data attributes: those that everyone has, and custom ones."""

from __future__ import annotations

import re
from typing import Any

from intercom_async.simulator.errors import bad_parameter, not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.versions import is_since
from .call import Call
from .checks import first_where, list_of, needed_text, text_of
from .registry import Routes

routes: Routes = Routes()

MODELS = ("contact", "company")
DATA_TYPES = ("string", "integer", "float", "boolean", "date", "datetime", "options")
NAME = re.compile(r"[\w $€£¥¢.-]+")
SWITCHES = ("archived", "messenger_writable")


@routes("GET /data_attributes")
def list_attributes(call: Call) -> Any:
    """Answer the attributes of contacts, companies or both; archived ones where asked for."""
    model = call.query.get("model")
    if model not in (None, "", *MODELS, "conversation"):
        raise bad_parameter("model must be contact or company", field="model")
    rows = [
        _shown(call, one)
        for one in call.workspace.data_attributes
        if model in (None, "", one["model"])
        and (call.flag("include_archived") or not one["archived"])
    ]
    return {"type": "list", "data": rows}


def _shown(call: Call, row: Row) -> Row:
    """Return an attribute as it is sent: from 2.17 on standard times are datetimes."""
    is_exact = row["model"] == "contact" and not row["custom"] and is_since(call.version, "2.17")
    return row | {"data_type": "datetime"} if is_exact and row["data_type"] == "date" else row


@routes("POST /data_attributes")
def create(call: Call) -> Any:
    """Define an attribute; its name must be new for its model."""
    fields = call.fields
    model = text_of(fields, "model")
    if model not in MODELS:
        raise bad_parameter("model must be contact or company")
    name = needed_text(fields, "name")
    if not NAME.fullmatch(name):
        raise bad_parameter("name takes letters, digits, spaces, hyphens and currency signs only")
    data_type = text_of(fields, "data_type")
    if data_type not in DATA_TYPES:
        raise bad_parameter("data_type is not known")
    store = call.workspace.data_attributes
    if first_where(store, name=name, model=model) is not None:
        raise bad_parameter(f"A {model} attribute named '{name}' is there already")
    row: Row = {
        "type": "data_attribute",
        "id": int(store.new_id()),
        "model": model,
        "name": name,
        "full_name": f"custom_attributes.{name}",
        "label": name,
        "description": text_of(fields, "description") or "",
        "data_type": "string" if data_type == "options" else data_type,
        "api_writable": True,
        "messenger_writable": False,
        "ui_writable": False,
        "custom": True,
        "archived": False,
        "admin_id": next(iter(call.workspace.admins))["id"],
        "created_at": call.now_at,
        "updated_at": call.now_at,
    }
    _apply(row, fields)
    if data_type == "options" and not row.get("options"):
        raise bad_parameter("The Data Attribute needs at least two options", field="options")
    return store.add(row)


@routes("PUT /data_attributes/{attribute_id}", "PATCH /data_attributes/{attribute_id}")
def update(call: Call) -> Any:
    """Change an attribute's description, options or whether it is archived."""
    row = call.workspace.data_attributes.find(call.id("attribute_id"))
    if row is None:
        raise not_found("No such data attribute", "field_not_found")
    _apply(row, call.fields)
    row["updated_at"] = call.now_at
    return row


def _apply(row: Row, fields: Row) -> None:
    if "options" in fields and not isinstance(fields["options"], list):
        raise bad_parameter("options must be an array")
    options = [
        str(one.get("value")) if isinstance(one, dict) else str(one)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        for one in list_of(fields, "options")
    ]
    if options:
        row["options"] = options
    if fields.get("description") is not None:
        row["description"] = text_of(fields, "description")
    for name in SWITCHES:
        if isinstance(fields.get(name), bool):
            row[name] = fields[name]
