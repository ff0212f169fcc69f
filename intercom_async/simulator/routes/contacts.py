"""Contacts: create, read, change, list, search."""

from __future__ import annotations

import dataclasses
from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter, not_found
from intercom_async.simulator.rows import Row, names
from intercom_async.simulator.seed.contacts import blank_contact, segment_of
from intercom_async.simulator.store.conditions import Fields
from intercom_async.simulator.store.filters import Filter
from intercom_async.simulator.store.runs import Order, field_of
from intercom_async.simulator.store.workspace import utc_day
from intercom_async.simulator.versions import is_since
from .call import Call
from .checks import (
    contact_of,
    contact_to_change,
    custom_fields,
    moment_of,
    object_of,
    search,
    text_of,
)
from .paging import cursor_page, page_size
from .registry import Routes

routes: Routes = Routes()

TIMES = names(
    "created_at updated_at signed_up_at last_seen_at last_contacted_at last_replied_at "
    "last_email_opened_at last_email_clicked_at android_last_seen_at ios_last_seen_at"
)


def _is_plain(key: str, value: object) -> bool:
    """Tell whether a field of a contact is a single value that is sent."""
    return key != "type" and not key.startswith("_") and not isinstance(value, dict)


FIELDS = Fields(
    known=frozenset(key for key, value in blank_contact().items() if _is_plain(key, value))
    | TIMES
    | {"id", "role", "email_domain", "workspace_id", "formatted_phone"}
    | {"ios_app_device", "andoid_sdk_version"}  # the names that the descriptions have
    | {f"location.{key}" for key in ("country", "region", "city")}
    | {"location_country", "location_region", "location_city"},
    dates=TIMES,
    days=TIMES,
    special={
        "tag_id": lambda row: [one["id"] for one in row["_tags"]],
        "segment_id": lambda row: [segment_of(row["role"])],
        "formatted_phone": lambda row: row["phone"],
        "ios_app_device": lambda row: row["ios_device"],
        "andoid_sdk_version": lambda row: row["android_sdk_version"],
        "company_id": lambda row: row["_companies"],
        "avatar": lambda row: field_of(row, "avatar.image_url"),
        "email_domain": lambda row: (row.get("email") or "").rpartition("@")[2] or None,
        "location_country": lambda row: row["location"]["country"],
        "location_region": lambda row: row["location"]["region"],
        "location_city": lambda row: row["location"]["city"],
    },
    flags=names(
        "unsubscribed_from_emails unsubscribed_from_sms marked_email_as_spam has_hard_bounced "
        "sms_consent"
    ),
)
OWNER_AS_TEXT = ("2.16", "2.17")
"""Versions whose description calls `owner_id` a text."""


def fields_of(call: Call) -> Fields:
    """Return what a search may name: until 2.16 times are whole days, later exact seconds.

    Dates among the custom attributes are whole days in all versions.
    """
    custom = custom_fields(call, "contact", "date")
    is_exact = is_since(call.version, "2.17")
    return dataclasses.replace(
        FIELDS,
        dates=TIMES | custom,
        days=custom if is_exact else TIMES | custom,
        no_lists=TIMES if is_exact else frozenset(),
        numbers=custom_fields(call, "contact", "integer", "float")
        | (frozenset() if call.version in OWNER_AS_TEXT else {"owner_id"}),
        flags=FIELDS.flags | custom_fields(call, "contact", "boolean"),
    )


TEXTS = ("external_id", "email", "phone", "name", "language_override")
FLAGS = ("unsubscribed_from_emails", "marked_email_as_spam")
GIVEN_TIMES = ("signed_up_at", "last_seen_at")
ROLES = ("user", "lead")


def listed(call: Call, asked: Filter) -> Filter:
    """Leave out the contacts that lists and searches do not show, or not yet."""
    now = call.workspace.now

    def test_row(row: Row) -> bool:
        return (
            row.get("_indexed_at", 0) <= now()
            and not row.get("_archived")
            and not row.get("_blocked")
            and "_merged_into" not in row
            and asked.test_row(row)
        )

    return dataclasses.replace(asked, test_row=test_row)


@routes("GET /contacts")
def list_contacts(call: Call) -> Any:
    """Answer one page, ten rows by default."""
    table = call.workspace.contacts
    return cursor_page(
        call,
        table,
        listed(call, table.everything()),
        Order(),
        per_page=page_size(call, call.query.get("per_page"), default=10),
        starting_after=call.query.get("starting_after"),
    )


@routes("POST /contacts/search")
def search_contacts(call: Call) -> Any:
    """Answer a search."""
    return search(
        call,
        call.workspace.contacts,
        fields_of(call),
        default=50,
        narrow=listed,
        days=utc_day if is_since(call.version, "2.17") else call.workspace.day_of,
    )


@routes("GET /contacts/{contact_id}")
def show(call: Call) -> Any:
    """Answer one contact."""
    row = contact_of(call, call.id("contact_id"))
    return call.workspace.contacts.read(row, call.version)


@routes("GET /contacts/find_by_external_id/{external_id}")
def show_by_external_id(call: Call) -> Any:
    """Answer the contact with this external id."""
    row = call.workspace.contacts.unique("external_id", call.id("external_id"))
    if row is None:
        raise not_found("User Not Found")
    row = contact_of(call, row["id"])
    return call.workspace.contacts.read(row, call.version)


@routes("POST /contacts")
def create(call: Call) -> Any:
    """Create a contact; 409 where another one has the same email or external id."""
    fields = call.fields
    role = text_of(fields, "role")
    if not (role or text_of(fields, "email") or text_of(fields, "external_id")):
        raise bad_parameter(
            "One of email, external_id or role is required", code="parameter_not_found"
        )
    row: Row = blank_contact() | {
        "workspace_id": call.workspace.id_code,
        "role": role or "user",
        "created_at": call.now_at,
        "updated_at": call.now_at,
    }
    _apply(call, row, fields)
    _check_unique(call, row)
    row["_visible_at"] = call.workspace.now() + call.workspace.settle_s
    row["_indexed_at"] = call.workspace.now() + call.workspace.index_s
    add_contact(call, row)
    return call.workspace.contacts.present(row, call.version)


def add_contact(call: Call, row: Row) -> Row:
    """Add a new contact; a lead without an external id gets one."""
    contacts = call.workspace.contacts
    contacts.add(row)
    if "_indexed_at" in row:
        contacts.show_later(contacts.next_number - 1, row["_indexed_at"])
    if row["role"] == "lead" and row["external_id"] is None:
        row["external_id"] = f"{row['id'][:8]}-{row['id'][8:12]}-4000-a000-{row['id'][12:]}"
    call.workspace.history.add("contact.created", row, call.now_at)
    return row


@routes("PUT /contacts/{contact_id}", "PATCH /contacts/{contact_id}")
def update(call: Call) -> Any:
    """Change the fields that are sent; attributes are merged."""
    contact_id, workspace = call.id("contact_id"), call.workspace
    changed = dict(contact_of(call, contact_id))
    _apply(call, changed, call.fields)
    _check_unique(call, changed)
    row = contact_to_change(call, contact_id)
    is_other_role = row["role"] != changed["role"]
    row.update(changed | {"updated_at": call.now_at})
    if is_other_role:
        workspace.history.add("contact.role_updated", row, call.now_at)
    return workspace.contacts.present(row, call.version)


@routes("DELETE /contacts/{contact_id}")
def delete(call: Call) -> Any:
    """Delete a contact for good."""
    row = contact_of(call, call.id("contact_id"))
    call.workspace.contacts.remove(row["id"])
    call.workspace.history.add("contact.deleted", row, call.now_at)
    return status_of(row, deleted=True)


def status_of(row: Row, **done: bool) -> Row:
    """Return the short answer of the calls that change what a contact is."""
    return {"type": "contact", "id": row["id"], "external_id": row["external_id"], **done}


def _apply(call: Call, row: Row, fields: Row) -> None:
    """Check the fields of a request and write them into a row."""
    for name in TEXTS:
        if name in fields:
            row[name] = text_of(fields, name)
    if row["email"] is not None and "@" not in row["email"]:
        raise bad_parameter("email is not a valid address", field="email")
    role = text_of(fields, "role") or row["role"]
    if role not in ROLES:
        raise bad_parameter("role must be user or lead", field="role")
    row["role"] = role
    row.update({name: moment_of(fields, name) for name in GIVEN_TIMES if name in fields})
    _apply_flags(row, fields)
    if "owner_id" in fields:
        row["owner_id"] = _owner(call, text_of(fields, "owner_id"))
    if "avatar" in fields:
        row["avatar"] = _avatar(text_of(fields, "avatar"))
    _apply_attributes(call, row, fields)


def _apply_flags(row: Row, fields: Row) -> None:
    for name in FLAGS:
        value = fields.get(name)
        if value is None:
            continue
        if not isinstance(value, bool):
            raise bad_parameter(f"{name} must be a boolean", field=name)
        row[name] = value


def _avatar(image_url: str | None) -> Row | None:
    return {"type": "avatar", "image_url": image_url} if image_url else None


def _owner(call: Call, owner_id: str | None) -> int | None:
    if owner_id is None or owner_id in ("", "0"):
        return None
    if call.workspace.admins.find(owner_id) is None:
        raise bad_parameter("owner_id is not an admin of this workspace", field="owner_id")
    return int(owner_id)


def _apply_attributes(call: Call, row: Row, fields: Row) -> None:
    given = object_of(fields, "custom_attributes")
    for name in given:
        if not call.workspace.has_attribute("contact", name):
            raise bad_parameter(
                f"Custom attribute '{name}' does not exist", field="custom_attributes"
            )
    if "custom_attributes" in fields:
        merged: Row = row["custom_attributes"] | given
        row["custom_attributes"] = {
            key: value for key, value in merged.items() if value is not None
        }


def _check_unique(call: Call, row: Row) -> None:
    table = call.workspace.contacts
    for name in ("external_id", "email"):
        if row[name] is None or (name == "email" and row["role"] == "lead"):
            continue
        other = _other_with(table.unique(name, row[name]), row, name)
        if other is None:
            continue
        state = "An archived" if other.get("_archived") else "A"
        raise ApiError(
            409,
            "conflict",
            f"{state} contact matching those details already exists with id={other['id']}",
        )


def _other_with(other: Row | None, row: Row, name: str) -> Row | None:
    if other is None or other["id"] == row.get("id") or "_merged_into" in other:
        return None
    return None if name == "email" and other["role"] == "lead" else other
