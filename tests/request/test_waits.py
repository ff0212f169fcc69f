"""Waits of a client other than a permit's: closing the client ends each of them."""

from __future__ import annotations

import asyncio

import pytest

from intercom_async.clock import CLOCK
from intercom_async.errors import ClosedError
from intercom_async.request.waits import Waits

pytestmark = pytest.mark.anyio


async def test_closing_ends_every_wait_at_once() -> None:
    waits = Waits()
    ended_at: list[float] = []

    async def wait() -> None:
        with pytest.raises(ClosedError, match="while something waited in it"):
            async with waits.while_open():
                await CLOCK.sleep(60.0)
        ended_at.append(CLOCK.now())

    begun_at = CLOCK.now()
    tasks = [asyncio.create_task(wait()) for _ in range(3)]
    await CLOCK.sleep(1.0)
    waits.close()
    await asyncio.gather(*tasks)

    assert ended_at == pytest.approx([begun_at + 1.0] * 3, abs=0.01)
    assert waits.is_closed


async def test_a_closed_client_lets_nothing_wait() -> None:
    waits = Waits()
    waits.close()
    entered = False
    with pytest.raises(ClosedError, match="the client is closed"):
        async with waits.while_open():
            entered = True
    assert not entered


async def test_a_timeout_of_the_block_passes_as_it_is() -> None:
    waits = Waits()
    with pytest.raises(TimeoutError):
        async with waits.while_open(), asyncio.timeout(1.0):
            await CLOCK.sleep(60.0)
    async with waits.while_open():
        await CLOCK.sleep(1.0)
    waits.close()
