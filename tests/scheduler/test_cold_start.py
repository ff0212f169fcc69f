"""Cold start: what goes before the first reply grows with answers under way, not with time."""

from __future__ import annotations

import asyncio

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler.limits.blind_calls import BlindCalls
from intercom_async.scheduler.limits.cold_start import (
    BASE,
    EXTRA_PER_S,
    INTERACTIVE_BASE,
    ColdStart,
)
from tests.support.scheduler.server import USUAL, Network
from .conftest import MakeDesk, turns

LIMIT = 1000
WINDOW_S = 10.0


def allowed(cold_start: ColdStart, now: float, *, limit: int = LIMIT, urgent: bool = False) -> int:
    """Send as many calls as may go at a moment, and return how many that were."""
    count = 0
    while not cold_start.retry_at(now, limit, WINDOW_S, 1, is_interactive=urgent):
        cold_start.begin(now, 1, WINDOW_S)
        count += 1
    return count


def test_the_first_calls_are_few() -> None:
    assert allowed(ColdStart(BlindCalls()), 0.0) == BASE


def test_interactive_calls_have_a_larger_base() -> None:
    assert allowed(ColdStart(BlindCalls()), 0.0, urgent=True) == INTERACTIVE_BASE


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_no_more_go_than_a_window_takes(limit: int) -> None:
    assert allowed(ColdStart(BlindCalls()), 0.0, limit=limit) == limit


@pytest.mark.parametrize("limit", [1, 2, 5])
@pytest.mark.parametrize("is_lost", [False, True])
def test_no_window_gets_more_than_it_takes(limit: int, *, is_lost: bool) -> None:
    cold_start = ColdStart(BlindCalls())

    assert allowed(cold_start, 0.0, limit=limit) == limit
    if is_lost:
        for number in range(1, limit + 1):
            cold_start.end(number, is_lost=True)
    assert allowed(cold_start, 10.0, limit=limit) == 0
    assert allowed(cold_start, 20.2, limit=limit) == limit
    assert allowed(cold_start, 20.3, limit=limit) == 0


def test_more_calls_may_go_while_no_answer_comes() -> None:
    cold_start = ColdStart(BlindCalls())
    allowed(cold_start, 0.0)

    assert cold_start.retry_at(0.0, LIMIT, WINDOW_S, 1, is_interactive=False) == 1 / EXTRA_PER_S
    assert allowed(cold_start, 2.0) == 2.0 * EXTRA_PER_S


def test_neither_idle_time_nor_failed_calls_earn_anything() -> None:
    cold_start = ColdStart(BlindCalls())
    cold_start.end(cold_start.begin(0.0, 1, WINDOW_S))

    assert allowed(cold_start, 60.0) == BASE


def test_apps_of_a_workspace_send_together_what_its_window_takes() -> None:
    calls = BlindCalls()
    apps = [ColdStart(calls) for _ in range(3)]
    numbers = [app.begin(0.0, 1, WINDOW_S) for app in apps]
    assert [calls.room_at(0.0, limit, WINDOW_S, 1) for limit in (3, 4)] == [10.1, 0.0]

    apps[0].end(numbers[0])
    apps[1].end(numbers[1], is_lost=True)

    assert [app.charged for app in apps] == [0, 1, 1]
    assert [calls.room_at(10.0, limit, WINDOW_S, 1) for limit in (2, 3)] == [10.1, 0.0]
    assert calls.room_at(10.2, 1, WINDOW_S, 5) == 0.0
    assert [app.charged for app in apps] == [0, 0, 0]


def test_there_is_room_once_some_calls_cannot_be_counted_any_more() -> None:
    calls = BlindCalls()
    cold_start = ColdStart(calls)
    for sent_at in (0.0, 5.0):
        cold_start.begin(sent_at, 1, WINDOW_S)

    rooms = [calls.room_at(now, 2, WINDOW_S, 1) for now in (10.0, 10.2)]

    assert rooms == [10.1, 0.0]


def test_an_app_that_joins_a_workspace_brings_its_calls() -> None:
    own, shared = BlindCalls(), BlindCalls()
    newcomer, other = ColdStart(own), ColdStart(shared)
    ended, lost = (newcomer.begin(0.0, 1, WINDOW_S) for _ in range(2))
    other.begin(1.0, 1, WINDOW_S)

    newcomer.join(shared)
    assert (own.charged, shared.charged, newcomer.charged) == (0, 3, 2)

    newcomer.end(ended)
    newcomer.end(lost, is_lost=True)
    assert (shared.charged, newcomer.charged) == (2, 1)
    shared.counted_until(20.0, WINDOW_S)
    assert (shared.charged, newcomer.charged, other.charged) == (0, 0, 0)


@pytest.mark.anyio
@pytest.mark.parametrize("becomes", ["answered", "lost"])
@pytest.mark.parametrize("apps", [1, 2, 5])
@pytest.mark.parametrize("workspace", [1, 3, 19])
async def test_apps_that_begin_together_are_not_turned_away(
    make_desk: MakeDesk, workspace: int, apps: int, becomes: str
) -> None:
    limits = Limits(app_per_minute=120, workspace_per_minute=6 * workspace)
    slow = Network(0.01, 50.0, 0.01, spread=0.0, lost=float(becomes == "lost"), lost_after_s=15.0)
    desk = make_desk(limits, limit=20, workspace=workspace, network=slow)

    for number in range(2 * workspace * apps):
        lane = Priority.INTERACTIVE if number % 2 else Priority.BULK
        desk.start(app=f"app {number % apps}", priority=lane)
    await CLOCK.sleep(120.0)
    desk.scheduler.close()
    await desk.done()

    assert desk.server.turned_away == 0
    assert desk.server.sends >= 2 * workspace


@pytest.mark.anyio
async def test_a_crowd_after_a_failed_first_call_is_not_sent_blindly(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=600), limit=100)
    async with desk.scheduler.admit() as permit:
        permit.release()  # it found no connection
    await CLOCK.sleep(60.0)

    for _ in range(500):
        desk.start()
    await turns(3)

    assert desk.scheduler.statistics().in_flight == BASE
    await desk.done()
    assert desk.server.turned_away == 0


@pytest.mark.anyio
@pytest.mark.parametrize("lane", Priority)
async def test_a_crowd_takes_what_others_have_left(make_desk: MakeDesk, lane: Priority) -> None:
    desk = make_desk(network=USUAL)
    await CLOCK.sleep(desk.server.ends_in_s() + 1.0)
    desk.server.take(1000)

    calls = [desk.spawn(desk.client.call(lane)) for _ in range(1600)]
    await asyncio.gather(*calls)

    # Up to `INTERACTIVE_BASE` of those under way may have been counted already.
    assert desk.server.turned_away <= INTERACTIVE_BASE


@pytest.mark.anyio
@pytest.mark.parametrize("first", ["lost", "cancelled", "hanging", "without headers"])
@pytest.mark.parametrize("after_s", [0.0, 1.0, 60.0])
@pytest.mark.parametrize("limit", [1, 2, 5, 9])
async def test_whatever_becomes_of_the_first_call_the_rest_is_served(
    make_desk: MakeDesk, limit: int, after_s: float, first: str
) -> None:
    desk = make_desk(Limits(app_per_minute=6 * limit), limit=limit)

    async def begin() -> None:
        async with desk.scheduler.admit() as permit:
            await desk.server.exchange()
            if first == "without headers":
                permit.observe(status=500, headers={})
            elif first != "lost":
                await CLOCK.sleep(3600.0)

    task = desk.spawn(begin())
    await CLOCK.sleep(0.3)
    if first == "cancelled":
        task.cancel()
    await CLOCK.sleep(after_s)
    begun, count = CLOCK.now(), 4 * limit
    await asyncio.gather(*[desk.spawn(desk.client.call(Priority.NORMAL)) for _ in range(count)])
    task.cancel()

    assert desk.server.turned_away == 0
    assert CLOCK.now() - begun < WINDOW_S * 7
    await desk.done()


@pytest.mark.anyio
async def test_lost_first_calls_are_charged_to_no_later_window(make_desk: MakeDesk) -> None:
    desk = make_desk()
    for _ in range(1200):
        async with desk.scheduler.admit():
            pass  # the bytes left, and no reply came
        await CLOCK.sleep(0.005)
    await desk.call()
    await CLOCK.sleep(60.0 + desk.server.ends_in_s())

    begun = CLOCK.now()
    for _ in range(600):
        desk.start()
    await desk.done()

    assert CLOCK.now() - begun < 1.0


QUICK = Network(0.01, 0.03, 0.01, spread=0.0)
SLOW = Network(0.05, 0.8, 0.05)


@pytest.mark.anyio
@pytest.mark.parametrize("network", [QUICK, USUAL, SLOW], ids=["quick", "usual", "slow"])
@pytest.mark.parametrize("lane", [*Priority, None])
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 10])
async def test_small_limits_alone_cause_no_429(
    make_desk: MakeDesk, limit: int, lane: Priority | None, network: Network
) -> None:
    desk = make_desk(Limits(app_per_minute=6 * limit), limit=limit, network=network)

    for number in range(4 * limit):
        desk.start(priority=list(Priority)[number % 4] if lane is None else lane)
    await desk.done()

    assert desk.server.turned_away == 0
