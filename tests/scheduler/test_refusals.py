"""What single refusals teach: which window is full, and for how long, and what they do not say."""

from __future__ import annotations

import asyncio
from email.utils import formatdate

import pytest

from intercom_async.clock import CLOCK
from intercom_async.priority import Priority
from intercom_async.scheduler import Permit, Scheduler, Throttle
from intercom_async.scheduler.limits.server_clock import DATE_SLACK_S
from .conftest import Desk, MakeDesk
from .test_hooks import Notes

pytestmark = pytest.mark.anyio

LIMIT = 100
FULL = f"Exceeded rate limit of {LIMIT} in 10_seconds"
EXPORT = "Exceeded rate limit of 1 pending message data export jobs"


def said(remaining: int, reset_at: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(LIMIT),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(round(reset_at)),
    }


def ends_at(desk: Desk) -> float:
    """Return when the present window ends, by the server's clock."""
    return desk.server.time() + desk.server.ends_in_s()


async def early_in_a_window(desk: Desk) -> None:
    """See one window end and the next one begin, so that the server's clock is known."""
    await CLOCK.sleep(desk.server.ends_in_s() + 9.98)
    await desk.call()
    await desk.call()


def urgent(desk: Desk) -> Permit:
    return desk.scheduler.admit(priority=Priority.INTERACTIVE)


async def refused(
    desk: Desk, headers: dict[str, str], message: str | None = None, *, after_s: float = 0.05
) -> Permit:
    async with urgent(desk) as permit:
        await CLOCK.sleep(after_s)
        permit.observe(status=429, headers=headers, message=message)
    return permit


def offset(scheduler: Scheduler) -> float:
    return scheduler._server_clock.likely_offset(0.0)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def degraded(notes: Notes) -> list[str]:
    return [str(entry[1]) for entry in notes.heard if entry[0] == "degraded"]


def width_s(scheduler: Scheduler) -> float:
    clock = scheduler._server_clock  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return clock.width_s(CLOCK.now())


@pytest.mark.parametrize(("message", "is_followed"), [(FULL, True), (EXPORT, False)])
async def test_only_the_429_of_a_full_window_says_by_itself_that_a_clock_was_set_back(
    make_desk: MakeDesk,
    message: str,
    is_followed: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    desk = make_desk(limit=LIMIT)
    await early_in_a_window(desk)
    should_be_over_at = ends_at(desk)
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    before = offset(desk.scheduler)

    permit = await refused(desk, said(0, should_be_over_at), message)

    assert (offset(desk.scheduler) < before - 0.1) is is_followed
    assert bool(permit.retry_after_s) is is_followed


async def test_a_full_window_is_the_one_that_is_named_and_not_the_one_it_was_sent_in(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk(limit=LIMIT)
    await early_in_a_window(desk)
    to_end_s = desk.server.ends_in_s()

    permit = await refused(desk, said(0, ends_at(desk) + 10.0), FULL, after_s=to_end_s + 1.0)
    begun = CLOCK.now()
    await desk.call(priority=Priority.INTERACTIVE)

    assert permit.retry_after_s == pytest.approx(9.0, abs=0.2)
    assert CLOCK.now() - begun == pytest.approx(9.0, abs=0.3)


async def test_a_refusal_right_after_an_answer_that_says_the_same_is_seen(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk(limit=LIMIT)
    await early_in_a_window(desk)
    seen: list[Throttle | None] = []
    for _ in range(10):
        async with urgent(desk) as served, urgent(desk) as turned_away:
            replies = await asyncio.gather(desk.exchange(), desk.exchange())
            served.observe(status=200, headers=replies[0].headers)
            turned_away.observe(status=429, headers=replies[1].headers, message=EXPORT)
        seen.append(turned_away.throttle)

    assert seen == [Throttle.RESOURCE] * 10
    assert desk.scheduler.statistics().throttled == 10


async def test_a_window_that_is_over_asks_for_no_pause(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=LIMIT)
    await early_in_a_window(desk)
    over_at = ends_at(desk)

    permit = await refused(desk, said(0, over_at), FULL, after_s=desk.server.ends_in_s() + 3.0)

    assert permit.throttle is Throttle.APP
    assert permit.retry_after_s == 0.0


async def test_full_windows_that_nothing_names_are_an_overload(make_desk: MakeDesk) -> None:
    notes = Notes()
    desk = make_desk(hooks=notes, limit=LIMIT)

    permits = [await refused(desk, {"X-RateLimit-Remaining": "0"}) for _ in range(3)]

    assert {permit.throttle for permit in permits} == {Throttle.APP}
    assert any("without a window" in reason for reason in degraded(notes))


async def test_a_date_counts_though_the_first_replies_named_no_window(make_desk: MakeDesk) -> None:
    """A Date alone says nothing of windows, and so there is nothing that it could contradict."""
    desk = make_desk(limit=LIMIT)
    await CLOCK.sleep(20_000.0)
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    date = formatdate(desk.server.time(), usegmt=True)
    async with desk.scheduler.admit() as permit:
        await CLOCK.sleep(0.05)
        permit.observe(status=429, headers={"Date": date})

    for _ in range(10):
        await desk.call()
        await CLOCK.sleep(0.13)

    assert width_s(desk.scheduler) < 2 * DATE_SLACK_S + 0.2


async def test_each_date_is_read_while_the_clock_is_not_known_well(make_desk: MakeDesk) -> None:
    """Also that of a reply which says of the window what the one before it said."""
    for number in range(6):
        desk = make_desk(limit=LIMIT, date_skew_s=None)
        await CLOCK.sleep(desk.server.ends_in_s() + 8.0)
        await desk.call()
        await CLOCK.sleep(3.0)
        await desk.call()
        await CLOCK.sleep(2.0 + 0.03 * number)
        async with urgent(desk) as first, urgent(desk) as second:
            replies = await asyncio.gather(desk.exchange(), desk.exchange())
            first.observe(status=200, headers=replies[0].headers)
            before_s = width_s(desk.scheduler)
            date = formatdate(desk.server.time(), usegmt=True)
            second.observe(status=200, headers=replies[1].headers | {"Date": date})

        assert width_s(desk.scheduler) < before_s - 0.1


async def test_answers_of_any_app_end_a_row_of_failures(make_desk: MakeDesk) -> None:
    notes = Notes()
    desk = make_desk(hooks=notes, limit=LIMIT)
    await early_in_a_window(desk)
    for _ in range(5):
        for _ in range(2):
            async with desk.scheduler.admit(app="other") as permit:
                permit.observe(status=429, headers={})
        async with urgent(desk) as first, urgent(desk) as second:
            replies = await asyncio.gather(desk.exchange(), desk.exchange())
            first.observe(status=200, headers=replies[0].headers)
            async with desk.scheduler.admit(app="other") as permit:
                permit.observe(status=429, headers={})
            second.observe(status=200, headers=replies[1].headers)

    assert desk.scheduler.statistics().throttled_by[Throttle.EDGE] == 15
    assert not any("without a window" in reason for reason in degraded(notes))
