"""Pacing: which calls are spread over a window, and how far apart."""

from __future__ import annotations

from random import Random

import pytest

from intercom_async.priority import Priority
from intercom_async.scheduler.limits.app_limiter import AppLimiter
from intercom_async.scheduler.limits.pacing import (
    EXTRA_SPEED,
    MAX_SPEEDUP,
    QUIET_S,
    RETRY_S,
    SMALL_BACKLOG_SHARE,
    Pacer,
)
from intercom_async.scheduler.limits.server_clock import ServerClock
from intercom_async.scheduler.limits.window_schedule import WindowSchedule
from intercom_async.scheduler.limits.workspace_limiter import WorkspaceLimiter

LIMIT, WINDOW_S = 100, 10.0
OTHERS = [lane for lane in Priority if lane is not Priority.INTERACTIVE]


def limiter(*, is_known: bool = True) -> AppLimiter:
    """Return the limiter of an app that has had its last windows to itself.

    They end at multiples of ten seconds of loop time.
    """
    schedule = WindowSchedule(WINDOW_S)
    workspace = WorkspaceLimiter(LIMIT, schedule)
    made = AppLimiter(LIMIT, workspace, schedule, ServerClock(), Random(1))
    if is_known:
        made.windows.adopt(limit=LIMIT, length_ms=10_000, offset=(0.0, 0.0), now=0.0)
        made.windows.external.is_absent = True
    return made


def let_a_job_end(pacer: Pacer, now: float) -> None:
    """Let calls go for so long without a new one that what waits is the rest of a job."""
    pacer.note_dequeued(now - QUIET_S)


@pytest.mark.parametrize("is_known", [False, True])
def test_interactive_calls_are_never_paced(*, is_known: bool) -> None:
    pacer = limiter(is_known=is_known).pacer

    assert not pacer.is_paced(Priority.INTERACTIVE, 1.0, backlog=10**6)


@pytest.mark.parametrize("lane", OTHERS)
def test_all_others_are_paced_while_no_window_is_known(lane: Priority) -> None:
    pacer = limiter(is_known=False).pacer

    assert pacer.is_paced(lane, 1.0, backlog=0)
    assert pacer.rate_per_s(1.0) == pacer.fallback.rate_per_s == LIMIT / WINDOW_S


def test_normal_calls_are_paced_once_they_are_a_backlog() -> None:
    pacer = limiter().pacer
    few = int(SMALL_BACKLOG_SHARE * LIMIT)

    assert not pacer.is_paced(Priority.NORMAL, 1.0, backlog=few)
    assert pacer.is_paced(Priority.NORMAL, 1.0, backlog=few + 1)


def test_a_job_is_paced_until_its_rest_fits_into_the_window() -> None:
    pacer = limiter().pacer
    assert pacer.is_paced(Priority.BULK, 1.0, backlog=1)

    let_a_job_end(pacer, 1.0)

    assert not pacer.is_paced(Priority.BULK, 1.0, backlog=LIMIT)
    assert pacer.is_paced(Priority.BULK, 1.0, backlog=LIMIT + 1)


@pytest.mark.parametrize("lane", OTHERS)
def test_all_others_are_paced_beside_another_client_and_under_a_quota(lane: Priority) -> None:
    beside, under_quota = limiter(), limiter()
    for one in (beside, under_quota):
        let_a_job_end(one.pacer, 1.0)
    beside.windows.candidates(1.0)[0].observe(LIMIT, 20, sent=1.0, charge_seq=0)
    under_quota.workspace.quota = 50

    assert beside.pacer.is_paced(lane, 1.0, backlog=0)
    assert under_quota.pacer.is_paced(lane, 1.0, backlog=0)


def test_what_is_left_is_spread_over_the_time_that_is_left() -> None:
    one = limiter()
    steady = LIMIT / WINDOW_S
    one.windows.external.is_absent = False
    one.windows.candidates(1.0)[0].charge(LIMIT // 2)

    early, late = (one.pacer.rate_per_s(now) for now in (1.0, 8.0))

    # 50 calls in 9 s and in 2 s, a little less each time.
    assert 50 / 9 < early < steady * 1.01
    assert steady < late <= steady * (MAX_SPEEDUP + EXTRA_SPEED)


def test_a_call_that_is_held_back_is_tried_again_soon() -> None:
    one = limiter()
    budget = one.windows.candidates(1.0)[0]
    one.pacer.take(1.0, budget, LIMIT, cost=50)

    again_at = one.pacer.retry_at(1.0)

    assert 1.0 < again_at <= 1.0 + RETRY_S
    assert one.pacer.retry_at(one.pacer.next_at) == 0.0
