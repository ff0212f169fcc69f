"""Rows as they are sent: hidden keys resolved, and the differences between versions applied."""

from __future__ import annotations

import statistics as numbers
from typing import Any

from intercom_async.simulator.quirks import Quirks
from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.companies import segment_ids
from intercom_async.simulator.seed.conversations import NEWER_PRIORITIES
from intercom_async.simulator.versions import is_since
from .links import Links
from .record_store import RecordStore
from .table import Table


def contact(row: Row, version: str, quirks: Quirks, links: Links) -> Row:
    """Return a contact with its lists cut."""
    most = quirks.max_embedded
    shown = public(row)
    base = f"/contacts/{row['id']}"
    if row.get("email"):
        shown["email_domain"] = row["email"].rpartition("@")[2]
    lists = (
        ("tags", "tags", links.tag_ids(row), "tag", "/tags"),
        ("notes", "notes", row["_notes"], "note", "/notes"),
        ("companies", "companies", links.company_ids(row), "company", "/companies"),
        ("opted_out_subscription_types", "subscriptions", row["_opted_out"]),
        ("opted_in_subscription_types", "subscriptions", row["_opted_in"]),
    )
    for key, path, ids, *ref in lists:
        kind, url = ref or ("subscription", "/subscription_types")
        shown[key] = {
            "type": "list",
            "data": [{"type": kind, "id": one, "url": f"{url}/{one}"} for one in ids[:most]],
            "url": f"{base}/{path}",
            "total_count": len(ids),
            "has_more": len(ids) > most and not quirks.hide_has_more,
        }
    if is_since(version, "2.16") and shown["owner_id"] is not None:
        shown["owner_id"] = str(shown["owner_id"])
    return shown


def company(row: Row, *, tags: RecordStore, segments: RecordStore, user_count: int) -> Row:
    """Return a company with its tags, segments and the number of its people."""
    shown = public(row)
    for key in ("size", "website", "industry", "last_request_at"):
        # What is not known of a company is left out of it.
        if shown[key] is None:
            del shown[key]
    shown["user_count"] = user_count
    shown["tags"] = {"type": "tag.list", "tags": _tags(row["_tags"], tags, is_full=False)}
    shown["segments"] = {
        "type": "segment.list",
        "segments": [public(one) for one in map(segments.find, segment_ids(row)) if one],
    }
    shown["notes"] = {
        "type": "note.list",
        "data": [],
        "url": f"/companies/{row['id']}/notes",
        "total_count": 0,
        "has_more": False,
    }
    return shown


def conversation(row: Row, version: str, *, contacts: Table, tags: RecordStore) -> Row:
    """Return a conversation as lists have it."""
    shown = public(row)
    shown["contacts"] = {
        "type": "contact.list",
        "contacts": [_contact_reference(one, contacts) for one in row["_contacts"]],
    }
    shown["teammates"] = {"type": "admin.list", "admins": teammates_of(row)}
    shown["tags"] = {"type": "tag.list", "tags": _tags(row["_tags"], tags, is_full=True)}
    shown["linked_objects"] = linked(row)
    shown["statistics"] = statistics_of(row)
    rating = shown["conversation_rating"]
    if rating is not None and not is_since(version, "2.17"):
        is_admin = rating["teammate"]["type"] == "admin"
        shown["conversation_rating"] = rating if is_admin else rating | {"teammate": None}
    if is_since(version, "2.16"):
        shown["priority"] = NEWER_PRIORITIES.get(shown["priority"], shown["priority"])
        for key in ("admin_assignee_id", "team_assignee_id"):
            shown[key] = shown[key] or 0
    return shown


def conversation_parts(row: Row, quirks: Quirks) -> Row:
    """Return the newest parts of a conversation, as a read by id shows them."""
    parts: list[Row] = row["_parts"]
    return {
        "type": "conversation_part.list",
        "conversation_parts": [public(part) for part in _newest(parts, quirks)],
        "total_count": len(parts),
    }


def ticket(
    row: Row,
    version: str,
    quirks: Quirks,
    *,
    contacts: Table,
    types: RecordStore,
    states: RecordStore,
) -> Row:
    """Return a ticket with its type, state and newest parts."""
    kind = types.find(row["_type_id"])
    shown = public(row)
    shown["category"] = kind["category"] if kind else "Customer"
    shown["ticket_type"] = None if kind is None else ticket_type(kind, states)
    shown["ticket_state"] = states.find(row["_state_id"])
    shown["contacts"] = {
        "type": "contact.list",
        "contacts": [_contact_reference(one, contacts) for one in row["_contacts"]],
    }
    shown["linked_objects"] = linked(row)
    parts: list[Row] = row["_parts"]
    shown["ticket_parts"] = {
        "type": "ticket_part.list",
        "ticket_parts": _newest(parts, quirks),
        "total_count": len(parts),
    }
    if shown["snoozed_until"] is None:
        del shown["snoozed_until"]
    if not is_since(version, "2.16"):
        for key in ("admin_assignee_id", "team_assignee_id"):
            shown[key] = str(shown[key])
    return shown


def _newest(parts: list[Row], quirks: Quirks) -> list[Row]:
    return parts[max(0, len(parts) - quirks.max_parts) :]


def ticket_type(row: Row, states: RecordStore) -> Row:
    """Return a ticket type with its attributes and the states that it can be in."""
    shown = [public(one) for one in states if not one.get("archived")]
    return public(row) | {
        "ticket_type_attributes": {"type": "list", "data": row["_attributes"]},
        "ticket_states": {"type": "list", "data": shown},
    }


def _contact_reference(contact_id: str, contacts: Table) -> Row:
    number = contacts.number_of(contact_id)
    external_id = None if number is None else contacts.value_at(number, "external_id")
    return {"type": "contact", "id": contact_id, "external_id": external_id}


def _tags(attached: list[Row], tags: RecordStore, *, is_full: bool) -> list[Row]:
    rows: list[Row] = []
    for one in attached:
        tag = tags.find(one["id"])
        if tag is not None:
            extra = {key: value for key, value in one.items() if key != "id"}
            rows.append(public(tag) | (extra if is_full else {}))
    return rows


def public(row: Row) -> Row:
    """Return a copy without the hidden keys."""
    return {key: value for key, value in row.items() if not key.startswith("_")}


def linked(row: Row) -> Row:
    """Return the tickets or conversations that are linked to this one."""
    refs = row["_linked"]
    return {"type": "list", "data": refs, "total_count": len(refs), "has_more": False}


def teammates_of(row: Row) -> list[Row]:
    """Return the admins that took part."""
    ids = [part["author"]["id"] for part in row["_parts"] if part["author"]["type"] == "admin"]
    return [{"type": "admin", "id": one} for one in dict.fromkeys(ids)]


def statistics_of(row: Row) -> Row:
    """Derive the statistics of a conversation from its parts."""
    started_at = row["created_at"]
    parts: list[Row] = row["_parts"]
    by_contact = [part for part in parts if is_contact(part) and part["part_type"] == "comment"]
    by_admin = [part for part in parts if is_admin(part) and part["part_type"] == "comment"]
    closes = [part for part in parts if part["part_type"] == "close"]
    assignments = [part for part in parts if part["part_type"].endswith("assignment")]
    opens = [part for part in parts if part["part_type"] == "open"]
    waits = _reply_times(row)
    first_contact = row["first_contact_reply"]
    last_contact = by_contact[-1]["created_at"] if by_contact else None
    return {
        "type": "conversation_statistics",
        "time_to_assignment": _since(started_at, assignments, 0),
        "time_to_admin_reply": _since(started_at, by_admin, 0),
        "time_to_first_close": _since(started_at, closes, 0),
        "time_to_last_close": _since(started_at, closes, -1),
        "median_time_to_reply": int(numbers.median(waits)) if waits else None,
        "first_contact_reply_at": first_contact["created_at"] if first_contact else None,
        "first_assignment_at": _moment(assignments, 0),
        "first_admin_reply_at": _moment(by_admin, 0),
        "first_close_at": _moment(closes, 0),
        "last_assignment_at": _moment(assignments, -1),
        "last_assignment_admin_reply_at": _moment(by_admin, -1) if assignments else None,
        "last_contact_reply_at": last_contact or (started_at if first_contact else None),
        "last_admin_reply_at": _moment(by_admin, -1),
        "last_close_at": _moment(closes, -1),
        "last_closed_by_id": closes[-1]["author"]["id"] if closes else None,
        "count_reopens": len(opens),
        "count_assignments": len(assignments),
        "count_conversation_parts": 1 + len(parts),
        "assigned_team_first_response_time": [],
        "assigned_team_first_response_time_in_office_hours": [],
        "handling_time": sum(waits),
        "adjusted_handling_time": None,
    }


def is_contact(part: Row) -> bool:
    """Tell whether a contact wrote this part."""
    return part["author"]["type"] in ("user", "lead", "contact")


def is_admin(part: Row) -> bool:
    """Tell whether an admin wrote this part."""
    return bool(part["author"]["type"] == "admin")


def _moment(parts: list[Row], index: int) -> Any:
    return parts[index]["created_at"] if parts else None


def _since(started_at: int, parts: list[Row], index: int) -> int | None:
    return parts[index]["created_at"] - started_at if parts else None


def _reply_times(row: Row) -> list[int]:
    """Return how long each question of a contact waited for the answer."""
    asked_at: int | None = row["created_at"] if row["first_contact_reply"] else None
    waits: list[int] = []
    for part in row["_parts"]:
        if part["part_type"] != "comment":
            continue
        if is_contact(part):
            asked_at = part["created_at"] if asked_at is None else asked_at
        elif asked_at is not None and is_admin(part):
            waits.append(part["created_at"] - asked_at)
            asked_at = None
    return waits
