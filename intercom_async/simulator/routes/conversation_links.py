"""Tags and customers of conversations, redaction and merging; the list of deleted ones."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter, not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.conversations import author_of
from intercom_async.simulator.store.present import public
from intercom_async.simulator.store.threads import set_state
from .call import Call
from .checks import admin_of, contact_of, needed_text, object_of, text_of
from .contact_lists import attach, tag_of
from .conversations import answer, conversation_of
from .paging import numbered_list
from .registry import Routes

routes: Routes = Routes()

MAX_CUSTOMERS = 100
"""Contacts of one conversation at most; one more is answered with 400."""


@routes("POST /conversations/{conversation_id}/tags")
def attach_tag(call: Call) -> Any:
    """Tag a conversation in the name of an admin."""
    conversation = _named(call)
    admin = admin_of(call, needed_text(call.fields, "admin_id"))
    tag = tag_of(call, needed_text(call.fields, "id"))
    row = call.workspace.conversations.change(conversation["id"])
    how: Row = {"applied_at": call.now_at, "applied_by": {"type": "admin", "id": admin["id"]}}
    attach(row["_tags"], tag, **how)
    return public(tag) | how


@routes("DELETE /conversations/{conversation_id}/tags/{tag_id}")
def detach_tag(call: Call) -> Any:
    """Untag a conversation; the body must name the admin, of a DELETE too."""
    conversation = _named(call)
    admin_of(call, needed_text(call.fields, "admin_id"))
    tag = tag_of(call, call.id("tag_id"))
    row = call.workspace.conversations.change(conversation["id"])
    row["_tags"] = [one for one in row["_tags"] if one["id"] != tag["id"]]
    return public(tag)


def _named(call: Call) -> Row:
    row = call.workspace.conversations.find(call.id("conversation_id"))
    if row is None:
        raise not_found("Conversation not found")
    return row


@routes("POST /conversations/{conversation_id}/customers")
def attach_customer(call: Call) -> Any:
    """Add a contact to a conversation, in the name of an admin or a contact."""
    conversation_of(call, call.id("conversation_id"))
    added = _customer(call, object_of(call.fields, "customer"))
    if text_of(call.fields, "admin_id"):
        admin_of(call, text_of(call.fields, "admin_id"))
    row = call.workspace.conversations.change(call.id("conversation_id"))
    if added["id"] not in row["_contacts"]:
        if len(row["_contacts"]) >= MAX_CUSTOMERS:
            raise bad_parameter(f"A conversation has at most {MAX_CUSTOMERS} customers")
        row["_contacts"].append(added["id"])
    row["updated_at"] = call.now_at
    return answer(call, row)


@routes("DELETE /conversations/{conversation_id}/customers/{contact_id}")
def detach_customer(call: Call) -> Any:
    """Take a contact out of a conversation; the last one has to stay."""
    conversation_of(call, call.id("conversation_id"))
    contact = contact_of(call, call.id("contact_id"))
    admin_of(call, needed_text(call.fields, "admin_id"))
    row = call.workspace.conversations.find(call.id("conversation_id"))
    if row is None or contact["id"] not in row["_contacts"]:
        raise not_found("User Not Found")
    if len(row["_contacts"]) == 1:
        raise ApiError(422, "parameter_invalid", "The last customer of a conversation must stay")
    row = call.workspace.conversations.change(row["id"])
    row["_contacts"].remove(contact["id"])
    row["updated_at"] = call.now_at
    return answer(call, row)


def _customer(call: Call, given: Row) -> Row:
    table = call.workspace.contacts
    intercom_id = text_of(given, "intercom_user_id")
    if intercom_id:
        return contact_of(call, intercom_id)
    for key, field in (("user_id", "external_id"), ("email", "email")):
        value = text_of(given, key)
        row = table.unique(field, value) if value else None
        if row is not None:
            return contact_of(call, row["id"])
    raise not_found("User Not Found")


@routes("POST /conversations/redact")
def redact(call: Call) -> Any:
    """Blank a part or the first message for good."""
    fields = call.fields
    kind = needed_text(fields, "type")
    if kind not in ("conversation_part", "source"):
        raise bad_parameter("type must be conversation_part or source", field="type")
    table = call.workspace.conversations
    conversation_id = needed_text(fields, "conversation_id")
    found = table.find(conversation_id)
    name = "conversation_part_id" if kind == "conversation_part" else "source_id"
    wanted = needed_text(fields, name)
    if found is None or all(one["id"] != wanted for one in _messages(found, kind)):
        raise not_found(
            "Conversation part or message not found", "conversation_part_or_message_not_found"
        )
    row = table.change(conversation_id)
    for message in _messages(row, kind):
        if message["id"] == wanted:
            message["body"] = "<p><i>Redacted</i></p>"
            message["redacted"] = True
            message["attachments"] = []
    row["updated_at"] = call.now_at
    return answer(call, row)


@routes("PUT /conversations/{conversation_id}/conversation_parts/{id}")
def update_part(call: Call) -> Any:
    """Note that a part was seen, or how far it was sent."""
    table, conversation_id = call.workspace.conversations, call.id("conversation_id")
    found = table.find(conversation_id)
    if found is None or all(one["id"] != call.id("id") for one in found["_parts"]):
        raise not_found("Conversation part not found")
    row = table.change(conversation_id)
    part = next(one for one in row["_parts"] if one["id"] == call.id("id"))
    part["updated_at"] = call.now_at
    shown = dict(part)
    if call.fields.get("seen") is True:
        shown["seen_state"] = {"admin_seen": True}
    if call.fields.get("send_state") is not None:
        shown["external_reply_send_state"] = needed_text(call.fields, "send_state")
    return public(shown)


def _messages(row: Row, kind: str) -> list[Row]:
    return list(row["_parts"]) if kind == "conversation_part" else [row["source"]]


@routes("POST /conversations/{conversation_id}/merge")
def merge(call: Call) -> Any:
    """Merge a conversation into another one, which is answered."""
    secondary = conversation_of(call, call.id("conversation_id"))
    primary_id = text_of(call.fields, "merge_into_conversation_id") or text_of(
        call.fields, "primary_conversation_id"
    )
    table = call.workspace.conversations
    if primary_id is None or table.find(primary_id) is None or primary_id == secondary["id"]:
        raise ApiError(422, "merge_failed", "Primary conversation not found")
    kept, gone = table.change(primary_id), table.change(secondary["id"])
    admin = author_of(next(iter(call.workspace.admins)))
    call.workspace.threads.append(kept, "conversation_merged", admin, call.now_at)
    kept["_contacts"] = list(dict.fromkeys(kept["_contacts"] + gone["_contacts"]))
    set_state(gone, "closed")
    gone["updated_at"] = call.now_at
    return answer(call, kept)


@routes("GET /conversations/deleted")
def list_deleted(call: Call) -> Any:
    """Answer the conversations that were deleted, the last one first."""
    rows = list(reversed(call.workspace.deleted_conversations))
    page = numbered_list(call, rows, default=20, high=60, key="conversations")
    return page | {"type": "conversation.list"}
