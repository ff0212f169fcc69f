"""The first calls: what each of them sends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from intercom_async import ConfigError, DeadlineError, Intercom
from intercom_async.transport import MemoryTransport
from tests.support.scripted_client import Client, failure, reply

pytestmark = pytest.mark.anyio

Use = Callable[[Intercom], Awaitable[object]]

CONTACT = {"type": "contact", "id": "7"}
CONVERSATION = {"type": "conversation", "id": "9"}
TAG = {"type": "tag", "id": "5", "name": "vip"}
COMPANY = {"type": "company", "id": "c", "company_id": "k"}
NOTE = {"type": "note", "id": "3", "body": "b"}

CALLS: list[tuple[str, Use, str, Any, dict[str, Any]]] = [
    ("me", lambda i: i.admins.me(), "GET /me", None, {"type": "admin", "id": "1"}),
    ("admins", lambda i: i.admins.list().collect(), "GET /admins", None, {"admins": []}),
    (
        "create contact",
        lambda i: i.contacts.create(email="e", name="n", custom_attributes={"plan": "premium"}),
        "POST /contacts",
        {"email": "e", "name": "n", "custom_attributes": {"plan": "premium"}},
        CONTACT,
    ),
    ("get contact", lambda i: i.contacts.get(7), "GET /contacts/7", None, CONTACT),
    (
        "delete contact",
        lambda i: i.contacts.delete("7"),
        "DELETE /contacts/7",
        None,
        {"type": "contact", "id": "7", "deleted": True},
    ),
    (
        "list conversations",
        lambda i: i.conversations.list(order="desc", sort="updated_at").collect(),
        "GET /conversations?order=desc&sort=updated_at",
        None,
        {"conversations": []},
    ),
    (
        "get conversation",
        lambda i: i.conversations.get("9", display_as="plaintext"),
        "GET /conversations/9?display_as=plaintext",
        None,
        CONVERSATION,
    ),
    (
        "reply",
        lambda i: i.conversations.reply("9", body="b", admin_id=1),
        "POST /conversations/9/reply",
        {"message_type": "comment", "type": "admin", "admin_id": "1", "body": "b"},
        CONVERSATION,
    ),
    (
        "reply as a contact",
        lambda i: i.conversations.reply("9", body="b", contact_id="7"),
        "POST /conversations/9/reply",
        {"message_type": "comment", "type": "user", "intercom_user_id": "7", "body": "b"},
        CONVERSATION,
    ),
    (
        "note in a conversation",
        lambda i: i.conversations.reply("9", body="b", admin_id="1", message_type="note"),
        "POST /conversations/9/reply",
        {"message_type": "note", "type": "admin", "admin_id": "1", "body": "b"},
        CONVERSATION,
    ),
    (
        "comment as a part",
        lambda i: i.conversations.create_part("9", message_type="comment", admin_id=1, body="b"),
        "POST /conversations/9/parts",
        {"message_type": "comment", "type": "admin", "admin_id": "1", "body": "b"},
        CONVERSATION,
    ),
    (
        "assign",
        lambda i: i.conversations.assign("9", admin_id="1", assignee_id="2"),
        "POST /conversations/9/parts",
        {"message_type": "assignment", "type": "admin", "admin_id": "1", "assignee_id": "2"},
        CONVERSATION,
    ),
    (
        "close",
        lambda i: i.conversations.close("9", admin_id="1", body="bye"),
        "POST /conversations/9/parts",
        {"message_type": "close", "type": "admin", "admin_id": "1", "body": "bye"},
        CONVERSATION,
    ),
    (
        "snooze",
        lambda i: i.conversations.snooze("9", admin_id="1", until=datetime(2030, 1, 1, tzinfo=UTC)),
        "POST /conversations/9/parts",
        {
            "message_type": "snoozed",
            "admin_id": "1",
            "snoozed_until": 1893456000,
        },
        CONVERSATION,
    ),
    (
        "open",
        lambda i: i.conversations.open("9", admin_id="1"),
        "POST /conversations/9/parts",
        {"message_type": "open", "admin_id": "1"},
        CONVERSATION,
    ),
    (
        "note",
        lambda i: i.contacts.create_note("7", body="b", admin_id=1),
        "POST /contacts/7/notes",
        {"body": "b", "admin_id": "1"},
        NOTE,
    ),
    ("tags", lambda i: i.tags.list().collect(), "GET /tags", None, {"data": [TAG]}),
    ("create tag", lambda i: i.tags.create(name="vip"), "POST /tags", {"name": "vip"}, TAG),
    (
        "tag a contact",
        lambda i: i.contacts.attach_tag("7", "5"),
        "POST /contacts/7/tags",
        {"id": "5"},
        TAG,
    ),
    (
        "untag a contact",
        lambda i: i.contacts.detach_tag("7", "5"),
        "DELETE /contacts/7/tags/5",
        None,
        TAG,
    ),
    ("articles", lambda i: i.articles.list().collect(), "GET /articles", None, {"data": []}),
    (
        "article",
        lambda i: i.articles.get("6"),
        "GET /articles/6",
        None,
        {"type": "article", "id": "6"},
    ),
    (
        "create company",
        lambda i: i.companies.create(company_id="k", name="n", plan="p", size=3, website="w"),
        "POST /companies",
        {"company_id": "k", "name": "n", "plan": "p", "size": 3, "website": "w"},
        COMPANY,
    ),
    (
        "attach company",
        lambda i: i.contacts.attach_company("7", "c"),
        "POST /contacts/7/companies",
        {"id": "c"},
        COMPANY,
    ),
]


@pytest.mark.parametrize(
    ("use", "line", "body", "answer"),
    [call[1:] for call in CALLS],
    ids=[call[0] for call in CALLS],
)
async def test_a_first_call_sends_what_is_described(
    client: Client, use: Use, line: str, body: Any, answer: dict[str, Any]
) -> None:
    memory = MemoryTransport([reply(200, answer)])
    async with client(transport=memory) as intercom:
        await use(intercom)

    [request] = memory.requests
    path = request.url.removeprefix("https://api.intercom.io")
    assert f"{request.method} {path}" == line
    sent = None if request.body is None else msgspec.json.decode(request.body)
    assert sent == body


async def test_an_event_has_a_moment_so_that_a_repeat_is_harmless(client: Client) -> None:
    memory = MemoryTransport([failure(500, "server_error"), reply(202)])
    async with client(transport=memory) as intercom:
        await intercom.events.create(event_name="ordered", user_id=5, metadata={"price": 1})
    first, second = (msgspec.json.decode(request.body or b"") for request in memory.requests)
    assert first == second
    assert first["created_at"] > 1_700_000_000
    assert (first["event_name"], first["user_id"]) == ("ordered", "5")


async def test_an_event_keeps_the_moment_it_was_given(client: Client) -> None:
    memory = MemoryTransport([reply(202)])
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    async with client(transport=memory) as intercom:
        await intercom.events.create(event_name="x", email="e", created_at=moment)
    assert msgspec.json.decode(memory.requests[0].body or b"")["created_at"] == 1704067200


MISTAKES: list[Use] = [
    lambda i: i.events.create(event_name="x"),
    lambda i: i.conversations.reply("9", body="b"),
    lambda i: i.conversations.reply("9", body="b", admin_id="1", contact_id="2"),
    lambda i: i.conversations.reply("9", body="b", email="e", message_type="note"),
    lambda i: i.contacts.get(""),
    lambda i: i.contacts.get(None),  # type: ignore[arg-type] # the mistake
    lambda i: i.contacts.detach_tag("7", ".."),
]


@pytest.mark.parametrize("use", MISTAKES)
async def test_what_cannot_work_is_refused_before_it_is_sent(client: Client, use: Use) -> None:
    async with client() as intercom:
        with pytest.raises((ConfigError, TypeError)):
            await use(intercom)


async def test_a_moment_without_a_zone_is_refused_before_it_is_sent(client: Client) -> None:
    async with client() as intercom:
        with pytest.raises((TypeError, ConfigError), match=r"^until\b"):
            await intercom.conversations.snooze(
                "9",
                admin_id="1",
                until=datetime(2030, 1, 1),  # noqa: DTZ001 (the mistake)
            )


async def test_a_new_contact_is_returned_once_it_can_be_read(client: Client) -> None:
    missing = failure(404, "not_found")
    script = [reply(200, CONTACT), missing, missing, reply(200, {**CONTACT, "name": "read"})]
    memory = MemoryTransport(script)
    async with client(transport=memory) as intercom:
        contact = await intercom.contacts.create(email="e", settle_s=10)
    assert contact.name == "read"
    assert len(memory.requests) == 4
    assert asyncio.get_running_loop().time() > 0


async def test_a_new_contact_is_returned_even_if_it_does_not_settle(client: Client) -> None:
    def answer(request: Any) -> Any:
        return reply(200, CONTACT) if request.method == "POST" else failure(404, "not_found")

    async with client(answer) as intercom:
        started = asyncio.get_running_loop().time()
        contact = await intercom.contacts.create(email="e", settle_s=3)
        assert asyncio.get_running_loop().time() - started <= 3.1
    assert contact.id == "7"


async def test_waiting_for_the_index_ends_when_a_search_finds_it(client: Client) -> None:
    empty: dict[str, Any] = {"data": []}
    found = {"data": [CONTACT]}
    async with client(reply(200, empty), reply(200, empty), reply(200, found)) as intercom:
        contact = await intercom.contacts.wait_searchable("7", timeout_s=60)
    assert contact.id == "7"


async def test_waiting_for_the_index_ends_in_time(client: Client) -> None:
    async with client(lambda _: reply(200, {"data": []})) as intercom:
        with pytest.raises(DeadlineError):
            await intercom.contacts.wait_searchable("7", timeout_s=5)
