"""Promises about a token, a repetition and a redirect, each for every member of its kind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from intercom_async import (
    ClosedError,
    ConnectError,
    ConnectionLostError,
    DeadlineError,
    DecodeError,
    Intercom,
    IntercomError,
    NotFoundError,
    RequestTimeoutError,
    RetryPolicy,
    TransportError,
    WaitTooLongError,
)
from intercom_async.clock import CLOCK
from intercom_async.transport import MemoryTransport, Reply, Request
from tests.contract.operations import Endpoint, endpoints
from tests.support.scripted_client import TOKEN, Client, failure, reply

pytestmark = pytest.mark.anyio

CONTACT = {"type": "contact", "id": "7"}
DELETES = [each for each in endpoints() if each.operation.method == "DELETE"]


async def test_a_slow_token_provider_gives_its_permit_back() -> None:
    in_flight: list[int] = []
    asked = 0

    async def provider() -> str:
        nonlocal asked
        asked += 1
        in_flight.append(intercom.statistics().in_flight)
        await CLOCK.sleep(5.0)
        return TOKEN

    memory = MemoryTransport([reply(200, CONTACT)])
    async with Intercom(provider, transport=memory) as intercom:
        await intercom.contacts.get("7")
        assert intercom.statistics().released == 1
    assert (in_flight, asked) == ([1], 1)
    assert memory.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("error", [TimeoutError, ConnectionLostError, ValueError, OSError])
async def test_what_a_token_provider_raises_passes_as_it_is(error: type[Exception]) -> None:
    raised = error("the vault is sealed")

    def provider() -> str:
        raise raised

    memory = MemoryTransport([])
    async with Intercom(provider, transport=memory, deadline_s=5.0) as intercom:
        with pytest.raises(error) as caught:
            await intercom.contacts.get("7")
        assert caught.value is raised
        assert intercom.statistics().in_flight == 0
    assert memory.requests == []


@pytest.mark.parametrize("endpoint", DELETES, ids=lambda endpoint: endpoint.label)
async def test_a_404_to_a_repeated_delete_is_its_success(endpoint: Endpoint) -> None:
    operation = endpoint.operation
    ids: dict[str, Any] = dict.fromkeys(operation.names, "7")
    script: list[Reply | TransportError] = [
        ConnectionLostError("cut"),
        failure(404, "not_found"),
    ]
    async with Intercom(TOKEN, transport=MemoryTransport(script), version="Preview") as intercom:
        response = await intercom.send(operation.at(**ids))
    assert response.attempts == 2
    async with Intercom(
        TOKEN, transport=MemoryTransport([failure(404, "not_found")]), version="Preview"
    ) as intercom:
        with pytest.raises(NotFoundError):
            await intercom.send(operation.at(**ids))


@pytest.mark.parametrize("body", ["", "<html>", '{"type":"contact","id":'])
async def test_an_unreadable_answer_to_an_update_is_repeated(client: Client, body: str) -> None:
    async with client(reply(200, body), reply(200, CONTACT)) as intercom:
        assert (await intercom.contacts.update("7", name="Ann")).id == "7"
    async with client(reply(200, body)) as intercom:
        with pytest.raises(DecodeError):
            await intercom.contacts.create(email="ann@example.com")


async def test_a_refused_wait_after_an_attempt_says_what_came_before(client: Client) -> None:
    full = failure(
        429,
        "rate_limit_exceeded",
        **{
            "X-RateLimit-Limit": "10",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": "1000000010",
            "Date": "Sun, 09 Sep 2001 01:46:45 GMT",
        },
    )
    lost = ConnectionLostError("cut")
    script: list[Reply | TransportError] = [lost, full, reply(200, CONTACT)]
    async with client(*script, retry=RetryPolicy(base_s=0.01), max_wait_s=0.5) as intercom:
        with pytest.raises(WaitTooLongError) as caught:
            await intercom.contacts.get("7")
    assert caught.value.maybe_sent
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("is_sent", [False, True])
async def test_a_call_that_a_close_ends_says_whether_it_was_sent(*, is_sent: bool) -> None:
    class Closing(MemoryTransport):
        async def exchange(self, request: Request, on_sent: Callable[[], None]) -> Reply:
            self.requests.append(request)
            if is_sent:
                on_sent()
            raise ClosedError("the client was closed while its answer was read")

    async with Intercom(TOKEN, transport=Closing([])) as intercom:
        with pytest.raises(ClosedError) as caught:
            await intercom.contacts.create(role="user", external_id="7")
    assert caught.value.maybe_sent is is_sent


@pytest.mark.parametrize("is_sent", [False, True])
@pytest.mark.parametrize("ends_by", ["cancel", "deadline", "close"])
async def test_a_call_that_ends_while_it_connects_takes_no_room(
    ends_by: str, *, is_sent: bool
) -> None:
    reached = anyio.Event()

    class Slow(MemoryTransport):
        async def exchange(self, request: Request, on_sent: Callable[[], None]) -> Reply:
            self.requests.append(request)
            if is_sent:
                on_sent()
            reached.set()
            if ends_by == "close":
                raise ClosedError("the client was closed")
            await anyio.sleep_forever()
            raise AssertionError

    deadline_s = 0.05 if ends_by == "deadline" else None
    async with Intercom(TOKEN, transport=Slow([]), deadline_s=deadline_s) as intercom:
        call = asyncio.create_task(intercom.contacts.get("7"))
        await reached.wait()
        if ends_by == "cancel":
            call.cancel()
        with pytest.raises((asyncio.CancelledError, DeadlineError, ClosedError)):
            await call
        seen = intercom.statistics()
    assert (seen.lost, seen.released) == ((1, 0) if is_sent else (0, 1))


async def test_a_close_while_a_repetition_waits_says_what_the_first_attempt_was(
    client: Client,
) -> None:
    """Closed during the pause before the second attempt."""
    intercom = client(ConnectionLostError("lost"), retry=RetryPolicy(base_s=1e6, cap_s=1e6))
    await intercom.open()
    call = asyncio.ensure_future(intercom.contacts.update("7", name="Ann"))
    while intercom.statistics().retries == 0:
        await CLOCK.sleep(0)
    await intercom.close()
    with pytest.raises(ClosedError) as caught:
        await call
    assert caught.value.maybe_sent


async def test_what_is_not_the_configured_origin_never_meets_the_scheduler() -> None:
    def answer(request: Request) -> Reply:
        hops = {
            "https://api.intercom.io/contacts/7": "https://storage.example.com/a",
            "https://storage.example.com/a": "https://storage.example.com/b",
            "https://storage.example.com/b": "https://other.example.com/c",
        }
        location = hops.get(request.url)
        return reply(200, CONTACT) if location is None else reply(302, Location=location)

    memory = MemoryTransport(answer)
    async with Intercom(TOKEN, transport=memory, headers={"X-Mine": "1"}) as intercom:
        await intercom.contacts.get("7")
        assert intercom.statistics().granted == 1
    assert len(memory.requests) == 4
    assert memory.requests[0].headers["X-Mine"] == "1"
    for request in memory.requests[1:]:
        assert dict(request.headers) == {"Accept": "application/json"}


AFTER_SEE_OTHER: dict[str, Reply | TransportError] = {
    "no connection": ConnectError("refused"),
    "a lost connection": ConnectionLostError("lost"),
    "a time-out": RequestTimeoutError("late"),
    "a full window": failure(429, "rate_limit_exceeded", X_RateLimit_Remaining="0"),
    "a 429 of something in between": reply(429, "slow down"),
    "a 503 that says it did nothing": failure(503, "service_unavailable"),
    "a 503 with a time": reply(503, Retry_After="0"),
    "a 500": failure(500, "server_error"),
    "a 408": reply(408),
    "a 404": failure(404, "not_found"),
    "a reply that is not JSON": reply(200, "<html>"),
    "another redirect": reply(302, Location="/elsewhere"),
    "a redirect to nowhere": reply(302),
}


@pytest.mark.parametrize("then", AFTER_SEE_OTHER.values(), ids=AFTER_SEE_OTHER.keys())
async def test_a_create_that_was_answered_by_see_other_is_not_sent_again(
    then: Reply | TransportError,
) -> None:
    """The redirect says that the work is done, and where to read what came of it."""

    def answer(request: Request) -> Reply | TransportError:
        return reply(303, Location="/contacts/7") if request.method == "POST" else then

    memory = MemoryTransport(answer)
    async with Intercom(TOKEN, transport=memory) as intercom:
        with pytest.raises(IntercomError) as caught:
            await intercom.contacts.create(role="user", external_id="7")
    assert [request.method for request in memory.requests].count("POST") == 1
    assert getattr(caught.value, "maybe_sent", True)


@pytest.mark.parametrize(
    "location",
    [
        "https://x:99999/a",
        "https://a..b/",
        f"https://{'a' * 64}.io/",
        "https://bücher.example/",
        "https://[::1",
        "https://[1:2:3]/",
        "https://999.1.1.1/",
    ],
)
async def test_a_redirect_to_nowhere_is_an_error_of_ours(client: Client, location: str) -> None:
    async with client(reply(302, Location=location)) as intercom:
        with pytest.raises(Exception, match="answered 302") as caught:
            await intercom.contacts.get("7")
    assert type(caught.value).__module__ == "intercom_async.errors"
