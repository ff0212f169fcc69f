"""Many writes by jobs: a hundred items a request, and what is known of each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from intercom_async import ConfigError, Intercom, JobError
from intercom_async.fields import BulkContact
from intercom_async.models import BulkJob
from intercom_async.simulator import Simulator
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request
from intercom_async.workflows.bulk import Done, Failed

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def preview(version: str = "Preview") -> AsyncGenerator[tuple[list[str], Intercom]]:
    simulator = Simulator(contacts=3, seed=7)
    sent: list[str] = []

    async def answer(request: Request) -> Reply:
        sent.append(request.name)
        found = await simulator.answer(request)
        assert isinstance(found, Reply)
        return found

    transport = MemoryTransport(answer)
    async with Intercom(simulator.token, transport=transport, version=version) as intercom:
        yield sent, intercom


def people(count: int) -> Iterator[BulkContact]:
    for number in range(count):
        yield {"role": "user", "external_id": f"x{number}", "name": f"N{number}"}


async def test_a_request_takes_a_hundred_items() -> None:
    async with preview() as (sent, intercom):
        plan = await intercom.contacts.create_many(people(250), in_jobs=True).plan()
        results = [one async for one in intercom.contacts.create_many(people(250), in_jobs=True)]
        found = await intercom.contacts.find_by_external_id("x249")

    assert (plan.items, plan.calls, plan.rejected) == (250, 6, [])
    assert sent.count("POST /contacts/bulk") == 3
    assert sorted(one.position for one in results) == list(range(250))
    assert all(isinstance(one, Done) for one in results)
    assert found.name == "N249"


async def test_items_of_a_job_with_errors_fail_and_those_of_others_do_not() -> None:
    async with preview() as (_, intercom):
        await intercom.contacts.create(role="user", external_id="x150")
        run = intercom.contacts.create_many(people(250), in_jobs=True, ordered=True)
        results = [one async for one in run]

    failed = [one for one in results if isinstance(one, Failed)]
    assert [one.position for one in failed] == list(range(100, 200))
    assert {type(one.error) for one in failed} == {JobError}
    assert "does not say which" in str(failed[0].error)


async def test_an_item_that_cannot_be_sent_fails_alone() -> None:
    wrong: Any = [*people(2), {"nmae": "x"}, *people(0)]
    async with preview() as (sent, intercom):
        run = intercom.contacts.create_many(wrong, in_jobs=True)
        rejected = (await run.plan()).rejected
        results = [one async for one in run]

    assert [one.position for one in rejected] == [2]
    assert [type(one) for one in results] == [Done, Done, Failed]
    assert sent.count("POST /contacts/bulk") == 1


async def test_contacts_are_changed_and_deleted_and_companies_written_by_jobs() -> None:
    async with preview() as (sent, intercom):
        ids = [one.id for one in await intercom.contacts.list().collect()]
        changes = [{"id": each, "name": "New"} for each in ids]
        jobs: list[Any] = [
            one
            async for one in intercom.contacts.update_many(changes, in_jobs=True)  # type: ignore[call-overload] # plain dicts
        ]
        assert all(isinstance(one.result, BulkJob) for one in jobs)
        assert (await intercom.contacts.get(ids[0])).name == "New"

        rows = [{"company_id": f"c{number}", "name": "C"} for number in range(3)]
        written: list[Any] = [
            one
            async for one in intercom.companies.upsert_many(rows, in_jobs=True)  # type: ignore[call-overload] # plain dicts
        ]
        assert len(written) == 3
        assert await intercom.companies.find_by_company_id("c2") is not None

        async for _ in intercom.contacts.delete_many(ids, in_jobs=True):
            pass
        assert [one.id for one in await intercom.contacts.list().collect() if one.id in ids] == []
    assert "DELETE /contacts/{contact_id}" not in sent


async def test_an_older_version_is_told_so_at_once() -> None:
    async with preview("2.14") as (sent, intercom):
        with pytest.raises(ConfigError, match="needs API version Preview"):
            async for _ in intercom.contacts.create_many(people(1), in_jobs=True):
                pass
    assert sent == []


async def test_a_run_says_how_far_it_is_and_goes_on_from_there() -> None:
    seen: list[int] = []
    async with preview() as (sent, intercom):
        run = intercom.contacts.create_many(
            people(250),
            in_jobs=True,
            skip=100,
            ordered=True,
            on_progress=lambda progress: seen.append(progress.resume_from),
        )
        results = [one async for one in run]

    assert [one.position for one in results] == list(range(100, 250))
    assert seen[-1] == 250
    assert sent.count("POST /contacts/bulk") == 2
