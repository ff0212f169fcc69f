"""A caller's session that may have few connections: no call waits for one that it holds itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from intercom_async import ConnectError, Intercom, RetryPolicy
from tests.support.loopback import serving
from tests.support.scripted_client import TOKEN

pytestmark = pytest.mark.anyio

ONCE = RetryPolicy(max_attempts=1)
FEW = pytest.mark.parametrize("limits", [{"limit": 1}, {"limit_per_host": 1}])


@asynccontextmanager
async def unending() -> AsyncGenerator[tuple[str, asyncio.Event]]:
    """Serve contacts, and downloads that end with the event."""
    end = asyncio.Event()

    async def contact(_: web.Request) -> web.Response:
        return web.json_response({"type": "contact", "id": "7"})

    async def download(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await end.wait()
        return response

    app = web.Application()
    app.router.add_get("/contacts/{id}", contact)
    app.router.add_get("/{path:.*}", download)
    async with serving(app) as url:
        try:
            yield url, end
        finally:
            end.set()


@asynccontextmanager
async def using(
    url: str, limits: dict[str, Any], **options: Any
) -> AsyncGenerator[tuple[aiohttp.ClientSession, Intercom]]:
    connector = aiohttp.TCPConnector(**limits)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        Intercom(TOKEN, base_url=url, http=session, **options) as intercom,
    ):
        yield session, intercom


HELD = "no connection of the session given as http is free"


CALLS: dict[str, Callable[[Intercom], Awaitable[Any]]] = {
    "a call": lambda intercom: intercom.contacts.get("7"),
    "a download": lambda intercom: intercom.data_exports.download("2").__aenter__(),
}


@pytest.mark.parametrize("name", CALLS)
@FEW
async def test_a_call_within_the_download_that_has_the_only_connection_is_refused_at_once(
    limits: dict[str, Any], name: str
) -> None:
    async with unending() as (url, _), using(url, limits) as (_, intercom):
        await intercom.contacts.get("7")  # The server has answered: an outage would be waited for.
        async with asyncio.timeout(5), intercom.data_exports.download("1"):
            with pytest.raises(ConnectError, match=HELD) as caught:
                await CALLS[name](intercom)
        assert caught.value.retryable is False
        # The download is closed, so its connection is free.
        assert (await intercom.contacts.get("7")).id == "7"
        assert intercom.statistics().in_flight == 0


async def test_a_download_leaves_the_other_connections_to_calls_within_it() -> None:
    async with (
        unending() as (url, _),
        using(url, {"limit": 2}) as (_, intercom),
        intercom.data_exports.download("1"),
    ):
        assert (await intercom.contacts.get("7")).id == "7"


async def test_a_download_that_has_arrived_holds_no_connection() -> None:
    async with unending() as (url, end), using(url, {"limit": 1}) as (_, intercom):
        end.set()
        async with intercom.data_exports.download("1") as stream:
            assert await stream.read() == b"first"
            assert (await intercom.contacts.get("7")).id == "7"


@asynccontextmanager
async def ending_downloads(
    limits: dict[str, Any],
) -> AsyncGenerator[tuple[Intercom, Intercom]]:
    """Give clients of two hosts; downloads end once a request waits in the session's own queue."""
    ends: list[asyncio.Event] = []

    async def finish(*_: object) -> None:
        for end in ends:
            end.set()

    trace = aiohttp.TraceConfig()
    trace.on_connection_queued_start.append(finish)
    async with (
        unending() as (url, end),
        unending() as (other_url, other_end),
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(**limits), trace_configs=[trace]
        ) as session,
        Intercom(TOKEN, base_url=url, http=session) as intercom,
        Intercom(TOKEN, base_url=other_url, http=session) as other,
    ):
        ends += [end, other_end]
        yield intercom, other


async def read_downloads(intercom: Intercom, begun: asyncio.Event) -> None:
    async with intercom.data_exports.download("2") as stream:
        begun.set()
        await stream.read()


@pytest.mark.parametrize("limits", [{"limit": 2}, {"limit_per_host": 1}])
async def test_a_call_is_not_refused_for_downloads_of_other_tasks(limits: dict[str, Any]) -> None:
    """Where its own task holds fewer connections than there are, others may become free."""
    begun = asyncio.Event()
    async with ending_downloads(limits) as (intercom, other):
        async with intercom.data_exports.download("1"):
            client = other if "limit_per_host" in limits else intercom
            reader = asyncio.create_task(read_downloads(client, begun))
            await begun.wait()
            assert (await client.contacts.get("7")).id == "7"
        await reader


async def test_a_download_counts_for_the_task_that_reads_it() -> None:
    begun = asyncio.Event()

    async def read(stream: Any) -> None:
        async for _ in stream:
            begun.set()

    async with (
        ending_downloads({"limit": 1}) as (intercom, _),
        intercom.data_exports.download("1") as stream,
    ):
        reader = asyncio.create_task(read(stream))
        await begun.wait()
        assert (await intercom.contacts.get("7")).id == "7"
        await reader


Holder = Callable[[aiohttp.ClientSession, Intercom, str], AbstractAsyncContextManager[Any]]
HOLDERS: dict[str, Holder] = {
    "a download": lambda _, intercom, __: intercom.data_exports.download("1"),
    "a request of the caller's": lambda session, _, url: session.get(f"{url}/download"),
}


@pytest.mark.parametrize("name", HOLDERS)
@FEW
async def test_calls_wait_for_a_connection_that_another_task_holds(
    limits: dict[str, Any], name: str
) -> None:
    async with unending() as (url, end), using(url, limits) as (session, intercom):
        async with HOLDERS[name](session, intercom, url):
            calls = [asyncio.create_task(intercom.contacts.get("7")) for _ in range(3)]
            await asyncio.wait(calls, timeout=0.1)
            assert not any(call.done() for call in calls)
            end.set()
        assert {(await call).id for call in calls} == {"7"}


@pytest.mark.once
@pytest.mark.parametrize("name", HOLDERS)
@FEW
async def test_calls_that_no_connection_becomes_free_for_fail_together_and_say_why(
    limits: dict[str, Any], name: str
) -> None:
    async with unending() as (url, _), using(url, limits, timeout_s=1.0) as (session, intercom):
        await intercom.contacts.get("7")
        async with asyncio.timeout(20), HOLDERS[name](session, intercom, url):
            calls = [asyncio.create_task(intercom.contacts.get("7")) for _ in range(20)]
            found = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(each) for each in found} == {ConnectError}
        assert all(HELD in str(each) for each in found)
        assert (await intercom.contacts.get("7")).id == "7"


@asynccontextmanager
async def counting(
    places: int, limits: dict[str, Any]
) -> AsyncGenerator[tuple[aiohttp.ClientSession, str, list[str], list[None], asyncio.Event]]:
    """Serve creates, the first ones answered when as many as `places` are there and the event is.

    Yields:
        A session with limits, the address, ids in the order they came, one entry for each wait in
        the session's own queue, and the event.
    """
    seen: list[str] = []
    queued: list[None] = []
    go_on, are_there = asyncio.Event(), asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        seen.append((await request.json())["external_id"])
        if len(seen) == places:
            are_there.set()
        await are_there.wait()
        await go_on.wait()
        return web.json_response({"type": "contact", "id": "7"})

    async def note(*_: object) -> None:
        queued.append(None)

    app = web.Application()
    app.router.add_post("/contacts", answer)
    trace = aiohttp.TraceConfig()
    trace.on_connection_queued_start.append(note)
    async with (
        serving(app) as url,
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(**limits), trace_configs=[trace]
        ) as session,
    ):
        try:
            yield session, url, seen, queued, go_on
        finally:
            are_there.set()
            go_on.set()


PLACES = pytest.mark.parametrize(
    ("limits", "places"), [({"limit": 1}, 1), ({"limit_per_host": 1}, 1), ({"limit": 2}, 2)]
)


@PLACES
async def test_no_call_waits_in_the_queue_where_the_time_of_its_attempt_runs(
    limits: dict[str, Any], places: int
) -> None:
    async with (
        counting(places, limits) as (session, url, seen, queued, go_on),
        Intercom(TOKEN, base_url=url, http=session, retry=ONCE) as one,
        Intercom(TOKEN, base_url=url, http=session, retry=ONCE) as other,
    ):
        go_on.set()
        creates = [
            client.contacts.create(external_id=f"{number}{client is one}")
            for number in range(6)
            for client in (one, other)
        ]
        await asyncio.gather(*creates)
    assert len(seen) == len({*seen}) == 12
    assert queued == []


async def test_without_a_limit_all_calls_are_under_way_at_once() -> None:
    async with (
        counting(12, {"limit": 0}) as (session, url, seen, queued, go_on),
        Intercom(TOKEN, base_url=url, http=session, retry=ONCE) as intercom,
    ):
        go_on.set()
        await asyncio.gather(*(intercom.contacts.create(external_id=str(n)) for n in range(12)))
    assert len(seen) == 12
    assert queued == []


@PLACES
async def test_a_wait_for_one_of_few_connections_costs_no_time(
    limits: dict[str, Any], places: int
) -> None:
    """Calls that wait for many times as long as an attempt may take are not given up."""
    async with (
        counting(places, limits) as (session, url, seen, _, go_on),
        Intercom(TOKEN, base_url=url, http=session, retry=ONCE) as patient,
        Intercom(TOKEN, base_url=url, http=session, retry=ONCE, timeout_s=0.005) as hasty,
    ):
        held = [
            asyncio.create_task(patient.contacts.create(external_id=f"held {number}"))
            for number in range(places)
        ]
        while len(seen) < places:  # noqa: ASYNC110 (a server's list)
            await asyncio.sleep(0)  # noqa: TID251 (iterations of the loop, not time)
        waiting = [
            asyncio.create_task(hasty.contacts.create(external_id=f"waiting {number}"))
            for number in range(3)
        ]
        await asyncio.wait(waiting, timeout=0.1)
        assert not any(call.done() for call in waiting)
        for call in waiting:
            call.cancel()
        go_on.set()
        await asyncio.gather(*held)
        await asyncio.gather(*waiting, return_exceptions=True)
    assert len(seen) == places
