"""Headers as they should not be: whatever they say, calls go on, and no rule is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from tests.support.scheduler.server import Headers
from .conftest import Desk, MakeDesk

pytestmark = pytest.mark.anyio

LIMIT, REMAINING, RESET = "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"


def none(_headers: Headers) -> Headers:
    return {}


def without(name: str) -> Callable[[Headers], Headers]:
    return lambda headers: {key: text for key, text in headers.items() if key != name}


def always(name: str, text: str) -> Callable[[Headers], Headers]:
    return lambda headers: headers | {name: text}


def later(seconds: float) -> Callable[[Headers], Headers]:
    return lambda headers: headers | {RESET: str(int(float(headers[RESET]) + seconds))}


def at_random(headers: Headers) -> Headers:
    """Break one of ten replies in one way or another."""
    random = Random(repr(headers))
    if random.random() > 0.1:
        return headers
    name = random.choice([LIMIT, REMAINING, RESET, "Date"])
    return headers | {name: random.choice(["", "?", "0", "-1", "1e9", "99999999999", "NaN"])}


BROKEN: dict[str, Callable[[Headers], Headers]] = {
    "none": none,
    "no limit": without(LIMIT),
    "no remaining": without(REMAINING),
    "no reset": without(RESET),
    "limit garbage": always(LIMIT, "many"),
    "limit negative": always(LIMIT, "-5"),
    "limit zero": always(LIMIT, "0"),
    "remaining garbage": always(REMAINING, "\N{INFINITY}"),
    "remaining negative": always(REMAINING, "-1"),
    "remaining above the limit": always(REMAINING, "5000"),
    "reset garbage": always(RESET, "soon"),
    "reset zero": always(RESET, "0"),
    "reset in the past": later(-3600),
    "reset far ahead": later(86_400),
    "reset a little late": later(3),
    "reset infinite": always(RESET, "inf"),
    "reset in milliseconds": later(1e12),
    "date garbage": always("Date", "yesterday"),
    "date long ago": always("Date", "Mon, 01 Jan 1990 00:00:00 GMT"),
    "one in ten": at_random,
}


async def keep_busy(desk: Desk, count: int = 60, seconds: float = 45.0) -> None:
    """Have many calls made, over and over."""

    async def work() -> None:
        while True:
            await desk.client.call(Priority.BULK)

    for _ in range(count):
        desk.spawn(work())
    await CLOCK.sleep(seconds)
    desk.scheduler.close()
    await desk.done()


@pytest.mark.parametrize("garble", BROKEN.values(), ids=BROKEN)
async def test_broken_headers_stop_nothing(
    make_desk: MakeDesk, garble: Callable[[Headers], Headers]
) -> None:
    desk = make_desk(Limits(app_per_minute=1200), limit=200, garble=garble)

    await keep_busy(desk)

    whole = [desk.server.records[index].used.total() for index in sorted(desk.server.records)[1:-1]]
    assert min(whole) >= 40
    assert desk.server.turned_away <= 0.15 * desk.server.sends
    seen = desk.scheduler.statistics()
    assert seen.app.remaining >= 0
    assert all(0.0 <= share <= 1.0 for share in seen.utilisations)


async def test_without_headers_calls_go_at_the_rate_of_the_settings(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=600), limit=10_000, garble=none)

    await keep_busy(desk, seconds=60.0)

    assert 550 <= desk.server.sends <= 640


async def test_headers_that_come_back_are_used(make_desk: MakeDesk) -> None:
    is_broken = True

    def garble(headers: Headers) -> Headers:
        return {} if is_broken else headers

    desk = make_desk(Limits(app_per_minute=600), limit=1000, garble=garble)
    for _ in range(3):
        await desk.call()

    is_broken = False
    for _ in range(3):
        await desk.call()

    assert desk.scheduler.statistics().app.limit == 1000
    assert desk.scheduler.statistics().app.reset_at is not None


async def test_a_limit_of_nothing_and_back(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=200)

    async def change() -> None:
        await CLOCK.sleep(12.0)
        desk.server.set_limit(0)
        await CLOCK.sleep(40.0)
        desk.server.set_limit(200)

    desk.spawn(change())
    await keep_busy(desk, seconds=100.0)

    used = [desk.server.records[index].used.total() for index in sorted(desk.server.records)]
    assert min(used[-3:-1]) >= 198
    assert desk.server.turned_away < 60


@pytest.mark.parametrize("window_s", [0.5, 1.0, 2.0, 60.0])
async def test_windows_of_another_length_are_used_up(make_desk: MakeDesk, window_s: float) -> None:
    limits = Limits(app_per_minute=6000 if window_s < 10 else 600, window_s=window_s)
    limit = limits.app_per_window
    desk = make_desk(limits, limit=limit, workspace=5 * limit, window_s=window_s)

    await keep_busy(desk, seconds=20.5 * window_s if window_s < 10 else 245.0)

    used = [desk.server.records[index].used.total() for index in sorted(desk.server.records)[1:-1]]
    assert sum(used) >= 0.97 * limit * len(used)
    assert desk.server.turned_away == 0


async def test_windows_that_end_elsewhere_are_followed(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=300, phase_s=3.0)

    await keep_busy(desk, seconds=65.0)

    used = [desk.server.records[index].used.total() for index in sorted(desk.server.records)[1:-1]]
    assert min(used) >= 290
    assert desk.server.turned_away == 0


async def test_a_machine_that_slept_goes_on(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=300)

    async def sleep() -> None:
        # The loop's clock stands still while a laptop sleeps; the server's does not.
        await CLOCK.sleep(33.0)
        desk.server.step(3600.0)

    desk.spawn(sleep())
    await keep_busy(desk, seconds=95.0)

    used = [desk.server.records[index].used.total() for index in sorted(desk.server.records)]
    assert min(used[-3:-1]) >= 299  # one may have been spared to find out when a window ends
    assert desk.server.turned_away < 30


async def test_a_slow_turn_of_the_loop_breaks_nothing(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=10)
    await desk.fill_window()
    for _ in range(30):
        desk.start()

    await asyncio.wait_for(desk.done(), 60.0)

    assert desk.is_quiet
