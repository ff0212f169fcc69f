"""Rate limits of the user's own: kept in the order of the lanes, and refused when too long."""

from __future__ import annotations

import asyncio

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.errors import WaitTooLongError
from intercom_async.priority import Priority
from .conftest import MakeDesk, turns

pytestmark = pytest.mark.anyio


async def test_a_rate_is_kept(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(max_per_second=2.0))
    begun = CLOCK.now()
    for _ in range(10):
        desk.start(priority=Priority.INTERACTIVE)
    await desk.done()

    assert CLOCK.now() - begun == pytest.approx(4.5, abs=0.3)


async def test_a_rate_for_searches_leaves_other_calls_alone(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(search_per_minute=60))
    begun = CLOCK.now()
    searches = [desk.start("search", kind="search") for _ in range(4)]
    await asyncio.gather(*[desk.start("get") for _ in range(4)])
    others_s = CLOCK.now() - begun
    await asyncio.gather(*searches)

    assert others_s < 0.2
    assert CLOCK.now() - begun == pytest.approx(3.0, abs=0.3)


async def test_an_interactive_call_does_not_wait_behind_bulk(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(max_per_second=1.0))
    for _ in range(20):
        desk.start("bulk", priority=Priority.BULK)
    await turns(2)

    await desk.start("person", priority=Priority.INTERACTIVE)

    assert desk.went == ["bulk", "person"]
    desk.scheduler.close()
    await desk.done()


async def test_a_longest_wait_holds(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(max_per_second=1.0))
    for _ in range(5):
        desk.start()
    await turns(2)
    begun = CLOCK.now()

    with pytest.raises(WaitTooLongError):
        await desk.call(max_wait_s=2.0)
    refused_s = CLOCK.now() - begun
    late = desk.start(max_wait_s=6.0, priority=Priority.BULK)
    for _ in range(5):
        desk.start(priority=Priority.INTERACTIVE)
    with pytest.raises(WaitTooLongError):
        await late

    assert refused_s == 0.0
    assert CLOCK.now() - begun == pytest.approx(6.0, abs=0.01)
    await desk.done()
    assert desk.is_quiet


@pytest.mark.parametrize("after", range(5))
async def test_a_cancelled_wait_lets_the_next_pass(make_desk: MakeDesk, after: int) -> None:
    desk = make_desk(Limits(max_per_second=1.0))
    tasks = [desk.start() for _ in range(5)]
    await turns(2)
    await CLOCK.sleep(after * 0.5)

    tasks[2].cancel()
    tasks[1].cancel()
    await asyncio.wait_for(desk.done(), 10.0)

    assert desk.is_quiet
