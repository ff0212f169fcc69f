"""What happened while nothing arrived is found in the workspace and handed over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from intercom_async import Intercom
from intercom_async.errors import ConfigError
from intercom_async.simulator import Simulator
from intercom_async.webhooks import CAUGHT_UP, Notification, Webhooks, items
from tests.support.notifications import SECRET

pytestmark = pytest.mark.anyio

WEEK_S = 7 * 86_400


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_what_happened_in_the_gap_is_handed_over_in_order() -> None:
    async with (
        Simulator(contacts=20, conversations=10, tickets=3, index_s=0) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        contact = (await intercom.contacts.list().collect(limit=1))[0]
        since = int(simulator.clock.now()) + WEEK_S
        simulator.clock.freeze(since)
        conversation_id = await _talk(intercom, simulator, contact.id)
        webhooks = Webhooks(SECRET)
        seen: list[Notification[Any]] = []

        @webhooks.on("conversation.user.created", "conversation.user.replied")
        async def people(event: Notification[items.Conversation]) -> None:
            seen.append(event)

        @webhooks.on(
            "conversation.admin.replied",
            "conversation.admin.noted",
            "conversation.admin.closed",
        )
        async def teammates(event: Notification[items.Conversation]) -> None:
            seen.append(event)

        @webhooks.on("contact.user.updated", "contact.lead.updated")
        async def contacts(event: Notification[items.Contact]) -> None:
            seen.append(event)

        before = simulator.requests
        found = await webhooks.catch_up(intercom, since=since)
        calls = simulator.requests - before
        again = await webhooks.catch_up(intercom, since=datetime.fromtimestamp(since, UTC))
    mine = [event for event in seen if event.item.id == conversation_id]
    half = len(mine) // 2
    assert [event.topic for event in mine[:half]] == [
        "conversation.user.created",
        "conversation.admin.replied",
        "conversation.user.replied",
        "conversation.admin.noted",
        "conversation.admin.closed",
    ]
    assert [event.item.text for event in mine[1:4]] == [
        "<p>hello</p>",
        "<p>thanks</p>",
        "<p>a note</p>",
    ]
    assert {event.delivery_status for event in seen} == {CAUGHT_UP}
    assert all(event.created_at is not None and event.created_at >= since for event in seen)
    assert [event.key for event in mine[:half]] == [event.key for event in mine[half:]]
    assert found.handed_over["conversation.user.replied"] == 1
    assert found.handed_over == again.handed_over
    assert "tickets" not in found.read
    assert calls < 15


@pytest.mark.parametrize("version", ["2.14", "2.17"])
@pytest.mark.parametrize("timezone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
@pytest.mark.parametrize("after_midnight_s", [0, 43_200, 86_399])
async def test_contacts_of_the_same_day_are_found(
    version: str, timezone: str, after_midnight_s: int
) -> None:
    since = 1_780_012_800 // 86_400 * 86_400 + after_midnight_s
    async with (
        Simulator(contacts=20, conversations=0, tickets=0, timezone=timezone) as simulator,
        Intercom(simulator.token, base_url=simulator.url, version=version) as intercom,
    ):
        simulator.clock.freeze(since - 1)
        simulator.call("POST", "/contacts", {"role": "user", "external_id": "before"})
        changed = simulator.call("POST", "/contacts", {"role": "lead"})
        simulator.clock.freeze(since)
        made = simulator.call("POST", "/contacts", {"role": "user", "external_id": "made"})
        simulator.call("PUT", f"/contacts/{changed['id']}", {"name": "Ada"})
        webhooks = Webhooks(SECRET)
        seen: list[tuple[str, str | None]] = []

        @webhooks.on("*")
        async def keep(event: Notification[Any]) -> None:
            seen.append((event.topic, event.item.id))

        found = await webhooks.catch_up(intercom, since=since)

    assert found.read == {"contacts": 2}
    assert sorted(seen) == [
        ("contact.lead.updated", changed["id"]),
        ("contact.user.created", made["id"]),
    ]


async def _talk(intercom: Intercom, simulator: Simulator, contact_id: str) -> str:
    """Have a conversation, a second between the steps."""
    admin_id = (await intercom.admins.list().collect(limit=1))[0].id
    message = await intercom.conversations.create(contact_id=contact_id, body="Hi")
    name = str(message.conversation_id)
    talk = intercom.conversations
    steps: list[Callable[[], Awaitable[object]]] = [
        lambda: talk.reply(name, body="hello", admin_id=admin_id),
        lambda: talk.reply(name, body="thanks", contact_id=contact_id),
        lambda: talk.reply(name, body="a note", admin_id=admin_id, message_type="note"),
        lambda: talk.close(name, admin_id=admin_id),
    ]
    for step in steps:
        simulator.clock.freeze(simulator.clock.now() + 1)
        await step()
    return name


async def test_nothing_is_read_that_no_handler_wants() -> None:
    async with (
        Simulator(contacts=5) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        webhooks = Webhooks(SECRET)

        @webhooks.on("company.created")
        async def handle(_: Notification[items.Company]) -> None: ...

        found = await webhooks.catch_up(intercom, since=0)
        assert (found.read, found.handed_over) == ({}, {})
        with pytest.raises(ConfigError, match="since"):
            await webhooks.catch_up(intercom, since=datetime(2026, 1, 1))  # noqa: DTZ001 (the mistake under test)
