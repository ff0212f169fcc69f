"""The gate of leases: what is leased passes, but for a call that finds out when a window ends."""

from __future__ import annotations

from random import Random

import pytest

from intercom_async.scheduler.limits.app_windows import AppWindows
from intercom_async.scheduler.limits.lease_gate import LeaseGate
from intercom_async.scheduler.limits.leases import Leases, Want
from intercom_async.scheduler.limits.server_clock import ServerClock
from intercom_async.scheduler.limits.window_budget import WindowBudget
from intercom_async.scheduler.limits.window_schedule import WindowSchedule
from intercom_async.scheduler.limits.workspace_limiter import WorkspaceLimiter

EARLIEST, LATEST = 1_699_999_999.0, 1_700_000_001.0
"""The server's clock less loop time, as it is known: to two seconds."""
ENDS_AT = 10.0


def nothing(_now: float = 0.0) -> None:
    """Do nothing."""


class Process:
    """One of many processes that share a store."""

    def __init__(
        self,
        seed: int,
        *,
        limit: int = 1667,
        offsets: tuple[float, float] = (EARLIEST, LATEST),
        members: int = 64,
    ) -> None:
        schedule, clock = WindowSchedule(10.0), ServerClock()
        clock.adopt(*offsets, 0.0)
        self.windows = AppWindows(
            limit,
            WorkspaceLimiter(416.7, schedule),
            schedule,
            clock,
            on_new_window=nothing,
            on_uncertain_window=nothing,
        )
        self.gate = LeaseGate(self.windows, Random(seed))
        self.leases = Leases(nothing)
        self.members = members
        self.lease(1)

    def budget(self, now: float) -> WindowBudget:
        return self.windows.candidates(now)[0]

    def lease(self, count: int) -> None:
        want = Want(self.budget(5.0).reset_ms, count, is_interactive=False)
        held = self.leases.held(self.budget(5.0))
        self.leases.granted(want, count, held=held, left=0, kept=0, members=self.members, now=5.0)

    def retry_at(
        self, now: float, cost: int = 1, *, is_owed: bool = False, is_interactive: bool = False
    ) -> float:
        return self.gate.retry_at(
            self.leases, self.budget(now), now, cost, is_interactive=is_interactive, is_owed=is_owed
        )

    def goes_at(self) -> float:
        """Return when the last leased call goes."""
        now = 5.0
        while (at := self.retry_at(now)) and now < ENDS_AT + 1.0:
            now = at
        return now


def test_some_of_many_processes_keep_their_last_call() -> None:
    moments = [Process(seed).goes_at() for seed in range(200)]
    kept = sorted(at for at in moments if at > 5.0)
    assert 10 <= len(kept) <= 45  # 8 of 64
    assert ENDS_AT - 1.0 < kept[0] < ENDS_AT - 0.5
    assert ENDS_AT + 0.5 < kept[-1] <= ENDS_AT + 1.0
    assert all(Process(seed, members=8).retry_at(5.0) for seed in range(20))


def test_a_kept_call_is_the_last_one_only() -> None:
    one = Process(3, members=2)
    assert one.retry_at(5.0) > 5.0
    assert one.retry_at(5.0, is_owed=True) == 0.0
    one.lease(1)
    assert one.retry_at(5.0) == 0.0
    assert one.retry_at(5.0, 2) > 5.0
    assert one.retry_at(5.0, 3) > 5.0  # as that many are not leased


def test_an_interactive_call_may_have_the_last_call_where_all_keep_one() -> None:
    assert Process(3, members=8).retry_at(5.0, is_interactive=True) == 0.0
    assert any(Process(seed, members=9).retry_at(5.0, is_interactive=True) for seed in range(20))


@pytest.mark.parametrize(
    "settings",
    [
        {"members": 1},
        {"members": 2, "limit": 19},
        {"members": 2, "offsets": (EARLIEST, EARLIEST + 0.1)},
    ],
)
def test_no_call_is_kept_where_it_would_say_nothing(settings: dict[str, object]) -> None:
    for seed in range(20):
        assert Process(seed, **settings).retry_at(5.0) == 0.0  # type: ignore[arg-type]


def test_a_call_of_a_window_that_is_yet_to_begin_is_not_kept() -> None:
    one = Process(3, members=2)
    first, second = one.windows.candidates(ENDS_AT - 0.2)
    assert first is one.budget(5.0)
    want = Want(second.reset_ms, 1, is_interactive=False)
    one.leases.granted(want, 1, held=0, left=0, kept=0, members=2, now=9.8)
    assert not one.gate.retry_at(
        one.leases, second, ENDS_AT - 0.2, 1, is_interactive=False, is_owed=False
    )


def test_without_a_lease_a_call_is_tried_again() -> None:
    one = Process(3, members=1)
    one.budget(5.0).charge(1)
    assert 5.0 < one.retry_at(5.0) < 5.5
    one.leases.mark_lost(one.budget(5.0).reset_ms, 5.0)
    assert one.retry_at(5.0) == 0.0  # its equal part of the limit
