"""Budget of one window: what replies in any order say, and how long budgets are kept."""

from __future__ import annotations

from random import Random

import hypothesis.strategies as st
from hypothesis import given

from intercom_async.scheduler.limits.window_budget import BudgetTable, WindowBudget
from intercom_async.scheduler.limits.window_schedule import WindowSchedule


@given(
    replies=st.lists(
        st.tuples(st.integers(0, 60), st.integers(50, 60), st.floats(0, 10), st.integers(0, 60)),
        min_size=1,
    ),
    random=st.randoms(use_true_random=False),
)
def test_the_order_of_replies_does_not_matter(
    replies: list[tuple[int, int, float, int]], random: Random
) -> None:
    def state(order: list[tuple[int, int, float, int]]) -> tuple[int, ...]:
        budget = WindowBudget(10_000, 55)
        budget.charge(len(order))
        for used, limit, sent, seq in order:
            budget.confirm(1)
            budget.observe(limit, used, sent=sent, charge_seq=seq)
        return (
            budget.highest_used_seen,
            budget.external_seen,
            budget.charged,
            budget.used,
            budget.used_max,
            budget.external_min,
        )

    shuffled = replies.copy()
    random.shuffle(shuffled)

    assert state(shuffled) == state(replies)


class Windows:
    """A table of ten-second windows that writes down what it opens and drops."""

    def __init__(self) -> None:
        self.schedule = WindowSchedule(10.0)
        self.newer_than: list[int | None] = []
        self.dropped: list[int] = []
        self.table = BudgetTable(
            self.schedule,
            lambda reset_ms: WindowBudget(reset_ms, 100),
            on_new_window=lambda last: self.newer_than.append(last.reset_ms if last else None),
            on_close=lambda budget: self.dropped.append(budget.reset_ms),
        )

    def open(self, *seconds: int) -> list[WindowBudget | None]:
        return [self.table.open(1000 * second) for second in seconds]


def test_budgets_are_dropped_two_windows_later() -> None:
    windows = Windows()

    windows.open(10, 20, 30, 40)

    assert windows.newer_than == [None, 10_000, 20_000, 30_000]
    assert windows.dropped == [10_000]
    assert windows.table.get(20_000) is not None


def test_budgets_of_windows_that_may_be_present_are_kept() -> None:
    windows = Windows()
    windows.schedule.spread_ms = 40_000

    windows.open(10, 20, 30, 40, 50, 60, 70, 80)

    assert windows.dropped == [10_000]


def test_a_late_reply_reopens_nothing() -> None:
    windows = Windows()
    windows.open(100)

    late, kept = windows.open(50, 90)

    assert late is None
    assert kept is not None
    assert windows.newer_than == [None]


def test_a_clock_set_far_back_starts_again() -> None:
    windows = Windows()
    windows.open(1000)

    (reopened,) = windows.open(500)

    assert reopened is not None
    assert windows.dropped == [1_000_000]
    assert windows.table.newest_ms == 500_000


def test_windows_of_another_length_start_again() -> None:
    windows = Windows()
    windows.open(100)
    windows.schedule.lengthen()

    (earlier,) = windows.open(60)

    assert earlier is not None
    assert windows.table.newest_ms == 60_000


def test_a_charge_ends_in_one_of_three_ways() -> None:
    workspace = WindowBudget(10_000, 300)
    budget = WindowBudget(10_000, 100, workspace)
    seqs = [budget.charge(1) for _ in range(3)]
    budget.confirm(1)
    budget.release(1)
    budget.mark_unknown(1)

    assert seqs == [1, 2, 3]
    for each in (budget, workspace):
        assert (each.reserved, each.confirmed, each.unknown, each.charged) == (0, 1, 1, 2)
    assert repr(budget) == "<WindowBudget until 10000: 2 of 100>"
