"""Notifications for a time in which none arrived, made from the state of the workspace.

Intercom drops what it cannot deliver: after two attempts, during a pause of 15 minutes, and for as
long as a subscription is suspended. What happened meanwhile can be read from the workspace:

====================  =====================================================================
conversations         one notification for each new conversation and each new part
tickets               one for each new ticket and each new part
contacts              created or updated; one update, however often it happened
====================  =====================================================================

Not found: deletions, companies, articles, tags, ratings, reads, and what Intercom made of events.

Each is handed over like a delivered one, with `delivery_status` `CAUGHT_UP`, in the order in which
things happened to an object. Keys are the same in every run, but other than those of deliveries, so
a handler that must not act twice looks at what it has done. Nothing is fetched that no handler
wants.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.models import Contact, Conversation, ConversationPart, Ticket, TicketPart
from intercom_async.moments import to_unix
from intercom_async.priority import Priority
from .handlers import EVERY_TOPIC
from .intake import HandOver
from .notification import CAUGHT_UP
from .parsing import parse_body

PER_PAGE = 150
"""Objects to ask for in one search, as many as the API gives."""
CONTACT_SLACK_S = 25 * 3_600
"""Seconds before the gap from which contacts are asked for: up to version 2.16 they are compared by
whole days, and `>` begins with the day after. No day is longer
(test_catch_up.py::test_contacts_of_the_same_day_are_found)."""

_PEOPLE = ("user", "lead", "visitor", "contact")

_CONVERSATION_PARTS = {
    "assignment": "conversation.admin.assigned",
    "assign_and_reopen": "conversation.admin.open.assigned",
    "close": "conversation.admin.closed",
    "note": "conversation.admin.noted",
    "open": "conversation.admin.opened",
    "snoozed": "conversation.admin.snoozed",
    "timer_unsnooze": "conversation.admin.unsnoozed",
    "unsnoozed": "conversation.admin.unsnoozed",
}
"""Topics by the type of a part, for parts that are not messages."""

_TICKET_PARTS = {
    "assignment": "ticket.admin.assigned",
    "close": "ticket.closed",
    "note": "ticket.note.created",
    "ticket_attribute_updated_by_admin": "ticket.attribute.updated",
    "ticket_state_updated_by_admin": "ticket.state.updated",
}

_MESSAGES = ("comment", "quick_reply")


class CatchUp(msgspec.Struct, frozen=True, kw_only=True):
    """What was found and handed over."""

    since: int
    """Beginning of the gap, UNIX seconds."""
    read: dict[str, int]
    """Objects that were read, by kind."""
    handed_over: dict[str, int]
    """Notifications by topic."""


class _Finder:
    """Reads what changed and hands it over.

    Args:
        intercom: A client of the workspace.
        since: Beginning of the gap, UNIX seconds.
        topics: What handlers want.
        hand_over: Takes each notification.
    """

    def __init__(
        self, intercom: Intercom, since: int, topics: frozenset[str], hand_over: HandOver
    ) -> None:
        self._intercom = intercom
        self._since = since
        self._topics = topics
        self._hand_over = hand_over
        self._workspace_id: str | None = None
        self.read: Counter[str] = Counter()
        self.handed_over: Counter[str] = Counter()

    async def run(self) -> None:
        """Find and hand over everything."""
        me = await self._intercom.admins.me()
        self._workspace_id = me.app.id_code if me.app else None
        if self._wants("conversation."):
            await self._conversations()
        if self._wants("ticket."):
            await self._tickets()
        if self._wants("contact."):
            await self._contacts()

    def _wants(self, prefix: str) -> bool:
        return any(topic == EVERY_TOPIC or topic.startswith(prefix) for topic in self._topics)

    def _query(self, slack_s: int = 1) -> dict[str, Any]:
        """Ask for what changed since a little before the gap: the comparison is strict.

        What is too old is left out when it is looked at.
        """
        return {"field": "updated_at", "operator": ">", "value": max(0, self._since - slack_s)}

    async def _conversations(self) -> None:
        found = self._intercom.conversations.search(self._query(), per_page=PER_PAGE)
        async with self._intercom.conversations.hydrate(found) as stream:
            async for full in stream:
                if full.item is not None:
                    self.read["conversations"] += 1
                    for topic, moment, part in _of_conversation(full.item):
                        await self._hand(topic, moment, full.item, "conversation_parts", part)

    async def _tickets(self) -> None:
        found = self._intercom.tickets.search(self._query(), per_page=PER_PAGE)
        async with self._intercom.tickets.hydrate(found) as stream:
            async for full in stream:
                if full.item is not None:
                    self.read["tickets"] += 1
                    for topic, moment, part in _of_ticket(full.item):
                        await self._hand(topic, moment, full.item, "ticket_parts", part)

    async def _contacts(self) -> None:
        query = self._query(CONTACT_SLACK_S)
        async for contact in self._intercom.contacts.search(query, per_page=PER_PAGE):
            if (contact.updated_at or 0) >= self._since:
                self.read["contacts"] += 1
                await self._hand(*_of_contact(contact, self._since), contact)

    async def _hand(
        self,
        topic: str,
        moment: int | None,
        found: Conversation | Ticket | Contact,
        parts_field: str = "",
        part: ConversationPart | TicketPart | None = None,
    ) -> None:
        """Hand one notification over, if it lies in the gap and a handler wants it."""
        if moment is None or moment < self._since:
            return
        if topic not in self._topics and EVERY_TOPIC not in self._topics:
            return
        item = msgspec.to_builtins(found)
        if parts_field:
            item[parts_field] = [] if part is None else [msgspec.to_builtins(part)]
        what = "" if part is None else f":{part.id}"
        body = {
            "type": "notification_event",
            "id": f"{CAUGHT_UP}:{topic}:{found.id}:{moment}{what}",
            "topic": topic,
            "app_id": self._workspace_id,
            "created_at": moment,
            "first_sent_at": int(CLOCK.unix()),
            "delivery_attempts": 1,
            "delivery_status": CAUGHT_UP,
            "data": {"type": "notification_event_data", "item": item},
        }
        await self._hand_over(parse_body(msgspec.json.encode(body)))
        self.handed_over[topic] += 1


Found = tuple[str, int | None, Any]
"""A topic, when it happened, and the part it is about, if any."""


def _of_conversation(found: Conversation) -> Iterator[Found]:
    author = found.source.author if found.source else None
    began_with_person = author is None or author.type in _PEOPLE
    yield (
        "conversation.user.created" if began_with_person else "conversation.admin.single.created",
        found.created_at,
        None,
    )
    parts = found.conversation_parts.conversation_parts if found.conversation_parts else []
    for part in _in_order(parts):
        topic = _topic_of(part, "conversation", _CONVERSATION_PARTS)
        if topic is not None:
            yield topic, part.created_at, part


def _of_ticket(found: Ticket) -> Iterator[Found]:
    yield "ticket.created", found.created_at, None
    parts = found.ticket_parts.ticket_parts if found.ticket_parts else []
    for part in _in_order(parts):
        topic = _topic_of(part, "ticket", _TICKET_PARTS)
        if (
            topic == "ticket.admin.assigned"
            and part.assigned_to
            and part.assigned_to.type == "team"
        ):
            topic = "ticket.team.assigned"
        if topic is not None:
            yield topic, part.created_at, part


def _of_contact(found: Contact, since: int) -> tuple[str, int | None]:
    role = "lead" if found.role == "lead" else "user"
    if found.created_at is not None and found.created_at >= since:
        return f"contact.{role}.created", found.created_at
    return f"contact.{role}.updated", found.updated_at


def _topic_of(part: ConversationPart | TicketPart, kind: str, others: dict[str, str]) -> str | None:
    if part.part_type not in _MESSAGES:
        return others.get(part.part_type or "")
    author = part.author.type if part.author else None
    if author in _PEOPLE:
        return f"{kind}.user.replied" if kind == "conversation" else f"{kind}.contact.replied"
    if author == "admin" or kind == "ticket":
        return f"{kind}.admin.replied"
    return f"{kind}.operator.replied"


def _in_order(parts: Sequence[Any]) -> Iterable[Any]:
    return sorted(parts, key=lambda part: part.created_at or 0)


async def catch_up(
    intercom: Intercom,
    *,
    since: datetime | int,
    topics: frozenset[str],
    hand_over: HandOver,
) -> CatchUp:
    """Hand over what happened since a moment.

    Args:
        intercom: A client of the workspace; calls are made with BACKGROUND priority.
        since: Beginning of the gap, UNIX seconds or a datetime with a time zone.
        topics: What handlers want; ``*`` is everything.
        hand_over: Takes each notification; what it raises ends the run.

    Raises:
        ConfigError: `since` is no moment.
    """
    begin = to_unix("since", since)
    finder = _Finder(intercom.with_options(priority=Priority.BACKGROUND), begin, topics, hand_over)
    await finder.run()
    return CatchUp(since=begin, read=dict(finder.read), handed_over=dict(finder.handed_over))
