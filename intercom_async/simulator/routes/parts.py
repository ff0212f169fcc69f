"""Replies, notes, assignments and changes of state, by either of the two endpoints."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter, not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.conversations import author_of
from intercom_async.simulator.store.query import compile_filter, parse
from intercom_async.simulator.store.runs import Order
from intercom_async.simulator.store.threads import set_state
from .call import Call
from .checks import admin_of, contact_of, list_of, moment_of, needed_text, text_of
from .conversations import FIELDS, answer, conversation_of
from .registry import Routes

routes: Routes = Routes()

SAID = ("comment", "note", "quick_reply")
MANAGED = ("close", "open", "snoozed", "assignment")


@routes("POST /conversations/{conversation_id}/parts")
def manage(call: Call) -> Any:
    """Close, open, snooze or assign; a comment or note is taken here too."""
    return _apply(call, (*MANAGED, "comment", "note"))


@routes("POST /conversations/{conversation_id}/reply")
def reply(call: Call) -> Any:
    """Write a comment, note or quick reply, as an admin or a contact.

    The managing kinds are taken too: older versions had one endpoint for all.
    """
    return _apply(call, (*SAID, *MANAGED))


def _apply(call: Call, kinds: tuple[str, ...]) -> Row:
    conversation_id = call.id("conversation_id")
    if conversation_id == "last":
        conversation_id = _last_of(call)
    conversation_of(call, conversation_id)
    kind = needed_text(call.fields, "message_type")
    if kind not in kinds:
        raise bad_parameter(f"message_type must be one of {', '.join(kinds)}", field="message_type")
    if kind in SAID:
        return _say(call, conversation_id, kind)
    return _manage(call, conversation_id, kind)


def _say(call: Call, conversation_id: str, kind: str) -> Row:
    fields = call.fields
    writer = author(call)
    if kind == "note" and writer["type"] != "admin":
        raise bad_parameter("Only admins write notes", field="type")
    options = list_of(fields, "reply_options")
    if kind == "quick_reply" and not options:
        raise bad_parameter("reply_options is required", code="parameter_not_found")
    has_files = bool(list_of(fields, "attachment_urls") or list_of(fields, "attachment_files"))
    body = text_of(fields, "body")
    if not body and not has_files and kind != "quick_reply":
        raise bad_parameter("body is required", code="parameter_not_found", field="body")
    at = moment_of(fields, "created_at") or call.now_at
    row = call.workspace.conversations.change(conversation_id)
    more: Row = {"attachments": _attachments(fields)}
    if options:
        more["metadata"] = {"quick_reply_options": options}
    call.workspace.threads.append(row, kind, writer, at, body=body or "", **more)
    return answer(call, row)


def _manage(call: Call, conversation_id: str, kind: str) -> Row:
    fields = call.fields
    admin = admin_of(call, needed_text(fields, "admin_id"))
    if kind == "assignment":
        return _assign(call, conversation_id, admin)
    until = moment_of(fields, "snoozed_until")
    if kind == "snoozed" and until is None:
        raise bad_parameter(
            "snoozed_until is required", code="parameter_not_found", field="snoozed_until"
        )
    row = call.workspace.conversations.change(conversation_id)
    state = {"close": "closed", "open": "open", "snoozed": "snoozed"}[kind]
    set_state(row, state, until if kind == "snoozed" else None)
    body = text_of(fields, "body") if kind == "close" else None
    call.workspace.threads.append(row, kind, author_of(admin), call.now_at, body=body)
    return answer(call, row)


def _assign(call: Call, conversation_id: str, admin: Row) -> Row:
    """Assign to an admin or a team; the assignee 0 is nobody."""
    assignee_id = needed_text(call.fields, "assignee_id")
    workspace = call.workspace
    is_team = workspace.teams.find(assignee_id) is not None
    if assignee_id == "0":
        target: Row = {"type": "nobody_admin", "id": None}
    elif is_team:
        target = {"type": "team", "id": assignee_id}
    elif workspace.admins.find(assignee_id) is not None:
        target = {"type": "admin", "id": assignee_id}
    else:
        raise not_found("Assignee not found", "assignee_not_found")
    row = workspace.conversations.change(conversation_id)
    if assignee_id == "0":
        row["admin_assignee_id"] = row["team_assignee_id"] = None
    else:
        row["team_assignee_id" if is_team else "admin_assignee_id"] = int(assignee_id)
    workspace.threads.append(
        row,
        "assignment",
        author_of(admin),
        call.now_at,
        body=text_of(call.fields, "body"),
        assigned_to=target,
    )
    return answer(call, row)


def author(call: Call) -> Row:
    """Return who writes: an admin by id, or a contact by any of its three keys."""
    fields = call.fields
    kind = text_of(fields, "type") or ("admin" if "admin_id" in fields else "user")
    if kind == "admin":
        return author_of(admin_of(call, needed_text(fields, "admin_id")))
    if kind not in ("user", "lead", "contact"):
        raise bad_parameter("type must be admin or user", field="type")
    return author_of(_replying_contact(call))


def _replying_contact(call: Call) -> Row:
    fields, table = call.fields, call.workspace.contacts
    intercom_id = text_of(fields, "intercom_user_id")
    if intercom_id:
        return contact_of(call, intercom_id)
    for key, field in (("user_id", "external_id"), ("email", "email")):
        value = text_of(fields, key)
        if value:
            row = table.unique(field, value)
            if row is None:
                raise not_found("User Not Found")
            return contact_of(call, row["id"])
    raise bad_parameter(
        "intercom_user_id, user_id or email is required", code="parameter_not_found"
    )


def _last_of(call: Call) -> str:
    """Return the last conversation of the contact that replies: the path may say `last`."""
    contact_id, table = _replying_contact(call)["id"], call.workspace.conversations
    query = {"field": "contact_ids", "operator": "=", "value": contact_id}
    asked = compile_filter(parse(query, FIELDS), table, FIELDS, call.workspace.day_of)
    found = table.page(asked, Order("updated_at"), None, 1).numbers
    if not found:
        raise ApiError(404, "not_found", "Resource Not Found")
    return str(table.value_at(found[0], "id"))


def _attachments(fields: Row) -> list[Row]:
    urls = [str(url) for url in list_of(fields, "attachment_urls")]
    return [
        {
            "type": "upload",
            "name": url.rpartition("/")[2] or "file",
            "url": url,
            "content_type": "application/octet-stream",
            "filesize": None,  # nobody has looked at the address
            "width": None,
            "height": None,
        }
        for url in urls
    ]
