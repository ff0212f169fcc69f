"""What type checkers make of the public names; checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import Any, assert_type

import msgspec

from intercom_async import F, Intercom, Page, Pager, Priority, Response
from intercom_async.models import Admin, Contact, Conversation, Me, Tag
from intercom_async.query import Predicate
from intercom_async.scheduler import Statistics


class Slim(msgspec.Struct):
    id: str


async def calls(intercom: Intercom) -> None:
    assert_type(await intercom.admins.me(), Me)
    assert_type(intercom.admins.list(), Pager[Admin])
    assert_type(await intercom.contacts.get("7"), Contact)
    assert_type(await intercom.contacts.get(7), Contact)
    assert_type(await intercom.contacts.create(email="a@example.com", name=None), Contact)
    assert_type(await intercom.conversations.close("9", admin_id=1), Conversation)
    assert_type(await intercom.tags.create(name="vip"), Tag)
    assert_type(await intercom.events.create(event_name="x", email="e"), None)
    assert_type(await intercom.events.create_many([{"event_name": "x", "email": "e"}]), int)


async def lists(intercom: Intercom) -> None:
    contacts = intercom.contacts.list(per_page=50)
    assert_type(contacts, Pager[Contact])
    assert_type(await contacts.first(), Contact | None)
    assert_type(await contacts.collect(limit=5), list[Contact])
    assert_type(contacts.as_(Slim), Pager[Slim])
    assert_type(contacts.raw(), Pager[msgspec.Raw])
    assert_type(contacts.resume(None).prefetch(1), Pager[Contact])
    async for contact in contacts:
        assert_type(contact, Contact)
    async for page in contacts.pages():
        assert_type(page, Page[Contact])
        assert_type(page.checkpoint, str | None)


async def envelopes(intercom: Intercom) -> None:
    answer = await intercom.send(intercom.contacts.GET.at(contact_id="7"))
    assert_type(answer, Response[Contact])
    assert_type(answer.window.reset_at, float | None)
    assert_type(await intercom.request("GET", "/x", model=Slim), Response[Slim])
    assert_type(await intercom.request("GET", "/x"), Response[Any])
    assert_type(intercom.with_options(priority=Priority.BULK), Intercom)
    assert_type(intercom.statistics(), Statistics)


def queries() -> None:
    assert_type((F.role == "user") & (F.created_at > 5), Predicate)
    assert_type(F.custom_attributes["plan"].in_(["a"]), Predicate)
