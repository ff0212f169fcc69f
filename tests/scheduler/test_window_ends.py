"""When one window ends and the next begins: nobody knows to the moment, and nobody waits for it."""

from __future__ import annotations

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from .conftest import Desk, MakeDesk

pytestmark = pytest.mark.anyio

LIMIT = 30
HOUR_S = 3600.0


async def work(desk: Desk) -> None:
    """Make one call after the other, as a job that never ends."""
    while True:
        await desk.client.call(Priority.BULK)


async def saturate(desk: Desk, seconds: float) -> None:
    for _ in range(8):
        desk.spawn(work(desk))
    await CLOCK.sleep(seconds)


async def wait_at_the_beginning(desk: Desk) -> float:
    """Return how long a person's call waits that comes as a window begins."""
    await CLOCK.sleep(desk.server.ends_in_s() + 1e-6)
    return await desk.client.call(Priority.INTERACTIVE)


async def test_a_person_does_not_wait_for_a_window_to_have_begun(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=6 * LIMIT), limit=LIMIT)
    await saturate(desk, 95.0)

    waits = [await wait_at_the_beginning(desk) for _ in range(6)]

    assert max(waits) <= 0.035  # of a round trip of 0.05
    assert desk.server.turned_away == 0


async def test_a_job_of_an_hour_does_not_forget_when_windows_begin(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=6 * LIMIT), limit=LIMIT)
    await saturate(desk, HOUR_S)

    assert await wait_at_the_beginning(desk) <= 0.05
    assert desk.server.turned_away == 0


async def test_ways_that_become_longer_turn_no_call_away(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=6 * LIMIT), limit=LIMIT)
    await saturate(desk, 95.0)

    for pause_s in (0.2, 0.0, 0.5, 0.1):
        desk.server.pause_s = pause_s
        await CLOCK.sleep(60.0)

    assert await wait_at_the_beginning(desk) <= 0.1
    assert desk.server.turned_away == 0
