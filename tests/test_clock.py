"""The clock of the running loop, which is virtual where the loop is."""

from __future__ import annotations

import asyncio
import time

from intercom_async.clock import CLOCK, WALL_TIME, LoopClock, reader
from tests.support.virtual_time import run_virtual


def test_unix_time_is_this_machines_unless_it_is_replaced() -> None:
    before = time.time()  # noqa: TID251 (what the clock is compared with)
    assert before <= CLOCK.unix() <= before + 60

    async def in_virtual_time() -> tuple[float, float]:
        begun = CLOCK.unix()
        await CLOCK.sleep(3_600)
        return begun, CLOCK.unix()

    begun, ended = run_virtual(in_virtual_time())
    assert 3_600 <= ended - begun < 3_601
    assert WALL_TIME.read is time.time  # noqa: TID251 (it is put back)


def test_sleep_and_timers_go_by_the_loops_time() -> None:
    async def hours() -> list[float]:
        begun = CLOCK.now()
        fired: list[float] = []
        CLOCK.call_at(begun + 7_200, lambda: fired.append(CLOCK.now() - begun))
        CLOCK.call_at(begun + 60, lambda: fired.append(CLOCK.now() - begun)).cancel()
        await CLOCK.sleep(10_000)
        return [*fired, CLOCK.now() - begun]

    timer, end = run_virtual(hours())
    assert 7_200 <= timer < 7_201
    assert 10_000 <= end < 10_001


def test_a_sleep_of_no_seconds_lets_others_go_first() -> None:
    async def order() -> list[str]:
        went: list[str] = []
        asyncio.get_running_loop().call_soon(went.append, "other")
        await CLOCK.sleep(0)
        return [*went, "sleeper"]

    assert run_virtual(order()) == ["other", "sleeper"]


def test_the_loop_is_read_directly_where_the_clock_is_its_own() -> None:
    async def readers() -> tuple[object, object]:
        loop = asyncio.get_running_loop()
        own = LoopClock()
        return reader(CLOCK, loop) == loop.time, reader(own, loop) == own.now

    assert run_virtual(readers()) == (True, True)
