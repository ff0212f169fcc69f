"""Custom objects: instances of the types that the workspace has."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.store.record_store import RecordStore
from intercom_async.simulator.store.workspace import CUSTOM_OBJECT_TYPES
from intercom_async.simulator.versions import is_since
from .call import Call
from .checks import first_where, moment_of, needed_text, object_of
from .paging import numbered_list
from .registry import Routes

routes: Routes = Routes()


@routes("POST /custom_object_instances/{type_identifier}")
def create_or_update(call: Call) -> Any:
    """Make an instance, or change the one with this external id."""
    store, fields = _store(call), call.fields
    external_id = needed_text(fields, "external_id")
    row = first_where(store, external_id=external_id)
    if row is None:
        row = store.add(
            {
                "type": call.id("type_identifier"),
                "external_id": external_id,
                "external_created_at": None,
                "external_updated_at": None,
                "created_at": call.now_at,
                "updated_at": call.now_at,
                "custom_attributes": {},
            }
        )
    for name in ("external_created_at", "external_updated_at"):
        if name in fields:
            row[name] = moment_of(fields, name)
    row["custom_attributes"] = row["custom_attributes"] | object_of(fields, "custom_attributes")
    row["updated_at"] = call.now_at
    return row


@routes("GET /custom_object_instances/{type_identifier}")
def list_or_find(call: Call) -> Any:
    """Answer the instance of an external id; from 2.16 on, a page of instances."""
    store = _store(call)
    external_id = call.query.get("external_id")
    if not is_since(call.version, "2.16"):
        return _by_external_id(store, external_id)
    rows = [one for one in store if external_id in (None, "", one["external_id"])]
    return numbered_list(call, rows, default=20, high=150)


@routes("DELETE /custom_object_instances/{type_identifier}")
def delete_by_external_id(call: Call) -> Any:
    """Delete the instance of an external id."""
    store = _store(call)
    return _deleted(call, store, _by_external_id(store, call.query.get("external_id")))


@routes("GET /custom_object_instances/{type_identifier}/{instance_id}")
def show(call: Call) -> Any:
    """Answer an instance by Intercom's id."""
    return _by_id(call)


@routes("DELETE /custom_object_instances/{type_identifier}/{instance_id}")
def delete(call: Call) -> Any:
    """Delete an instance by Intercom's id."""
    return _deleted(call, _store(call), _by_id(call))


def _store(call: Call) -> RecordStore:
    identifier = call.id("type_identifier")
    if identifier not in CUSTOM_OBJECT_TYPES:
        raise not_found(f"Custom object type `{identifier}` not found")
    return call.workspace.custom_objects.setdefault(identifier, RecordStore(20))


def _by_id(call: Call) -> Row:
    row = _store(call).find(call.id("instance_id"))
    if row is None:
        raise not_found("Custom object instance not found")
    return row


def _by_external_id(store: RecordStore, external_id: str | None) -> Row:
    row = first_where(store, external_id=external_id) if external_id else None
    if row is None:
        raise not_found("Custom object instance not found")
    return row


def _deleted(call: Call, store: RecordStore, row: Row) -> Row:
    store.remove(row["id"])
    return {"id": row["id"], "object": call.id("type_identifier"), "deleted": True}
