"""Seeded conversations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from intercom_async.simulator.rows import Row, encode_json, is_id
from .base import Column
from .contacts import AGING, Person
from .draw import WORDS, Timeline, mix
from .patterns import Gap, Patterns

STATES: Final = ("open", "open", "open", "closed", "closed", "closed", "closed", "snoozed")
SPACING: Final = 16  # part ids kept free for each conversation
FLAG_BITS: Final = 1 << 5 | 1 << 9 | 1 << 12  # no team, read, thanks
LISTED: Final = (
    Gap(b"%d", "id"),
    Gap(b"%d", "created_at first_contact_reply.created_at statistics.first_contact_reply_at"),
    Gap(b"%d", "updated_at conversation_rating.created_at conversation_rating.updated_at"),
    Gap(b"%d", "snoozed_until"),
    Gap(b"%d", "source.id"),
    Gap(b"%b", "source.body"),
    Gap(b"%b", "source.author.type"),
    Gap(b"%b", "source.author.id contacts.contacts.0.id conversation_rating.contact.id"),
    Gap(b"%b", "source.author.name"),
    Gap(b"%b", "source.author.email"),
    Gap(b"%b", "contacts.contacts.0.external_id"),
    Gap(b"%d", "admin_assignee_id"),
    Gap(b"%d", "teammates.admins.0.id statistics.last_closed_by_id"),
    Gap(b"%d", "team_assignee_id"),
    Gap(b"%d", "conversation_rating.rating"),
    Gap(b"%d", "conversation_rating.teammate.id"),
    Gap(b"%d", "statistics.time_to_assignment"),
    Gap(b"%d", "statistics.first_assignment_at statistics.last_assignment_at"),
    Gap(
        b"%d",
        "statistics.time_to_admin_reply statistics.median_time_to_reply statistics.handling_time",
    ),
    Gap(
        b"%d",
        "statistics.first_admin_reply_at statistics.last_admin_reply_at "
        "statistics.last_assignment_admin_reply_at",
    ),
    Gap(b"%d", "statistics.last_contact_reply_at"),
    Gap(b"%d", "statistics.time_to_first_close statistics.time_to_last_close"),
    Gap(b"%d", "statistics.first_close_at statistics.last_close_at"),
)
"""What differs between conversations of one shape in a list, as `_values` returns it."""


class ConversationSeeds:
    """Conversations by number, each with one contact of the workspace."""

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
        contact_of: Callable[[int], Row | None],
        person_of: Callable[[int], Person | None],
        present: Callable[[Row, str], Row],
    ) -> None:
        self.count = count
        self._seed = seed
        self._until = until
        self._timeline = Timeline(seed=seed, salt=3, count=count, since=since, until=until)
        self._admins = admins
        self._admin_ids = [int(one["id"]) for one in admins]
        self._team_ids = team_ids
        self._contact_of = contact_of
        self._person_of = person_of
        self._present = present
        self._patterns = Patterns(*LISTED)
        self._first_id = 215_000_000_000_000 + (seed % 1_000) * 1_000_000_000
        self.columns: Mapping[str, Column] = {
            "id": lambda number: str(self._first_id + number),
            "created_at": self._timeline.at,
            "updated_at": self.updated_at,
            "state": lambda number: STATES[self._bits(number) & 7],
            "open": lambda number: STATES[self._bits(number) & 7] != "closed",
            "admin_assignee_id": lambda number: self._assignee(self._bits(number)),
            "team_assignee_id": lambda number: self._team(self._bits(number)),
            "priority": lambda number: _priority(self._bits(number)),
            "read": lambda number: bool(self._bits(number) >> 9 & 1),
        }
        self.search_columns: Mapping[str, Column] = {
            "admin_assignee_id": lambda number: assignee_ids(self._assignee(self._bits(number))),
            "team_assignee_id": lambda number: assignee_ids(self._team(self._bits(number))),
            "priority": lambda number: priorities(_priority(self._bits(number))),
            "contact_ids": self._contact_ids,
        }
        self.unique: Mapping[str, Callable[[Any], int | None]] = {"id": self.number_of}

    def _bits(self, number: int) -> int:
        return mix(self._seed, number, 0xC2)

    def _contact_ids(self, number: int) -> list[str]:
        contact = self._contact_of(self._bits(number) >> 20 & 0xFFFFFFFF)
        return [contact["id"]] if contact else []

    def updated_at(self, number: int) -> int:
        """Return when a conversation last changed."""
        created_at = self._timeline.at(number)
        return created_at + int((self._until - created_at) * AGING)

    def _assignee(self, bits: int) -> int | None:
        if bits >> 3 & 3 == 0:
            return None
        return int(self._admins[(bits >> 16) % len(self._admins)]["id"])

    def _team(self, bits: int) -> int | None:
        return None if bits >> 5 & 1 else self._team_ids[(bits >> 24) % len(self._team_ids)]

    def id_of(self, number: int, created_at: int) -> str:  # noqa: ARG002 (others need the time)
        """Return a decimal number beyond 32 bits, as the newer ids are."""
        return str(self._first_id + number)

    def number_of(self, record_id: Any) -> int | None:
        """Return the number in an id."""
        text = str(record_id)
        if not is_id(text):
            return None
        number = int(text) - self._first_id
        return number if number >= 0 else None

    def part_id(self, number: int, index: int) -> str:
        """Return the id of a seeded part."""
        return str(20_000_000_000 + number * SPACING + index)

    def row(self, number: int) -> Row:
        """Make the whole record, its parts included."""
        bits = self._bits(number)
        created_at, updated_at = self._timeline.at(number), self.updated_at(number)
        state = STATES[bits & 7]
        contact = self._contact_of((bits >> 20) & 0xFFFFFFFF)
        row: Row = {
            "type": "conversation",
            "id": str(self._first_id + number),
            "created_at": created_at,
            "updated_at": updated_at,
            "waiting_since": None,
            "snoozed_until": updated_at + 86_400 if state == "snoozed" else None,
            "source": {
                "type": "conversation",
                "id": str(400_000_000 + number),
                "delivered_as": "customer_initiated",
                "subject": "",
                "body": _question(bits, number),
                "author": author_of(contact),
                "attachments": [],
                "url": None,
                "redacted": False,
            },
            "first_contact_reply": {"created_at": created_at, "type": "conversation", "url": None},
            "admin_assignee_id": self._assignee(bits),
            "team_assignee_id": self._team(bits),
            "open": state != "closed",
            "state": state,
            "read": bool(bits >> 9 & 1),
            "priority": _priority(bits),
            "sla_applied": None,
            "conversation_rating": None,
            "title": None,
            "custom_attributes": {},
            "topics": {"type": "topic.list", "topics": [], "total_count": 0},
            "ticket": None,
            "ai_agent": None,
            "ai_agent_participated": False,
            "_contacts": [contact["id"]] if contact else [],
            "_tags": [],
            "_linked": [],
        }
        if state == "closed" and contact is not None and bits >> 33 & 3 == 0:
            row["conversation_rating"] = self._rating(bits, updated_at, contact)
        row["_parts"] = self._parts(number, bits, row, contact)
        return row

    def _rating(self, bits: int, at: int, contact: Row) -> Row:
        """Make the rating of a closed conversation; a workflow asked for one in four."""
        admin = self._admins[(bits >> 16) % len(self._admins)]
        teammate = {"type": "admin", "id": admin["id"]}
        if bits >> 38 & 3 == 0:
            teammate = {"type": "workflow", "id": str(1 + (bits >> 40) % 9)}
        return {
            "rating": 1 + (bits >> 35) % 5,
            "remark": "",
            "created_at": at,
            "updated_at": at,
            "contact": {"type": "contact", "id": contact["id"], "external_id": None},
            "teammate": teammate,
        }

    def _parts(self, number: int, bits: int, row: Row, contact: Row | None) -> list[Row]:
        """Make an assignment, one or two comments and what led to the state."""
        admin = self._admins[(bits >> 16) % len(self._admins)]
        steps: list[tuple[str, Row, str | None]] = []
        if row["admin_assignee_id"]:
            steps.append(("assignment", author_of(admin), None))
        steps.append(("comment", author_of(admin), f"<p>Answer {number} from the team</p>"))
        if bits >> 12 & 1:
            steps.append(("comment", author_of(contact), f"<p>Thank you, number {number}</p>"))
        if row["state"] == "closed":
            steps.append(("close", author_of(admin), None))
        elif row["state"] == "snoozed":
            steps.append(("snoozed", author_of(admin), None))
        spread = max(1, row["updated_at"] - row["created_at"]) // len(steps)
        parts: list[Row] = []
        for index, (kind, author, body) in enumerate(steps):
            at = row["created_at"] + spread * (index + 1)
            part = blank_part(self.part_id(number, index), kind, author, at)
            part["body"] = body
            part["state"] = row["state"] if index == len(steps) - 1 else "open"
            if kind == "assignment":
                part["assigned_to"] = {"type": "admin", "id": str(row["admin_assignee_id"])}
            parts.append(part)
        return parts

    def encoded(self, number: int, version: str) -> bytes:
        """Make the record as it is sent in lists, without its parts."""
        bits = self._bits(number)
        person = self._person_of(bits >> 20 & 0xFFFFFFFF)
        if person is None:
            return encode_json(self._present(self.row(number), version))
        is_rated = bits >> 33 & 3 == 0
        shape = (
            version,
            STATES[bits & 7],
            bits >> 3 & 3 == 0,
            bits & FLAG_BITS,
            _priority(bits),
            is_rated,
            is_rated and bits >> 38 & 3 == 0,
        )
        pattern = self._patterns.of(shape, lambda: self._present(self.row(number), version))
        return pattern.fill(self._values(number, bits, person))

    def _values(self, number: int, bits: int, person: Person) -> tuple[bytes | int, ...]:
        """Return what fills in the gaps of `LISTED`."""
        created_at, updated_at = self._timeline.at(number), self.updated_at(number)
        admin_id = self._admin_ids[(bits >> 16) % len(self._admin_ids)]
        has_thanks, is_open = bits >> 12 & 1, STATES[bits & 7] == "open"
        reply = 2 if bits >> 3 & 3 else 1  # behind the assignment, if there is one
        parts = reply + has_thanks + (not is_open)
        spread = max(1, updated_at - created_at) // parts
        return (
            self._first_id + number,
            created_at,
            updated_at,
            updated_at + 86_400,
            400_000_000 + number,
            _question(bits, number).encode(),
            person.role,
            person.id,
            person.name,
            person.email,
            person.external_id,
            self._assignee(bits) or 0,
            admin_id,
            self._team(bits) or 0,
            1 + (bits >> 35) % 5,
            1 + (bits >> 40) % 9 if bits >> 38 & 3 == 0 else admin_id,
            spread,
            created_at + spread,
            spread * reply,
            created_at + spread * reply,
            created_at + spread * (reply + 1) if has_thanks else created_at,
            spread * parts,
            created_at + spread * parts,
        )


def assignee_ids(assignee_id: int | None) -> list[int | None]:
    """Return by what a search finds an assignee; nobody is found by 0 and by null."""
    return [assignee_id] if assignee_id else [0, None]


NEWER_PRIORITIES = {"priority": "high", "not_priority": "none"}
"""From 2.16 on there are five priorities instead of two."""


def priorities(priority: str) -> list[str]:
    """Return by what a search finds a priority: its older and its newer name."""
    return [priority, NEWER_PRIORITIES.get(priority, priority)]


def _question(bits: int, number: int) -> str:
    return f"<p>Question about the {WORDS[bits >> 30 & 15]}, number {number}</p>"


def _priority(bits: int) -> str:
    return "priority" if bits >> 6 & 7 == 0 else "not_priority"


def author_of(person: Row | None) -> Row:
    """Return how a message names who wrote it."""
    if person is None:
        return {"type": "bot", "id": "0", "name": "Operator", "email": "operator@example.com"}
    kind = person["type"] if person["type"] == "admin" else person["role"]
    author = {"type": kind, "id": person["id"], "name": person["name"], "email": person["email"]}
    if not author["email"]:
        author["email"] = ""
    return author


def blank_part(part_id: str, kind: str, author: Row, at: int) -> Row:
    """Return a part of a conversation without a body."""
    return {
        "type": "conversation_part",
        "id": part_id,
        "part_type": kind,
        "body": None,
        "created_at": at,
        "updated_at": at,
        "notified_at": at,
        "assigned_to": None,
        "author": author,
        "attachments": [],
        "external_id": None,
        "redacted": False,
        "email_message_metadata": None,
        "state": "open",
        "tags": [],
        "event_details": None,
        "translations": None,
        "app_package_code": None,
    }
