"""A contact that is deleted for privacy, and what is seen of it afterwards."""

from __future__ import annotations

import pytest

from intercom_async import Intercom, NotFoundError
from intercom_async.simulator import Simulator
from intercom_async.transport import MemoryTransport
from tests.support.scripted_client import Client, failure, reply

pytestmark = pytest.mark.anyio

DELETED = {"type": "contact", "id": "7", "deleted": True}


async def test_a_deleted_contact_is_not_found_afterwards() -> None:
    simulator = Simulator(contacts=3)
    async with Intercom(simulator.token, transport=MemoryTransport(simulator.answer)) as intercom:
        contact = await intercom.contacts.list().first()
        assert contact is not None
        erasure = await intercom.contacts.erase(contact.id)

        assert (erasure.seen, erasure.canonical_id) == ("not_found", None)
        assert (erasure.status.id, erasure.status.deleted) == (contact.id, True)
        assert "erased" not in repr(erasure)
        with pytest.raises(NotFoundError):
            await intercom.contacts.erase(contact.id)


async def test_a_contact_that_can_still_be_read_is_said_to_be_found(client: Client) -> None:
    async with client(reply(200, DELETED), reply(200, {"id": "7"})) as intercom:
        assert (await intercom.contacts.erase("7")).seen == "found"


async def test_the_contact_that_holds_the_data_of_a_merged_one_is_named(client: Client) -> None:
    link = '<https://api.intercom.io/contacts/8>; rel="canonical"'
    gone = failure(410, "resource_gone", "merged", Link=link)
    async with client(reply(200, DELETED), gone) as intercom:
        erasure = await intercom.contacts.erase("7")

    assert (erasure.seen, erasure.canonical_id) == ("merged", "8")
