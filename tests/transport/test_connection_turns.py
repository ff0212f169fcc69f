"""Turns at the few connections of a caller's session: in order, kept, and all given back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from random import Random

import aiohttp
import pytest

from intercom_async import ConnectError
from intercom_async.clock import CLOCK
from intercom_async.transport import Request
from intercom_async.transport.connection_limit import ConnectionLimit
from intercom_async.transport.sending import Sending
from tests.support.virtual_time import anyio_backend

__all__ = ["anyio_backend"]

pytestmark = pytest.mark.anyio

TOOK_S = 0.01
"""Seconds until a request is answered."""


@asynccontextmanager
async def limited(count: int) -> AsyncGenerator[ConnectionLimit]:
    async with aiohttp.TCPConnector(limit=count) as connector:
        yield ConnectionLimit(connector)


async def send(limit: ConnectionLimit, timeout_s: float, took_s: float = TOOK_S) -> None:
    """Take a turn, and send."""
    sending = Sending(lambda: None)
    place = await limit.begin(request(timeout_s), sending)
    try:
        sending.begin()
        await CLOCK.sleep(took_s)
    finally:
        place.end()


def request(timeout_s: float) -> Request:
    url = "https://example.com/contacts/7"
    return Request(
        method="GET", url=url, name="GET /contacts/{id}", headers={}, timeout_s=timeout_s
    )


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("turns", [1, 3, 30])
async def test_requests_wait_for_each_other_as_long_as_connections_serve(
    count: int, turns: int
) -> None:
    """Whenever their time comes to an end: here as a connection goes from one to the next."""
    async with limited(count) as limit:
        requests = [send(limit, turns * TOOK_S) for _ in range(200 * count)]
        found = await asyncio.gather(*requests, return_exceptions=True)

    assert [each for each in found if each is not None] == []


async def test_a_request_keeps_its_turn_however_little_time_it_has() -> None:
    served: list[str] = []

    async def note(limit: ConnectionLimit, name: str, timeout_s: float) -> None:
        await send(limit, timeout_s)
        served.append(name)

    async with limited(1) as limit:
        names = [*"abcdef", "hasty", *"ghijkl"]
        await asyncio.gather(
            *(note(limit, each, 1.5 * TOOK_S if each == "hasty" else 60) for each in names)
        )

    assert served == names


async def test_a_slow_request_is_waited_for() -> None:
    async with limited(1) as limit:
        await asyncio.gather(send(limit, 60, took_s=50), send(limit, 0.1), send(limit, 0.1))


async def test_requests_behind_one_that_gets_no_connection_are_refused_with_it() -> None:
    async with limited(1) as limit:
        stuck = Sending(lambda: None)
        stuck.is_queued = True
        place = await limit.begin(request(0.1), stuck)
        found = await asyncio.gather(
            *(send(limit, 0.1 + number) for number in range(3)), return_exceptions=True
        )
        place.end()
        await send(limit, 0.1)

    assert [type(each) for each in found] == [ConnectError] * 3


@pytest.mark.parametrize("seed", range(20))
async def test_every_place_comes_back_however_requests_are_cancelled(seed: int) -> None:
    random, count = Random(seed), 1 + seed % 3
    async with limited(count) as limit:
        requests = [
            asyncio.create_task(
                send(limit, TOOK_S * random.randint(1, 3), TOOK_S * random.randint(0, 2))
            )
            for _ in range(40)
        ]
        for each in random.sample(requests, 30):
            await CLOCK.sleep(random.choice([0, 0, 0, TOOK_S]))
            each.cancel()
        await asyncio.gather(*requests, return_exceptions=True)

        async with asyncio.timeout(0):
            places = [await limit.begin(request(1), Sending(lambda: None)) for _ in range(count)]
        # As many as there are, and no more.
        further = asyncio.create_task(limit.begin(request(1), Sending(lambda: None)))
        await CLOCK.sleep(2)
        assert not further.done()
        for place in places:
            place.end()
        (await further).end()
