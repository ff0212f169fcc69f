"""Every way in which a list goes on, from end to end over real HTTP."""

from __future__ import annotations

import pytest

from intercom_async import F, Intercom, RetryPolicy
from intercom_async.simulator import Simulator

pytestmark = pytest.mark.anyio

QUICK = RetryPolicy(base_s=0.01)


async def test_cursors_in_the_query_and_in_the_body() -> None:
    async with (
        Simulator(contacts=95, conversations=45) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        listed = [contact.id async for contact in intercom.contacts.list(per_page=10)]
        found = [contact.id async for contact in intercom.contacts.search(F.id != "0", per_page=7)]
        talks = [one.id async for one in intercom.conversations.list(per_page=10)]
    assert len(set(listed)) == len(listed) == 95
    assert sorted(found) == sorted(listed)
    assert len(set(talks)) == len(talks) == 45


async def test_numbers_of_pages_and_links() -> None:
    async with (
        Simulator(contacts=3) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        contact = await intercom.contacts.list().first()
        assert contact is not None
        for number in range(7):
            await intercom.contacts.create_note(contact.id, body=f"note {number}")
        before = simulator.requests
        notes = [note.id async for note in intercom.contacts.notes(contact.id, per_page=3)]
        assert len(set(notes)) == 7
        # Offsets do not ask for a page beyond the last.
        assert simulator.requests - before == 3
        articles = [article.id async for article in intercom.articles.list(per_page=4)]
        assert len(set(articles)) == len(articles) > 4


async def test_events_by_links_that_go_back_in_time() -> None:
    async with (
        Simulator(contacts=3) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        contact = await intercom.contacts.create(email="ann@example.com")
        now = int(simulator.clock.now())
        for number in range(7):
            await intercom.events.create(
                event_name=f"clicked-{number}", email="ann@example.com", created_at=now - number
            )
        listed = intercom.events.list(intercom_user_id=contact.id, per_page=3)
        names = [event.event_name async for event in listed]
    assert names == [f"clicked-{number}" for number in range(7)]


async def test_merge_history_by_next_cursor() -> None:
    async with (
        Simulator(contacts=3) as simulator,
        Intercom(simulator.token, base_url=simulator.url, version="2.16") as intercom,
    ):
        user = await intercom.contacts.create(email="ann@example.com", role="user")
        for _ in range(3):
            lead = await intercom.contacts.create(email="ann@example.com", role="lead")
            await intercom.contacts.merge(from_id=lead.id, into_id=user.id)
        history = [one async for one in intercom.contacts.merge_history(user.id, per_page=2)]
    assert len(history) == 3


async def test_a_scroll_that_is_lost_midway_gives_each_company_once() -> None:
    async with (
        Simulator(contacts=4_000, companies=450, seed=5) as simulator,
        Intercom(simulator.token, base_url=simulator.url, retry=QUICK) as intercom,
    ):
        whole = [company.id async for company in intercom.companies.scroll()]
        assert len(set(whole)) == len(whole) > 300
        requests = simulator.requests
        simulator.clock.move(61)
        again: list[str] = []
        async for page in intercom.companies.scroll().pages():
            if not again:
                # More than a minute passes on the server: the scroll is gone.
                simulator.clock.move(61)
            again += [company.id for company in page.items]
        # Had it not been lost, it would have cost as many requests as before.
        assert simulator.requests - requests > requests
    assert sorted(again) == sorted(whole)


async def test_what_was_merged_is_found_where_it_went() -> None:
    async with (
        Simulator(contacts=3) as simulator,
        Intercom(simulator.token, base_url=simulator.url, version="2.16") as intercom,
    ):
        user = await intercom.contacts.create(email="ann@example.com", role="user")
        lead = await intercom.contacts.create(email="ann@example.com", role="lead")
        await intercom.contacts.merge(from_id=lead.id, into_id=user.id)
        assert (await intercom.contacts.get(lead.id, follow_merged=True)).id == user.id


async def test_an_export_from_nothing_to_rows() -> None:
    async with (
        Simulator(contacts=3) as simulator,
        Intercom(simulator.token, base_url=simulator.url, retry=QUICK) as intercom,
    ):
        export = intercom.data_exports.rows(
            created_at_after=1_700_000_000, created_at_before=1_800_000_000, timeout_s=30
        )
        rows = [row async for row in export]
    assert rows
    assert all(isinstance(row, dict) for row in rows)
