"""The library against the simulator, as a program would use it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from intercom_async import (
    ConnectError,
    F,
    Intercom,
    Limits,
    NotFoundError,
    Priority,
    RetryPolicy,
    UnauthorizedError,
    priority,
)
from intercom_async.simulator import Simulator

pytestmark = pytest.mark.anyio


async def test_the_first_calls_do_what_they_say() -> None:
    async with (
        Simulator(contacts=30, conversations=10) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        me = await intercom.admins.me()
        assert [admin.id for admin in await intercom.admins.list().collect()].count(me.id) == 1

        contact = await intercom.contacts.create(
            email="new@example.com", name="New", custom_attributes={"plan": "premium"}
        )
        contact = await intercom.contacts.update(contact.id, name="Newer")
        assert (await intercom.contacts.get(contact.id)).name == "Newer"
        found = await intercom.contacts.search(F.email == "new@example.com").collect()
        assert [item.id for item in found] == [contact.id]

        tag = await intercom.tags.create(name="vip")
        await intercom.contacts.attach_tag(contact.id, tag.id)
        tags = (await intercom.contacts.get(contact.id)).tags
        assert tags is not None
        assert [item.id for item in tags.data] == [tag.id]
        await intercom.contacts.detach_tag(contact.id, tag.id)
        assert tag.id in {item.id for item in await intercom.tags.list().collect()}

        note = await intercom.contacts.create_note(contact.id, body="hello", admin_id=me.id)
        assert "hello" in (note.body or "")
        await intercom.events.create(
            event_name="ordered", email="new@example.com", metadata={"plan": "pro", "price": 9}
        )
        article = await intercom.articles.list().first()
        assert article is not None
        assert (await intercom.articles.get(article.id)).title == article.title

        await intercom.contacts.delete(contact.id)
        with pytest.raises(NotFoundError):
            await intercom.contacts.get(contact.id)


async def test_find_open_conversations_and_reply_to_each() -> None:
    async with (
        Simulator(contacts=20, conversations=60) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        me = await intercom.admins.me()
        is_open = F.state == "open"
        replied: list[str] = []
        async for conversation in intercom.conversations.search(is_open, per_page=5):
            whole = await intercom.conversations.reply(
                conversation.id, body="We are on it.", admin_id=me.id
            )
            parts = whole.conversation_parts
            assert parts is not None
            assert "We are on it." in (parts.conversation_parts[-1].body or "")
            replied.append(conversation.id)
        assert len(replied) > 5
        assert len(set(replied)) == len(replied)


async def test_create_a_contact_and_attach_it_to_a_company() -> None:
    async with (
        Simulator(contacts=5, companies=3, settle_s=0.2) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        contact = await intercom.contacts.create(email="ann@example.com", settle_s=10)
        company = await intercom.companies.create(company_id="acme-1", name="Acme", size=3)
        again = await intercom.companies.create(company_id="acme-1", plan="gold")
        assert again.id == company.id
        await intercom.contacts.attach_company(contact.id, company.id)
        companies = (await intercom.contacts.get(contact.id)).companies
        assert companies is not None
        assert [item.id for item in companies.data] == [company.id]


async def test_a_conversation_goes_through_its_states() -> None:
    async with (
        Simulator(conversations=3) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        me = await intercom.admins.me()
        first = await intercom.conversations.list(order="desc", sort="updated_at").first()
        assert first is not None
        assigned = await intercom.conversations.assign(first.id, admin_id=me.id, assignee_id=me.id)
        assert assigned.admin_assignee_id == me.id
        assert (await intercom.conversations.close(first.id, admin_id=me.id)).state == "closed"
        assert (await intercom.conversations.open(first.id, admin_id=me.id)).state == "open"
        until = datetime(2090, 1, 1, tzinfo=UTC)
        snoozed = await intercom.conversations.snooze(first.id, admin_id=me.id, until=until)
        assert (snoozed.state, snoozed.snoozed_until) == ("snoozed", int(until.timestamp()))


async def test_a_wrong_token_is_said_with_code_and_request() -> None:
    async with (
        Simulator(contacts=0) as simulator,
        Intercom("wrong", base_url=simulator.url) as intercom,
    ):
        with pytest.raises(UnauthorizedError) as caught:
            await intercom.admins.me()
    assert caught.value.code
    assert caught.value.request_id
    assert "wrong" not in str(caught.value)


async def test_an_unreachable_host_is_a_connect_error() -> None:
    async with Intercom(
        "t", base_url="http://127.0.0.1:1", retry=RetryPolicy(max_attempts=2, base_s=0.01)
    ) as intercom:
        with pytest.raises(ConnectError):
            await intercom.admins.me()


async def test_a_tight_limit_is_used_up_without_a_429() -> None:
    async with (
        Simulator(contacts=500, app_per_minute=2_400, window_s=1.0, latency_s=0.01) as simulator,
        Intercom(
            simulator.token,
            base_url=simulator.url,
            limits=Limits(app_per_minute=2_400, window_s=1.0),
        ) as intercom,
    ):
        with priority(Priority.BULK):
            contacts = await intercom.contacts.list(per_page=150).collect()
            async with asyncio.TaskGroup() as group:
                for contact in contacts[:120]:
                    group.create_task(intercom.contacts.get(contact.id))
        assert intercom.statistics().throttled == 0
        assert sum(row.rejected for row in simulator.ledger()) == 0
        assert max(row.served for row in simulator.ledger()) >= 30


async def test_every_contact_is_read_once_while_the_server_fails_now_and_then() -> None:
    async with (
        Simulator(contacts=1_000, seed=3) as simulator,
        Intercom(
            simulator.token, base_url=simulator.url, retry=RetryPolicy(base_s=0.01)
        ) as intercom,
    ):
        simulator.faults.add(rate=0.2, status=503)
        simulator.faults.add(rate=0.1, drop="after")
        found = [contact.id async for contact in intercom.contacts.list(per_page=20)]
        assert len(found) == len(set(found)) == 1_000
        assert intercom.statistics().retries > 0


async def test_clients_of_one_token_share_one_gate() -> None:
    async with (
        Simulator(contacts=10) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as one,
        Intercom(simulator.token, base_url=simulator.url) as two,
    ):
        await one.admins.me()
        await two.admins.me()
        assert one.statistics().granted == two.statistics().granted == 2
