"""Messages: from an admin to contacts, or from a contact."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter, not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.conversations import author_of
from intercom_async.simulator.store.present import public
from .call import Call, Reply
from .checks import admin_of, contact_of, moment_of, object_of, text_of
from .registry import Routes

routes: Routes = Routes()

ADMIN_KINDS = ("inapp", "in_app", "email", "conversation", "whatsapp", "sms")


@routes("POST /messages")
def create(call: Call) -> Any:
    """Send a message; one of a contact starts a conversation."""
    fields = call.fields
    sender = object_of(fields, "from")
    body = text_of(fields, "body")
    if not body:
        raise bad_parameter("body is required")
    created_at = moment_of(fields, "created_at") or call.now_at
    if sender.get("type") == "admin":
        return _from_admin(call, sender, body, created_at)
    if sender.get("type") not in ("user", "lead", "contact"):
        raise bad_parameter("from.type must be admin, user or lead", field="from")
    contact = _recipient(call, sender)
    row = call.workspace.threads.start(
        contact, body=body, subject="", at=created_at, author=author_of(contact)
    )
    return {
        "type": "user_message",
        "id": row["source"]["id"],
        "created_at": created_at,
        "body": body,
        "message_type": "inapp",
        "conversation_id": row["id"],
    }


def _from_admin(call: Call, sender: Row, body: str, created_at: int) -> Row:
    fields = call.fields
    kind = text_of(fields, "message_type") or "inapp"
    if kind not in ADMIN_KINDS:
        raise bad_parameter("message_type is not known", field="message_type")
    subject = text_of(fields, "subject")
    if kind == "email" and not subject:
        raise ApiError(422, "parameter_not_found", "An email needs a subject")
    admin = admin_of(call, sender.get("id"))
    given = fields.get("to")
    recipients: list[Any] = given if isinstance(given, list) else [given]  # pyright: ignore[reportUnknownVariableType]
    contacts = [_recipient(call, one) for one in recipients]
    answer: Row = {
        "type": "admin_message",
        "id": call.workspace.threads.new_message_id(),
        "created_at": created_at,
        "subject": subject or "",
        "body": body,
        "message_type": "email" if kind == "email" else "inapp",
        "owner": public(admin),
    }
    if fields.get("create_conversation_without_contact_reply") is True:
        row = call.workspace.threads.start(
            contacts[0],
            body=body,
            subject=subject or "",
            at=created_at,
            author=author_of(admin),
            kind=kind,
        )
        answer["conversation_id"] = row["id"]
    return answer


def _recipient(call: Call, given: Any) -> Row:
    if not isinstance(given, dict):
        raise bad_parameter("to must name a contact by type and id", field="to")
    reference: Row = given  # pyright: ignore[reportUnknownVariableType]
    table = call.workspace.contacts
    if reference.get("id"):
        return contact_of(call, str(reference["id"]))
    for key, field in (("user_id", "external_id"), ("email", "email")):
        row = table.unique(field, str(reference[key])) if reference.get(key) else None
        if row is not None:
            return contact_of(call, row["id"])
    raise not_found("User Not Found")


@routes("POST /phone_call_redirects")
def redirect_call(call: Call) -> Any:
    """Send a link by text message; errors have a form of their own."""
    phone = text_of(call.fields, "phone")
    if not phone or not phone.startswith("+") or not phone[1:].isdecimal():
        body = {"error_key": "invalid_phone_number", "message": "Invalid phone number"}
        return Reply(body, 400)
    return {"type": "phone_call_redirect", "phone": phone}
