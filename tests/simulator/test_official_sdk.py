"""The official Python SDK against the simulator: what it does right works, and its defects show."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from intercom_async.simulator import Simulator

sdk: Any = pytest.importorskip("intercom", reason="the official SDK is not installed")
types: Any = importlib.import_module("intercom.types")
pytestmark = [
    pytest.mark.anyio,
    # Its models use features of pydantic that are on their way out.
    pytest.mark.filterwarnings("ignore"),
]

ADMIN = "991267400"


@pytest.fixture
async def official(simulator: Simulator) -> AsyncIterator[Any]:
    httpx: Any = importlib.import_module("httpx")
    async with httpx.AsyncClient() as http:
        yield sdk.AsyncIntercom(token=simulator.token, base_url=simulator.url, httpx_client=http)


def single(field: str, value: str) -> Any:
    return types.SingleFilterSearchRequest(field=field, operator="=", value=value)


async def test_contacts_are_made_read_changed_and_found(official: Any) -> None:
    request = types.CreateContactRequestWithEmail(email="sdk@b.c")
    made = await official.contacts.create(request=request)
    assert (await official.contacts.find(made.id)).email == "sdk@b.c"
    changed = await official.contacts.update(made.id, name="Changed")
    assert changed.name == "Changed"

    pager = await official.contacts.search(query=single("email", "sdk@b.c"))

    assert [one.id for one in pager.items] == [made.id]
    assert (await official.contacts.archive(made.id)).archived is True
    assert (await official.contacts.delete(made.id)).deleted is True
    with pytest.raises(sdk.core.api_error.ApiError) as caught:
        await official.contacts.find(made.id)
    assert caught.value.status_code == 404


async def test_lists_are_walked_page_by_page(official: Any) -> None:
    for resource, count in (("contacts", 120), ("conversations", 40)):
        pager = await getattr(official, resource).list(per_page=25)
        ids = [one.id async for one in pager]
        assert len(ids) == len(set(ids)) == count


async def test_search_repeats_its_first_page(official: Any) -> None:
    pagination = types.StartingAfterPaging(per_page=5)
    query = single("role", "user")
    pager = await official.contacts.search(query=query, pagination=pagination)
    first = [one.id for one in pager.items]

    second = [one.id for one in (await pager.get_next()).items]

    assert second == first, "the SDK goes on correctly now: say so in the documentation"


async def test_notes_tags_companies_and_articles(official: Any) -> None:
    contact_id = (await official.contacts.list()).items[0].id
    note = await official.notes.create(contact_id, body="Hello", admin_id=ADMIN)
    assert [one.id for one in (await official.notes.list(contact_id)).items] == [note.id]
    request = types.CreateOrUpdateTagRequest(name="Early bird")
    tag = await official.tags.create(request=request)
    assert tag.id in [one.id for one in (await official.tags.list()).data]
    assert (await official.tags.tag_contact(contact_id, tag_id=tag.id)).name == "Early bird"
    wanted = types.CreateOrUpdateCompanyRequest(company_id="sdk", name="Made by the SDK")
    company = await official.companies.create_or_update(request=wanted)
    assert (await official.companies.find(company.id)).name == "Made by the SDK"
    await official.companies.attach_contact(contact_id, company_id=company.id)
    assert (await official.articles.find(1)).id == "1"
    assert len((await official.articles.list()).items) == 25
    assert len((await official.admins.list()).admins) == 8


async def test_conversations_are_answered_and_managed(official: Any) -> None:
    conversation_id = (await official.conversations.list()).items[0].id
    request = types.AdminReplyConversationRequest(
        message_type="comment", type="admin", admin_id=ADMIN, body="Hello"
    )
    replied = await official.conversations.reply(conversation_id, request=request)
    assert replied.conversation_parts.conversation_parts[-1].body == "<p>Hello</p>"
    kinds: Any = importlib.import_module("intercom.conversations.types")
    close = kinds.ConversationsManageRequestBody_Close(
        message_type="close", type="admin", admin_id=ADMIN
    )
    assert (await official.conversations.manage(conversation_id, request=close)).state == "closed"
    pager = await official.conversations.search(query=single("state", "closed"))
    assert conversation_id in [one.id for one in pager.items]


async def test_tickets_are_made_read_and_found(official: Any) -> None:
    contact_id = (await official.contacts.list()).items[0].id
    contact = types.CreateTicketRequestContactsItemId(id=contact_id)
    ticket = await official.tickets.create(ticket_type_id="53", contacts=[contact])
    assert (await official.tickets.get(ticket.id)).ticket_state.category == "submitted"
    pager = await official.tickets.search(query=single("category", "request"))
    assert ticket.id in [one.id for one in pager.items]
