"""The calls that everybody begins with, one after the other, by methods and over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from intercom_async import F, Intercom, NotFoundError
from intercom_async.simulator import Simulator

pytestmark = pytest.mark.anyio

FIRST_OF_2021 = datetime(2021, 1, 1, tzinfo=UTC)


async def test_contacts_are_made_read_changed_found_and_deleted() -> None:
    async with (
        Simulator(contacts=30) as simulator,
        Intercom(simulator.token, base_url=simulator.url, update_method="PATCH") as intercom,
    ):
        ada = await intercom.contacts.create(
            email="ada@example.com",
            name="Ada",
            phone="+353871234567",
            custom_attributes={"plan": "premium", "signup_date": "2024-01-15"},
        )
        assert (ada.name, ada.phone) == ("Ada", "+353871234567")
        assert (await intercom.contacts.get(ada.id)).custom_attributes["plan"] == "premium"

        changed = await intercom.contacts.update(
            ada.id, name="Ada L.", custom_attributes={"plan": "enterprise"}
        )
        assert (changed.name, changed.custom_attributes["plan"]) == ("Ada L.", "enterprise")

        by_email = await intercom.contacts.search(F.email == "ada@example.com").collect()
        is_paying = F.custom_attributes["plan"].in_(["premium", "enterprise"])
        query = (F.role == "user") & (F.created_at > FIRST_OF_2021) & is_paying
        by_plan = await intercom.contacts.search(query, per_page=50).collect()
        assert [one.id for one in by_email] == [ada.id]
        assert ada.id in {one.id for one in by_plan}
        plans = {one.custom_attributes["plan"] for one in by_plan}
        assert plans <= {"premium", "enterprise"}

        await intercom.contacts.delete(ada.id)
        with pytest.raises(NotFoundError):
            await intercom.contacts.get(ada.id)


async def test_conversations_are_found_answered_assigned_and_closed() -> None:
    async with (
        Simulator(contacts=10, conversations=20) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        [admin, *_] = await intercom.admins.list().collect()
        latest = intercom.conversations.list(order="desc", sort="updated_at")
        updated = [one.updated_at or 0 async for one in latest]
        assert len(updated) == 20
        assert updated == sorted(updated, reverse=True)

        first = await intercom.conversations.search(F.state == "open").first()
        assert first is not None
        await intercom.conversations.reply(first.id, admin_id=admin.id, body="one")
        await intercom.conversations.create_part(
            first.id, message_type="comment", admin_id=admin.id, body="two"
        )
        whole = await intercom.conversations.get(first.id, display_as="plaintext")
        assert whole.conversation_parts is not None
        bodies = [part.body for part in whole.conversation_parts.conversation_parts]
        assert bodies[-2:] == ["one", "two"]

        await intercom.conversations.assign(first.id, admin_id=admin.id, assignee_id=admin.id)
        theirs = await intercom.conversations.search(F.admin_assignee_id == int(admin.id)).collect()
        assert first.id in {one.id for one in theirs}
        assert (await intercom.conversations.close(first.id, admin_id=admin.id)).state == "closed"


async def test_notes_tags_companies_events_and_articles() -> None:
    async with (
        Simulator(contacts=5) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        bob = await intercom.contacts.create(external_id="u1", email="bob@example.com")
        note = await intercom.contacts.create_note(bob.id, body="a note")
        assert [one.id async for one in intercom.contacts.notes(bob.id)] == [note.id]

        vip = await intercom.tags.create(name="vip")
        assert vip.id in {tag.id async for tag in intercom.tags.list()}
        await intercom.contacts.attach_tag(bob.id, vip.id)
        assert [tag.id async for tag in intercom.contacts.tags(bob.id)] == [vip.id]
        await intercom.contacts.detach_tag(bob.id, vip.id)
        assert await intercom.contacts.tags(bob.id).collect() == []

        acme = await intercom.companies.create(
            company_id="acme", name="Acme", plan="pro", size=3, website="https://acme.example"
        )
        await intercom.contacts.attach_company(bob.id, acme.id)
        assert [one.id async for one in intercom.contacts.companies(bob.id)] == [acme.id]

        await intercom.events.create(
            event_name="ordered", user_id="u1", metadata={"plan": "pro", "price": 9}
        )
        assert [one.event_name async for one in intercom.events.list(user_id="u1")] == ["ordered"]

        article = await intercom.articles.list().first()
        assert article is not None
        again = await intercom.articles.get(article.id)
        assert (again.id, again.title, again.url) == (article.id, article.title, article.url)
