"""Whose turn it is among apps that wait, where places or the workspace's window are short."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Hashable
from itertools import pairwise
from random import Random

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Scheduler
from intercom_async.scheduler.app_queue import AppQueue
from intercom_async.scheduler.app_turns import AppTurns
from intercom_async.scheduler.lanes import MAX_OVERTAKEN, SLACK_S
from intercom_async.scheduler.limits.server_clock import ServerClock
from intercom_async.scheduler.limits.window_schedule import WindowSchedule
from intercom_async.scheduler.limits.workspace_limiter import WorkspaceLimiter
from .conftest import Desk, MakeDesk, turns
from .test_throttling import headers

pytestmark = pytest.mark.anyio

LOWER = [Priority.NORMAL, Priority.BACKGROUND, Priority.BULK]


async def flood(desk: Desk, *, app: str, per_s: float) -> None:
    """Ask for interactive calls of an app for ever."""
    random = Random(1)
    while True:
        await CLOCK.sleep(random.expovariate(per_s))
        desk.start(f"{app} person", app=app, priority=Priority.INTERACTIVE)


async def hold_place(desk: Desk) -> asyncio.Event:
    """Take a place until the event is set."""
    gone = asyncio.Event()

    async def stay() -> None:
        async with desk.scheduler.admit(app="a", priority=Priority.INTERACTIVE) as permit:
            await gone.wait()
            permit.release()

    desk.spawn(stay())
    await turns(2)
    desk.went.clear()
    return gone


@pytest.mark.parametrize("others", [1, 2, 4])
@pytest.mark.parametrize("lane", LOWER)
async def test_calls_of_other_apps_overtake_an_overdue_head_a_bounded_number_of_times(
    make_desk: MakeDesk, lane: Priority, others: int
) -> None:
    desk = make_desk(Limits(max_in_flight=2), limit=10_000, workspace=100_000)
    apps = [f"app {number}" for number in range(others)]
    for app in ("a", "patient", *apps):
        await desk.call(app=app)
    await hold_place(desk)  # for good: what is left is kept for people
    gone = await hold_place(desk)
    for number in range(3):
        desk.start(f"patient {number}", app="patient", priority=lane)
    for app in apps:
        for _ in range(130):
            desk.start("person", app=app, priority=Priority.INTERACTIVE)
    await CLOCK.sleep(SLACK_S[lane] + 0.1)

    gone.set()
    await CLOCK.sleep(60.0)

    most = others * (MAX_OVERTAKEN[lane] - 1)
    places = [-1, *(desk.went.index(f"patient {number}") for number in range(3))]
    between = [after - before - 1 for before, after in pairwise(places)]
    assert between == [most] * 3
    desk.scheduler.close()


async def test_apps_take_turns_whatever_comes_in_between(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(max_in_flight=1), limit=1000)
    apps = ["one", "two"]
    for app in apps:
        await desk.call(app=app)
    gone = await hold_place(desk)
    for app in apps:
        for _ in range(20):
            desk.start(app, app=app, priority=Priority.INTERACTIVE)
    await turns(2)
    gone.set()

    for _ in range(20):  # one while each of them is under way
        await CLOCK.sleep(0.05)
        desk.start("bulk", app="one", priority=Priority.BULK, is_repeat=True)
    await desk.done()

    for begin in range(0, 40, 2):
        assert set(desk.went[begin : begin + 2]) == set(apps)


async def test_an_app_that_is_owed_a_call_keeps_its_place_in_the_same_dispatch(
    make_desk: MakeDesk,
) -> None:
    limits = Limits(app_per_minute=600, workspace_per_minute=360)
    desk = make_desk(limits, limit=100, workspace=60)
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    for app in ("crowd", "patient"):
        await desk.call(app=app)
    flooding = desk.spawn(flood(desk, app="crowd", per_s=30.0))
    await CLOCK.sleep(desk.server.ends_in_s() - 1.0)
    begun = CLOCK.now()

    # Those before it in its lane are paced, so it is not let go when the window opens.
    for _ in range(3):
        desk.start("patient", app="patient")
    last = desk.start("patient", app="patient")
    await last
    flooding.cancel()

    assert CLOCK.now() - begun < 2.0
    assert desk.server.turned_away == 0
    desk.scheduler.close()
    await desk.done()


async def test_what_apps_do_not_share_is_left_to_their_own_people(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=100, workspace=10_000)
    desk.server.set_limit(2000, "busy")
    await CLOCK.sleep(desk.server.ends_in_s() + 0.1)
    for app in ("busy", "full"):
        await desk.call(app=app)
    flooding = desk.spawn(flood(desk, app="busy", per_s=140.0))
    for _ in range(300):
        desk.start("normal", app="full")
    waits: list[float] = []
    random = Random(2)
    # While places are plenty, calls of the busy app must not make the other's backlog owed: that
    # would use up what this one keeps for its own people.
    for _ in range(40):
        await CLOCK.sleep(random.expovariate(3.0))
        begun = CLOCK.now()
        await desk.call("person", app="full", priority=Priority.INTERACTIVE)
        waits.append(CLOCK.now() - begun)
    flooding.cancel()

    assert max(waits) < 1.0
    assert desk.went.count("normal") > 60
    desk.scheduler.close()
    await desk.done()


async def test_a_scheduler_that_joins_brings_the_calls_of_the_present_window() -> None:
    first, second = Scheduler(), Scheduler()
    for scheduler in (first, second):
        for left in (5, 4):
            async with scheduler.admit() as permit:
                said = headers(remaining=1667 - left)
                permit.observe(status=200, headers=said)
    under_way = second.admit()
    await under_way.__aenter__()

    second.share_workspace(first.turns)

    assert [each.statistics().workspace.used for each in (first, second)] == [5, 5]
    under_way.release()
    await under_way.__aexit__(None, None, None)
    assert [each.statistics().workspace.used for each in (first, second)] == [4, 4]


class Member:
    """A scheduler's dispatcher as its neighbours see it."""

    has_few_places = False

    def __init__(self, waiting: int) -> None:
        self.queues: dict[Hashable, AppQueue] = {}
        self.waiting = waiting

    def dispatch_one(self, queue: AppQueue, now: float) -> float:
        raise NotImplementedError(queue, now)

    def end_round(self, retry_at: float) -> None:
        raise NotImplementedError(retry_at)

    def tell_granted(self, now: float) -> None:
        raise NotImplementedError(now)

    def schedule_dispatch(self) -> None:
        raise NotImplementedError


async def test_those_take_turns_that_exist_and_wait_while_the_workspace_is_short() -> None:
    workspace = WorkspaceLimiter(400.0, WindowSchedule(10.0))
    order = AppTurns(workspace, ServerClock())
    idle, waiting, leaving = Member(0), Member(2), Member(1)
    order.join(waiting)
    workspace.is_short = True
    assert order.waiting_beside(waiting) == []
    for member in (leaving, idle):
        order.join(member)

    assert order.waiting_beside(idle) == [waiting, leaving]
    assert order.waiting_beside(waiting) == [leaving]
    workspace.is_short = False
    assert order.waiting_beside(idle) == []
    workspace.is_short = True
    del leaving, member
    gc.collect()

    assert order.waiting_beside(idle) == [waiting]
