"""One round of dispatching: who is asked, who ends it, and when the next one is due."""

from __future__ import annotations

import asyncio

import pytest

from intercom_async.clock import CLOCK, LoopClock
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Scheduler
from intercom_async.scheduler.lanes import MAX_OVERTAKEN, SLACK_S
from .conftest import MakeDesk, turns

pytestmark = pytest.mark.anyio


async def test_calls_that_cost_less_do_not_take_what_an_owed_call_waits_for(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk(limit=100)
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    desk.server.take(60)
    await desk.call()
    desk.start("heavy", cost=50)
    await CLOCK.sleep(SLACK_S[Priority.NORMAL] + 0.1)

    for _ in range(30):
        desk.start("person", priority=Priority.INTERACTIVE)
    await CLOCK.sleep(1.0)
    went_before_it = desk.went.count("person")
    await desk.done()

    assert went_before_it == MAX_OVERTAKEN[Priority.NORMAL] - 1
    assert desk.went.index("heavy") == went_before_it + 1


@pytest.mark.parametrize("app", ["", "another"])
async def test_a_call_that_waits_for_a_window_does_not_delay_one_that_waits_for_less(
    make_desk: MakeDesk, app: str
) -> None:
    desk = make_desk(limit=100)
    await CLOCK.sleep(desk.server.ends_in_s() + 0.1)
    for each in ("", app):
        await desk.call(app=each)
    for _ in range(93):
        desk.start(priority=Priority.INTERACTIVE)
        await CLOCK.sleep(0.05)
    # What is left is kept for people until shortly before the end.
    ends_at = CLOCK.now() + desk.server.ends_in_s()
    light = desk.start("light")
    desk.start("heavy", cost=100, priority=Priority.BULK, app=app)
    await turns(2)
    assert desk.went[-1] == ""

    permit = await light

    assert permit.sent_at < ends_at
    await desk.done()


async def test_a_call_that_is_sent_again_does_not_wait_behind_a_heavier_one(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk(limit=100)
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    desk.server.take(70)
    await desk.call()
    desk.start("heavy", cost=50, priority=Priority.INTERACTIVE)
    await turns(2)

    desk.start("again", priority=Priority.INTERACTIVE, is_repeat=True)
    await turns(2)

    assert desk.went[-1] == "again"
    await desk.done()


async def test_a_call_that_is_cancelled_as_its_turn_comes_does_not_stop_the_round(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk(Limits(max_in_flight=1))
    await desk.call()
    held = await desk.scheduler.admit().enter()
    waiting = desk.start("cancelled")
    await turns(2)
    held.release()
    held.leave()

    waiting.cancel()
    # Its arrival begins a round, before the cancelled task has run.
    assert not desk.scheduler.admit(priority=Priority.BULK).try_enter()

    await asyncio.wait([waiting])
    assert waiting.cancelled()


@pytest.mark.parametrize(("count", "rounds"), [(1, 0), (50, 1)])
async def test_calls_that_give_up_together_begin_one_round(
    make_desk: MakeDesk, count: int, rounds: int
) -> None:
    class Counting(LoopClock):
        reads = 0

        def now(self) -> float:
            self.reads += 1
            return super().now()

    desk = make_desk(limit=10)
    clock = Counting()
    desk.scheduler = Scheduler(clock=clock)
    await desk.fill_window()
    waiting = [desk.start() for _ in range(count)]
    await turns(2)
    clock.reads = 0

    for task in waiting:
        task.cancel()
    await turns(3)

    assert clock.reads == rounds


async def test_a_probe_that_ends_without_a_reply_leaves_its_turn_to_the_next(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk()
    for _ in range(3):
        async with desk.scheduler.admit() as permit:
            permit.observe(status=429, headers={})
    probe = await desk.scheduler.admit().enter()
    waiting = desk.start()
    await turns(2)
    assert not desk.went

    probe.release()
    probe.leave()

    await asyncio.wait_for(waiting, 1.0)
