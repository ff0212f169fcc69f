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
    RequestTimeoutError,
    RetryPolicy,
    ServerError,
)
from intercom_async.clock import CLOCK
from intercom_async.errors import ConnectionLostError
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request
from intercom_async.workflows.polling import LAST_POLL_S, PATIENCE_S
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


POLLED = [name for name in WAITS if name != "place for an export"]
"""Those that only read while they wait."""


class Slow(Never):
    """Each poll is answered after a while, by what is true when it was sent."""

    def __init__(self, name: str, *, answer_s: float, done_s: float = 1e9) -> None:
        super().__init__(name)
        self._answer_s = answer_s
        self._done_s = done_s

    async def __call__(self, request: Request) -> Reply:
        answer = await super().__call__(request)
        if CLOCK.now() >= self._done_s:
            body = {"type": "contact", "id": "7", "job_identifier": "j1", "status": "complete"}
            answer = reply(200, {**body, "data": [body]})
        if self.polled_at:
            await CLOCK.sleep(self._answer_s)
        return answer


@pytest.mark.parametrize("seconds", [0.0, 0.9, 30.0])
@pytest.mark.parametrize("name", POLLED)
async def test_a_server_that_hangs_ends_a_wait_soon(
    client: Client, name: str, seconds: float
) -> None:
    _, error, wait = WAITS[name]
    async with client(Slow(name, answer_s=1e6)) as intercom:
        with pytest.raises(error) if error else nullcontext():
            await wait(intercom, seconds)
    assert CLOCK.now() == pytest.approx(seconds + LAST_POLL_S, abs=0.1)


@pytest.mark.parametrize("answer_s", [0.1, 2.0, 7.0])
@pytest.mark.parametrize("name", POLLED)
async def test_what_is_ready_at_the_last_moment_is_found_by_slow_polls(
    client: Client, name: str, answer_s: float
) -> None:
    async with client(Slow(name, answer_s=answer_s, done_s=29.99)) as intercom:
        found = await WAITS[name][2](intercom, 30.0)
    assert found is not None
    assert 29.99 <= CLOCK.now() <= 30 + 2 * answer_s


BLIPS = [failure(503, "x"), ConnectionLostError("cut"), RequestTimeoutError("late"), reply(502)]
ONCE = RetryPolicy(max_attempts=1)


@pytest.mark.parametrize("blip", BLIPS)
@pytest.mark.parametrize("name", POLLED)
async def test_an_outage_does_not_end_a_wait(client: Client, name: str, blip: Any) -> None:
    server = Slow(name, answer_s=0.0, done_s=200.0)

    async def answer(request: Request) -> Any:
        found = await server(request)
        return blip if 20.0 <= CLOCK.now() <= 220.0 and server.polled_at else found

    async with client(answer, retry=ONCE) as intercom:
        await WAITS[name][2](intercom, 600.0)
    assert 220.0 <= CLOCK.now() <= 250.0


@pytest.mark.parametrize("name", POLLED)
async def test_an_outage_without_an_end_ends_a_wait(client: Client, name: str) -> None:
    server = Never(name)

    async def answer(request: Request) -> Any:
        found = await server(request)
        return failure(503, "x") if len(server.polled_at) > 1 else found

    async with client(answer, retry=ONCE) as intercom:
        with pytest.raises(ServerError) if WAITS[name][1] else nullcontext():
            await WAITS[name][2](intercom, 3_600.0)
    assert PATIENCE_S <= CLOCK.now() <= PATIENCE_S + 20


@pytest.mark.parametrize("name", [name for name in POLLED if WAITS[name][1]])
async def test_the_first_poll_of_a_wait_fails_as_it_is(client: Client, name: str) -> None:
    async with client(lambda _: failure(503, "x"), retry=ONCE) as intercom:
        with pytest.raises(ServerError):
            await WAITS[name][2](intercom, 600.0)
    assert CLOCK.now() < 1


async def test_a_wait_that_ends_in_an_outage_says_so(client: Client) -> None:
    server = Never("job")

    async def answer(request: Request) -> Any:
        found = await server(request)
        return failure(503, "x") if len(server.polled_at) > 1 else found

    async with client(answer, retry=ONCE) as intercom:
        with pytest.raises(DeadlineError) as caught:
            await intercom.jobs.wait("5", timeout_s=30)
    assert isinstance(caught.value.__cause__, ServerError)


@pytest.mark.parametrize("status", [401, 403, 400, 410, 422, 404, 500, 503])
async def test_a_contact_that_was_created_is_never_lost_to_a_read(
    client: Client, status: int
) -> None:
    def answer(request: Request) -> Reply:
        return contact() if request.method == "POST" else failure(status, "x")

    async with client(answer, retry=ONCE) as intercom:
        assert (await intercom.contacts.create(email="a@b.example", settle_s=5)).id == "7"
    assert CLOCK.now() <= 5.1


@pytest.mark.parametrize("name", WAITS)
async def test_the_callers_own_timeout_ends_a_wait(client: Client, name: str) -> None:
    async with client(Never(name)) as intercom:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(7):
                await WAITS[name][2](intercom, 600.0)
    assert CLOCK.now() == pytest.approx(7, abs=0.01)
