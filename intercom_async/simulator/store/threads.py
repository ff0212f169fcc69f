"""What happens in a conversation: parts, and the state that follows from them."""

from __future__ import annotations

import html
import re
from typing import Any

from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.conversations import blank_part
from .table import Table

TAG = re.compile(r"<[^>]+>")


class Threads:
    """Writes to conversations."""

    def __init__(self, conversations: Table) -> None:
        self._conversations = conversations
        self._message_ids = 500_000_000
        self._part_ids = 30_000_000_000

    def new_part_id(self) -> str:
        """Return the id of the next part of any conversation or ticket."""
        self._part_ids += 1
        return str(self._part_ids)

    def new_message_id(self) -> str:
        """Return the id of the next message."""
        self._message_ids += 1
        return str(self._message_ids)

    def state(self) -> Row:
        """Return the last ids."""
        return {"messages": self._message_ids, "parts": self._part_ids}

    def put_state(self, state: Row) -> None:
        """Go on from the ids of another workspace."""
        self._message_ids, self._part_ids = state["messages"], state["parts"]

    def start(
        self, contact: Row, *, body: str, subject: str, at: int, author: Row, kind: str = "inapp"
    ) -> Row:
        """Make an open conversation that begins with this message."""
        is_customer = author["type"] != "admin"
        row: Row = {
            "type": "conversation",
            "created_at": at,
            "updated_at": at,
            "waiting_since": at if is_customer else None,
            "snoozed_until": None,
            "source": {
                "type": "email" if kind == "email" else "conversation",
                "id": self.new_message_id(),
                "delivered_as": "customer_initiated" if is_customer else "admin_initiated",
                "subject": subject,
                "body": marked_up(body),
                "author": author,
                "attachments": [],
                "url": None,
                "redacted": False,
            },
            "first_contact_reply": (
                {"created_at": at, "type": "conversation", "url": None} if is_customer else None
            ),
            "admin_assignee_id": None,
            "team_assignee_id": None,
            "open": is_customer,
            "state": "open" if is_customer else "closed",
            "read": False,
            "priority": "not_priority",
            "sla_applied": None,
            "conversation_rating": None,
            "title": None,
            "custom_attributes": {},
            "topics": {"type": "topic.list", "topics": [], "total_count": 0},
            "ticket": None,
            "ai_agent": None,
            "ai_agent_participated": False,
            "_contacts": [contact["id"]],
            "_tags": [],
            "_linked": [],
            "_parts": [],
        }
        return self._conversations.add(row)

    def append(
        self, row: Row, kind: str, author: Row, at: int, *, body: str | None = None, **more: Any
    ) -> Row:
        """Add a part and let times and state follow."""
        part = blank_part(self.new_part_id(), kind, author, at)
        part["body"] = None if body is None else marked_up(body)
        part.update(more)
        if kind in ("comment", "quick_reply"):
            self._follow_comment(row, author, at)
        part["state"] = row["state"]
        row["_parts"].append(part)
        row["updated_at"] = max(row["updated_at"], at)
        return part

    @staticmethod
    def _follow_comment(row: Row, author: Row, at: int) -> None:
        if author["type"] == "admin":
            row["waiting_since"] = None
            row["read"] = False
            return
        set_state(row, "open")
        if row["waiting_since"] is None:
            row["waiting_since"] = at
        if row["first_contact_reply"] is None:
            row["first_contact_reply"] = {"created_at": at, "type": "conversation", "url": None}


def set_state(row: Row, state: str, snoozed_until: int | None = None) -> None:
    """Set the state and what goes with it."""
    row["state"], row["open"], row["snoozed_until"] = state, state != "closed", snoozed_until
    if state == "closed":
        row["waiting_since"] = None


def marked_up(body: str) -> str:
    """Return a body as HTML, as Intercom keeps it."""
    return body if body.lstrip().startswith("<") else f"<p>{body}</p>"


def plain(body: str | None) -> str | None:
    """Return a body without its markup."""
    return None if body is None else html.unescape(TAG.sub("", body)).strip()
