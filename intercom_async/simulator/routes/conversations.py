"""Conversations: list, search, read, start, change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from intercom_async.simulator.errors import bad_parameter, not_found
from intercom_async.simulator.rows import Row, names
from intercom_async.simulator.seed.conversations import assignee_ids, author_of, priorities
from intercom_async.simulator.store.conditions import Fields
from intercom_async.simulator.store.present import conversation_parts, statistics_of
from intercom_async.simulator.store.runs import Order, field_of
from intercom_async.simulator.store.threads import plain
from .call import Call
from .checks import contact_of, moment_of, needed_text, object_of, search, text_of
from .paging import cursor_page, page_size
from .registry import Routes

routes: Routes = Routes()

TIMES = names(
    "created_at updated_at waiting_since snoozed_until statistics.first_contact_reply_at "
    "statistics.first_assignment_at statistics.first_admin_reply_at statistics.first_close_at "
    "statistics.last_assignment_at statistics.last_assignment_admin_reply_at "
    "statistics.last_contact_reply_at statistics.last_admin_reply_at statistics.last_close_at "
    "conversation_rating.requested_at conversation_rating.replied_at"
)
NUMBERS = names(
    "admin_assignee_id team_assignee_id conversation_rating.rating conversation_rating.score "
    "ai_agent.rating statistics.time_to_assignment statistics.time_to_admin_reply "
    "statistics.time_to_first_close statistics.time_to_last_close "
    "statistics.median_time_to_reply statistics.count_reopens statistics.count_assignments "
    "statistics.count_conversation_parts"
)
NAMES = (
    "id state open read priority admin_assignee_id team_assignee_id title source.type source.id "
    "source.delivered_as source.subject source.body source.author.id source.author.type "
    "source.author.name source.author.email source.url tag_ids contact_ids teammate_ids "
    "conversation_rating.rating conversation_rating.remark "
    "conversation_rating.score conversation_rating.admin_id "
    "conversation_rating.admin_d conversation_rating.contact_id statistics.time_to_assignment "
    "statistics.time_to_admin_reply statistics.time_to_first_close "
    "statistics.time_to_last_close statistics.median_time_to_reply "
    "statistics.last_closed_by_id statistics.count_reopens statistics.count_assignments "
    "statistics.count_conversation_parts ai_agent_participated ai_agent.resolution_state "
    "ai_agent.last_answer_type ai_agent.rating ai_agent.rating_remark ai_agent.source_type "
    "ai_agent.source_title channel_initiated"
)


def _statistic(name: str) -> Callable[[Row], Any]:
    def read(row: Row) -> Any:
        return statistics_of(row)[name]

    return read


def _rating(path: str) -> Callable[[Row], Any]:
    """Read a field of the rating, which searches call by another name."""

    def read(row: Row) -> Any:
        return field_of(row["conversation_rating"] or {}, path)

    return read


SPECIAL: dict[str, Callable[[Row], Any]] = {
    "admin_assignee_id": lambda row: assignee_ids(row["admin_assignee_id"]),
    "team_assignee_id": lambda row: assignee_ids(row["team_assignee_id"]),
    "priority": lambda row: priorities(row["priority"]),
    "channel_initiated": lambda row: row["source"]["type"],
    "conversation_rating.score": _rating("rating"),
    "conversation_rating.requested_at": _rating("created_at"),
    "conversation_rating.replied_at": _rating("updated_at"),
    "conversation_rating.contact_id": _rating("contact.id"),
    "conversation_rating.admin_id": _rating("teammate.id"),
    "conversation_rating.admin_d": _rating("teammate.id"),  # the name that the descriptions have
    "tag_ids": lambda row: [one["id"] for one in row["_tags"]],
    "contact_ids": lambda row: row["_contacts"],
    "teammate_ids": lambda row: [
        part["author"]["id"] for part in row["_parts"] if part["author"]["type"] == "admin"
    ],
}
FIELDS = Fields(
    known=names(NAMES) | TIMES,
    dates=TIMES,
    special=SPECIAL
    | {
        name: _statistic(name.partition(".")[2])
        for name in (*NAMES.split(), *TIMES)
        if name.startswith("statistics.")
    },
    whole_words=frozenset(("source.body",)),
    equality_only=frozenset(),
    numbers=NUMBERS,
    flags=names("open read ai_agent_participated"),
)


@routes("GET /conversations")
def list_conversations(call: Call) -> Any:
    """Answer one page, sorted by `sort` and `order`, the last changed first by default."""
    query, table = call.query, call.workspace.conversations
    field, direction = query.get("sort", "updated_at"), query.get("order", "desc")
    if field not in ("created_at", "updated_at", "id", "waiting_since"):
        raise bad_parameter(f"Cannot sort by {field}", field="sort")
    if direction not in ("asc", "desc"):
        raise bad_parameter("order must be asc or desc", field="order")
    return cursor_page(
        call,
        table,
        table.everything(),
        Order(field, direction == "desc"),
        per_page=page_size(call, query.get("per_page"), default=20),
        starting_after=query.get("starting_after"),
        key="conversations",
        kind="conversation.list",
    )


@routes("POST /conversations/search")
def search_conversations(call: Call) -> Any:
    """Answer a search, exact to the second."""
    return search(
        call,
        call.workspace.conversations,
        FIELDS,
        default=20,
        key="conversations",
        kind="conversation.list",
    )


@routes("GET /conversations/{conversation_id}")
def show(call: Call) -> Any:
    """Answer one conversation with its newest parts."""
    return answer(call, conversation_of(call, call.id("conversation_id")))


def conversation_of(call: Call, conversation_id: str) -> Row:
    """Return a conversation; 404 without one."""
    row = call.workspace.conversations.find(conversation_id)
    if row is None:
        raise not_found()
    return row


def answer(call: Call, row: Row) -> Row:
    """Present a conversation with its parts, in plain text where that was asked for."""
    shown = call.workspace.conversations.present(_seen(call, row), call.version)
    shown["conversation_parts"] = conversation_parts(_seen(call, row), call.workspace.quirks)
    if call.query.get("display_as") == "plaintext":
        shown["source"] = shown["source"] | {"body": plain(shown["source"]["body"])}
        for part in shown["conversation_parts"]["conversation_parts"]:
            part["body"] = plain(part["body"])
    return shown


def _seen(call: Call, row: Row) -> Row:
    """Return a row as this call sees it: a read may see the form before its last change."""
    return call.workspace.conversations.seen(row) if call.method == "GET" else row


@routes("POST /conversations")
def create(call: Call) -> Any:
    """Start a conversation in the name of a contact; the answer is the message."""
    fields = call.fields
    sender = object_of(fields, "from")
    if sender.get("type") not in ("user", "lead", "contact"):
        raise bad_parameter("from.type must be user, lead or contact", field="from")
    body = needed_text(fields, "body")
    contact = contact_of(call, str(sender.get("id", "")))
    created_at = moment_of(fields, "created_at") or call.now_at
    row = call.workspace.threads.start(
        contact,
        body=body,
        subject=text_of(fields, "subject") or "",
        at=created_at,
        author=author_of(contact),
    )
    return {
        "type": "user_message",
        "id": row["source"]["id"],
        "created_at": created_at,
        "body": body,
        "message_type": "inapp",
        "conversation_id": row["id"],
    }


@routes("PUT /conversations/{conversation_id}", "PATCH /conversations/{conversation_id}")
def update(call: Call) -> Any:
    """Mark as read, set title, attributes and company."""
    fields = call.fields
    conversation_of(call, call.id("conversation_id"))
    attributes = object_of(fields, "custom_attributes")
    if fields.get("read") is not None and not isinstance(fields["read"], bool):
        raise bad_parameter("read must be a boolean", field="read")
    title = text_of(fields, "title")
    row = call.workspace.conversations.change(call.id("conversation_id"))
    if fields.get("read") is not None:
        row["read"] = fields["read"]
    if title is not None:
        row["title"] = title
    row["custom_attributes"] = row["custom_attributes"] | attributes
    row["updated_at"] = call.now_at
    return answer(call, row)


@routes("DELETE /conversations/{conversation_id}")
def delete(call: Call) -> Any:
    """Delete a conversation for good."""
    row = conversation_of(call, call.id("conversation_id"))
    call.workspace.conversations.remove(row["id"])
    call.workspace.deleted_conversations.append(
        {"id": row["id"], "object": "conversation", "deleted": True, "deleted_at": call.now_at}
    )
    return {"id": row["id"], "object": "conversation", "deleted": True}
