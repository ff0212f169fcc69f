"""Seeded tickets, and the types and states they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from intercom_async.simulator.rows import Row, encode_json, is_id
from .base import Column
from .contacts import AGING
from .conversations import author_of
from .draw import WORDS, Timeline, mix

CATEGORIES = ("Customer", "Back-office", "Tracker")
WIRE_CATEGORIES = {"Customer": "request", "Back-office": "task", "Tracker": "tracker"}
"""What a search for a category must say."""
STATES = (
    ("submitted", "Submitted"),
    ("in_progress", "In progress"),
    ("waiting_on_customer", "Waiting on you"),
    ("resolved", "Resolved"),
)


def ticket_states() -> list[Row]:
    """Return the four states that every workspace has."""
    return [
        {
            "type": "ticket_state",
            "id": str(7_490 + number),
            "category": category,
            "internal_label": label,
            "external_label": label,
        }
        for number, (category, label) in enumerate(STATES)
    ]


def ticket_type(type_id: str, name: str, category: str, workspace_id: str, at: int) -> Row:
    """Return a type with the two attributes that each has from the start."""
    row: Row = {
        "type": "ticket_type",
        "id": type_id,
        "name": name,
        "description": f"{name} template",
        "icon": "🎟️",
        "workspace_id": workspace_id,
        "archived": False,
        "created_at": at,
        "updated_at": at,
        "is_internal": category == "Back-office",
        "category": category,
        "_attributes": [],
    }
    for order, title in enumerate(("_default_title_", "_default_description_")):
        row["_attributes"].append(
            ticket_attribute(
                row, f"{type_id}{order + 1}", title, "string", order, at, is_default=True
            )
        )
    return row


def ticket_attribute(
    ticket_kind: Row,
    attribute_id: str,
    name: str,
    data_type: str,
    order: int,
    at: int,
    *,
    is_default: bool = False,
) -> Row:
    """Return an attribute of a type."""
    return {
        "type": "ticket_type_attribute",
        "id": attribute_id,
        "workspace_id": ticket_kind["workspace_id"],
        "name": name,
        "description": "",
        "data_type": data_type,
        "input_options": {"multiline": name == "_default_description_"},
        "order": order,
        "required_to_create": False,
        "required_to_create_for_contacts": False,
        "visible_on_create": True,
        "visible_to_contacts": True,
        "default": is_default,
        "ticket_type_id": int(ticket_kind["id"]),
        "archived": False,
        "created_at": at,
        "updated_at": at,
    }


class TicketSeeds:
    """Tickets by number; `id` is Intercom's own, `ticket_id` the number that people see."""

    monotone: frozenset[str] = frozenset({"created_at", "updated_at", "id"})

    def __init__(
        self,
        *,
        seed: int,
        count: int,
        since: int,
        until: int,
        admins: list[Row],
        team_ids: list[int],
        type_ids: list[str],
        contact_of: Callable[[int], Row | None],
        present: Callable[[Row, str], Row],
    ) -> None:
        self.count = count
        self._seed = seed
        self._until = until
        self._timeline = Timeline(seed=seed, salt=4, count=count, since=since, until=until)
        self._admins = admins
        self._team_ids = team_ids
        self._type_ids = type_ids
        self._contact_of = contact_of
        self._present = present
        self._first_id = 216_000_000_000_000 + (seed % 1_000) * 1_000_000_000
        self.columns: Mapping[str, Column] = {
            "id": lambda number: str(self._first_id + number),
            "ticket_id": lambda number: str(number + 1),
            "created_at": self._timeline.at,
            "updated_at": self.updated_at,
        }
        self.search_columns: Mapping[str, Column] = {}
        self.unique: Mapping[str, Callable[[Any], int | None]] = {"id": self.number_of}

    def updated_at(self, number: int) -> int:
        """Return when a ticket last changed."""
        created_at = self._timeline.at(number)
        return created_at + int((self._until - created_at) * AGING)

    def id_of(self, number: int, created_at: int) -> str:  # noqa: ARG002 (others need the time)
        """Return a decimal number."""
        return str(self._first_id + number)

    def number_of(self, record_id: Any) -> int | None:
        """Return the number in an id."""
        text = str(record_id)
        if not is_id(text):
            return None
        number = int(text) - self._first_id
        return number if number >= 0 else None

    def row(self, number: int) -> Row:
        """Make the whole record, its parts included."""
        bits = mix(self._seed, number, 0xC3)
        created_at, updated_at = self._timeline.at(number), self.updated_at(number)
        contact = self._contact_of(bits >> 20 & 0xFFFFFFFF)
        state = bits & 3
        admin = self._admins[(bits >> 16) % len(self._admins)]
        word = WORDS[bits >> 30 & 15]
        row = blank_ticket(created_at, self._type_ids[(bits >> 8) % len(self._type_ids)])
        row |= {
            "id": str(self._first_id + number),
            "ticket_id": str(number + 1),
            "updated_at": updated_at,
            "open": STATES[state][0] != "resolved",
            "ticket_attributes": {
                "_default_title_": f"The {word} needs attention, number {number}",
                "_default_description_": f"Since the last change the {word} is wrong.",
            },
            "admin_assignee_id": int(admin["id"]) if bits >> 5 & 3 else 0,
            "team_assignee_id": self._team_ids[0] if bits >> 7 & 1 else 0,
            "_state_id": str(7_490 + state),
            "_contacts": [contact["id"]] if contact else [],
        }
        part_id = str(25_000_000_000 + number * 4)
        row["_parts"] = [
            ticket_part(part_id, "comment", author_of(contact), created_at, f"<p>{word}</p>"),
            ticket_part(
                str(int(part_id) + 1), "comment", author_of(admin), updated_at, "<p>OK</p>"
            ),
        ]
        return row

    def encoded(self, number: int, version: str) -> bytes:
        """Make the row and encode it."""
        return encode_json(self._present(self.row(number), version))


def blank_ticket(at: int, type_id: str) -> Row:
    """Return a ticket that nobody has touched."""
    return {
        "type": "ticket",
        "ticket_attributes": {},
        "admin_assignee_id": 0,
        "team_assignee_id": 0,
        "created_at": at,
        "updated_at": at,
        "open": True,
        "snoozed_until": None,
        "is_shared": True,
        "channel": "messenger",
        "company_id": None,
        "_type_id": type_id,
        "_state_id": "7490",
        "_contacts": [],
        "_tags": [],
        "_linked": [],
        "_parts": [],
    }


def ticket_part(part_id: str, kind: str, author: Row, at: int, body: str | None) -> Row:
    """Return a part of a ticket; its authors are users, leads too."""
    if author["type"] == "lead":
        author = author | {"type": "user"}
    return {
        "type": "ticket_part",
        "id": part_id,
        "part_type": kind,
        "body": body,
        "created_at": at,
        "updated_at": at,
        "author": author,
        "attachments": [],
        "redacted": False,
    }
