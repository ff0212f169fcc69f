"""Headroom: what remains of a window, and what of it is held back from whom."""

from __future__ import annotations

from random import Random

import pytest

from intercom_async.scheduler.limits.app_windows import AppWindows
from intercom_async.scheduler.limits.blind_calls import BlindCalls
from intercom_async.scheduler.limits.cold_start import ColdStart
from intercom_async.scheduler.limits.headroom import (
    MAX_RESERVE,
    MAX_RESERVE_CALLS,
    MIN_OWN_SHARE,
    SHARED_RESERVE,
    Headroom,
)
from intercom_async.scheduler.limits.reserve import InteractiveReserve
from intercom_async.scheduler.limits.server_clock import ServerClock
from intercom_async.scheduler.limits.window_schedule import WindowSchedule
from intercom_async.scheduler.limits.workspace_limiter import WorkspaceLimiter

LIMIT, WINDOW_S = 1000, 10.0


class One:
    """The headroom of one window, from 0 to 10 s of loop time, and what it depends on."""

    def __init__(self) -> None:
        schedule = WindowSchedule(WINDOW_S)
        self.windows = AppWindows(
            LIMIT,
            WorkspaceLimiter(LIMIT, schedule),
            schedule,
            ServerClock(),
            on_new_window=lambda: None,
            on_uncertain_window=lambda _: None,
        )
        self.windows.adopt(limit=LIMIT, length_ms=10_000, offset=(0.0, 0.0), now=0.0)
        self.reserve = InteractiveReserve()
        self.cold_start = ColdStart(BlindCalls())
        self.headroom = Headroom(self.windows, self.reserve, self.cold_start, Random(1))
        self.budget = self.windows.candidates(1.0)[0]

    def interactive(self, now: float) -> tuple[int, int]:
        return self.headroom.of(self.budget, now, may_use_reserve=True)

    def other(self, now: float) -> tuple[int, int]:
        return self.headroom.of(self.budget, now, may_use_reserve=False)

    def expect_interactive_calls(self) -> None:
        for number in range(200):
            self.reserve.note_arrival(-10.0 + number / 20, WINDOW_S)

    def be_beside_others(self, own_share: float) -> None:
        external, schedule = self.windows.external, self.windows.schedule
        external.observe(self.budget, 0.5, sent=0.5, elapsed=0.05, schedule=schedule)
        external.active_until, external.is_expected = 100.0, True
        external.own_share = own_share


def test_alone_all_that_remains_may_be_given_out() -> None:
    one = One()
    one.budget.charge(300)

    assert one.interactive(1.0) == one.other(1.0) == (700, 700)
    assert one.headroom.allocatable(one.budget, 1.0) == 700


def test_calls_sent_before_the_first_reply_count_in_any_window() -> None:
    one = One()
    for _ in range(3):
        one.cold_start.begin(0.0, 1, 10.0)

    assert one.other(1.0) == (LIMIT - 3, LIMIT - 3)


def test_what_others_have_used_is_not_there_to_be_given_out() -> None:
    one = One()
    one.budget.charge(100)
    one.budget.observe(LIMIT, 400, sent=1.0, charge_seq=100)

    remaining, _ = one.interactive(1.0)

    assert remaining == 600


def test_a_reserve_is_held_back_for_interactive_calls_alone_until_the_window_ends() -> None:
    one = One()
    one.expect_interactive_calls()

    held_back = [LIMIT - one.other(now)[1] for now in (0.5, 5.0, 9.9, 9.99)]

    assert one.interactive(0.5) == (LIMIT, LIMIT)
    assert held_back[0] > held_back[1] > held_back[2] > held_back[3] == 0


def test_what_is_held_back_is_tried_for_when_it_is_released() -> None:
    headroom = One().headroom
    release_s = headroom.release_s()

    assert headroom.until_release_s(5.0) == 5.0 - release_s
    # The last calls of the reserve go a little later than the others.
    assert 0.0 < headroom.until_release_s(release_s) < release_s
    assert headroom.until_release_s(0.0) == 0.0


@pytest.mark.parametrize("own_share", [1 / 32, 1 / 2])
def test_beside_others_every_process_leaves_the_shared_reserve(own_share: float) -> None:
    one = One()
    one.be_beside_others(own_share)

    remaining, allocatable = one.other(1.0)
    left = LIMIT * 0.9

    assert one.interactive(1.0) == (remaining, remaining)
    assert remaining - allocatable >= SHARED_RESERVE * left
    assert allocatable >= remaining - (MAX_RESERVE * left + MAX_RESERVE_CALLS) - 1


def test_near_the_end_each_takes_its_own_share_of_what_is_left() -> None:
    one = One()
    one.be_beside_others(1 / 4)
    one.budget.charge(600)
    now = WINDOW_S - one.headroom.release_s() / 2

    remaining, allocatable = one.other(now)
    one.budget.charge(allocatable)

    assert remaining == 400
    assert 99 <= allocatable <= 101
    assert one.other(now) == (remaining - allocatable, 0)


def test_own_arrivals_speak_for_those_of_all_processes() -> None:
    """Those of a process that has a tenth of the calls: the reserve is at its bound."""
    one = One()
    one.expect_interactive_calls()
    one.be_beside_others(1 / 10)

    remaining, allocatable = one.other(9.0)

    assert 10 * one.reserve.steady_per_s > SHARED_RESERVE * LIMIT / WINDOW_S
    assert remaining - allocatable >= MAX_RESERVE * LIMIT / 10


def test_a_process_with_ever_fewer_calls_does_not_hold_back_ever_more() -> None:
    held_back: list[int] = []
    for own_share in (MIN_OWN_SHARE, MIN_OWN_SHARE / 10):
        one = One()
        one.reserve.note_arrival(-1.0, WINDOW_S)
        one.be_beside_others(own_share)
        remaining, allocatable = one.other(9.0)
        held_back.append(remaining - allocatable)

    assert held_back[0] == held_back[1] > 0


def test_people_do_not_wait_for_what_bulk_jobs_of_others_may_take() -> None:
    one = One()
    one.be_beside_others(1 / 4)
    one.budget.observe(LIMIT, LIMIT - 5, sent=1.0, charge_seq=1)

    remaining, allocatable = one.other(1.0)

    assert one.interactive(1.0) == (remaining, remaining) == (5, 5)
    assert allocatable < 1


def test_once_others_have_stopped_nothing_is_held_back_for_their_people() -> None:
    one = One()
    one.be_beside_others(1 / 4)
    one.windows.external.active_until = 1.0

    assert one.other(0.9)[1] < one.other(1.1)[1]


def test_each_may_take_no_more_than_there_is_near_the_end() -> None:
    one = One()
    one.be_beside_others(1.0)
    one.budget.charge(LIMIT - 3)
    now = WINDOW_S - one.headroom.release_s() / 2

    one.other(now)
    one.budget.charge(3)

    assert one.other(now) == (0, 0)


def test_a_part_is_taken_once_a_window() -> None:
    one = One()
    one.be_beside_others(1 / 4)
    late = WINDOW_S - one.headroom.release_s() / 2
    one.other(late)

    one.other(1.0)

    assert one.budget.last_charge is None


def test_people_use_their_own_reserve_where_others_are_expected() -> None:
    one = One()
    one.expect_interactive_calls()
    one.windows.external.is_expected = True

    assert one.interactive(0.5) == (LIMIT, LIMIT)
    assert one.other(0.5)[1] < LIMIT


@pytest.mark.parametrize(("external", "spared"), [(300, 3), (2, 0)])
def test_a_few_calls_are_spared_for_others_that_have_been_seen(external: int, spared: int) -> None:
    one = One()
    one.be_beside_others(1 / 4)
    one.windows.external.active_until, one.windows.external.is_expected = 0.0, False
    one.budget.charge(100)
    one.budget.observe(LIMIT, 100 + external, sent=0.9, charge_seq=100)

    remaining, allocatable = one.other(1.0)

    assert remaining == LIMIT - 100 - external
    assert remaining - allocatable == spared
    assert one.interactive(1.0) == (remaining, allocatable)
