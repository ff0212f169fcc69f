"""Seeded tickets, and the types and states they have."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final

from intercom_async.simulator.rows import Row, encode_json, is_id
from .base import Column
from .contacts import AGING, Person
from .conversations import author_of
from .draw import WORDS, Timeline, mix
from .patterns import Gap, Patterns

CATEGORIES = ("Customer", "Back-office", "Tracker")
WIRE_CATEGORIES = {"Customer": "request", "Back-office": "task", "Tracker": "tracker"}
"""What a search for a category must say."""
STATES = (
    ("submitted", "Submitted"),
    ("in_progress", "In progress"),
    ("waiting_on_customer", "Waiting on you"),
    ("resolved", "Resolved"),
)

SENT: Final = (
    Gap(b"%d", "id"),
    Gap(b"%d", "ticket_id"),
    Gap(
        b"%d",
        "created_at ticket_parts.ticket_parts.-2.created_at "
        "ticket_parts.ticket_parts.-2.updated_at",
    ),
    Gap(
        b"%d",
        "updated_at ticket_parts.ticket_parts.-1.created_at "
        "ticket_parts.ticket_parts.-1.updated_at",
    ),
    Gap(b"%b", "ticket_attributes._default_title_"),
    Gap(b"%b", "ticket_attributes._default_description_"),
    Gap(b"%d", "admin_assignee_id"),
    Gap(b"%b", "contacts.contacts.0.id ticket_parts.ticket_parts.-2.author.id"),
    Gap(b"%b", "contacts.contacts.0.external_id"),
    Gap(b"%b", "ticket_parts.ticket_parts.-2.author.name"),
    Gap(b"%b", "ticket_parts.ticket_parts.-2.author.email"),
    Gap(b"%b", "ticket_parts.ticket_parts.-2.body"),
    Gap(b"%d", "ticket_parts.ticket_parts.-2.id"),
    Gap(b"%d", "ticket_parts.ticket_parts.-1.id"),
)
"""What differs between tickets of one shape, as `_values` returns it."""


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

    def __init__(  # noqa: PLR0913 (one of each that a ticket names)
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
        person_of: Callable[[int], Person | None],
        shown_beside: Callable[[], Hashable],
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
        self._person_of = person_of
        self._shown_beside = shown_beside
        self._shown = shown_beside()
        self._present = present
        self._patterns = Patterns(*SENT)
        self._first_id = 216_000_000_000_000 + (seed % 1_000) * 1_000_000_000
        self.columns: Mapping[str, Column] = {
            "id": lambda number: str(self._first_id + number),
            "ticket_id": lambda number: str(number + 1),
            "created_at": self._timeline.at,
            "updated_at": self.updated_at,
        }
        self.search_columns: Mapping[str, Column] = {"contact_ids": self._contact_ids}
        self.unique: Mapping[str, Callable[[Any], int | None]] = {"id": self.number_of}

    def _contact_ids(self, number: int) -> list[str]:
        contact = self._contact_of(mix(self._seed, number, 0xC3) >> 20 & 0xFFFFFFFF)
        return [contact["id"]] if contact else []

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
                "_default_title_": _title(word, number),
                "_default_description_": _description(word),
            },
            "admin_assignee_id": int(admin["id"]) if bits >> 5 & 3 else 0,
            "team_assignee_id": self._team_ids[0] if bits >> 7 & 1 else 0,
            "_state_id": str(7_490 + state),
            "_contacts": [contact["id"]] if contact else [],
        }
        part_id = _part_id(number)
        row["_parts"] = [
            ticket_part(str(part_id), "comment", author_of(contact), created_at, _text(word)),
            ticket_part(str(part_id + 1), "comment", author_of(admin), updated_at, "<p>OK</p>"),
        ]
        return row

    def encoded(self, number: int, version: str) -> bytes:
        """Make the record as it is sent."""
        bits = mix(self._seed, number, 0xC3)
        person = self._person_of(bits >> 20 & 0xFFFFFFFF)
        if person is None:
            return encode_json(self._present(self.row(number), version))
        shown = self._shown_beside()
        if shown != self._shown:
            self._patterns.clear()
            self._shown = shown
        admin = (bits >> 16) % len(self._admins)
        kind = (bits >> 8) % len(self._type_ids)
        shape = (version, bits & 3, kind, bits >> 7 & 1, admin)
        pattern = self._patterns.of(shape, lambda: self._present(self.row(number), version))
        return pattern.fill(self._values(number, bits, person))

    def _values(self, number: int, bits: int, person: Person) -> tuple[bytes | int, ...]:
        """Return what fills in the gaps of `SENT`."""
        created_at, updated_at = self._timeline.at(number), self.updated_at(number)
        admin = self._admins[(bits >> 16) % len(self._admins)]
        word = WORDS[bits >> 30 & 15]
        part_id = _part_id(number)
        return (
            self._first_id + number,
            number + 1,
            created_at,
            updated_at,
            _title(word, number).encode(),
            _description(word).encode(),
            int(admin["id"]) if bits >> 5 & 3 else 0,
            person.id,
            person.external_id,
            person.name,
            person.email,
            _text(word).encode(),
            part_id,
            part_id + 1,
        )


def _title(word: str, number: int) -> str:
    return f"The {word} needs attention, number {number}"


def _description(word: str) -> str:
    return f"Since the last change the {word} is wrong."


def _text(word: str) -> str:
    return f"<p>{word}</p>"


def _part_id(number: int) -> int:
    return 25_000_000_000 + number * 4


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
