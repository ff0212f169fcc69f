"""How many calls are held back for interactive callers."""

from __future__ import annotations

import math
from random import Random
from statistics import mean, stdev

import pytest

from intercom_async.scheduler.limits.reserve import (
    BURST_DECAY,
    MAX_BURST_SHARE,
    RELEASE_S,
    InteractiveReserve,
)
from intercom_async.scheduler.limits.window_schedule import WindowSchedule

WINDOW_S = 10.0


def reserve_after(*moments: float) -> InteractiveReserve:
    reserve = InteractiveReserve()
    for moment in moments:
        reserve.note_arrival(moment, WINDOW_S)
    return reserve


@pytest.mark.parametrize("window_s", [2.0, 10.0])
def test_room_is_reserved_until_just_before_the_end(window_s: float) -> None:
    release_s = RELEASE_S * WindowSchedule(window_s).scale
    reserve = InteractiveReserve()
    for second in range(20):
        reserve.note_arrival(float(second), window_s)

    assert release_s <= 0.02 * window_s
    assert reserve.held_back(1000, 0.03 * window_s, release_s) > 0
    assert reserve.held_back(1000, 0.003 * window_s, release_s) == 0


@pytest.mark.parametrize(
    ("limit", "left_s", "kept"),
    [(10_000, 0.18, 2), (10_000, 0.09, 1), (10_000, 0.03, 0), (300, 0.18, 1), (200, 0.18, 0)],
)
def test_a_few_calls_are_kept_nearly_to_the_end(limit: int, left_s: float, kept: int) -> None:
    reserve = reserve_after(*(0.1 * number for number in range(200)))

    assert reserve.held_back(limit, left_s, RELEASE_S) == kept


def test_three_standard_deviations_of_the_expected_calls_are_reserved() -> None:
    reserve = reserve_after(*(0.5 * number for number in range(200)))

    held_back = reserve.held_back(10_000, 8.0, 0.0)

    assert held_back == pytest.approx(16 + 3 * math.sqrt(16), abs=3)


def test_nobody_is_expected_after_two_idle_windows() -> None:
    reserve = reserve_after(0.0, 1.0, 2.0)

    reserve.forget_idle(2.0 + 1.9 * WINDOW_S, WINDOW_S)
    assert reserve.held_back(100, 5.0, 0.0) > 0
    reserve.forget_idle(2.0 + 2.1 * WINDOW_S, WINDOW_S)
    assert reserve.held_back(100, 5.0, 0.0) == 0


def test_a_burst_is_remembered_and_forgotten() -> None:
    reserve = reserve_after(*(0.01 * number for number in range(40)), 30.0)
    fresh = reserve.held_back(10_000, 0.5, 0.0)

    for _ in range(20):
        reserve.decay()

    assert fresh == 40
    assert reserve.held_back(10_000, 0.5, 0.0) < 40 * BURST_DECAY


def test_a_burst_reserves_a_bounded_share() -> None:
    reserve = reserve_after(*(0.001 * number for number in range(400)), 60.0)

    assert reserve.held_back(1000, 0.5, 0.0) <= MAX_BURST_SHARE * 1000


def test_calls_of_one_moment_give_a_finite_rate() -> None:
    reserve = reserve_after(*[5.0] * 30)

    assert 0 < reserve.arrivals_per_s <= 1000


def test_a_single_call_is_no_burst() -> None:
    reserve = reserve_after(0.0, 100.0)

    # One call every hundred seconds: less than one is expected in a tenth of a second.
    assert reserve.held_back(1000, 0.1, 0.0) == 1


@pytest.mark.parametrize("after_s", [5.0, 20.0, 100.0])
def test_the_steady_rate_is_right_from_the_first_calls_on(after_s: float) -> None:
    random = Random(4)
    rates: list[float] = []
    for _ in range(50):
        reserve, now = InteractiveReserve(), 0.0
        while now < after_s:
            reserve.note_arrival(now, WINDOW_S)
            now += random.expovariate(2.0)
        rates.append(reserve.steady_per_s)

    assert abs(mean(rates) - 2.0) < 0.25
    # The longer it is known, the more exactly, up to three windows.
    assert stdev(rates) < (0.75 if after_s < 30.0 else 0.3)


def test_one_call_is_no_flood() -> None:
    assert reserve_after(0.0).steady_per_s == 1.0
    assert reserve_after(0.0, 0.001).steady_per_s < 2.0


def test_nobody_is_expected_steadily_after_two_idle_windows() -> None:
    reserve = reserve_after(0.0, 1.0)

    reserve.forget_idle(21.1, WINDOW_S)
    assert reserve.steady_per_s == 0.0
    reserve.note_arrival(50.0, WINDOW_S)

    assert reserve.steady_per_s == 1.0
