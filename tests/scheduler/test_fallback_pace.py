"""Without headers, a 429 is all that is known of a limit."""

from __future__ import annotations

import asyncio

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler.limits.fallback_pace import MIN_SHARE, USED_SHARE, FallbackPace
from tests.support.scheduler.server import Headers
from .conftest import MakeDesk


def test_a_named_rate_is_gone_by() -> None:
    pace = FallbackPace(100.0)

    pace.reject(50, 10.0, 0.0)

    assert pace.rate_per_s == USED_SHARE * 5.0


def test_pauses_double_up_to_the_named_time() -> None:
    pace = FallbackPace(100.0)

    pauses = [pace.reject(50, 10.0, 0.0) for _ in range(4)]
    pace.note_served(1.0, 1.0)

    assert pauses == [2.5, 5.0, 10.0, 10.0]
    assert pace.reject(50, 10.0, 2.0) == 2.5


def test_refusals_at_a_named_rate_slow_down() -> None:
    pace = FallbackPace(100.0)
    rates: list[float] = []
    for _ in range(60):
        pace.reject(50, 10.0, 0.0)
        rates.append(pace.rate_per_s)
        pace.note_served(0.0, 0.0)

    assert rates[1] < rates[0]
    assert rates[-1] == MIN_SHARE * 5.0


def test_refusals_of_one_full_window_do_not_slow_down() -> None:
    pace = FallbackPace(100.0)
    for _ in range(5):
        pace.reject(50, 10.0, 0.0)

    assert pace.rate_per_s == USED_SHARE * 5.0


def test_an_answer_to_an_older_call_says_nothing_of_the_rate() -> None:
    pace = FallbackPace(100.0)
    pace.reject(50, 10.0, 3.0)

    pace.note_served(2.9, 3.1)

    assert pace.reject(50, 10.0, 6.0) == 5.0
    assert pace.rate_per_s == USED_SHARE * 5.0


def test_a_clean_window_speeds_up() -> None:
    pace = FallbackPace(100.0)
    pace.reject(50, 10.0, 0.0)
    pace.note_served(0.0, 0.0)
    pace.reject(50, 10.0, 0.0)
    slow = pace.rate_per_s

    pace.note_served(9.0, 9.0)
    assert pace.rate_per_s == slow
    for number in range(200):
        pace.note_served(11.0 * number, 11.0 + 11.0 * number)

    assert pace.rate_per_s == USED_SHARE * 5.0


@pytest.mark.anyio
async def test_stripped_headers_leave_the_named_rate_usable(make_desk: MakeDesk) -> None:
    def strip(_headers: Headers) -> Headers:
        return {}

    desk = make_desk(Limits(), limit=167, garble=strip)

    async def work() -> None:
        while True:
            await desk.client.call(Priority.BULK)

    for _ in range(40):
        desk.spawn(work())
    await CLOCK.sleep(130.0)
    desk.scheduler.close()
    await asyncio.wait_for(desk.done(), 30.0)

    served = sum(desk.server.records[index].used.total() for index in sorted(desk.server.records))
    assert served >= 0.85 * 167 * 13
    assert desk.server.turned_away <= 0.02 * desk.server.sends
