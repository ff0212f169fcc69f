"""What can be seen of a scheduler: statistics, hooks, the log, shared schedulers."""

from __future__ import annotations

import asyncio
import logging

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Scheduler
from .conftest import MakeDesk, turns

pytestmark = pytest.mark.anyio


async def test_before_the_first_reply_the_settings_are_shown() -> None:
    seen = Scheduler(Limits(app_per_minute=600, workspace_per_minute=1200)).statistics()

    assert (seen.app.limit, seen.workspace.limit) == (100, 200)
    assert (seen.app.used, seen.app.remaining, seen.app.reset_at) == (0, 100, None)
    assert (seen.utilisation, seen.utilisations) == (None, ())
    assert seen.rate_per_s == pytest.approx(9.9)  # 99 % of what the settings allow


async def test_a_window_is_shown_with_what_others_used(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=100)
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    desk.server.take(40)
    for _ in range(3):
        await desk.call()

    app = desk.scheduler.statistics().app

    assert (app.limit, app.used, app.used_at_most, app.remaining) == (100, 43, 43, 57)
    assert app.external == 40
    assert app.reset_at == pytest.approx(desk.server.time() + desk.server.ends_in_s(), abs=0.01)


async def test_after_one_reply_its_window_is_shown_and_not_the_next(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=100, date_skew_s=None)
    await CLOCK.sleep(desk.server.ends_in_s() + 2.0)
    await desk.call()

    seen = desk.scheduler.statistics()

    assert (seen.app.used, seen.workspace.used) == (1, 1)
    assert seen.app.reset_at == pytest.approx(
        desk.server.time() + desk.server.ends_in_s(), abs=0.01
    )


async def test_waiting_and_flying_calls_are_counted(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(max_in_flight=2))
    await desk.call()
    for lane in Priority:
        desk.start(priority=lane)
        desk.start(priority=lane)
    await turns(2)
    await CLOCK.sleep(0.02)

    seen = desk.scheduler.statistics()
    await desk.done()
    after = desk.scheduler.statistics()

    assert seen.in_flight == 2
    assert sum(seen.queued.values()) == 6
    assert seen.oldest_wait_s[Priority.BULK] == pytest.approx(0.02, abs=0.001)
    assert sum(after.queued.values()) == after.in_flight == 0
    assert after.granted == 9
    assert after.waited_s > 0.1
    assert set(after.oldest_wait_s.values()) == {0.0}


async def test_the_use_of_past_windows_is_kept(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=600), limit=100)

    async def work() -> None:
        while True:
            await desk.client.call(Priority.BULK)

    for _ in range(20):
        desk.spawn(work())
    await CLOCK.sleep(75.0)
    seen = desk.scheduler.statistics()
    desk.scheduler.close()
    await desk.done()

    assert seen.utilisation == pytest.approx(1.0, abs=0.02)
    assert len(seen.utilisations) >= 4
    assert all(share == pytest.approx(1.0, abs=0.02) for share in seen.utilisations[1:])


async def test_retries_are_counted() -> None:
    scheduler = Scheduler()
    scheduler.retried()

    assert scheduler.statistics().retries == 1


async def test_the_log_says_why_a_call_waits(
    make_desk: MakeDesk, caplog: pytest.LogCaptureFixture
) -> None:
    desk = make_desk(limit=10)
    await desk.fill_window()
    with caplog.at_level(logging.DEBUG, "intercom_async.scheduler"):
        waiting = desk.start(call="GET /contacts/{contact_id}")
        await turns(2)

    assert "GET /contacts/{contact_id} waits: the window is used up" in caplog.text
    await waiting


async def test_a_scheduler_and_its_permits_say_what_they_are() -> None:
    scheduler = Scheduler()

    assert "Scheduler" in repr(scheduler)
    assert "GET /me" in repr(scheduler.admit(call="GET /me"))


async def test_nothing_is_left_on_the_loop(make_desk: MakeDesk) -> None:
    before = asyncio.all_tasks()
    desk = make_desk(limit=50)
    for _ in range(120):
        desk.start()
    await desk.done()

    assert asyncio.all_tasks() <= before


async def test_asking_for_an_unknown_app_registers_nothing(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=600), limit=100)
    await desk.call(app="a")

    unknown = desk.scheduler.statistics("typo")

    assert (unknown.app.limit, unknown.app.used) == (100, 0)
    assert "1 apps" in repr(desk.scheduler)
    assert desk.scheduler.statistics() == desk.scheduler.statistics("a")


async def test_asking_for_statistics_changes_nothing() -> None:
    scheduler = Scheduler()
    scheduler.statistics()
    scheduler.statistics("typo")

    assert "0 apps" in repr(scheduler)
