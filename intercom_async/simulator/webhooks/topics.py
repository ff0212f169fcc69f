"""What a request changed, as Intercom tells it: topics and their items.

Items differ from REST answers as the real ones do: times of contacts and companies are ISO 8601,
a conversation has the part that is new and no other one, and a deletion has only ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from intercom_async.simulator.rows import Row

Read = Callable[[str], Any]
"""Returns the present answer to GET of a path."""

Event = tuple[str, Row]
"""A topic and its item."""

Told = Callable[[re.Match[str], Row, Row, Read], Iterator[Event]]
"""Tells events by the ids of the path, the body, the answer, and what can be read."""

_PART_TOPICS = {
    "close": "conversation.admin.closed",
    "open": "conversation.admin.opened",
    "snoozed": "conversation.admin.snoozed",
    "assignment": "conversation.admin.assigned",
    "note": "conversation.admin.noted",
}
_ISO_FIELDS = (
    "created_at",
    "updated_at",
    "signed_up_at",
    "last_seen_at",
    "last_replied_at",
    "last_contacted_at",
)


def events_of(method: str, path: str, body: object, answer: object, read: Read) -> list[Event]:
    """Return what a request that succeeded changed.

    Args:
        method: Verb of the request.
        path: Its path.
        body: Its decoded body.
        answer: Its decoded answer.
        read: Reads what the answer leaves out.
    """
    given: Row = body if isinstance(body, dict) else {}  # pyright: ignore[reportUnknownVariableType]
    told: Row = answer if isinstance(answer, dict) else {}  # pyright: ignore[reportUnknownVariableType]
    for methods, pattern, tell in _EVENTS:
        found = pattern.fullmatch(path) if method in methods else None
        if found is not None:
            return list(tell(found, given, told, read))
    return []


def _contact_created(_: re.Match[str], __: Row, answer: Row, ___: Read) -> Iterator[Event]:
    yield f"contact.{_role(answer)}.created", _with_iso(answer)


def _contact_updated(_: re.Match[str], body: Row, answer: Row, ___: Read) -> Iterator[Event]:
    yield f"contact.{_role(answer)}.updated", _with_iso(answer)
    if "email" in body:
        yield "contact.email.updated", _with_iso(answer)


def _contact_deleted(path: re.Match[str], _: Row, answer: Row, __: Read) -> Iterator[Event]:
    external_id = answer.get("external_id")
    yield (
        "contact.deleted",
        {"id": path[1], "external_id": external_id, "type": "contact", "deleted": True},
    )


def _contact_archived(path: re.Match[str], _: Row, __: Row, read: Read) -> Iterator[Event]:
    topic = "contact.archived" if path[2] == "archive" else "contact.unarchive"
    yield topic, _with_iso(read(f"/contacts/{path[1]}"))


def _contacts_merged(_: re.Match[str], body: Row, answer: Row, __: Read) -> Iterator[Event]:
    source = {"type": "contact", "id": str(body.get("from"))}
    yield "contact.merged", {**_with_iso(answer), "merged_from": source}


def _contact_tagged(path: re.Match[str], _: Row, answer: Row, read: Read) -> Iterator[Event]:
    contact = read(f"/contacts/{path[1]}")
    verb = "deleted" if path.lastindex == 2 else "created"  # noqa: PLR2004 (a tag's id is in the path)
    item = {"type": "contact_tag", "tag": answer, "contact": _with_iso(contact)}
    yield f"contact.{_role(contact)}.tag.{verb}", item


def _contact_company(path: re.Match[str], _: Row, answer: Row, read: Read) -> Iterator[Event]:
    verb = "detached" if path.lastindex == 2 else "attached"  # noqa: PLR2004 (as above)
    contact = _with_iso(read(f"/contacts/{path[1]}"))
    yield f"company.contact.{verb}", {"company": _with_iso(answer), "contact": contact}


def _company_saved(path: re.Match[str], _: Row, answer: Row, __: Read) -> Iterator[Event]:
    is_new = path[0] == "/companies" and answer.get("created_at") == answer.get("updated_at")
    yield f"company.{'created' if is_new else 'updated'}", _with_iso(answer)


def _company_deleted(path: re.Match[str], _: Row, __: Row, ___: Read) -> Iterator[Event]:
    yield "company.deleted", {"id": path[1], "type": "company", "deleted": True}


def _conversation_begun(_: re.Match[str], __: Row, answer: Row, read: Read) -> Iterator[Event]:
    conversation = read(f"/conversations/{answer.get('conversation_id')}")
    yield "conversation.user.created", _with_newest(conversation, "conversation_parts", 0)


def _conversation_part(path: re.Match[str], body: Row, answer: Row, read: Read) -> Iterator[Event]:
    conversation = answer if path[1] == "last" else read(f"/conversations/{path[1]}")
    item = _with_newest(conversation, "conversation_parts", 1)
    kind = str(body.get("message_type", ""))
    topic = _PART_TOPICS.get(kind)
    if topic is None:
        is_admin = body.get("type") == "admin" or "admin_id" in body
        topic = f"conversation.{'admin' if is_admin else 'user'}.replied"
    yield topic, item


def _conversation_changed(_: re.Match[str], body: Row, answer: Row, __: Read) -> Iterator[Event]:
    if body.get("read") is True:
        yield "conversation.read", _with_newest(answer, "conversation_parts", 0)


def _conversation_deleted(path: re.Match[str], _: Row, __: Row, ___: Read) -> Iterator[Event]:
    yield "conversation.deleted", {"type": "conversation", "conversation_id": path[1]}


def _ticket_created(_: re.Match[str], __: Row, answer: Row, ___: Read) -> Iterator[Event]:
    yield "ticket.created", answer


def _ticket_updated(_: re.Match[str], body: Row, answer: Row, __: Read) -> Iterator[Event]:
    for field, topic in (
        ("ticket_state_id", "ticket.state.updated"),
        ("ticket_attributes", "ticket.attribute.updated"),
        ("assignee_id", "ticket.admin.assigned"),
    ):
        if field in body:
            yield topic, answer


def _ticket_part(path: re.Match[str], body: Row, _: Row, read: Read) -> Iterator[Event]:
    item = _with_newest(read(f"/tickets/{path[1]}"), "ticket_parts", 1)
    if body.get("message_type") == "note":
        yield "ticket.note.created", item
    else:
        yield f"ticket.{'admin' if body.get('type') == 'admin' else 'contact'}.replied", item


def _article(path: re.Match[str], _: Row, answer: Row, __: Read) -> Iterator[Event]:
    yield "article.updated" if path.lastindex else "article.created", answer


def _article_deleted(path: re.Match[str], _: Row, __: Row, ___: Read) -> Iterator[Event]:
    yield "article.deleted", {"id": path[1], "type": "article", "deleted": True}


def _event_created(_: re.Match[str], body: Row, __: Row, ___: Read) -> Iterator[Event]:
    yield "event.created", {"type": "event", **body}


_ID = "([^/]+)"
_CHANGES = ("PUT", "PATCH")
_EVENTS: tuple[tuple[tuple[str, ...], re.Pattern[str], Told], ...] = tuple(
    (methods, re.compile(pattern), tell)
    for methods, pattern, tell in (
        (("POST",), "/contacts", _contact_created),
        (_CHANGES, f"/contacts/{_ID}", _contact_updated),
        (("DELETE",), f"/contacts/{_ID}", _contact_deleted),
        (("POST",), "/contacts/merge", _contacts_merged),
        (("POST",), f"/contacts/{_ID}/(archive|unarchive)", _contact_archived),
        (("POST",), f"/contacts/{_ID}/tags", _contact_tagged),
        (("DELETE",), f"/contacts/{_ID}/tags/{_ID}", _contact_tagged),
        (("POST",), f"/contacts/{_ID}/companies", _contact_company),
        (("DELETE",), f"/contacts/{_ID}/companies/{_ID}", _contact_company),
        (("POST",), "/companies", _company_saved),
        (_CHANGES, f"/companies/{_ID}", _company_saved),
        (("DELETE",), f"/companies/{_ID}", _company_deleted),
        (("POST",), "/conversations", _conversation_begun),
        (("POST",), f"/conversations/{_ID}/(?:reply|parts)", _conversation_part),
        (_CHANGES, f"/conversations/{_ID}", _conversation_changed),
        (("DELETE",), f"/conversations/{_ID}", _conversation_deleted),
        (("POST",), "/tickets", _ticket_created),
        (_CHANGES, f"/tickets/{_ID}", _ticket_updated),
        (("POST",), f"/tickets/{_ID}/reply", _ticket_part),
        (("POST",), "/articles", _article),
        (_CHANGES, f"/articles/{_ID}", _article),
        (("DELETE",), f"/articles/{_ID}", _article_deleted),
        (("POST",), "/events", _event_created),
    )
)


def _role(contact: Row) -> str:
    return "lead" if contact.get("role") == "lead" else "user"


def _with_iso(row: Row) -> Row:
    """Write the times of a contact or company as its notifications do."""
    times = {
        name: datetime.fromtimestamp(row[name], UTC).isoformat(timespec="milliseconds")
        for name in _ISO_FIELDS
        if isinstance(row.get(name), int | float)
    }
    return {**row, **times}


def _with_newest(row: Row, field: str, count: int) -> Row:
    """Leave only the newest parts."""
    parts: Row = row.get(field) or {}
    newest: list[Row] = list(parts.get(field, ()))[-count:] if count else []
    return {**row, field: {**parts, field: newest, "total_count": len(newest)}}
