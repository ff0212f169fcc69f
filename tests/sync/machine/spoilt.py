"""Answers that hold something else than they should."""

from __future__ import annotations

from typing import Any

import msgspec

from intercom_async.transport.base import Reply
from .steps import WRONG_BY_S, Failure
from .workspace import mark_of

ROWS = ("data", "conversations", "tickets", "contacts", "tags", "companies", "articles")
"""Keys of the lists in answers."""
GARBLED = b"<html>502 Bad Gateway</html>"
SPOILT = (
    *("utf8", "no_key", "no_time", "number", "twice", "ahead", "no_next", "empty", "short"),
    *("none", "lie"),
)
"""Kinds of failures that change what stands in an answer."""


def spoilt(failure: Failure, reply: Reply) -> Reply:
    """Return an answer with what a failure does to it."""
    if failure.kind == "garble":
        return Reply(reply.status, reply.headers, GARBLED)
    if reply.status != 200 or failure.kind not in SPOILT:
        return reply
    return reply if is_unreadable(reply) else _with_other_rows(failure, reply)


def is_unreadable(reply: Reply) -> bool:
    """Say whether a failure has left nothing that can be read."""
    return reply.body == GARBLED or b"\xff" in reply.body


def keys_of(reply: Reply) -> frozenset[str]:
    """Return the keys of the rows that an answer lists."""
    if reply.status != 200 or is_unreadable(reply):
        return frozenset()
    body: dict[str, Any] = msgspec.json.decode(reply.body)
    name = next((key for key in ROWS if isinstance(body.get(key), list)), None)
    rows: list[dict[str, Any]] = [] if name is None else body[name]
    return frozenset(str(row.get("id")) for row in rows)


def _with_other_parts(failure: Failure, reply: Reply, body: dict[str, Any]) -> Reply:
    """Return a parent with fewer children, or with one that cannot be told apart."""
    for name in ("conversation_parts", "ticket_parts"):
        listed: dict[str, Any] | None = body.get(name)
        parts: list[dict[str, Any]] | None = None if listed is None else listed.get(name)
        if listed is not None and parts is not None:
            if failure.kind == "no_key":
                parts[:1] = [{key: one[key] for key in one if key != "id"} for one in parts[:1]]
            elif failure.times and failure.kind in ("empty", "short"):
                # What an answer always lacks is what the API does not give.
                listed[name] = parts[: len(parts) // 2] if failure.kind == "short" else []
            return Reply(200, reply.headers, msgspec.json.encode(body))
    return reply


def _ahead(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with a time of change that is wrong: in most cases one that is still to come."""
    return row | {"updated_at": row["updated_at"] + WRONG_BY_S} if row.get("updated_at") else row


def _with_other_rows(failure: Failure, reply: Reply) -> Reply:
    body: dict[str, Any] = msgspec.json.decode(reply.body)
    name = next((key for key in ROWS if isinstance(body.get(key), list)), None)
    if name is None:
        return reply if failure.kind in ("utf8", "lie") else _with_other_parts(failure, reply, body)
    rows: list[dict[str, Any]] = body[name]
    if failure.kind == "utf8":
        mark = f'"{mark_of("contacts", rows[0])}"' if rows and "name" in rows[0] else '"list"'
        return Reply(200, reply.headers, reply.body.replace(mark.encode(), b'"\xff"', 1))
    if failure.kind == "lie":
        body["total_count"] = failure.pick
    elif failure.kind in ("no_next", "empty", "short", "none"):
        pages: dict[str, Any] = body.get("pages") or {}
        pages.pop("next", None)
        kept = {"no_next": len(rows), "empty": 0, "none": 0, "short": len(rows) // 2}
        if failure.kind == "none" and "total_count" in body:
            body["total_count"] = 0
        body[name] = rows[: kept[failure.kind]]
    else:
        body[name] = _changed(failure.kind, rows)
    return Reply(200, reply.headers, msgspec.json.encode(body))


def _changed(kind: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of which some are not as they are."""
    first, rest = rows[:1], rows[1:]
    if kind == "twice":
        return rows + first
    if kind == "ahead":
        return [_ahead(row) for row in first] + rest
    if kind == "number":
        return [
            {**row, "id": int(row["id"])} if str(row.get("id")).isdecimal() else row for row in rows
        ]
    field = "id" if kind == "no_key" else "updated_at"
    return [{key: row[key] for key in row if key != field} for row in first] + rest
