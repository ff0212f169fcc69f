"""Offset of the server's clock, and calls around the end of a window that depend on it."""

from __future__ import annotations

import math
from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from hypothesis import given

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler.limits.server_clock import (
    DRIFT,
    DRIFT_DECAY,
    DRIFT_MARGIN,
    MAX_DRIFT,
    ServerClock,
)
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


# What a reply says of the clock ----------------------------------------------------------------

START, END = 100.0, 110.0
"""A window; the clock below has seen a call that was sent at 50.0 and answered at 50.5."""


def known() -> ServerClock:
    clock = ServerClock()
    clock.observe_window(START, END, sent=50.0, received=50.5)
    return clock


def bounds(clock: ServerClock) -> tuple[float, float]:
    """Return the bounds at 50.5."""
    low, high = clock.bounds(50.5)
    return round(low, 3), round(high, 3)


@pytest.mark.parametrize(
    ("start", "expected_s"), [(START, 0.0), (90.0, 0.0), (80.0, 9.5), (120.0, -9.5)]
)
def test_a_window_contradicts_the_clock_by_so_much(start: float, expected_s: float) -> None:
    found_s = known().contradiction_s(start, start + 10.0, sent=50.0, received=50.5)

    assert found_s == pytest.approx(expected_s)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (START, END, (49.5, 60.0)),  # as before
        (START + 1.0, END, (50.5, 60.0)),  # one bound is closer
        (START, END - 1.0, (49.5, 59.0)),
        (START + 2.0, END - 2.0, (51.5, 58.0)),
        (START - 5.0, END + 5.0, (49.5, 60.0)),  # neither is
    ],
)
def test_a_reply_narrows_either_bound(
    start: float, end: float, expected: tuple[float, float]
) -> None:
    clock = known()

    assert clock.try_window(start, end, 50.0, 50.5)

    assert bounds(clock) == expected


@pytest.mark.parametrize("start", [START - 20.0, START + 20.0])
def test_a_reply_that_contradicts_changes_nothing(start: float) -> None:
    clock = known()

    assert not clock.try_window(start, start + 10.0, 50.0, 50.5)

    assert bounds(clock) == (49.5, 60.0)


def test_a_reply_that_contradicts_is_gone_by_where_it_is_observed() -> None:
    clock = known()

    clock.observe_window(START + 20.0, END + 20.0, sent=50.0, received=50.5)

    assert bounds(clock) == (69.5, 80.0)


def test_only_the_quickest_call_counts() -> None:
    clock = known()

    clock.try_window(START, END, 50.0, 50.9)
    assert clock.quickest_s == 0.5
    clock.try_window(START, END, 50.3, 50.5)
    assert clock.quickest_s == pytest.approx(0.2)


def test_a_call_is_counted_between_its_two_offsets_at_most() -> None:
    clock = known()
    earliest, latest = clock.arrival_offsets(50.5)
    assert (earliest, latest) == pytest.approx((49.5 + clock.lead_s, 60.0))

    clock.narrow(49.5, 49.6, 50.5)
    assert clock.arrival_offsets(50.5) == pytest.approx((49.6, 49.6))
    clock = known()
    clock.narrow(59.0, 60.0, 50.5)
    assert clock.arrival_offsets(50.5) == pytest.approx((59.0, 60.0))


def test_a_later_window_moves_the_earliest_arrival_and_an_older_one_does_not() -> None:
    clock = known()

    clock.observe_window(START, END, sent=49.0, received=49.6)
    assert clock.arrival_offsets(50.5)[0] == pytest.approx(50.4 + clock.lead_s, abs=1e-3)
    clock.observe_window(START, END, sent=50.4, received=50.9)
    assert clock.arrival_offsets(50.5)[0] == pytest.approx(50.4 + clock.lead_s, abs=1e-3)


def dated(clock: ServerClock) -> bool:
    """Return whether a Date header that agrees narrows the clock."""
    before = bounds(clock)
    low, high = before
    clock.observe_date(math.floor((low + high) / 2 + 50.0), sent=50.0, received=50.5)
    return bounds(clock) != before


def contradict_date(clock: ServerClock) -> None:
    clock.observe_date(0.0, sent=50.0, received=50.5)


def go_by_another_window(clock: ServerClock) -> None:
    clock.restart(START, END, sent=50.0, received=50.5)


def leave_as_it_is(_: ServerClock) -> None:
    pass


def forget_and_learn(clock: ServerClock) -> None:
    clock.forget()
    clock.observe_window(START, END, sent=50.0, received=50.5)


def learn_a_longer_window(clock: ServerClock) -> None:
    clock.restart_longer(START - 50.0, END, first_received=50.5, sent=50.0, received=50.5)


@pytest.mark.parametrize(
    ("change", "is_trusted"),
    [
        (leave_as_it_is, True),
        (contradict_date, False),
        (go_by_another_window, False),
        (forget_and_learn, False),
        (learn_a_longer_window, True),
    ],
)
def test_date_is_trusted_until_windows_contradict_it(
    change: Callable[[ServerClock], None],
    is_trusted: bool,  # noqa: FBT001 (one of two states)
) -> None:
    clock = known()

    change(clock)

    assert dated(clock) is is_trusted


def test_a_bound_rests_on_date_until_a_window_is_closer() -> None:
    clock = known()
    behind_s, ahead_s = 1.0, -1.0
    assert not clock.rests_on_date(behind_s)
    assert not clock.rests_on_date(ahead_s)

    clock.observe_date(103.0, sent=50.0, received=50.5)
    assert clock.rests_on_date(behind_s)
    assert clock.rests_on_date(ahead_s)
    clock.narrow(53.0, 60.0, 50.5)
    assert not clock.rests_on_date(behind_s)
    assert clock.rests_on_date(ahead_s)
    clock.narrow(53.0, 53.1, 50.5)
    assert not clock.rests_on_date(ahead_s)


def test_bounds_of_another_process_are_gone_by_only_where_nothing_is_known() -> None:
    clock = ServerClock()
    clock.adopt(5.0, 6.0, 50.5)
    assert bounds(clock) == (5.0, 6.0)

    clock.adopt(7.0, 8.0, 50.5)

    assert bounds(clock) == (5.0, 6.0)


@pytest.mark.parametrize(
    ("own", "others", "expected"),
    [
        (None, (5.0, 6.0, 40.0), (5.0, 6.0)),
        ((5.0, 6.0, 40.0), None, (5.0, 6.0)),
        ((5.0, 6.0, 40.0), (5.5, 8.0, 30.0), (5.5, 6.0)),
        ((5.0, 6.0, 30.0), (4.0, 5.5, 40.0), (5.0, 5.5)),
        ((5.0, 6.0, 30.0), (8.0, 9.0, 40.0), (8.0, 9.0)),  # the server's clock was set
        ((5.0, 6.0, 40.0), (8.0, 9.0, 30.0), (5.0, 6.0)),
    ],
)
def test_of_two_clocks_that_contradict_the_one_seen_last_is_right(
    own: tuple[float, float, float] | None,
    others: tuple[float, float, float] | None,
    expected: tuple[float, float],
) -> None:
    clock, other = ServerClock(), ServerClock()
    for each, seen in ((clock, own), (other, others)):
        if seen is not None:
            each.adopt(*seen)

    clock.learn_from(other, 50.5)

    assert clock.bounds(50.5) == pytest.approx(expected, abs=0.01)
    assert clock.is_known


def test_a_clock_takes_over_what_another_knows_of_drift_and_date() -> None:
    clock, other = ServerClock(), ServerClock()
    other.restart(100.0, 110.0, sent=50.0, received=50.5)
    other.observe_date(103.0, sent=50.0, received=50.5)
    other.learn_drift(0.01)

    clock.learn_from(other, 50.5)

    assert clock.drift == other.drift
    assert clock.rests_on_date(1.0)
    clock.learn_from(known(), 50.5)
    assert clock.drift == other.drift


def test_a_learned_drift_lies_between_two_bounds() -> None:
    clock = known()
    clock.learn_drift(0.01)
    assert clock.drift == pytest.approx(DRIFT_MARGIN * 0.01)
    clock.learn_drift(0.001)
    assert clock.drift == pytest.approx(DRIFT_MARGIN * 0.01)
    clock.learn_drift(5.0)
    assert clock.drift == MAX_DRIFT

    clock.relax_drift()
    assert clock.drift == DRIFT_DECAY * MAX_DRIFT
    for _ in range(300):
        clock.relax_drift()
    assert clock.drift == DRIFT
