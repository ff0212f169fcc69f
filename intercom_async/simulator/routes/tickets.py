"""Tickets: make, read, change, search, delete."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter, not_found
from intercom_async.simulator.rows import Row, names
from intercom_async.simulator.seed.contacts import blank_contact
from intercom_async.simulator.seed.conversations import author_of
from intercom_async.simulator.seed.tickets import WIRE_CATEGORIES, blank_ticket, ticket_part
from intercom_async.simulator.store.conditions import Fields
from .call import Call
from .checks import (
    admin_of,
    contact_of,
    list_of,
    moment_of,
    needed_text,
    object_of,
    search,
    text_of,
)
from .contacts import add_contact
from .registry import Routes
from .ticket_types import type_of

routes: Routes = Routes()

TIMES = names("created_at updated_at snoozed_until")
FIELDS = Fields(
    known=names(
        "id ticket_id category title description open state admin_assignee_id team_assignee_id "
        "ticket_type_id contact_ids teammate_ids tag_ids is_shared"
    )
    | TIMES,
    dates=TIMES,
    open=("ticket_attribute.",),
    special={
        "ticket_type_id": lambda row: row["_type_id"],
        "contact_ids": lambda row: row["_contacts"],
        "tag_ids": lambda row: [one["id"] for one in row["_tags"]],
        "teammate_ids": lambda row: [
            part["author"]["id"] for part in row["_parts"] if part["author"]["type"] == "admin"
        ],
        "title": lambda row: row["ticket_attributes"].get("_default_title_"),
        "description": lambda row: row["ticket_attributes"].get("_default_description_"),
        "state": lambda row: row["_state_id"],
    },
    equality_only=frozenset(),
    flags=names("open is_shared"),
)
ATTRIBUTE_TYPES = {
    "datetime": "dates",
    "integer": "numbers",
    "decimal": "numbers",
    "boolean": "flags",
}
"""How the values of an attribute are compared, by its type; any other is a text."""


def fields_of(call: Call) -> Fields:
    """Return what can be searched, attributes by the ids that the workspace has."""
    types = call.workspace.ticket_types

    def category(row: Row) -> Any:
        kind = types.find(row["_type_id"])
        return WIRE_CATEGORIES[kind["category"]] if kind else None

    special = dict(FIELDS.special) | {"category": category}
    typed: dict[str, set[str]] = {"dates": set(), "numbers": set(), "flags": set()}
    for kind in types:
        for attribute in kind["_attributes"]:
            field = f"ticket_attribute.{attribute['id']}"
            special[field] = _attribute_reader(attribute["name"])
            if attribute["data_type"] in ATTRIBUTE_TYPES:
                typed[ATTRIBUTE_TYPES[attribute["data_type"]]].add(field)
    # Until 2.17 the description calls assignees texts.
    assignees = names("admin_assignee_id team_assignee_id") if call.version == "Preview" else ()
    return Fields(
        known=FIELDS.known,
        dates=FIELDS.dates | typed["dates"],
        open=(),
        special=special,
        equality_only=frozenset(),
        numbers=frozenset(typed["numbers"]).union(assignees),
        flags=FIELDS.flags | typed["flags"],
    )


def _attribute_reader(name: str) -> Any:
    def read(row: Row) -> Any:
        return row["ticket_attributes"].get(name)

    return read


@routes("POST /tickets/search")
def search_tickets(call: Call) -> Any:
    """Answer a search; a cursor of another list is a failure of the server, as it really is."""
    try:
        return search(
            call,
            call.workspace.tickets,
            fields_of(call),
            default=20,
            key="tickets",
            kind="ticket.list",
        )
    except ApiError as error:
        if error.code != "client_error":
            raise
        raise ApiError(500, "server_error", "Internal server error") from None


@routes("POST /tickets")
def create(call: Call) -> Any:
    """Make a ticket for contacts, which may be new by their address."""
    return call.workspace.tickets.present(make_ticket(call), call.version)


def make_ticket(call: Call) -> Row:
    """Check the fields of a new ticket and take it in."""
    fields = call.fields
    kind = type_of(call, needed_text(fields, "ticket_type_id"))
    contacts = [_contact(call, one) for one in list_of(fields, "contacts")]
    if not contacts:
        raise bad_parameter("contacts is required", code="parameter_not_found", field="contacts")
    attributes = object_of(fields, "ticket_attributes")
    known = {one["name"]: one for one in kind["_attributes"]}
    for name, attribute in known.items():
        if attribute["required_to_create"] and attributes.get(name) is None:
            raise bad_parameter(f"{name} is required to create a ticket of this type", field=name)
    created_at = moment_of(fields, "created_at") or call.now_at
    row = blank_ticket(created_at, kind["id"])
    row["ticket_id"] = str(call.workspace.tickets.next_number + 1)
    row["ticket_attributes"] = dict(attributes)
    row["_contacts"] = [one["id"] for one in contacts]
    row["company_id"] = text_of(fields, "company_id")
    body = text_of(attributes, "_default_description_")
    row["_parts"].append(
        ticket_part(
            call.workspace.threads.new_part_id(),
            "comment",
            author_of(contacts[0]),
            created_at,
            body,
        )
    )
    linked = text_of(fields, "conversation_to_link_id")
    if linked is not None and call.workspace.conversations.find(linked) is not None:
        row["_linked"].append({"type": "conversation", "id": linked, "category": None})
    return call.workspace.tickets.add(row)


def _contact(call: Call, given: Any) -> Row:
    if not isinstance(given, dict):
        raise bad_parameter("contacts must be objects with id, external_id or email")
    reference: Row = given  # pyright: ignore[reportUnknownVariableType]
    table = call.workspace.contacts
    if reference.get("id"):
        return contact_of(call, str(reference["id"]))
    for name in ("external_id", "email"):
        row = table.unique(name, str(reference[name])) if reference.get(name) else None
        if row is not None:
            return contact_of(call, row["id"])
    if reference.get("email"):
        return _contact_by_address(call, str(reference["email"]))
    raise not_found("User Not Found")


def _contact_by_address(call: Call, email: str) -> Row:
    """Make the contact of an address that is not known yet."""
    if "@" not in email:
        raise bad_parameter("email is not a valid address", field="email")
    made = blank_contact() | {
        "workspace_id": call.workspace.id_code,
        "role": "lead",
        "email": email,
        "created_at": call.now_at,
        "updated_at": call.now_at,
    }
    return add_contact(call, made)


def ticket_of(call: Call) -> Row:
    """Return the ticket of the path by its own id, not by the number shown; 404 without one."""
    row = call.workspace.tickets.find(call.id("ticket_id"))
    if row is None:
        raise not_found("Ticket not found", "ticket_not_found")
    return row


@routes("GET /tickets/{ticket_id}")
def show(call: Call) -> Any:
    """Answer one ticket with its newest parts."""
    return call.workspace.tickets.read(ticket_of(call), call.version)


@routes("PUT /tickets/{ticket_id}", "PATCH /tickets/{ticket_id}")
def update(call: Call) -> Any:
    """Change state, attributes, assignee; each leaves a part."""
    fields, workspace = call.fields, call.workspace
    changed = dict(ticket_of(call))
    changed["_parts"] = list(changed["_parts"])
    admin = author_of(
        admin_of(call, fields["admin_id"], code="assignee_not_found")
        if fields.get("admin_id") is not None
        else next(iter(workspace.admins))
    )
    _apply_state(call, changed, admin)
    _apply_assignee(call, changed, admin)
    changed["ticket_attributes"] = changed["ticket_attributes"] | object_of(
        fields, "ticket_attributes"
    )
    for name in ("open", "is_shared"):
        if isinstance(fields.get(name), bool):
            changed[name] = fields[name]
    snoozed_until = moment_of(fields, "snoozed_until")
    if snoozed_until is not None:
        changed["snoozed_until"] = snoozed_until
    row = workspace.tickets.change(changed["id"])
    row.update(changed | {"updated_at": call.now_at})
    return workspace.tickets.present(row, call.version)


def _apply_state(call: Call, row: Row, admin: Row) -> None:
    state_id = text_of(call.fields, "ticket_state_id")
    if state_id is None:
        return
    state = call.workspace.ticket_states.find(state_id)
    if state is None:
        raise ApiError(
            400,
            "ticket_state_id_invalid",
            "No such state for a ticket of this type",
        )
    before = call.workspace.ticket_states.find(row["_state_id"])
    part = ticket_part(
        call.workspace.threads.new_part_id(),
        "ticket_state_updated_by_admin",
        admin,
        call.now_at,
        None,
    )
    part["ticket_state"] = state["category"]
    part["previous_ticket_state"] = before["category"] if before else "submitted"
    row["_parts"].append(part)
    row["_state_id"] = state["id"]
    row["open"] = state["category"] != "resolved"


def _apply_assignee(call: Call, row: Row, admin: Row) -> None:
    assignee_id = text_of(call.fields, "assignee_id")
    if assignee_id is None:
        return
    workspace = call.workspace
    is_team = workspace.teams.find(assignee_id) is not None
    if not is_team and assignee_id != "0" and workspace.admins.find(assignee_id) is None:
        raise not_found("Assignee not found", "assignee_not_found")
    row["team_assignee_id" if is_team else "admin_assignee_id"] = int(assignee_id)
    part = ticket_part(workspace.threads.new_part_id(), "assignment", admin, call.now_at, None)
    part["assigned_to"] = {"type": "team" if is_team else "admin", "id": assignee_id}
    row["_parts"].append(part)


@routes("DELETE /tickets/{ticket_id}")
def delete(call: Call) -> Any:
    """Delete a ticket for good."""
    row = ticket_of(call)
    call.workspace.tickets.remove(row["id"])
    return {"id": row["id"], "object": "ticket", "deleted": True}
