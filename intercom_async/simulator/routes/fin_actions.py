"""What Preview lets other programs ask of Fin: one answer, a procedure, a person."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import bad_parameter
from intercom_async.simulator.rows import Row
from intercom_async.simulator.schema.make import moment_as_text
from .call import Call
from .checks import needed_text, object_of, text_of
from .registry import Routes

routes: Routes = Routes()

PROCEDURE = "12345"
"""The id of the one procedure that there is."""


@routes("POST /fin/capabilities")
def capabilities(call: Call) -> Any:
    """Answer what Fin can do for a user: one procedure, and what is always there."""
    needed_text(object_of(call.fields, "user"), "id")
    known: list[Row] = [
        {
            "type": "procedure",
            "id": PROCEDURE,
            "name": "Change an address",
            "description": "Changes the address of an account.",
            "endpoint": f"/fin/procedures/{PROCEDURE}/run",
            "method": "POST",
        }
    ]
    for kind in ("reply", "ask", "escalate"):
        text = f"Fin can {kind}."
        known.append(
            {"type": kind, "description": text, "endpoint": f"/fin/{kind}", "method": "POST"}
        )
    return {"version": call.version, "capabilities": known}


@routes("POST /fin/ask")
def ask(call: Call) -> Any:
    """Take a question; its answer would come by webhook."""
    object_of(call.fields, "message")
    return _turn(call)


@routes("POST /fin/procedures/{procedure_id}/run")
def run(call: Call) -> Any:
    """Begin a procedure."""
    if call.id("procedure_id") != PROCEDURE:
        raise bad_parameter("There is no such procedure")
    return {**_turn(call), "procedure_id": PROCEDURE}


@routes("POST /fin/escalate")
def escalate(call: Call) -> Any:
    """Hand a conversation, or a user, over to a teammate."""
    conversation_id = text_of(call.fields, "conversation_id")
    if conversation_id is not None:
        return {"conversation_id": conversation_id, "status": "escalated"}
    if not object_of(call.fields, "user"):
        raise bad_parameter("conversation_id or user is required")
    needed_text(object_of(call.fields, "user"), "id")
    made = call.workspace.records.add("/fin/escalations", {}, call.now_at)
    return {"intercom_conversation_id": str(made.key), "status": "escalated"}


def _turn(call: Call) -> Row:
    return {
        "conversation_id": needed_text(call.fields, "conversation_id"),
        "user_id": needed_text(object_of(call.fields, "user"), "id"),
        "status": "thinking",
        "created_at_ms": moment_as_text(call.now_at),
    }
