"""Waits: for jobs and exports, for new objects, each as long as it says."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from intercom_async import (
    ClosedError,
    ConfigError,
    DeadlineError,
    Intercom,
    JobError,
    RateLimitedError,
)
from intercom_async.clock import CLOCK
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request
from tests.support.scripted_client import Client, failure, reply

pytestmark = pytest.mark.anyio

BUSY = failure(
    429, "rate_limit_exceeded", "Exceeded rate limit of 1 pending message data export jobs"
)
CSV = gzip.compress(b"user_id,name\n1,Ann\n2,Bo\n", mtime=0)


def job(status: str) -> Reply:
    return reply(200, {"job_identifier": "j1", "status": status})


async def test_an_export_goes_from_nothing_to_rows(client: Client) -> None:
    script = [job("pending"), job("pending"), job("in_progress"), job("completed"), reply(200, CSV)]
    memory = MemoryTransport(script)
    async with client(transport=memory) as intercom:
        export = intercom.data_exports.rows(created_at_after=1, created_at_before=2)
        rows = [row async for row in export]
    assert rows == [{"user_id": "1", "name": "Ann"}, {"user_id": "2", "name": "Bo"}]
    assert memory.requests[-1].headers["Accept"] == "application/octet-stream"
    assert [request.name for request in memory.requests].count(
        "GET /export/content/data/{job_identifier}"
    ) == 3


async def test_an_export_can_be_waited_for_by_another_process(client: Client) -> None:
    async with client(job("completed"), reply(200, CSV)) as intercom:
        rows = [row async for row in intercom.data_exports.rows(job_identifier="j1")]
    assert len(rows) == 2


async def test_an_export_of_nothing_has_no_rows(client: Client) -> None:
    async with client(job("pending"), job("no_data")) as intercom:
        export = intercom.data_exports.rows(created_at_after=1, created_at_before=2)
        assert [row async for row in export] == []


async def test_an_export_that_is_in_the_way_is_said_at_once(client: Client) -> None:
    async with client(BUSY) as intercom:
        with pytest.raises(RateLimitedError, match="pending message data export"):
            await anext(intercom.data_exports.rows(created_at_after=1, created_at_before=2))


async def test_an_export_that_is_in_the_way_is_waited_for_if_wanted(client: Client) -> None:
    script = [BUSY, BUSY, job("pending"), job("completed"), reply(200, CSV)]
    async with client(*script) as intercom:
        export = intercom.data_exports.rows(created_at_after=1, created_at_before=2, busy_s=300)
        assert len([row async for row in export]) == 2
    assert asyncio.get_running_loop().time() > 50


@pytest.mark.parametrize("status", ["failed", "canceled"])
async def test_an_export_that_fails_is_an_error(client: Client, status: str) -> None:
    async with client(job("pending"), job(status)) as intercom:
        with pytest.raises(JobError, match=status):
            await intercom.data_exports.wait("j1")


async def test_waiting_for_an_export_ends(client: Client) -> None:
    async with client(lambda _: job("in_progress")) as intercom:
        with pytest.raises(DeadlineError):
            await intercom.data_exports.wait("j1", timeout_s=60)
        assert 30 < asyncio.get_running_loop().time() <= 61


async def test_an_export_needs_two_moments_or_a_job(client: Client) -> None:
    async with client() as intercom:
        with pytest.raises(ConfigError, match="created_at_before"):
            await anext(intercom.data_exports.rows(created_at_after=1))


async def test_a_reporting_export_and_a_ticket_are_jobs_too(client: Client) -> None:
    done = reply(200, {"job_identifier": "r1", "status": "complete"})
    ticket = reply(200, {"id": "5", "type": "job", "status": "success", "resource_id": "9"})
    async with client(job("pending"), done, ticket) as intercom:
        assert (await intercom.reporting_exports.wait("r1")).status == "complete"
        assert (await intercom.jobs.wait("5")).resource_id == "9"


def contact(**_: Any) -> Reply:
    return reply(200, {"type": "contact", "id": "7"})


NOT_FOUND = failure(404, "not_found")
NO_CONTACTS = reply(200, {"type": "list", "data": [], "total_count": 0})

WAITS: dict[str, tuple[Reply, type[Exception] | None, Callable[[Intercom, float], Any]]] = {
    "job": (
        reply(200, {"id": "5", "type": "job", "status": "pending"}),
        DeadlineError,
        lambda intercom, seconds: intercom.jobs.wait("5", timeout_s=seconds),
    ),
    "data export": (
        job("in_progress"),
        DeadlineError,
        lambda intercom, seconds: intercom.data_exports.wait("j1", timeout_s=seconds),
    ),
    "reporting export": (
        job("pending"),
        DeadlineError,
        lambda intercom, seconds: intercom.reporting_exports.wait("r1", timeout_s=seconds),
    ),
    "place for an export": (
        BUSY,
        RateLimitedError,
        lambda intercom, seconds: anext(
            intercom.data_exports.rows(created_at_after=1, created_at_before=2, busy_s=seconds)
        ),
    ),
    "readable contact": (
        NOT_FOUND,
        None,
        lambda intercom, seconds: intercom.contacts.create(email="a@b.example", settle_s=seconds),
    ),
    "searchable contact": (
        NO_CONTACTS,
        DeadlineError,
        lambda intercom, seconds: intercom.contacts.wait_searchable("7", timeout_s=seconds),
    ),
}


class Never:
    """A server on which nothing ever gets done; it knows when it was polled."""

    def __init__(self, name: str) -> None:
        self._answer = WAITS[name][0]
        self.polled_at: list[float] = []

    async def __call__(self, request: Request) -> Reply:
        if request.method == "POST" and request.name.endswith("/contacts"):
            return contact()
        self.polled_at.append(CLOCK.now())
        return self._answer


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.9, 20.8, 30.0, 33.3, 600.0])
@pytest.mark.parametrize("name", WAITS)
async def test_a_wait_lasts_as_long_as_it_says_and_ends_with_a_poll(
    client: Client, name: str, seconds: float
) -> None:
    server = Never(name)
    _, error, wait = WAITS[name]
    async with client(server) as intercom:
        begun_s = CLOCK.now()
        if error is None:
            await wait(intercom, seconds)
        else:
            with pytest.raises(error):
                await wait(intercom, seconds)
        assert CLOCK.now() - begun_s == pytest.approx(seconds, abs=0.01)
    assert server.polled_at[-1] - begun_s == pytest.approx(seconds, abs=0.01)


async def test_polls_become_rarer(client: Client) -> None:
    calls: dict[str, int] = {}
    for name, (_, error, wait) in WAITS.items():
        server = Never(name)
        async with client(server) as intercom:
            with pytest.raises(error) if error else nullcontext():
                await wait(intercom, 600.0)
        calls[name] = len(server.polled_at)
    jobs = dict.fromkeys(("job", "data export", "reporting export"), 46)
    contacts = dict.fromkeys(("readable contact", "searchable contact"), 304)
    assert calls == {**jobs, **contacts, "place for an export": 21}


async def test_a_job_that_is_done_at_the_deadline_is_done(client: Client) -> None:
    def answer(_: Request) -> Reply:
        return job("completed" if CLOCK.now() >= 29.9 else "pending")

    async with client(answer) as intercom:
        assert (await intercom.data_exports.wait("j1", timeout_s=30)).status == "completed"


@pytest.mark.parametrize("after_s", [0.1, 3.0, 40.0])
@pytest.mark.parametrize("name", WAITS)
async def test_a_wait_ends_when_the_client_closes(
    client: Client, name: str, after_s: float
) -> None:
    intercom = client(Never(name))
    await intercom.open()
    task = asyncio.create_task(WAITS[name][2](intercom, 600.0))
    await CLOCK.sleep(after_s)
    await intercom.close()
    with pytest.raises(ClosedError):
        await task
    assert asyncio.get_running_loop().time() == pytest.approx(after_s, abs=0.01)
