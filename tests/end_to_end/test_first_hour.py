"""The first hour of a user, from a token to ten thousand imported rows."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from intercom_async import Intercom, to_datetime
from intercom_async.simulator import Simulator
from intercom_async.transport import MemoryTransport
from intercom_async.workflows.bulk import Done
from tests.support.virtual_time import run_virtual


async def first_hour() -> None:
    simulator = Simulator(contacts=300, seed=7)
    async with Intercom(simulator.token, transport=MemoryTransport(simulator.answer)) as intercom:
        me = await intercom.admins.me()
        assert me.email

        contacts = await intercom.contacts.list(per_page=150).collect()
        assert len(contacts) == 300
        some = contacts[0].to_dict(times="datetime")
        assert some["id"] == contacts[0].id
        assert some["created_at"] == to_datetime(contacts[0].created_at)
        assert isinstance(some["created_at"], datetime)
        assert some["created_at"].tzinfo is UTC

        racing = (
            intercom.contacts.upsert(email="race@example.com", name=f"N{number}")
            for number in range(50)
        )
        outcomes = await asyncio.gather(*racing)
        assert len({outcome.contact.id for outcome in outcomes}) == 1
        assert sum(outcome.created for outcome in outcomes) == 1


def test_the_first_minutes_need_no_detour() -> None:
    run_virtual(first_hour())


async def import_rows(count: int) -> tuple[int, int, float]:
    simulator = Simulator(contacts=1, seed=7, latency_s=0.05)
    async with Intercom(
        simulator.token, transport=MemoryTransport(simulator.answer), version="Preview"
    ) as intercom:
        start_s = asyncio.get_running_loop().time()
        people: Any = ({"role": "user", "external_id": f"x{number}"} for number in range(count))
        run: Any = intercom.contacts.create_many(people, in_jobs=True)
        done = 0
        async for one in run:
            done += isinstance(one, Done)
        total = await intercom.contacts.list().count()
        return done, total, asyncio.get_running_loop().time() - start_s


def test_ten_thousand_rows_are_imported_by_jobs() -> None:
    done, total, seconds = run_virtual(import_rows(10_000))

    assert done == 10_000
    assert total == 10_001
    # A hundred requests and the polls of their jobs; one call for each row takes 60 s and more.
    assert seconds < 60


async def frame() -> list[str]:
    pytest.importorskip("pyarrow")
    simulator = Simulator(contacts=30, seed=7)
    async with Intercom(simulator.token, transport=MemoryTransport(simulator.answer)) as intercom:
        table = await intercom.contacts.list().to_arrow()
        assert table.num_rows == 30
        return [str(name) for name in table.schema.names]


def test_a_list_is_a_table() -> None:
    assert {"id", "email", "created_at"} <= {*run_virtual(frame())}
