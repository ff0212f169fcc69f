"""What a 429 means, and what follows from it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Scheduler, Throttle
from tests.support.scheduler.server import Storm
from .conftest import Desk, MakeDesk, turns

pytestmark = pytest.mark.anyio

L = 1667
WINDOW = "Exceeded rate limit of {} in 10_seconds"
EXPORT = "Exceeded rate limit of 1 pending message data export jobs"
REPORTS = "Exceeded rate limit of 5 pending reporting dataset export jobs"


def headers(limit: int = L, remaining: int = 100, reset_at: int = 1_700_000_010) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(reset_at),
    }


@pytest.mark.parametrize(
    ("said", "message", "throttle"),
    [
        (headers(remaining=0), WINDOW.format(L), Throttle.APP),
        (headers(remaining=0), None, Throttle.APP),
        (headers(remaining=0), "More than 5 requests received in 1 minute", Throttle.APP),
        (headers(limit=83, remaining=0), WINDOW.format(83), Throttle.APP),
        (headers(remaining=3), WINDOW.format(L), Throttle.APP),
        (headers(remaining=300), WINDOW.format(L), Throttle.WORKSPACE),
        ({}, WINDOW.format(L), Throttle.APP),
        (headers(), WINDOW.format(4167), Throttle.WORKSPACE),
        (headers(remaining=0), WINDOW.format(4167), Throttle.WORKSPACE),
        (headers(limit=4167, remaining=0), WINDOW.format(4167), Throttle.WORKSPACE),
        ({}, WINDOW.format(4167), Throttle.WORKSPACE),
        ({}, WINDOW.format(500), Throttle.APP),
        ({}, WINDOW.format(2500), Throttle.WORKSPACE),
        (headers(remaining=300), WINDOW.format(500), Throttle.WORKSPACE),
        (headers(), EXPORT, Throttle.RESOURCE),
        (headers(remaining=0), EXPORT, Throttle.RESOURCE),
        (headers(), REPORTS, Throttle.RESOURCE),
        ({}, EXPORT, Throttle.RESOURCE),
        (headers(), "The server is receiving too many requests", Throttle.EDGE),
        (headers(), None, Throttle.EDGE),
        ({}, None, Throttle.EDGE),
        ({"X-RateLimit-Limit": "?"}, "<html>", Throttle.EDGE),
    ],
)
async def test_a_429_is_classified_by_message_and_headers(
    said: dict[str, str], message: str | None, throttle: Throttle
) -> None:
    scheduler = Scheduler()
    async with scheduler.admit() as permit:
        permit.observe(status=200, headers=headers())
    async with scheduler.admit() as permit:
        permit.observe(status=429, headers=said, message=message)

    assert permit.throttle is throttle
    seen = scheduler.statistics()
    assert (seen.throttled, seen.throttled_by[throttle]) == (1, 1)
    assert (permit.retry_after_s is not None) is (throttle in (Throttle.APP, Throttle.WORKSPACE))


async def test_success_is_no_throttle(make_desk: MakeDesk) -> None:
    desk = make_desk()

    permit = await desk.call()

    assert permit.throttle is None
    assert permit.retry_after_s is None
    assert permit.window.limit == L


async def test_one_429_of_the_window_stops_everybody(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=100)
    await desk.fill_window()
    turned_away, begun = desk.server.turned_away, desk.server.time()
    for lane in Priority:
        for _ in range(20):
            desk.start(priority=lane)
    await CLOCK.sleep(desk.server.ends_in_s() - 0.1)

    assert desk.server.turned_away == turned_away
    assert desk.server.time() - begun > 8.0
    await desk.done()
    assert desk.server.turned_away == turned_away


async def test_a_window_opens_without_a_herd(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=100)
    await desk.fill_window()
    for _ in range(500):
        desk.start(priority=Priority.BULK)
    await CLOCK.sleep(desk.server.ends_in_s() + 1.5)

    assert desk.server.most_present <= 20
    desk.scheduler.close()
    await desk.done()


async def test_a_late_429_does_not_stop_the_next_window(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=100)
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    await desk.call()
    async with desk.scheduler.admit() as permit:
        said = headers(100, 0, round(desk.server.time() + desk.server.ends_in_s()))
        await CLOCK.sleep(desk.server.ends_in_s() + 3.0)
        permit.observe(status=429, headers=said, message=WINDOW.format(100))
    begun = CLOCK.now()

    await desk.call(priority=Priority.INTERACTIVE)

    assert permit.throttle is Throttle.APP
    assert CLOCK.now() - begun < 0.1


@pytest.mark.parametrize(("workspace", "has_room"), [(4167, True), (100, False)])
async def test_a_lower_limit_that_only_a_message_names_is_no_limit_of_the_workspace(
    make_desk: MakeDesk,
    workspace: int,
    has_room: bool,  # noqa: FBT001 (what is expected)
) -> None:
    """Unless it is the very limit that the workspace is known to have."""
    limits = Limits(workspace_per_minute=6 * workspace)
    desk = make_desk(limits, limit=1000, workspace=workspace)
    await desk.call()
    async with desk.scheduler.admit() as permit:
        permit.observe(status=429, headers={}, message=WINDOW.format(100))
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    begun = CLOCK.now()

    for _ in range(300):
        desk.start(priority=Priority.INTERACTIVE)
    await desk.done()

    assert permit.throttle is (Throttle.APP if has_room else Throttle.WORKSPACE)
    assert (CLOCK.now() - begun < 1.0) is has_room
    assert desk.server.turned_away == 0


async def keep_asking(desk: Desk, app: str) -> None:
    """Send one call after the other to a server whose 429s have no headers."""
    while True:
        async with desk.scheduler.admit(app=app, priority=Priority.BULK) as permit:
            reply = await desk.server.exchange(app=app)
            said = {} if reply.status == 429 else reply.headers
            permit.observe(status=reply.status, headers=said, message=reply.message)


@pytest.mark.parametrize(("workspace", "most_for_app"), [(150, 0), (90, 4)])
async def test_a_workspace_with_less_than_two_apps_is_learned_from_429s_without_headers(
    make_desk: MakeDesk, workspace: int, most_for_app: int
) -> None:
    """One with less than one app, too, once replies of a later window deny a lower limit."""
    desk = make_desk(limit=100, workspace=workspace)
    for app in ["a", "b"] * 10:
        desk.spawn(keep_asking(desk, app))
    await CLOCK.sleep(200.0)
    desk.scheduler.close()
    await desk.done()

    assert desk.scheduler.statistics().throttled_by[Throttle.APP] <= most_for_app
    assert desk.server.turned_away <= most_for_app + 4


async def test_a_limit_that_goes_down_and_up_is_never_the_workspaces(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=100)
    for _ in range(10):
        desk.spawn(keep_asking(desk, "a"))
    for limit in [60, 100] * 4:
        await CLOCK.sleep(desk.server.ends_in_s() + 17.0)
        desk.server.set_limit(limit, "a")
    desk.scheduler.close()
    await desk.done()

    assert desk.scheduler.statistics().throttled_by[Throttle.APP] > 1
    assert desk.scheduler.statistics().throttled_by[Throttle.WORKSPACE] == 0


async def test_a_429_of_a_resource_concerns_its_call_only(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=1000)
    await desk.call()
    desk.server.resource_share = 1.0
    begun = CLOCK.now()

    permits = [await desk.call(priority=Priority.INTERACTIVE) for _ in range(20)]

    assert {permit.throttle for permit in permits} == {Throttle.RESOURCE}
    assert CLOCK.now() - begun < 2.0
    assert all(permit.retry_after_s is None for permit in permits)


async def retry(desk: Desk, **options: Any) -> None:
    """Send one request until it succeeds, as a session does."""
    await desk.client.call(options.pop("priority", Priority.BULK), **options)


async def test_a_storm_of_full_windows_is_probed_by_one(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=1000)
    await desk.call()
    desk.server.storm = Storm.WINDOW
    for _ in range(100):
        desk.spawn(retry(desk))
    await CLOCK.sleep(20.0)
    at_first = desk.server.turned_away
    await CLOCK.sleep(50.0)
    later = desk.server.turned_away - at_first
    desk.server.storm = None
    await asyncio.wait_for(desk.done(), 40.0)

    assert at_first <= 40
    assert later <= 6
    assert desk.is_quiet


async def test_an_overload_without_headers_is_backed_off_from_together(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=1000)
    await desk.call()
    desk.server.storm = Storm.EDGE
    for _ in range(100):
        desk.spawn(retry(desk))
    await CLOCK.sleep(10.0)
    at_first = desk.server.turned_away
    await CLOCK.sleep(60.0)
    later = desk.server.turned_away - at_first
    desk.server.storm = None
    await asyncio.wait_for(desk.done(), 60.0)

    assert at_first <= 60
    assert later <= 20
    assert desk.is_quiet


async def test_one_overload_concerns_its_call_only(make_desk: MakeDesk) -> None:
    desk = make_desk()
    await desk.call()
    async with desk.scheduler.admit() as permit:
        permit.observe(status=429, headers={})
    begun = CLOCK.now()

    async with desk.scheduler.admit() as permit:
        permit.observe(status=200, headers={})
    await turns()

    assert CLOCK.now() == begun
