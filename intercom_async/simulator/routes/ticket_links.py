"""Replies to tickets, their tags and conversations, jobs, and conversations made into tickets."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter, not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.tickets import blank_ticket, ticket_part
from intercom_async.simulator.store.present import public
from intercom_async.simulator.store.threads import marked_up
from .call import Call
from .checks import admin_of, list_of, moment_of, needed_text, object_of, text_of
from .contact_lists import attach, tag_of
from .conversations import answer, conversation_of
from .parts import SAID, author
from .registry import Routes
from .ticket_types import type_of
from .tickets import make_ticket, ticket_of

routes: Routes = Routes()

JOB_S = 2.0
"""How long a job is pending."""
MAX_LINKED = 100
"""Conversations that a tracker ticket links at most; one more is answered with 400."""


@routes("POST /tickets/{ticket_id}/reply")
def reply(call: Call) -> Any:
    """Write a comment, note or quick reply; the answer is the part."""
    row, fields = _ticket(call), call.fields
    kind = needed_text(fields, "message_type")
    if kind not in SAID:
        raise bad_parameter(f"message_type must be one of {', '.join(SAID)}", field="message_type")
    writer = author(call)
    ticket_kind = call.workspace.ticket_types.find(row["_type_id"])
    if writer["type"] != "admin" and ticket_kind and ticket_kind["category"] != "Customer":
        raise ApiError(400, "parameter_mismatch", "Only admins reply to tickets of this category")
    body = text_of(fields, "body")
    if kind == "quick_reply":
        if not list_of(fields, "reply_options"):
            raise bad_parameter("reply_options is required", code="parameter_not_found")
    elif not body:
        raise bad_parameter("body is required", code="parameter_not_found", field="body")
    at = moment_of(fields, "created_at") or call.now_at
    part = ticket_part(
        call.workspace.threads.new_part_id(), kind, writer, at, marked_up(body) if body else None
    )
    row = call.workspace.tickets.change(row["id"])
    row["_parts"].append(part)
    row["updated_at"] = call.now_at
    return part


def _ticket(call: Call) -> Row:
    row = call.workspace.tickets.find(call.id("ticket_id"))
    if row is None:
        raise not_found()
    return row


@routes("POST /tickets/{ticket_id}/tags")
def attach_tag(call: Call) -> Any:
    """Tag a ticket in the name of an admin."""
    ticket_of(call)
    admin = admin_of(call, needed_text(call.fields, "admin_id"))
    tag = tag_of(call, needed_text(call.fields, "id"))
    row = call.workspace.tickets.change(call.id("ticket_id"))
    how: Row = {"applied_at": call.now_at, "applied_by": {"type": "admin", "id": admin["id"]}}
    attach(row["_tags"], tag, **how)
    return public(tag) | how


@routes("DELETE /tickets/{ticket_id}/tags/{tag_id}")
def detach_tag(call: Call) -> Any:
    """Untag a ticket; the body must name the admin."""
    ticket_of(call)
    admin_of(call, needed_text(call.fields, "admin_id"))
    tag = tag_of(call, call.id("tag_id"))
    row = call.workspace.tickets.change(call.id("ticket_id"))
    row["_tags"] = [one for one in row["_tags"] if one["id"] != tag["id"]]
    return public(tag)


@routes("POST /tickets/enqueue")
def enqueue(call: Call) -> Any:
    """Make a ticket later: the answer is a job."""
    type_of(call, needed_text(call.fields, "ticket_type_id"))
    row = make_ticket(call)
    job = call.workspace.jobs.add(
        {
            "type": "job",
            "resource_type": "ticket",
            "_resource_id": row["id"],
            "_done_at": call.workspace.now() + JOB_S,
        }
    )
    return _job(call, job)


@routes("GET /jobs/status/{job_id}")
def job_status(call: Call) -> Any:
    """Answer how far a job is."""
    job = call.workspace.jobs.find(call.id("job_id"))
    if job is None:
        raise not_found("Job Not Found", "job_not_found")
    return _job(call, job)


def _job(call: Call, job: Row) -> Row:
    is_done = job["_done_at"] <= call.workspace.now()
    resource_id = job["_resource_id"]
    return public(job) | {
        "status": "success" if is_done else "pending",
        "url": call.link(f"/jobs/status/{job['id']}"),
        "resource_id": resource_id if is_done else None,
        "resource_url": call.link(f"/tickets/{resource_id}") if is_done else None,
    }


@routes("POST /conversations/{conversation_id}/convert")
def convert(call: Call) -> Any:
    """Make a ticket of a conversation."""
    conversation = conversation_of(call, call.id("conversation_id"))
    kind = type_of(call, needed_text(call.fields, "ticket_type_id"))
    if kind["category"] != "Customer":
        raise bad_parameter("A conversation becomes a ticket of a customer type only")
    workspace = call.workspace
    row = blank_ticket(call.now_at, kind["id"])
    row["ticket_id"] = str(workspace.tickets.next_number + 1)
    row["ticket_attributes"] = dict(object_of(call.fields, "attributes"))
    row["_contacts"] = list(conversation["_contacts"])
    source = conversation["source"]
    part_id = workspace.threads.new_part_id()
    row["_parts"] = [
        ticket_part(part_id, "comment", source["author"], source_at(conversation), source["body"])
    ]
    row["_linked"] = [{"type": "conversation", "id": conversation["id"], "category": None}]
    workspace.tickets.add(row)
    changed = workspace.conversations.change(conversation["id"])
    changed["_linked"].append({"type": "ticket", "id": row["id"], "category": "Customer"})
    changed["updated_at"] = call.now_at
    return workspace.tickets.present(row, call.version)


def source_at(conversation: Row) -> int:
    """Return when the first message of a conversation was written."""
    return int(conversation["created_at"])


@routes("POST /tickets/{ticket_id}/linked_conversations")
def link(call: Call) -> Any:
    """Link a conversation to a tracker ticket; the answer is the conversation."""
    ticket = _tracker(call)
    conversation = _linkable(call, needed_text(call.fields, "conversation_id"))
    if any(one.get("category") == "Tracker" for one in conversation["_linked"]):
        raise ApiError(
            400,
            "already_linked_to_tracker",
            "The conversation is linked to a tracker ticket already",
        )
    if len(ticket["_linked"]) >= MAX_LINKED:
        raise ApiError(
            400,
            "linked_conversation_limit_exceeded",
            f"A ticket links at most {MAX_LINKED} conversations",
        )
    changed = call.workspace.conversations.change(conversation["id"])
    changed["_linked"].append({"type": "ticket", "id": ticket["id"], "category": "Tracker"})
    ticket = call.workspace.tickets.change(ticket["id"])
    ticket["_linked"].append({"type": "conversation", "id": changed["id"], "category": None})
    return answer(call, changed)


@routes("DELETE /tickets/{ticket_id}/linked_conversations/{conversation_id}")
def unlink(call: Call) -> Any:
    """Take a conversation off a tracker ticket."""
    ticket = _tracker(call)
    conversation = _linkable(call, call.id("conversation_id"))
    changed = call.workspace.conversations.change(conversation["id"])
    changed["_linked"] = [one for one in changed["_linked"] if one["id"] != ticket["id"]]
    ticket = call.workspace.tickets.change(ticket["id"])
    ticket["_linked"] = [one for one in ticket["_linked"] if one["id"] != changed["id"]]
    return answer(call, changed)


def _tracker(call: Call) -> Row:
    ticket = ticket_of(call)
    kind = call.workspace.ticket_types.find(ticket["_type_id"])
    if kind is None or kind["category"] != "Tracker":
        raise ApiError(
            400, "invalid_ticket_type", "Conversations are linked to tracker tickets only"
        )
    return ticket


def _linkable(call: Call, conversation_id: str) -> Row:
    row = call.workspace.conversations.find(conversation_id)
    if row is None:
        raise not_found("Conversation not found", "conversation_not_found")
    return row


@routes("POST /tickets/{ticket_id}/change_type")
def change_type(call: Call) -> Any:
    """Give a ticket another type of the same category."""
    row = ticket_of(call)
    kind = type_of(call, needed_text(call.fields, "ticket_type_id"))
    changed = call.workspace.tickets.change(row["id"])
    changed["_type_id"] = kind["id"]
    changed["ticket_attributes"] = changed["ticket_attributes"] | object_of(
        call.fields, "ticket_attributes"
    )
    changed["updated_at"] = call.now_at
    return call.workspace.tickets.present(changed, call.version)
