"""Offset of the server's clock, and calls around the end of a window that depend on it."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler.limits.server_clock import ServerClock
from .conftest import Desk, MakeDesk

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
    """Return how long an interactive call waits that comes as a window begins."""
    await CLOCK.sleep(desk.server.ends_in_s() + 1e-6)
    return await desk.client.call(Priority.INTERACTIVE)


@pytest.mark.anyio
async def test_an_interactive_call_does_not_wait_for_a_window_that_has_begun(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk(Limits(app_per_minute=6 * LIMIT), limit=LIMIT)
    await saturate(desk, 95.0)

    waits = [await wait_at_the_beginning(desk) for _ in range(6)]

    assert max(waits) <= 0.035  # of a round trip of 0.05
    assert desk.server.turned_away == 0


@pytest.mark.anyio
async def test_a_job_of_an_hour_does_not_forget_when_windows_begin(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=6 * LIMIT), limit=LIMIT)
    await saturate(desk, HOUR_S)

    assert await wait_at_the_beginning(desk) <= 0.05
    assert desk.server.turned_away == 0


@pytest.mark.anyio
async def test_round_trips_that_become_longer_cause_no_429(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=6 * LIMIT), limit=LIMIT)
    await saturate(desk, 95.0)

    for pause_s in (0.2, 0.0, 0.5, 0.1):
        desk.server.pause_s = pause_s
        await CLOCK.sleep(60.0)

    assert await wait_at_the_beginning(desk) <= 0.1
    assert desk.server.turned_away == 0


@given(
    offset=st.floats(-1e6, 1e6),
    sends=st.lists(
        st.tuples(st.floats(0, 60), st.floats(0, 1), st.floats(0, 1), st.booleans()), min_size=1
    ),
)
def test_the_offset_lies_within_its_bounds(
    offset: float, sends: list[tuple[float, float, float, bool]]
) -> None:
    clock = ServerClock()
    for sent, uplink_s, downlink_s, has_date in sorted(sends):
        counted = sent + uplink_s + offset
        end = (counted // 10 + 1) * 10
        received = sent + uplink_s + downlink_s
        clock.observe_window(end - 10, end, sent=sent, received=received)
        if has_date:
            clock.observe_date(counted // 1, sent=sent, received=received)

    low, high = clock.bounds(100.0)

    assert low - 1e-6 <= offset <= high + 1e-6


def test_bounds_of_another_process_narrow_and_never_contradict() -> None:
    clock = ServerClock()
    clock.narrow(5.0, 6.0, 0.0)
    assert not clock.is_known
    clock.restart(100.0, 110.0, sent=50.0, received=50.5)
    known = clock.bounds(50.5)
    assert known == (49.5, 60.0)
    clock.narrow(55.0, 56.0, 50.5)
    assert clock.bounds(50.5) == (55.0, 56.0)
    clock.narrow(54.0, 55.5, 50.5)
    assert clock.bounds(50.5) == (55.0, 55.5)
    clock.narrow(70.0, 71.0, 50.5)
    assert clock.bounds(50.5) == (55.0, 55.5)
