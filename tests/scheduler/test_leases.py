"""Leases are arithmetic: what is asked for, when, and what is left of an answer."""

from __future__ import annotations

import pytest

from intercom_async.scheduler.limits.leases import (
    ASK_AGAIN_S,
    DRY_S,
    IDLE_S,
    MEMBERS_KEPT_S,
    Leases,
    Want,
)
from intercom_async.scheduler.limits.window_budget import WindowBudget

RESET_MS = 10_000
LIMIT = 1667


class Setting:
    """One window of one process."""

    def __init__(self, *, limit: int = LIMIT, members: int = 1) -> None:
        self.woken = 0
        self.leases = Leases(self.wake)
        self.budget = WindowBudget(RESET_MS, limit)
        self.leases.limit = limit
        self.leases.members = members

    def wake(self) -> None:
        self.woken += 1

    def want(self, now: float = 0.0, *, interactive_waiting: int = 0) -> Want | None:
        return self.leases.wanted(self.budget, now, interactive_waiting=interactive_waiting)

    def grant(self, count: int, *, left: int = 1000, kept: int = 0, now: float = 0.0) -> None:
        members = self.leases.members
        want = Want(RESET_MS, max(1, count), is_interactive=False)
        held = self.leases.held(self.budget)
        self.leases.granted(want, count, held=held, left=left, kept=kept, members=members, now=now)

    def charge(self, count: int = 1, now: float = 0.0) -> None:
        for _ in range(count):
            self.budget.charge(1)
            self.leases.note_charged(self.budget, now)


def test_a_call_needs_a_leased_one_and_uses_it_up() -> None:
    setting = Setting()
    assert setting.leases.room(setting.budget) == 0
    assert not setting.leases.covers(setting.budget, 1, is_interactive=False)
    setting.grant(3)
    assert setting.leases.covers(setting.budget, 3, is_interactive=False)
    assert not setting.leases.covers(setting.budget, 4, is_interactive=False)
    setting.charge(2)
    assert setting.leases.room(setting.budget) == 1


def test_nothing_is_asked_for_while_nobody_calls() -> None:
    assert Setting().want() is None


@pytest.mark.parametrize(
    ("limit", "members", "low"), [(1667, 1, 16), (1667, 64, 6), (100, 4, 6), (10, 8, 2), (1, 1, 2)]
)
def test_the_low_watermark_scales_with_the_equal_part(limit: int, members: int, low: int) -> None:
    assert Setting(limit=limit, members=members).leases.low == low


def test_more_is_asked_for_before_the_last_leased_call_is_used() -> None:
    setting = Setting()
    setting.grant(40)
    setting.charge(24)  # 16 are left: the low watermark
    assert setting.woken == 0
    assert setting.want() is None
    setting.charge()
    assert setting.woken == 1
    assert setting.want() == Want(RESET_MS, 2 * 16 - 15, is_interactive=False)


def test_the_lease_grows_with_the_backlog() -> None:
    setting = Setting()
    setting.leases.backlog = 400
    setting.leases.need(setting.budget, is_interactive=False)
    assert setting.want() == Want(RESET_MS, 32 + 100, is_interactive=False)


def test_an_interactive_call_asks_for_no_more_than_wait() -> None:
    setting = Setting()
    setting.leases.backlog = 400
    setting.leases.need(setting.budget, is_interactive=True)
    assert setting.want(interactive_waiting=3) == Want(RESET_MS, 3, is_interactive=True)


def test_a_need_that_comes_while_a_request_is_under_way_is_not_forgotten() -> None:
    setting = Setting()
    setting.leases.need(setting.budget, is_interactive=False)
    assert setting.want() is not None
    setting.leases.need(setting.budget, is_interactive=True)
    setting.grant(0, left=0)
    want = setting.want(interactive_waiting=1)
    assert want is not None
    assert want.is_interactive


def test_a_dry_store_is_left_alone_for_a_while() -> None:
    setting = Setting()
    setting.leases.need(setting.budget, is_interactive=False)
    setting.want()
    setting.grant(0, left=0)
    setting.leases.need(setting.budget, is_interactive=False)
    assert setting.want(DRY_S / 2) is None
    assert setting.want(DRY_S) is not None


def test_unused_calls_are_given_back() -> None:
    setting = Setting()
    setting.grant(10)
    setting.charge(4, now=7.0)
    assert setting.leases.idle_at() == 7.0 + IDLE_S
    assert setting.leases.take_back(setting.budget) == 6
    assert setting.leases.room(setting.budget) == 0
    assert setting.leases.take_back(setting.budget) == 0


def test_a_lease_is_void_when_its_window_is_over() -> None:
    setting = Setting()
    setting.grant(10)
    setting.leases.forget_before(RESET_MS + 1)
    assert setting.leases.room(setting.budget) == 0


def test_without_the_store_all_processes_together_send_no_more_than_the_limit() -> None:
    setting = Setting(limit=1000, members=4)
    setting.leases.mark_lost(RESET_MS, 0.0)
    assert setting.leases.room(setting.budget) is None
    assert setting.want() is None
    for _ in range(1000 // 4):
        assert setting.leases.covers(setting.budget, 1, is_interactive=True)
        setting.charge()
    assert not setting.leases.covers(setting.budget, 1, is_interactive=True)
    assert setting.leases.retry_at(setting.budget, 1.0, 9.0) == 9.0
    following = WindowBudget(RESET_MS + 10_000, 1000)
    setting.leases.need(following, is_interactive=False)
    assert setting.leases.wanted(following, 0.0, interactive_waiting=0) is not None


def test_a_store_that_did_not_answer_is_asked_again_and_told_what_was_sent() -> None:
    setting = Setting(members=8)
    setting.grant(20)
    setting.charge(5)
    setting.leases.mark_lost(RESET_MS, 3.0)
    setting.charge(25, now=3.9)
    assert setting.want(3.0 + ASK_AGAIN_S / 2) is None
    assert setting.want(3.0 + ASK_AGAIN_S) is not None
    assert setting.leases.held(setting.budget) == 30
    setting.grant(12, now=4.0)
    assert setting.leases.room(setting.budget) == 12
    # What one process has leased is its own, however little an equal part is.
    lucky = Setting(limit=100, members=50)
    lucky.grant(20)
    lucky.leases.mark_lost(RESET_MS, 0.0)
    lucky.charge(15)
    assert lucky.leases.covers(lucky.budget, 5, is_interactive=False)
    assert not lucky.leases.covers(lucky.budget, 6, is_interactive=False)


def test_a_store_that_has_forgotten_the_processes_gives_none_a_larger_part() -> None:
    setting = Setting(limit=1000, members=8)
    setting.grant(10)
    setting.leases.members = 1  # as the first one to ask a store that has just started
    setting.grant(10, now=1.0)
    setting.leases.mark_lost(RESET_MS, 1.0)
    setting.charge()
    assert not setting.leases.covers(setting.budget, 1000 // 8, is_interactive=False)
    setting.grant(10, now=MEMBERS_KEPT_S)
    setting.leases.mark_lost(RESET_MS, MEMBERS_KEPT_S)
    assert setting.leases.covers(setting.budget, 999, is_interactive=False)


def test_a_frozen_window_is_asked_for_no_more() -> None:
    setting = Setting()
    setting.leases.freeze(RESET_MS)
    setting.leases.need(setting.budget, is_interactive=True)
    assert setting.want(interactive_waiting=1) is None


def test_the_own_share_is_what_is_leased_and_an_equal_part_of_the_rest() -> None:
    setting = Setting(limit=1000, members=4)
    own = setting.leases.allocatable
    assert own(setting.budget, 0, may_use_reserve=False) == 250
    setting.grant(10, left=500, kept=100)
    assert own(setting.budget, 10, may_use_reserve=False) == 10 + 400 // 4
    assert own(setting.budget, 10, may_use_reserve=True) == 10 + 500
