"""The one timer of a dispatcher."""

from __future__ import annotations

import math

import pytest

from intercom_async.clock import CLOCK
from intercom_async.scheduler.alarm import Alarm

pytestmark = pytest.mark.anyio


async def test_it_fires_once_at_the_earliest_moment_that_was_asked_for() -> None:
    fired: list[float] = []
    begun = CLOCK.now()
    alarm = Alarm(CLOCK, lambda: fired.append(CLOCK.now() - begun))

    for seconds in (9.0, 3.0, 6.0):
        alarm.set(begun + seconds)
    await CLOCK.sleep(20.0)

    assert fired == pytest.approx([3.0], abs=1e-3)


async def test_it_can_be_called_off_and_set_again() -> None:
    fired: list[float] = []
    begun = CLOCK.now()
    alarm = Alarm(CLOCK, lambda: fired.append(CLOCK.now() - begun))

    alarm.set(begun + 3.0)
    alarm.set(math.inf)
    await CLOCK.sleep(5.0)
    alarm.set(begun + 7.0)
    await CLOCK.sleep(5.0)

    assert fired == pytest.approx([7.0], abs=1e-3)


async def test_its_callback_may_set_it_again() -> None:
    fired: list[float] = []
    begun = CLOCK.now()

    def go_on() -> None:
        fired.append(CLOCK.now() - begun)
        alarm.set(begun + 4.0 if len(fired) == 1 else math.inf)

    alarm = Alarm(CLOCK, go_on)
    alarm.set(begun + 2.0)
    await CLOCK.sleep(20.0)

    assert fired == pytest.approx([2.0, 4.0], abs=1e-3)
