"""What is learned from one reply, and what it must not teach."""

from __future__ import annotations

import asyncio
from email.utils import formatdate

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Permit, Scheduler, Throttle
from tests.support.virtual_time import VirtualLoop
from .conftest import Desk, MakeDesk, turns
from .test_feedback import Broken
from .test_idle_program import alone
from .test_throttling import WINDOW, L, headers

pytestmark = pytest.mark.anyio

RESET_AT = 1_700_000_010


async def reply(
    scheduler: Scheduler,
    status: int,
    said: dict[str, str],
    message: str | None = None,
    *,
    app: str = "",
) -> Permit:
    async with scheduler.admit(priority=Priority.INTERACTIVE, app=app) as permit:
        permit.observe(status=status, headers=said, message=message)
    return permit


async def exact(make_desk: MakeDesk) -> Desk:
    """Return a desk that knows its windows so well that the next reply says nothing new."""
    desk = await alone(make_desk)
    for _ in range(24):
        await desk.call()
        await CLOCK.sleep(3.65)
    await begin_window(desk)
    await desk.call()
    return desk


async def begin_window(desk: Desk) -> None:
    """Call in the middle of the next window; the reply after the next one says nothing new."""
    await CLOCK.sleep(desk.server.ends_in_s() + 4.0)
    await desk.call()
    await CLOCK.sleep(0.3)


async def test_a_429_of_the_workspace_may_show_the_apps_numbers() -> None:
    scheduler = Scheduler()
    await reply(scheduler, 200, headers(remaining=L - 5))

    permit = await reply(scheduler, 429, headers(remaining=300), WINDOW.format(L))

    assert permit.throttle is Throttle.WORKSPACE
    assert scheduler.statistics().app.used == L - 300


async def test_a_429_of_the_app_may_name_another_limit() -> None:
    scheduler = Scheduler()
    await reply(scheduler, 200, headers(remaining=L - 5))

    permit = await reply(scheduler, 429, headers(limit=83, remaining=0), WINDOW.format(83))

    assert permit.throttle is Throttle.APP
    assert scheduler.statistics().app.limit == 83


async def test_a_reply_without_headers_among_others_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scheduler = Scheduler()
    for said in (headers(remaining=L - 5), {}, headers(remaining=L - 7)):
        await reply(scheduler, 200, said)

    assert scheduler.statistics().app.used == 7
    assert not caplog.records


async def test_a_call_that_is_served_without_headers_makes_pauses_short_again() -> None:
    scheduler = Scheduler()
    refused, named = 429, WINDOW.format(100)

    permits = [await reply(scheduler, refused, {}, named) for _ in range(2)]
    await reply(scheduler, 200, {})
    permits.append(await reply(scheduler, refused, {}, named))

    assert [permit.retry_after_s for permit in permits] == pytest.approx([2.5, 5.0, 2.5])


async def test_a_429_whose_headers_cannot_be_read_may_name_a_rate() -> None:
    scheduler = Scheduler()

    async with scheduler.admit() as permit:
        permit.observe(status=429, headers=Broken(), message=WINDOW.format(100))

    assert permit.retry_after_s == pytest.approx(2.5)


async def test_the_first_call_served_after_a_refusal_ends_the_time_of_single_calls(
    make_desk: MakeDesk,
) -> None:
    """Also where the replies before it were to calls sent earlier, and said nothing new."""
    desk = await exact(make_desk)
    scheduler = desk.scheduler
    await CLOCK.sleep(desk.server.ends_in_s() + 1.0)
    async with scheduler.admit() as late:
        reset_at = round(desk.server.time() + desk.server.ends_in_s())
        await begin_window(desk)
        async with scheduler.admit() as earlier:
            answer = await desk.exchange()
            late.observe(status=429, headers=headers(L, 0, reset_at), message=WINDOW.format(L))
            earlier.observe(status=200, headers=answer.headers)
    assert late.retry_after_s == 0.0
    probe = await scheduler.admit().enter()
    waiting = desk.start("after the probe")
    await turns(2)
    assert desk.went[-1] != "after the probe"

    answer = await desk.exchange()
    probe.observe(status=200, headers=answer.headers)
    probe.leave()
    await turns(2)

    assert desk.went[-1] == "after the probe"
    await waiting


async def test_a_429_says_how_long_its_window_lasts(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=180), limit=30)
    await CLOCK.sleep(desk.server.ends_in_s() + 4.0)
    await desk.call()
    desk.server.take(30)

    permit = await desk.call()

    assert permit.retry_after_s == pytest.approx(desk.server.ends_in_s(), abs=2.5)


async def test_the_window_that_a_429_names_is_full_and_not_the_one_before(
    make_desk: MakeDesk,
) -> None:
    desk = await exact(make_desk)
    permit = desk.scheduler.admit(priority=Priority.INTERACTIVE)
    await CLOCK.sleep(desk.server.ends_in_s() - 2.0)
    await permit.enter()
    await CLOCK.sleep(4.0)
    for other in "abc":
        desk.server.take(L, other)
    answer = await desk.exchange()
    permit.observe(status=answer.status, headers=answer.headers, message=answer.message)
    permit.leave()
    ends_s, begun = desk.server.ends_in_s(), CLOCK.now()
    assert permit.throttle is Throttle.WORKSPACE

    await desk.call(priority=Priority.INTERACTIVE)

    assert CLOCK.now() - begun >= ends_s


async def test_429s_of_windows_without_an_end_are_an_overload() -> None:
    scheduler = Scheduler()
    said = headers(remaining=0)
    del said["X-RateLimit-Reset"]
    permits = [await reply(scheduler, 429, said) for _ in range(3)]
    begun = CLOCK.now()

    await reply(scheduler, 200, {})

    assert {permit.throttle for permit in permits} == {Throttle.APP}
    assert CLOCK.now() - begun > 0.3


async def test_a_429_that_says_nothing_new_of_the_window_is_a_429(make_desk: MakeDesk) -> None:
    desk = await exact(make_desk)
    desk.server.resource_share = 1.0

    permit = await desk.call()

    assert permit.throttle is Throttle.RESOURCE
    assert desk.scheduler.statistics().throttled == 1


async def test_a_reply_that_says_nothing_new_ends_a_row_of_failures(make_desk: MakeDesk) -> None:
    desk = await exact(make_desk)
    async with desk.scheduler.admit() as served:
        for _ in range(2):
            await reply(desk.scheduler, 429, {}, app="another")
        answer = await desk.exchange()
        served.observe(status=200, headers=answer.headers)
    await reply(desk.scheduler, 429, {}, app="another")
    begun = CLOCK.now()

    await desk.call()

    assert CLOCK.now() - begun < 0.1


# Date ----------------------------------------------------------------------------------------


async def doubt_s(desk: Desk) -> float:
    """Return how long after a window has begun an interactive call is let go."""
    for _ in range(2):
        await desk.call(priority=Priority.INTERACTIVE)
    desk.server.take(desk.server.limit())
    await desk.call(priority=Priority.INTERACTIVE)
    opens_s, begun = desk.server.ends_in_s(), CLOCK.now()
    permit = await desk.call(priority=Priority.INTERACTIVE)
    return permit.sent_at - begun - opens_s


async def test_date_says_when_a_window_begins(make_desk: MakeDesk) -> None:
    async def after(late_s: float, **server: float | None) -> float:
        desk = make_desk(Limits(app_per_minute=180), limit=30, **server)
        await CLOCK.sleep(desk.server.ends_in_s() + late_s)
        return await doubt_s(desk)

    assert await after(8.0) < 3.0
    assert await after(8.0, date_skew_s=None) > 6.0


async def test_date_is_believed_though_no_window_was_known_at_first(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=180), limit=30)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.advance(1e5)  # since the machine was started
    await reply(desk.scheduler, 200, {"Date": formatdate(desk.server.time(), usegmt=True)})
    await CLOCK.sleep(desk.server.ends_in_s() + 8.0)

    assert await doubt_s(desk) < 3.0


async def test_date_is_read_while_it_says_something(make_desk: MakeDesk) -> None:
    class Headers(dict[str, str]):
        dates = 0

        def get(self, name: str, default: object = None) -> object:  # type: ignore[override]
            self.dates += name == "Date"
            return super().get(name, default)

    async def dates(desk: Desk) -> int:
        async with desk.scheduler.admit() as permit:
            answer = await desk.exchange()
            said = Headers(answer.headers)
            permit.observe(status=200, headers=said)
        return said.dates

    desk = await exact(make_desk)
    at_first = await dates(desk)
    await CLOCK.sleep(12 * 3600.0 + 20.0)
    later = [await dates(desk) for _ in range(2)]

    assert (at_first, later) == (0, [1, 1])


@pytest.mark.parametrize("status", [200, 429])
async def test_a_first_reset_far_from_date_is_no_end_of_a_window(status: int) -> None:
    scheduler = Scheduler()
    said = headers(remaining=100 if status == 200 else 0)

    await reply(scheduler, status, said | {"Date": formatdate(RESET_AT - 3600, usegmt=True)})

    assert scheduler.statistics().app.reset_at is None


async def test_a_first_reset_near_date_is_the_end_of_a_window() -> None:
    scheduler = Scheduler()

    await reply(scheduler, 200, headers() | {"Date": formatdate(RESET_AT - 5, usegmt=True)})

    assert scheduler.statistics().app.reset_at == RESET_AT
