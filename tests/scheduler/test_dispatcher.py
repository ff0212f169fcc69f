"""Waiting ends well: in time, refused at once, given back when cancelled, told when closed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from intercom_async.clock import CLOCK, LoopClock
from intercom_async.config import Limits
from intercom_async.errors import ClosedError, ConfigError, WaitTooLongError
from intercom_async.priority import Priority
from intercom_async.scheduler import Scheduler
from intercom_async.scheduler.limits.app_limiter import AppLimiter
from tests.support.virtual_time import run_virtual
from .conftest import MakeDesk, turns

pytestmark = pytest.mark.anyio

SMALL = Limits(app_per_minute=60)


async def test_a_call_goes_at_once_while_there_is_room(make_desk: MakeDesk) -> None:
    desk = make_desk()
    begun = CLOCK.now()

    async with desk.scheduler.admit() as permit:
        waited_s = CLOCK.now() - begun
        permit.observe(status=200, headers={})

    assert waited_s == 0.0


async def test_what_does_not_fit_goes_in_the_next_window(make_desk: MakeDesk) -> None:
    desk = make_desk(SMALL, limit=10)
    await desk.fill_window()
    ends_s = desk.server.ends_in_s()
    begun = CLOCK.now()

    await desk.call()

    assert ends_s <= CLOCK.now() - begun <= ends_s + 1.0
    assert desk.server.turned_away == 1


async def test_a_wait_that_would_be_too_long_is_refused_at_once(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.fill_window()
    begun, ends_s = CLOCK.now(), desk.server.ends_in_s()

    with pytest.raises(WaitTooLongError) as caught:
        await desk.call(max_wait_s=2.0, call="GET /me")

    assert CLOCK.now() == begun
    assert caught.value.limit_s == 2.0
    assert caught.value.wait_s == pytest.approx(ends_s, abs=1.0)
    assert caught.value.retry_after_s == caught.value.wait_s
    assert caught.value.reset_at == pytest.approx(desk.server.time() + ends_s, abs=0.1)
    assert str(caught.value).startswith("GET /me: ")
    assert desk.is_quiet


async def test_a_wait_that_is_short_enough_is_not_refused(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.fill_window()

    permit = await desk.call(max_wait_s=11.0)

    assert permit.window.limit == 10


async def test_a_deadline_is_a_longest_wait_from_now(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.fill_window()

    with pytest.raises(WaitTooLongError):
        await desk.call(deadline=desk.scheduler.now() + 2.0)
    with pytest.raises(WaitTooLongError):
        await desk.call(deadline=desk.scheduler.now() - 2.0)

    await desk.call(deadline=desk.scheduler.now() + 11.0)


async def test_many_before_make_the_estimate_longer(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.fill_window()
    for _ in range(25):
        desk.start()
    await turns(2)

    with pytest.raises(WaitTooLongError) as caught:
        await desk.call(max_wait_s=15.0)
    await desk.done()

    assert 20.0 <= caught.value.wait_s <= 40.0


async def test_a_wait_that_becomes_too_long_ends_all_the_same(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.fill_window()
    ends_s = desk.server.ends_in_s()
    waiting = desk.start(max_wait_s=ends_s + 3.0, priority=Priority.BULK)
    await turns(2)
    for _ in range(40):
        # Others come and go first; the estimate at the beginning could not know.
        desk.start(priority=Priority.INTERACTIVE)
    begun = CLOCK.now()

    with pytest.raises(WaitTooLongError):
        await waiting

    assert CLOCK.now() - begun == pytest.approx(ends_s + 3.0, abs=0.01)
    await desk.done()
    assert desk.is_quiet


async def test_a_cancelled_wait_gives_its_place_to_the_next(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.fill_window()
    first, second = desk.start("first"), desk.start("second")
    await turns(2)

    first.cancel()
    await second

    assert desk.went[-1] == "second"
    assert desk.is_quiet


@pytest.mark.parametrize("after", range(12))
async def test_a_cancel_at_any_turn_gives_everything_back(make_desk: MakeDesk, after: int) -> None:
    desk = make_desk(Limits(max_in_flight=1), limit=1000)
    await desk.call()
    tasks = [desk.start(str(number)) for number in range(4)]
    await turns(after // 2)
    if after % 2:
        await CLOCK.sleep(0.05)

    tasks[after % 4].cancel()
    await desk.done()
    await CLOCK.sleep(1.0)

    assert desk.is_quiet
    await desk.call("last")
    assert desk.went[-1] == "last"


async def test_granted_and_cancelled_in_one_turn_is_not_charged(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(max_in_flight=1), limit=1000)
    await desk.call()
    held = desk.scheduler.admit()
    await held.__aenter__()
    waiting = desk.start()
    await turns(2)

    held.release()
    await held.__aexit__(None, None, None)
    await turns(1)  # the queue is looked at, and the waiting call let go
    waiting.cancel()
    await desk.done()

    seen = desk.scheduler.statistics()
    assert (seen.in_flight, seen.lost) == (0, 0)
    assert seen.granted - seen.released == desk.server.sends == 1


async def test_release_takes_the_charge_back(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.call()
    before = desk.scheduler.statistics().app.used

    async with desk.scheduler.admit() as permit:
        charged = desk.scheduler.statistics().app.used
        permit.release()

    assert (before, charged) == (1, 2)
    assert desk.scheduler.statistics().app.used == before
    assert desk.scheduler.statistics().released == 1


async def test_what_was_sent_and_not_answered_stays_charged(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.call()

    with pytest.raises(TimeoutError):
        async with desk.scheduler.admit():
            raise TimeoutError

    assert desk.scheduler.statistics().lost == 1
    assert desk.scheduler.statistics().app.used == 2


async def test_closing_wakes_everybody(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(max_per_second=0.1), limit=10)
    waiting = [desk.start() for _ in range(3)]
    await turns(2)

    desk.scheduler.close()

    assert [type(error) for error in await asyncio.gather(*waiting, return_exceptions=True)][
        1:
    ] == [ClosedError, ClosedError]
    with pytest.raises(ClosedError):
        await desk.call()


async def test_closing_wakes_who_waits_for_a_window(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.fill_window()
    waiting = [desk.start(priority=priority) for priority in Priority]
    await turns(2)

    desk.scheduler.close()

    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ClosedError] * 4
    assert not any(desk.scheduler.statistics().queued.values())


async def test_one_call_can_be_abandoned(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.fill_window()
    permit = desk.scheduler.admit()
    waiting = desk.spawn(permit.__aenter__())
    other = desk.start("other")
    await turns(2)

    permit.abandon(ClosedError("over"))

    with pytest.raises(ClosedError, match="over"):
        await waiting
    await other
    permit.abandon(ClosedError("again"))
    assert desk.is_quiet


async def test_a_permit_is_for_one_request(make_desk: MakeDesk) -> None:
    desk = make_desk()
    permit = await desk.call()

    with pytest.raises(ClosedError, match="one request"):
        await permit.__aenter__()

    permit.observe(status=200, headers={})
    permit.release()
    assert desk.is_quiet


@pytest.mark.parametrize("cost", [0, -1, True, 1.5, 10**400])
async def test_a_cost_is_a_count(cost: int) -> None:
    with pytest.raises(ConfigError, match="cost"):
        Scheduler().admit(cost=cost)


async def test_limits_are_limits() -> None:
    with pytest.raises(ConfigError, match="limits"):
        Scheduler(10)  # type: ignore[arg-type]


def test_a_scheduler_belongs_to_one_loop() -> None:
    scheduler = Scheduler()

    async def use() -> None:
        async with scheduler.admit() as permit:
            permit.observe(status=200, headers={})

    run_virtual(use())
    with pytest.raises(ClosedError, match="another"):
        run_virtual(use())


async def test_no_more_than_the_limit_is_in_flight(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(max_in_flight=7))
    for _ in range(50):
        desk.start(priority=Priority.INTERACTIVE)
    await desk.done()

    assert desk.server.most_present == 7
    assert desk.server.sends == 50


async def test_the_wall_clock_of_this_machine_is_not_read(make_desk: MakeDesk) -> None:
    class Wrong(LoopClock):
        def unix(self) -> float:
            raise AssertionError("read")

    desk = make_desk(limit=20)
    desk.scheduler = Scheduler(clock=Wrong())
    for _ in range(50):
        desk.start()
    await desk.done()

    assert (desk.server.sends, desk.server.turned_away) == (50, 0)


async def test_a_dispatch_that_raises_is_tried_again(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing known raises there; should anything ever, no call waits for good."""
    raised: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
    desk = make_desk(limit=10)
    await desk.fill_window()
    waiting = desk.start()
    await turns(2)
    try_acquire = AppLimiter.try_acquire
    due = [RuntimeError("once")]

    def fail_once(self: AppLimiter, now: float, **asked: Any) -> Any:
        if due:
            raise due.pop()
        return try_acquire(self, now, **asked)

    monkeypatch.setattr(AppLimiter, "try_acquire", fail_once)
    await asyncio.wait_for(waiting, 15.0)

    assert len(raised) == 1
    assert desk.is_quiet
