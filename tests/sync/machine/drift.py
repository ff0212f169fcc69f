"""Rows whose form changes in mid-stream: fields that are new, of another type, or gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import msgspec

from intercom_async.transport.base import Reply

Row = dict[str, Any]

FORMS: dict[str, Row] = {
    "new": {"m_new": 1},
    "other": {"m_new": "one"},
    "deeper": {"m_new": {"a": [1, {"b": None}]}},
    "case": {"M_New": True, "ID": 5},
    "objects": {
        "phone": {"number": "1"}, "priority": {"level": 2}, "state": ["open"], "description": {},
        "plan": "basic", "category": {"id": 1}, "part_type": {"name": "comment"},
    },
    "texts": {
        "owner_id": "twelve", "size": "12", "monthly_spend": "12.5", "open": "yes", "read": "1",
        "unsubscribed_from_emails": "no", "session_count": "many", "redacted": "false",
        "last_seen_at": "2026-01-02T03:04:05Z", "snoozed_until": "tomorrow", "notified_at": "1.5",
    },
    "nulls": {
        "location": None, "custom_attributes": None, "statistics": None, "teammates": None,
        "contacts": None, "segments": None, "linked_objects": None, "author": None, "type": None,
    },
    "lists": {
        "location": [], "custom_attributes": [1], "statistics": ["a"], "avatar": [{}], "author": [],
        "sla_applied": [], "conversation_rating": [5], "app_package_code": ["x"], "body": ["p"],
    },
    "numbers": {
        "owner_id": 2**63, "size": 1.5, "session_count": -1, "monthly_spend": 10**30, "open": 1,
        "phone": 49, "body": 0, "language_override": 7, "admin_assignee_id": 0.0,
    },
}  # fmt: skip
"""Fields by the name of a change of their form; rows that lack a field get it."""

ROWS = ("data", "conversations", "tickets", "companies", "articles", "tags")
PARTS = ("conversation_parts", "ticket_parts")
TIMES = ("created_at", "updated_at")


def _with_times(row: Row) -> Row:
    """Write moments as texts."""
    return row | {name: str(row[name]) for name in TIMES if isinstance(row.get(name), int)}


def _without(row: Row) -> Row:
    """Leave out all but what tells a row from others."""
    kept = ("id", "name", "title", "ticket_attributes", "tags", "user_count", *TIMES, *PARTS)
    return {name: row[name] for name in row if name in kept}


CHANGED: dict[str, Callable[[Row], Row]] = {"times": _with_times, "fewer": _without}
KINDS = (*FORMS, *CHANGED)


class Drift:
    """The form of a workspace's rows, as its server shows them now."""

    def __init__(self) -> None:
        self._kinds: dict[str, tuple[str, int]] = {}
        self.has_begun: bool = False
        """Whether any row has had another form; targets keep it when it is taken back."""

    def set(self, stream: str, kind: str, half: int) -> None:
        """Change the form of a stream's rows from now on.

        Args:
            stream: Whose rows.
            kind: Which change; an empty one takes it back.
            half: 0 and 1 are rows with an even and an odd id; others are all of them.
        """
        if kind:
            self.has_begun = True
            self._kinds[stream] = (kind, half)
        else:
            self._kinds.pop(stream, None)

    def shown(self, path: str, reply: Reply) -> Reply:
        """Return an answer with rows of the form that they have now."""
        stream = path.strip("/").partition("/")[0]
        if not self._kinds or reply.status != 200 or stream == "me":
            return reply
        body: Any = msgspec.json.decode(reply.body)
        if not isinstance(body, dict) or not self._change(stream, cast("Row", body)):
            return reply
        return Reply(200, reply.headers, msgspec.json.encode(cast("Row", body)))

    def _change(self, stream: str, body: Row) -> bool:
        found = next((name for name in ROWS if isinstance(body.get(name), list)), None)
        if found is not None:
            body[found] = [self._formed(stream, row) for row in body[found]]
            return stream in self._kinds
        for name in PARTS:
            listed: Any = body.get(name)
            rows: Any = cast("Row", listed).get(name) if isinstance(listed, dict) else None
            if isinstance(rows, list):
                listed[name] = [self._formed(name, row) for row in rows]  # pyright: ignore[reportUnknownVariableType]
        changed = {**self._formed(stream, body)}
        body.clear()
        body.update(changed)
        return True

    def _formed(self, stream: str, row: Any) -> Any:
        kind, half = self._kinds.get(stream, ("", 2))
        fields: Row = cast("Row", row) if isinstance(row, dict) else {}
        if not kind or "id" not in fields:
            return cast("Any", row)
        if half < 2 and sum(str(fields["id"]).encode()) % 2 != half:
            return cast("Any", row)
        return CHANGED[kind](fields) if kind in CHANGED else fields | FORMS[kind]
