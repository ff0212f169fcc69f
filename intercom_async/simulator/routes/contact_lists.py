"""Notes, tags and companies of a contact."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter, not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.store.present import public
from .call import Call
from .checks import admin_of, contact_of, contact_to_change, needed_text, text_of
from .paging import numbered_list, whole_list
from .registry import Routes

routes: Routes = Routes()

MAX_COMPANIES = 1_000
"""Companies of one contact at most; one more is answered with 400."""


@routes("GET /contacts/{contact_id}/tags")
def list_tags(call: Call) -> Any:
    """Answer all tags of a contact; one that was deleted is not among them."""
    row = contact_of(call, call.id("contact_id"))
    found = (call.workspace.tags.find(one["id"]) for one in row["_tags"])
    return whole_list(public(tag) for tag in found if tag is not None)


@routes("POST /contacts/{contact_id}/tags")
def attach_tag(call: Call) -> Any:
    """Tag a contact."""
    contact_of(call, call.id("contact_id"))
    tag = tag_of(call, needed_text(call.fields, "id"))
    row = contact_to_change(call, call.id("contact_id"))
    attach(row["_tags"], tag)
    return public(tag)


@routes("DELETE /contacts/{contact_id}/tags/{tag_id}")
def detach_tag(call: Call) -> Any:
    """Untag a contact."""
    contact_of(call, call.id("contact_id"))
    tag = tag_of(call, call.id("tag_id"))
    row = contact_to_change(call, call.id("contact_id"))
    row["_tags"] = [one for one in row["_tags"] if one["id"] != tag["id"]]
    return public(tag)


def tag_of(call: Call, tag_id: str) -> Row:
    """Return a tag; 404 without one."""
    tag = call.workspace.tags.find(tag_id)
    if tag is None:
        raise not_found()
    return tag


def attach(attached: list[Row], tag: Row, **how: Any) -> None:
    """Attach a tag to a record that does not have it yet."""
    if all(one["id"] != tag["id"] for one in attached):
        attached.append({"id": tag["id"], **how})


@routes("GET /contacts/{contact_id}/notes")
def list_notes(call: Call) -> Any:
    """Answer the notes of a contact, the newest first."""
    row = contact_of(call, call.id("contact_id"))
    notes = (call.workspace.notes.find(note_id) for note_id in reversed(row["_notes"]))
    return numbered_list(call, [note for note in notes if note is not None], default=50)


@routes("POST /contacts/{contact_id}/notes")
def create_note(call: Call) -> Any:
    """Write a note on a contact; without an admin it is the first one's."""
    contact_of(call, call.id("contact_id"))
    body = needed_text(call.fields, "body")
    admin_id = text_of(call.fields, "admin_id")
    admin = admin_of(call, admin_id) if admin_id else next(iter(call.workspace.admins))
    row = contact_to_change(call, call.id("contact_id"))
    note = call.workspace.notes.add(
        {
            "type": "note",
            "created_at": call.now_at,
            "contact": {"type": "contact", "id": row["id"]},
            "author": public(admin),
            "body": body if body.startswith("<") else f"<p>{body}</p>",
        }
    )
    row["_notes"].append(note["id"])
    return note


@routes("GET /notes/{note_id}")
def show_note(call: Call) -> Any:
    """Answer one note."""
    note = call.workspace.notes.find(call.id("note_id"))
    if note is None:
        raise not_found()
    return note


@routes("GET /contacts/{contact_id}/companies")
def list_companies(call: Call) -> Any:
    """Answer the companies of a contact, by page."""
    row = contact_of(call, call.id("contact_id"))
    found = (call.workspace.companies.find(one) for one in row["_companies"])
    present = call.workspace.companies.present
    rows = [present(one, call.version) for one in found if one is not None]
    return numbered_list(call, rows, default=50, high=60)


@routes("POST /contacts/{contact_id}/companies")
def attach_company(call: Call) -> Any:
    """Attach a contact to a company."""
    contact_of(call, call.id("contact_id"))
    company_id = text_of(call.fields, "id")
    if not company_id:
        raise bad_parameter("company not specified", code="parameter_not_found")
    company = company_of(call, company_id)
    row = contact_to_change(call, call.id("contact_id"))
    if company["id"] not in row["_companies"]:
        row["_companies"] = call.workspace.links.company_ids(row)
        if len(row["_companies"]) >= MAX_COMPANIES:
            raise ApiError(
                400,
                "contact_company_limit_exceeded",
                f"A contact belongs to at most {MAX_COMPANIES} companies",
            )
        row["_companies"].append(company["id"])
    return call.workspace.companies.present(company, call.version)


@routes("DELETE /contacts/{contact_id}/companies/{company_id}")
def detach_company(call: Call) -> Any:
    """Detach a contact from a company."""
    contact_of(call, call.id("contact_id"))
    company = company_of(call, call.id("company_id"))
    row = contact_to_change(call, call.id("contact_id"))
    row["_companies"] = [one for one in row["_companies"] if one != company["id"]]
    return call.workspace.companies.present(company, call.version)


def company_of(call: Call, company_id: str) -> Row:
    """Return a company by Intercom's own id; 404 without one."""
    company = call.workspace.companies.find(company_id)
    if company is None:
        raise not_found("Company Not Found", "company_not_found")
    return company
