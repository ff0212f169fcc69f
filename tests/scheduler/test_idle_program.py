"""A program that has its windows to itself: calls that nothing weighs are bound all the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from .conftest import Desk, MakeDesk, turns
from .test_hooks import Notes

pytestmark = pytest.mark.anyio


async def alone(make_desk: MakeDesk, limits: Limits | None = None, **options: Any) -> Desk:
    """Return a desk that has seen some windows which nobody else has used."""
    desk = make_desk(limits, **options)
    for _ in range(12):
        await desk.call()
        await CLOCK.sleep(4.0)
    # Where no other window is near.
    await CLOCK.sleep(desk.server.ends_in_s() + 4.0)
    return desk


async def test_places_are_kept_for_people(make_desk: MakeDesk) -> None:
    desk = await alone(make_desk, Limits(max_in_flight=10))
    desk.server.most_present = 0
    for _ in range(50):
        desk.start()
    await desk.done()

    assert desk.server.most_present == 9


async def test_a_call_that_counts_as_several_is_charged_as_several(make_desk: MakeDesk) -> None:
    desk = await alone(make_desk)
    await desk.call()
    before = desk.scheduler.statistics().app.used

    async with desk.scheduler.admit(cost=5) as permit:
        assert desk.scheduler.statistics().app.used == before + 5
        permit.release()


async def test_an_overload_is_waited_for(make_desk: MakeDesk) -> None:
    desk = await alone(make_desk)
    for _ in range(3):
        async with desk.scheduler.admit() as permit:
            permit.observe(status=429, headers={})
    begun = CLOCK.now()

    await desk.call()

    assert CLOCK.now() - begun > 0.3


async def test_a_call_does_not_overtake_one_that_waits(make_desk: MakeDesk) -> None:
    desk = await alone(make_desk, limit=100)
    desk.went.clear()
    async with desk.scheduler.admit(cost=40) as permit:
        heavy = desk.start("heavy", cost=70)
        await turns(2)
        light = desk.start("light")
        await asyncio.wait([heavy, light])
        permit.release()

    assert desk.went == ["heavy", "light"]


async def test_what_a_call_has_waited_before_is_not_counted_again(make_desk: MakeDesk) -> None:
    desk = await alone(make_desk)
    before_s = desk.scheduler.statistics().waited_s

    async with desk.scheduler.admit(since=CLOCK.now() - 3.0) as permit:
        permit.release()

    assert desk.scheduler.statistics().waited_s - before_s == 0.0


async def test_hooks_hear_of_each_call(make_desk: MakeDesk) -> None:
    notes = Notes()
    await alone(make_desk, hooks=notes)

    assert [entry[:2] for entry in notes.heard if entry[0] == "granted"] == [
        ("granted", Priority.NORMAL)
    ] * 12


async def test_a_rate_of_the_users_own_is_kept(make_desk: MakeDesk) -> None:
    desk = await alone(make_desk, Limits(max_per_second=2))
    begun = CLOCK.now()
    for _ in range(5):
        desk.start()
    await desk.done()

    assert CLOCK.now() - begun == pytest.approx(2.0, abs=0.1)


async def test_the_calls_of_people_are_expected_again(make_desk: MakeDesk) -> None:
    """Also those of a lane that nothing holds back: the reserve is learned from each of them."""
    desk = await alone(make_desk)
    for _ in range(10):
        await desk.call(priority=Priority.INTERACTIVE)
    queue = desk.scheduler._dispatcher.queues[""]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    assert queue.limiter.reserve.arrivals_per_s > 0.0
