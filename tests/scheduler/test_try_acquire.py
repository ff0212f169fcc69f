"""Whether one app may send a call: each reason to hold it back, and each call it does not concern.

The window is the first one of ten seconds, by a server's clock that is that of the loop.
"""

from __future__ import annotations

from random import Random

import pytest

from intercom_async.priority import Priority
from intercom_async.response import Window
from intercom_async.scheduler.limits.app_limiter import AppLimiter
from intercom_async.scheduler.limits.leases import Leases, Want
from intercom_async.scheduler.limits.probes import LAST_ONE_IN, MAX_PROBES, SPACING_S
from intercom_async.scheduler.limits.server_clock import ServerClock
from intercom_async.scheduler.limits.usage import SPARED_ONE_IN
from intercom_async.scheduler.limits.window_budget import Charge, WindowBudget
from intercom_async.scheduler.limits.window_schedule import WindowSchedule
from intercom_async.scheduler.limits.workspace_limiter import WorkspaceLimiter

LIMIT = 1000
INTERACTIVE, NORMAL, BULK = Priority.INTERACTIVE, Priority.NORMAL, Priority.BULK


class Asked:
    """An app's limiter, and what it says to calls."""

    def __init__(
        self, limit: int = LIMIT, *, doubt_s: float = 0.0, workspace: int = 10_000
    ) -> None:
        schedule = WindowSchedule(10.0)
        self.workspace = WorkspaceLimiter(workspace, schedule)
        self.app = AppLimiter(limit, self.workspace, schedule, ServerClock(), Random(1))
        self.app.windows.adopt(
            limit=limit, length_ms=10_000, offset=(-doubt_s / 2, doubt_s / 2), now=0.0
        )
        self.external = self.app.windows.external

    def budget(self, now: float) -> WindowBudget:
        return self.app.windows.candidates(now)[0]

    def ask(
        self, now: float, priority: Priority = INTERACTIVE, *, cost: int = 1, is_owed: bool = False
    ) -> float:
        """Return 0.0 if a call goes, else when to try again."""
        answer = self.app.try_acquire(now, priority=priority, cost=cost, backlog=0, is_owed=is_owed)
        return 0.0 if isinstance(answer, Charge) else answer

    def get(self, now: float, priority: Priority = INTERACTIVE) -> Charge:
        answer = self.app.try_acquire(now, priority=priority, cost=1, backlog=0)
        assert isinstance(answer, Charge)
        return answer

    def leave(self, count: int, now: float) -> WindowBudget:
        """Use all calls of the present window but so many."""
        budget = self.budget(now)
        budget.charge(budget.limit - count - budget.charged)
        return budget


def test_only_the_hard_limit_holds_an_owed_call_back() -> None:
    asked = Asked()
    others = LIMIT * 6 // 10
    asked.budget(5.0).observe(LIMIT, others, sent=4.9, charge_seq=0)
    asked.external.observe(asked.budget(5.0), 5.0, 5.0, 0.5, WindowSchedule(10.0))
    asked.external.active_until = 0.0
    spared = LIMIT // SPARED_ONE_IN
    asked.budget(5.0).charge(LIMIT - others - spared)

    held = [asked.ask(5.0, priority) for priority in (INTERACTIVE, NORMAL)]
    owed = [asked.ask(5.0, BULK, is_owed=True) for _ in range(spared + 1)]

    assert all(moment > 5.0 for moment in held)
    assert owed[:spared] == [0.0] * spared
    assert owed[spared] > 5.0


def test_an_owed_call_may_use_the_reserve() -> None:
    asked = Asked(100)
    for number in range(200):
        asked.app.note_arrival(INTERACTIVE, number / 40)
    asked.leave(5, 5.0)

    assert asked.ask(5.0, NORMAL) > 5.0
    assert asked.ask(5.0, NORMAL, is_owed=True) == 0.0
    assert asked.ask(5.0, INTERACTIVE) == 0.0


def test_what_the_reserve_holds_back_is_tried_for_when_it_is_released() -> None:
    asked = Asked(100)
    for number in range(200):
        asked.app.note_arrival(INTERACTIVE, number / 40)
    asked.leave(1, 5.0)
    now = 10.0 - asked.app.headroom.release_s() - 0.01

    moment = asked.ask(now, NORMAL)

    assert now < moment < now + 0.02


# The last calls of a window ------------------------------------------------------------------

FEW = LIMIT // LAST_ONE_IN


@pytest.mark.parametrize(
    ("limit", "left", "external_seen", "is_absent", "priority", "is_spaced"),
    [
        (LIMIT, FEW, 0, True, NORMAL, True),
        (LIMIT, FEW, 0, False, NORMAL, True),
        (LIMIT, FEW, 100, True, NORMAL, True),
        (LIMIT, FEW, 100, False, NORMAL, False),
        (LIMIT, FEW, 0, True, INTERACTIVE, False),
        (LIMIT, FEW + 1, 0, True, NORMAL, False),
        (4 * LIMIT, MAX_PROBES, 0, True, NORMAL, True),
        (4 * LIMIT, MAX_PROBES + 1, 0, True, NORMAL, False),
    ],
)
def test_the_last_calls_go_one_by_one_while_its_end_is_not_known(
    limit: int,
    left: int,
    external_seen: int,
    is_absent: bool,  # noqa: FBT001 (a parameter of the test)
    priority: Priority,
    is_spaced: bool,  # noqa: FBT001
) -> None:
    asked = Asked(limit, doubt_s=2.0)
    asked.leave(left + 1, 5.0).external_seen = external_seen
    asked.external.is_absent = is_absent
    asked.get(5.0)

    assert asked.ask(5.1, priority) == (pytest.approx(5.0 + SPACING_S) if is_spaced else 0.0)
    if is_spaced:
        assert asked.ask(5.0 + SPACING_S, priority) == 0.0


def test_an_owed_call_does_not_wait_to_find_the_end_of_a_window() -> None:
    asked = Asked(doubt_s=2.0)
    asked.leave(FEW, 5.0)
    asked.external.is_absent = True
    asked.get(5.0)

    assert asked.ask(5.1, NORMAL) > 5.1
    assert asked.ask(5.1, NORMAL, is_owed=True) == 0.0


# The workspace, and leases -------------------------------------------------------------------


def fill(_: Asked, budget: WindowBudget) -> None:
    budget.charge(budget.limit)


def exhaust_workspace(_: Asked, budget: WindowBudget) -> None:
    assert budget.workspace is not None
    budget.workspace.is_exhausted = True


def use_workspace_up(asked: Asked, budget: WindowBudget) -> None:
    assert budget.workspace is not None
    budget.workspace.charged = asked.workspace.limit


def use_quota_up(asked: Asked, budget: WindowBudget) -> None:
    use = budget.workspace
    assert use is not None
    use.charged = 50
    asked.workspace.quota = 1


@pytest.mark.parametrize("hold", [fill, exhaust_workspace, use_workspace_up, use_quota_up])
@pytest.mark.parametrize("quota", [None, 9_000])
@pytest.mark.parametrize("is_leased", [False, True])
def test_no_reason_hides_another(
    hold: object,
    quota: int | None,
    is_leased: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    asked = Asked()
    budget = asked.budget(5.0)
    asked.workspace.quota = quota
    if is_leased:
        leases = asked.app.headroom.leases = asked.app.pacer.leases = Leases(lambda: None)
        want = Want(budget.reset_ms, 9, is_interactive=False)
        leases.granted(want, budget.limit + 9, held=0, left=50, kept=0, members=1, now=4.0)
    before = asked.ask(5.0)

    assert callable(hold)
    hold(asked, budget)

    assert before == 0.0
    assert asked.ask(5.0) > 5.0


def test_calls_that_only_others_have_left_are_not_taken_by_a_lease() -> None:
    asked = Asked()
    budget = asked.budget(5.0)
    budget.observe(LIMIT, LIMIT, sent=4.0, charge_seq=0)
    leases = asked.app.headroom.leases = Leases(lambda: None)
    want = Want(budget.reset_ms, 5, is_interactive=False)
    leases.granted(want, 5, held=0, left=5, kept=0, members=1, now=4.0)

    assert asked.ask(5.0) == pytest.approx(10.0, abs=0.1)


def test_a_window_that_no_workspace_counts_is_gone_by_as_it_is() -> None:
    asked = Asked()
    asked.budget(5.0).workspace = None
    asked.external.is_quiet = True

    assert asked.app.acquire_freely(5.0) is None
    assert asked.ask(5.0) == 0.0


def test_near_the_end_no_call_goes_without_being_weighed() -> None:
    asked = Asked()
    asked.external.is_quiet = True

    first, near_end = asked.app.acquire_freely(5.0), asked.app.acquire_freely(9.95)

    assert first is not None
    assert near_end is None
    assert len(asked.get(9.95).budgets) == 2


# Calls before the first reply, and after a refusal -------------------------------------------


def test_a_call_that_was_lost_early_counts_for_a_window_and_no_longer() -> None:
    asked = Asked(20)
    asked.app.windows.matcher.has_headers = False
    asked.app.mark_unknown(asked.get(1.0))
    asked.app.windows.matcher.has_headers = True

    went = [sum(asked.ask(now) == 0.0 for _ in range(25)) for now in (5.0, 12.0)]

    assert went == [19, 20]


def test_it_counts_for_a_window_of_the_workspace_and_no_longer() -> None:
    asked = Asked(workspace=2)  # calls a second
    asked.app.windows.matcher.has_headers = False
    asked.app.mark_unknown(asked.get(1.0))
    asked.app.windows.matcher.has_headers = True
    other = AppLimiter(
        LIMIT, asked.workspace, asked.app.windows.schedule, asked.app.windows.clock, Random(1)
    )
    other.windows.matcher.has_headers = True

    def ask(now: float) -> bool:
        answer = other.try_acquire(now, priority=INTERACTIVE, cost=1, backlog=0)
        return isinstance(answer, Charge)

    assert [sum(ask(now) for _ in range(20)) for now in (5.0, 12.0)] == [19, 20]


@pytest.mark.parametrize("is_used", [False, True])
def test_a_call_that_takes_a_whole_window_may_use_the_reserve_of_one_that_is_unused(
    is_used: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    asked = Asked(100)
    for number in range(200):
        asked.app.note_arrival(INTERACTIVE, number / 40)
    if is_used:
        asked.get(5.0)

    assert (asked.ask(5.0, NORMAL, cost=100) > 5.0) is is_used


@pytest.mark.parametrize("is_in_doubt", [False, True])
def test_a_full_window_is_followed_by_a_probe_where_its_end_is_in_doubt(
    is_in_doubt: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    asked = Asked(doubt_s=0.2)
    budget = None
    for used, sent in enumerate((5.0, 6.0, 10.5, 10.6) if is_in_doubt else (5.0, 6.0), 1):
        said = Window(LIMIT, LIMIT - used, 10.0)
        budget = asked.app.confirm(asked.get(sent), said, sent, sent + 0.05)

    assert budget is not None
    asked.app.note_full_window(budget, 10.7)

    assert (asked.app.recovery.since is not None) is is_in_doubt


@pytest.mark.parametrize(("priority", "seqs"), [(INTERACTIVE, ()), (BULK, (1,))])
def test_only_calls_that_keep_their_order_have_a_sequence(
    priority: Priority, seqs: tuple[int, ...]
) -> None:
    asked = Asked()
    asked.app.windows.matcher.has_headers = False

    assert asked.get(1.0, priority).charge_seqs == seqs


def test_a_call_that_has_to_wait_is_not_the_probe() -> None:
    asked = Asked()
    asked.app.windows.matcher.has_headers = False
    for _ in range(200):
        if asked.ask(1.0, BULK):
            break
    asked.app.recovery.start(1.0)
    again = asked.ask(1.0, BULK)

    assert again > 1.0
    assert asked.ask(again + 0.001, BULK) == 0.0
    assert asked.ask(9.0, BULK) > 9.0  # while the probe is under way


def test_refusals_of_calls_sent_before_a_pause_do_not_make_it_longer() -> None:
    without = Asked().app.without_windows

    first = without.note_refused(167, 10.0, sent=1.0, now=2.0)
    same = without.note_refused(167, 10.0, sent=1.9, now=2.5)
    later = without.note_refused(167, 10.0, sent=5.0, now=5.0)

    assert (first, same) == (2.5, 2.0)
    assert later == 5.0


def test_a_window_that_has_to_be_found_does_not_end_a_pause() -> None:
    asked = Asked()
    asked.app.windows.clock.learn_drift(0.05)
    asked.app.recovery.start(1.0, pause_s=5.0)

    asked.app.windows.candidates(2.0)

    assert asked.app.recovery.pause_s(2.0) == 4.0


def test_a_call_counted_in_the_second_window_has_no_part_in_the_count_of_the_first() -> None:
    asked = Asked()
    asked.leave(20, 9.95).observe(LIMIT, LIMIT - 20, sent=9.9, charge_seq=LIMIT)
    charge = asked.get(9.95)

    asked.app.confirm(charge, Window(LIMIT, LIMIT - 1, 20.0), 9.95, 10.05)

    assert charge.used_before == LIMIT - 20
    assert asked.app.windows.matcher.impossible == 0
