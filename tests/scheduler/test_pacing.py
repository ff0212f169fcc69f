"""How fast calls go that are spread over a window, alone and beside others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from intercom_async.priority import Priority
from intercom_async.scheduler.limits.leases import Leases
from intercom_async.scheduler.limits.pacing import (
    EXTRA_SPEED,
    GUARD_RTTS,
    GUARD_S,
    MAX_SPEEDUP,
    QUIET_RTTS,
    QUIET_S,
    RETRY_S,
    SCARCE_EXTRA,
    SCARCE_FACTOR,
    SCARCE_SHARE,
    SHARED_EXTRA,
    SHARED_LEAST,
    SHARED_SPEEDUP,
    Pacer,
)
from intercom_async.scheduler.limits.usage import ROUNDING
from intercom_async.scheduler.limits.window_budget import WindowBudget
from .test_headroom import LIMIT, WINDOW_S, One

STEADY_PER_S = LIMIT / WINDOW_S


class Paced(One):
    """One window, and the pace in it while so many calls may be given out."""

    def __init__(self, allocatable: int = LIMIT) -> None:
        super().__init__()
        self.allocatable = allocatable
        self.pacer = Pacer(
            self.windows, self.windows.workspace, lambda _budget, _now: self.allocatable
        )

    def see_windows(self) -> None:
        """Close a window that others have not used."""
        over = WindowBudget(-10_000, LIMIT)
        over.confirm_uncharged(LIMIT)
        self.windows.external.close(over)

    def per_s(self, now: float = 1.0) -> float:
        return self.pacer.rate_per_s(now)


def test_what_may_be_given_out_is_spread_over_what_is_left() -> None:
    paced = Paced(500)

    assert paced.per_s(2.0) == pytest.approx(500 / (8.0 - GUARD_S))


@pytest.mark.parametrize("now", [9.5, 9.7, 9.99])
def test_the_rest_of_a_window_goes_at_a_multiple_of_the_limit_at_most(now: float) -> None:
    paced = Paced()

    assert paced.per_s(now) == pytest.approx(STEADY_PER_S * (MAX_SPEEDUP + EXTRA_SPEED))


@pytest.mark.parametrize("allocatable", [0, -5])
def test_a_pace_is_never_zero_nor_below(allocatable: int) -> None:
    assert Paced(allocatable).per_s() == Paced(1).per_s() > 0.0


def test_alone_the_last_calls_of_a_window_do_not_come_ever_slower() -> None:
    paced = Paced(1)
    before = paced.per_s()

    paced.see_windows()

    assert before < STEADY_PER_S / 10
    assert paced.per_s() == STEADY_PER_S


def test_scarce_calls_go_slower_while_others_are_active() -> None:
    paced = Paced(round(SCARCE_SHARE * LIMIT) - 1)
    usual = paced.per_s()
    paced.be_beside_others(1 / 16)

    shared = paced.per_s()
    paced.allocatable += 1
    not_scarce = paced.per_s()
    paced.windows.external.active_until = 0.0
    paced.allocatable -= 1

    assert shared == pytest.approx(usual * (SCARCE_FACTOR / 16 + SCARCE_EXTRA))
    assert not_scarce > 5 * shared
    assert paced.per_s() == usual


def test_who_has_all_the_calls_is_not_made_faster_by_what_is_scarce() -> None:
    paced = Paced(round(SCARCE_SHARE * LIMIT) - 1)
    usual = paced.per_s()

    paced.be_beside_others(1.0)

    assert paced.per_s() == usual


def test_scarce_calls_go_no_slower_while_a_store_leases_them() -> None:
    """It shares them out; once it does not answer, all is as without one."""
    paced = Paced(round(SCARCE_SHARE * LIMIT) - 1)
    usual = paced.per_s()
    paced.be_beside_others(1 / 16)
    without = paced.per_s()

    leases = paced.pacer.leases = Leases(lambda: None)
    leased = paced.per_s()
    leases.mark_lost(paced.budget.reset_ms, 1.0)

    assert without < leased == usual
    assert paced.per_s() == without


@pytest.mark.parametrize("share", [1 / 16, 1 / 40])
def test_processes_with_few_calls_may_be_as_fast_as_any(share: float) -> None:
    paced = Paced()
    paced.see_windows()
    paced.be_beside_others(1.0)
    paced.budget.observe(LIMIT, 500, sent=0.5, charge_seq=1)
    paced.windows.external.early_share = share

    assert paced.per_s() == pytest.approx(SHARED_LEAST * STEADY_PER_S)


@pytest.mark.parametrize("priority", list(Priority))
def test_only_interactive_calls_are_never_paced_beside_others(priority: Priority) -> None:
    paced = Paced()
    paced.be_beside_others(1 / 4)

    assert paced.pacer.is_paced(priority, 1.0, backlog=0) is (priority > Priority.INTERACTIVE)


def alone() -> Paced:
    """Return one window of a process that has had the last ones to itself."""
    paced = Paced(100)
    paced.see_windows()
    return paced


def test_alone_a_few_normal_calls_go_at_once() -> None:
    pacer = alone().pacer

    assert not pacer.is_paced(Priority.NORMAL, 1.0, backlog=0)
    assert not pacer.is_paced(Priority.NORMAL, 1.0, backlog=25)
    assert pacer.is_paced(Priority.NORMAL, 1.0, backlog=26)


@pytest.mark.parametrize("priority", [Priority.BACKGROUND, Priority.BULK])
def test_the_rest_of_a_job_that_fits_goes_at_once(priority: Priority) -> None:
    pacer = alone().pacer
    before = pacer.is_paced(priority, 1.0, backlog=1)

    pacer.note_dequeued(1.0)
    pacer.note_dequeued(1.5)

    assert before
    assert pacer.is_paced(priority, 1.0 + QUIET_S - 0.01, backlog=1)
    assert not pacer.is_paced(priority, 1.0 + QUIET_S, backlog=100)
    assert pacer.is_paced(priority, 1.0 + QUIET_S, backlog=101)


def test_slow_answers_make_a_job_last_longer() -> None:
    paced, rtt_s = alone(), QUIET_S / 2
    paced.windows.rtt_s = rtt_s
    paced.pacer.note_dequeued(1.0)
    quiet_at = 1.0 + QUIET_RTTS * rtt_s

    assert paced.pacer.is_paced(Priority.BULK, quiet_at - 0.01, backlog=1)
    assert not paced.pacer.is_paced(Priority.BULK, quiet_at, backlog=1)


def show_others(paced: Paced) -> None:
    paced.budget.observe(LIMIT, ROUNDING + 1, sent=0.5, charge_seq=1)


def set_quota(paced: Paced) -> None:
    paced.windows.workspace.quota = 500


def strip_headers(paced: Paced) -> None:
    paced.windows.matcher.has_headers = False


def let_others_come(paced: Paced) -> None:
    paced.windows.external.is_absent = False


@pytest.mark.parametrize("change", [show_others, set_quota, strip_headers, let_others_come])
def test_whatever_others_may_use_is_not_rushed_for(change: Callable[[Paced], None]) -> None:
    paced = alone()
    before = paced.pacer.is_paced(Priority.NORMAL, 1.0, backlog=0)

    change(paced)

    assert not before
    assert paced.pacer.is_paced(Priority.NORMAL, 1.0, backlog=0)


def test_a_call_that_comes_alone_is_no_backlog_however_little_is_left() -> None:
    paced = alone()
    paced.allocatable = -5

    assert not paced.pacer.is_paced(Priority.NORMAL, 1.0, backlog=0)
    assert paced.pacer.is_paced(Priority.NORMAL, 1.0, backlog=1)


def test_alone_calls_go_faster_than_the_limit_while_much_is_left() -> None:
    paced = alone()
    paced.allocatable = LIMIT

    assert paced.per_s(5.0) == pytest.approx(LIMIT / (5.0 - GUARD_S))


def test_the_early_share_counts_only_while_others_are_active() -> None:
    paced = Paced(LIMIT)
    paced.see_windows()
    paced.be_beside_others(1 / 8)
    paced.budget.observe(LIMIT, 100, sent=0.5, charge_seq=1)
    paced.windows.external.early_share = 1 / 2
    active = paced.per_s()
    paced.windows.external.active_until = 0.0

    assert active == pytest.approx((SHARED_SPEEDUP / 2 + SHARED_EXTRA) * STEADY_PER_S)
    assert paced.per_s() == pytest.approx((MAX_SPEEDUP / 8 + EXTRA_SPEED) * STEADY_PER_S)


def test_slow_answers_are_waited_for_at_the_end_of_a_window() -> None:
    paced = Paced(500)
    quick = paced.per_s()

    paced.windows.rtt_s = GUARD_S / GUARD_RTTS * 1.5
    slower = paced.per_s()
    paced.windows.rtt_s = 100.0

    assert quick < slower == pytest.approx(500 / (9.0 - 1.5 * GUARD_S))
    assert paced.per_s() == pytest.approx(500 / (9.0 - 2 * GUARD_S))


def test_a_slow_pace_is_looked_at_again_soon() -> None:
    paced = Paced(1)
    first = paced.pacer.retry_at(1.0)
    paced.pacer.take(1.0, paced.budget, 1, 1)
    slow = paced.pacer.next_at

    soon = paced.pacer.retry_at(1.0)
    paced.allocatable = LIMIT

    assert first == 0.0
    assert slow > 2.0
    assert soon == pytest.approx(1.0 + RETRY_S)
    assert 1.0 < paced.pacer.retry_at(1.0) < 1.0 + RETRY_S


def test_a_pace_that_grows_asks_again_later_and_not_in_the_past() -> None:
    """The call could have gone a while ago, as is known only now."""
    paced = Paced(1)
    paced.pacer.take(1.0, paced.budget, 1, 1)
    paced.allocatable = LIMIT

    again = paced.pacer.retry_at(2.0)

    assert 2.0 < again < 2.001
    assert paced.pacer.retry_at(again) == 0.0


def test_without_windows_the_settings_pace_holds() -> None:
    paced = Paced()
    strip_headers(paced)

    assert paced.per_s() == paced.pacer.fallback.rate_per_s


@pytest.mark.parametrize(
    ("has_seen_windows", "is_alone", "is_active", "most"),
    [
        # Nobody hurries to use the first window up beside others.
        (False, False, False, 1.0 / 8 + EXTRA_SPEED),
        (False, False, True, 1.0 / 8 + EXTRA_SPEED),
        (False, True, False, MAX_SPEEDUP / 8 + EXTRA_SPEED),
        # Others that have stopped leave what is left to all who have calls.
        (True, False, False, MAX_SPEEDUP / 8 + EXTRA_SPEED),
        (True, False, True, SHARED_SPEEDUP / 8 + SHARED_EXTRA),
    ],
)
def test_the_most_depends_on_what_others_do(
    has_seen_windows: bool,  # noqa: FBT001 (a parameter of the test)
    is_alone: bool,  # noqa: FBT001
    is_active: bool,  # noqa: FBT001
    most: float,
) -> None:
    paced = Paced(LIMIT)
    if has_seen_windows:
        paced.see_windows()
    paced.be_beside_others(1 / 8)
    if not is_alone:
        paced.budget.observe(LIMIT, 100, sent=0.5, charge_seq=1)
    if not is_active:
        paced.windows.external.active_until = 0.0

    assert paced.per_s() == pytest.approx(most * STEADY_PER_S)
