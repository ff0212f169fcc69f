"""Contacts that are no longer active, by the list that came with 2.17."""

from __future__ import annotations

from typing import Any

import pytest

from intercom_async import ConfigError, Intercom
from intercom_async.simulator import Simulator
from intercom_async.transport import MemoryTransport

pytestmark = pytest.mark.anyio


async def test_deleted_contacts_are_listed_with_the_reason() -> None:
    simulator = Simulator(contacts=3)
    transport = MemoryTransport(simulator.answer)
    async with Intercom(simulator.token, transport=transport, version="2.17") as intercom:
        ids: dict[str, str] = {}
        for status in ("archived", "blocked", "pending_deletion", "merged", "target"):
            fields: dict[str, Any] = {"role": "lead", "email": f"{status}@example.com"}
            ids[status] = (await intercom.contacts.create(**fields)).id
        await intercom.contacts.archive(ids["archived"])
        await intercom.contacts.block(ids["blocked"])
        await intercom.contacts.delete(ids["pending_deletion"])
        await intercom.contacts.merge(
            from_id=ids["merged"],
            into_id=ids.pop("target"),
            skip_duplicate_validation=True,
        )

        found = await intercom.contacts.list_deleted(per_page=3).collect()

    assert {one.status: one.id for one in found} == ids
    into = {one.status: one.merged_into_id for one in found}
    assert [status for status in into if into[status] is not None] == ["merged"]


@pytest.mark.parametrize("version", ["2.14", "2.16"])
async def test_an_older_version_is_told_before_a_request(version: str) -> None:
    transport = MemoryTransport([])
    async with Intercom("t", transport=transport, version=version) as intercom:
        with pytest.raises(ConfigError, match=r"2\.17"):
            await intercom.contacts.list_deleted().first()
    assert transport.requests == []
