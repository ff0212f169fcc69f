"""Whose turn it is: lanes, age, keys, cost."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.errors import WaitTooLongError
from intercom_async.priority import Priority, fairness_key, priority
from intercom_async.scheduler.lanes import MAX_OVERTAKEN, SLACK_S
from .conftest import Desk, MakeDesk, turns

pytestmark = pytest.mark.anyio

ONE = Limits(max_in_flight=1)


async def hold(desk: Desk) -> asyncio.Event:
    """Take the one place there is, until the event is set."""
    await desk.call("known")
    gone = asyncio.Event()

    async def stay() -> None:
        async with desk.scheduler.admit(priority=Priority.INTERACTIVE) as permit:
            await gone.wait()
            permit.release()

    desk.spawn(stay())
    await turns(2)
    desk.went.clear()
    return gone


async def test_the_more_urgent_goes_first(make_desk: MakeDesk) -> None:
    desk = make_desk(ONE)
    gone = await hold(desk)
    for lane in reversed(Priority):
        desk.start(lane.name, priority=lane)
    await turns(2)

    gone.set()
    await desk.done()

    assert desk.went == [lane.name for lane in Priority]


async def test_within_a_lane_the_first_goes_first(make_desk: MakeDesk) -> None:
    desk = make_desk(ONE)
    gone = await hold(desk)
    for number in range(20):
        desk.start(str(number))
    await turns(2)

    gone.set()
    await desk.done()

    assert desk.went == [str(number) for number in range(20)]


async def test_what_was_turned_away_goes_before_its_lane(make_desk: MakeDesk) -> None:
    desk = make_desk(ONE)
    gone = await hold(desk)
    desk.start("new")
    desk.start("again", is_repeat=True)
    await turns(2)

    gone.set()
    await desk.done()

    assert desk.went == ["again", "new"]


@pytest.mark.parametrize("lane", [Priority.NORMAL, Priority.BACKGROUND, Priority.BULK])
async def test_an_overdue_head_is_overtaken_a_bounded_number_of_times(
    make_desk: MakeDesk, lane: Priority
) -> None:
    desk = make_desk(ONE)
    gone = await hold(desk)
    for number in range(3):
        desk.start(f"patient {number}", priority=lane)
    for _ in range(200):
        desk.start("interactive", priority=Priority.INTERACTIVE)
    await CLOCK.sleep(SLACK_S[lane] + 0.1)

    gone.set()
    await desk.done()

    most = MAX_OVERTAKEN[lane] - 1
    assert [desk.went.index(f"patient {number}") for number in range(3)] == [
        most,
        2 * most + 1,
        3 * most + 2,
    ]


async def test_calls_that_give_up_leave_their_lanes_turn_to_the_next(make_desk: MakeDesk) -> None:
    desk = make_desk(ONE)
    await desk.call()
    desk.server.pause_s = 0.5
    for _ in range(60):
        desk.start("person", priority=Priority.INTERACTIVE)
    await turns(2)
    desk.went.clear()

    # None of them waits for long enough to be overtaken ten times, and none at the same time.
    for _ in range(6):
        with suppress(WaitTooLongError):
            await desk.call("normal", max_wait_s=3.0)

    assert "normal" in desk.went
    assert desk.went.index("normal") <= MAX_OVERTAKEN[Priority.NORMAL] + 5
    desk.scheduler.close()
    await desk.done()


async def test_a_head_that_is_not_overdue_is_overtaken_by_all(make_desk: MakeDesk) -> None:
    desk = make_desk(ONE)
    gone = await hold(desk)
    desk.start("bulk", priority=Priority.BULK)
    for _ in range(100):
        desk.start("normal")
    await turns(2)

    gone.set()
    await desk.done()

    assert desk.went[-1] == "bulk"


async def test_an_old_backlog_does_not_delay_a_new_normal_call(make_desk: MakeDesk) -> None:
    desk = make_desk(ONE)
    gone = await hold(desk)
    for _ in range(500):
        desk.start("bulk", priority=Priority.BULK)
    await CLOCK.sleep(300.0)
    desk.start("normal")
    await turns(2)

    gone.set()
    await desk.done()

    assert desk.went.index("normal") == 0


async def test_bulk_goes_on_under_a_flood_of_interactive_calls(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=50)
    bulk = desk.start("bulk", priority=Priority.BULK)

    async def flood() -> None:
        while True:
            desk.start("person", priority=Priority.INTERACTIVE)
            await CLOCK.sleep(0.1)

    await desk.call()
    desk.server.take(50)
    bulk = desk.start("bulk", priority=Priority.BULK)
    flooding = desk.spawn(flood())
    begun = CLOCK.now()
    await bulk
    flooding.cancel()

    assert CLOCK.now() - begun < 85.0
    desk.scheduler.close()
    await desk.done()


async def test_keys_take_turns(make_desk: MakeDesk) -> None:
    desk = make_desk(ONE)
    gone = await hold(desk)
    with fairness_key("large"):
        for number in range(6):
            desk.start(f"large {number}")
        await turns(2)
    with fairness_key("small"):
        for number in range(2):
            desk.start(f"small {number}")
        await turns(2)

    gone.set()
    await desk.done()

    assert desk.went[:4] == ["large 0", "small 0", "large 1", "small 1"]
    assert desk.went[4:] == [f"large {number}" for number in range(2, 6)]


async def test_a_heavy_call_costs_its_key_turns(make_desk: MakeDesk) -> None:
    desk = make_desk(ONE)
    gone = await hold(desk)
    with fairness_key("heavy"):
        desk.start("heavy", cost=3)
        desk.start("heavy too", cost=1)
        await turns(2)
    with fairness_key("light"):
        for number in range(4):
            desk.start(f"light {number}")
        await turns(2)

    gone.set()
    await desk.done()

    assert desk.went == ["heavy", "light 0", "light 1", "light 2", "heavy too", "light 3"]


async def test_a_cost_uses_up_the_window(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=60), limit=10)
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    await desk.call(priority=Priority.INTERACTIVE)
    ends_s, begun = desk.server.ends_in_s(), CLOCK.now()
    for _ in range(3):
        desk.start(cost=4, priority=Priority.INTERACTIVE)

    await desk.done()

    assert CLOCK.now() - begun >= ends_s


@pytest.mark.parametrize("lane", list(Priority))
async def test_a_cost_beyond_the_limit_does_not_wait_for_ever(
    make_desk: MakeDesk, lane: Priority
) -> None:
    desk = make_desk(Limits(app_per_minute=60), limit=10)
    await desk.call()

    await asyncio.wait_for(desk.call(cost=25, priority=lane), 25.0)


async def test_the_context_says_the_lane(make_desk: MakeDesk) -> None:
    desk = make_desk(ONE)
    gone = await hold(desk)
    with priority(Priority.BULK):
        desk.start("bulk")
        with priority(Priority.INTERACTIVE):
            desk.start("person")
        desk.start("said", priority=Priority.NORMAL)
    desk.start("nothing")
    await turns(2)

    queued = desk.scheduler.statistics().queued
    gone.set()
    await desk.done()

    assert dict(queued) == {
        Priority.INTERACTIVE: 1,
        Priority.NORMAL: 2,
        Priority.BACKGROUND: 0,
        Priority.BULK: 1,
    }
    assert desk.went == ["person", "said", "nothing", "bulk"]


async def test_the_last_places_are_for_those_in_a_hurry(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(max_in_flight=10))
    await desk.call()
    desk.server.pause_s = 60.0
    for _ in range(30):
        desk.start("bulk", priority=Priority.BULK)
    await CLOCK.sleep(5.0)

    begun = CLOCK.now()
    person = desk.start("person", priority=Priority.INTERACTIVE)
    await CLOCK.sleep(1.0)

    assert desk.went[-1] == "person"
    await person
    assert CLOCK.now() - begun < 61.0
    await desk.done()


async def test_cancelled_waiters_are_forgotten(make_desk: MakeDesk) -> None:
    desk = make_desk(ONE)
    gone = await hold(desk)
    tasks = [desk.start(str(number)) for number in range(500)]
    await turns(2)
    for task in tasks[1:-1]:
        task.cancel()
    await turns(2)

    queued = desk.scheduler.statistics().queued[Priority.NORMAL]
    gone.set()
    await desk.done()

    assert queued == 2
    assert desk.went == ["0", "499"]
