"""A permit is asked for once, by one call, and its wait can be ended from outside."""

from __future__ import annotations

import asyncio
import logging

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.errors import ClosedError
from intercom_async.priority import Priority
from .conftest import MakeDesk, turns

pytestmark = pytest.mark.anyio


async def test_a_call_that_did_not_go_at_once_goes_on_waiting(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.fill_window()
    permit = desk.scheduler.admit()

    assert not permit.try_enter()
    await permit.enter()

    assert permit.is_granted
    permit.release()
    permit.leave()


async def test_two_do_not_wait_for_one_permit(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.fill_window()
    permit = desk.scheduler.admit()
    first = desk.spawn(permit.enter())
    await turns(2)

    with pytest.raises(ClosedError, match="one request"):
        await permit.enter()

    assert await first is permit
    permit.release()
    permit.leave()


async def test_a_call_whose_turn_comes_before_it_waits_holds_up_no_other(
    make_desk: MakeDesk,
) -> None:
    failed: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context))
    desk = make_desk(limit=10)
    await desk.fill_window()
    permit = desk.scheduler.admit()
    assert not permit.try_enter()

    await desk.call()

    assert permit.is_granted
    assert failed == []
    permit.release()
    permit.leave()


async def test_a_rate_for_a_class_of_calls_is_not_asked_for_others(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(search_per_minute=60))
    await desk.call()
    search, other = desk.scheduler.admit(kind="search"), desk.scheduler.admit()

    assert not search.try_enter()
    assert other.try_enter()
    other.release()
    other.leave()


async def test_a_call_that_waits_for_a_rate_can_be_abandoned(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(max_per_second=1.0))
    await desk.call()
    permit = desk.scheduler.admit()
    waiting = desk.spawn(permit.enter())
    await turns(2)

    permit.abandon(ClosedError("over"))

    with pytest.raises(ClosedError, match="over"):
        await waiting


async def test_a_permit_that_nobody_waits_for_can_be_abandoned(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.fill_window()
    unused, queued = desk.scheduler.admit(), desk.scheduler.admit()
    assert not queued.try_enter()

    for permit in (unused, queued):
        permit.abandon(ClosedError("over"))

    assert not any(desk.scheduler.statistics().queued.values())
    with pytest.raises(ClosedError):
        await queued.enter()
    async with unused:
        unused.release()


async def test_a_call_that_is_cancelled_can_be_abandoned(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.fill_window()
    permit = desk.scheduler.admit()
    waiting = desk.spawn(permit.enter())
    await turns(2)

    waiting.cancel()
    permit.abandon(ClosedError("over"))

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert desk.is_quiet


@pytest.mark.parametrize(
    ("lane", "reason"),
    [(Priority.NORMAL, "as many calls are under way"), (Priority.INTERACTIVE, "is used up")],
)
async def test_the_log_says_what_a_call_waits_for(
    make_desk: MakeDesk, caplog: pytest.LogCaptureFixture, lane: Priority, reason: str
) -> None:
    desk = make_desk(Limits(max_in_flight=2), limit=10)
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    await desk.call()
    held = await desk.scheduler.admit().enter()
    desk.server.take(10)
    async with desk.scheduler.admit(priority=Priority.INTERACTIVE) as permit:
        reply = await desk.server.exchange()
        permit.observe(status=reply.status, headers=reply.headers, message=reply.message)

    with caplog.at_level(logging.DEBUG, "intercom_async.scheduler"):
        desk.start(priority=lane, call="GET /me")
        await turns(2)

    (said,) = [text for text in caplog.messages if text.startswith("GET /me waits: ")]
    assert reason in said
    held.release()
    held.leave()
    await desk.done()
