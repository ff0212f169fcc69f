"""Windows of one app: which of them may count a call, and what replies say of them.

Each window here is of ten seconds and a hundred calls; the first one ends at 10 s of loop time.
"""

from __future__ import annotations

import pytest

from intercom_async.response import Window
from intercom_async.scheduler.limits.app_windows import (
    FEW_OTHERS,
    MAX_UPLINK_S,
    MAX_UPLINK_SHARE,
    UPLINK_S,
    AppWindows,
)
from intercom_async.scheduler.limits.server_clock import ServerClock
from intercom_async.scheduler.limits.sudden_ends import MIN_IN_A_ROW, SUDDEN_SHARE
from intercom_async.scheduler.limits.window_budget import Charge, WindowBudget
from intercom_async.scheduler.limits.window_matching import MIN_AGREEING_FAR
from intercom_async.scheduler.limits.window_schedule import WindowSchedule
from intercom_async.scheduler.limits.workspace_limiter import WorkspaceLimiter

LIMIT = 100


class Known:
    """Windows of an app whose server's clock is that of the loop."""

    def __init__(self, length_s: float = 10.0, *, limit: int = LIMIT) -> None:
        self.schedule = WindowSchedule(length_s)
        self.clock = ServerClock()
        self.uncertain: list[float] = []
        self.windows = AppWindows(
            limit,
            WorkspaceLimiter(10_000, self.schedule),
            self.schedule,
            self.clock,
            on_new_window=lambda: None,
            on_uncertain_window=self.uncertain.append,
        )
        self.clock.adopt(0.0, 0.0, 0.0)
        self.windows.matcher.has_headers = True
        self.length_ms = self.schedule.length_ms

    def first(self) -> WindowBudget:
        return self.windows.budget(self.length_ms)

    def reach_s(self) -> float:
        """Return how long before the end of the second window the third is a candidate."""
        self.clock.version += 1  # forgets what was asked for a later moment
        ends_at = 2 * self.length_ms / 1000
        for step in range(1000):
            if len(self.windows.candidates(ends_at - 1.0 + step / 1000)) > 1:
                return 1.0 - step / 1000
        raise AssertionError

    def observe(
        self,
        budget: WindowBudget,
        remaining: int | None,
        *,
        limit: int | None = LIMIT,
        used_before: int = 0,
        at: float = 1.0,
    ) -> None:
        """Let a call be served in a window, and answered after a tenth of a second."""
        budget.confirm_uncharged(1)
        reply = Window(limit, remaining, budget.reset_ms / 1000)
        self.windows.observe(budget, reply, 1, budget.charged, used_before, at, at + 0.1)


# When --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "left_s"), [(-5.0, 10.0), (3.0, 7.0), (9.9, 0.1), (10.0, 0.0), (12.0, 0.0)]
)
def test_what_is_left_of_a_window_is_never_less_than_nothing_nor_more_than_all(
    now: float, left_s: float
) -> None:
    known = Known()

    assert known.windows.left_s(known.first(), now) == pytest.approx(left_s, abs=0.01)
    assert known.windows.sure_s(known.first(), now) == pytest.approx(left_s, abs=0.01)


def test_a_schedule_that_changes_changes_the_windows_that_may_count_a_call() -> None:
    known = Known()
    before = known.windows.candidates(1.0)

    known.schedule.adopt(60_000)

    assert [budget.reset_ms for budget in before] == [10_000]
    assert [budget.reset_ms for budget in known.windows.candidates(1.0)] == [60_000]


def test_only_a_window_that_is_new_is_opened_by_a_single_call() -> None:
    known = Known()
    known.clock.learn_drift(0.05)

    known.windows.candidates(1.0)
    known.clock.version += 1
    known.windows.candidates(1.2)
    known.windows.last_candidates = ()
    known.clock.version += 1
    known.windows.candidates(1.4)

    assert known.uncertain == [1.0]


def test_a_clock_that_does_not_drift_needs_no_call_to_open_a_window() -> None:
    known = Known()

    known.windows.candidates(1.0)

    assert known.uncertain == []


# Calls that were counted elsewhere -----------------------------------------------------------


@pytest.mark.parametrize("length_s", [10.0, 2.0])
def test_a_call_that_was_counted_later_makes_the_next_window_a_candidate_sooner(
    length_s: float,
) -> None:
    known = Known(length_s)
    before_s = known.reach_s()
    reaches: list[float] = []
    for _ in range(12):
        charge = Charge((known.first(),), (), 1)
        known.first().charge(1)
        known.windows.confirm_in(charge, 2 * known.length_ms, 1.0)
        reaches.append(known.reach_s())

    assert before_s == pytest.approx(UPLINK_S * length_s / 10.0, abs=0.01)
    assert before_s < reaches[0] < reaches[1] < reaches[-1]
    most_s = min(MAX_UPLINK_S, MAX_UPLINK_SHARE * length_s)
    assert reaches[-1] == reaches[-2] == pytest.approx(most_s, abs=0.02)


def test_a_call_that_was_sent_blindly_says_nothing_of_its_way() -> None:
    known = Known()
    before_s = known.reach_s()

    budget = known.windows.confirm_in(Charge((), (), 1, 0, 1), 10_000, 1.0)

    assert (budget.charged, budget.confirmed) == (1, 1)
    assert known.reach_s() == before_s


def test_a_call_of_two_candidates_is_left_in_the_one_that_counted_it() -> None:
    known = Known()
    both = tuple(map(known.windows.budget, (10_000, 20_000)))
    for budget in both:
        budget.charge(1)
    before_s = known.reach_s()

    counted_in = known.windows.confirm_in(Charge(both, (), 1), 20_000, 1.0)

    assert counted_in is both[1]
    assert [budget.charged for budget in both] == [0, 1]
    assert known.reach_s() == before_s


def test_an_answer_that_took_many_windows_leaves_the_present_ones_as_they_are() -> None:
    known = Known()
    (present,) = known.windows.candidates(95.0)
    present.charge(LIMIT)

    late = known.windows.confirm_in(Charge((), (), 1, 0, 1), 10_000, 95.5)
    known.clock.version += 1

    assert (late.charged, late.confirmed) == (1, 1)
    assert known.windows.candidates(96.0) == (present,)


def test_what_may_be_in_any_of_many_windows_is_in_the_one_that_turns_out_to_be_present() -> None:
    known = Known()
    known.clock.restart(0.0, 10.0, sent=5.0, received=65.0)  # it was answered after a minute
    possible = known.windows.candidates(65.0)
    for budget in possible:
        budget.charge(LIMIT)

    known.clock.observe_window(0.0, 10.0, sent=64.0, received=65.1)

    assert len(possible) > 6
    assert {budget.charged for budget in known.windows.candidates(65.2)} == {LIMIT}


# Limits ------------------------------------------------------------------------------------------


def test_the_settings_rate_holds_for_windows_of_another_length() -> None:
    known = Known()

    known.schedule.adopt(60_000)

    assert known.windows.limit == 6 * LIMIT


def test_a_limit_that_was_named_holds_for_windows_of_another_length() -> None:
    known = Known()
    known.observe(known.first(), 299, limit=300)

    known.schedule.adopt(60_000)

    assert known.windows.limit == 300


def test_a_window_takes_one_call_at_least() -> None:
    known = Known(limit=1)

    known.schedule.adopt(2_000)

    assert known.windows.limit == 1


def test_a_late_reply_does_not_bring_an_older_limit_back() -> None:
    known = Known()
    older, newer = map(known.windows.budget, (10_000, 20_000))

    known.observe(newer, 299, limit=300, at=11.0)
    known.observe(older, 99, at=9.0)

    assert known.windows.limit == 300


def test_a_reply_without_a_limit_leaves_it_as_it_is() -> None:
    known = Known()

    known.observe(known.first(), None, limit=None)
    known.schedule.adopt(60_000)

    assert known.windows.limit == 6 * LIMIT


@pytest.mark.parametrize(
    ("limit", "remaining"), [(None, None), (None, 50), (LIMIT, None), (LIMIT, 50)]
)
def test_only_both_numbers_say_what_is_used(limit: int | None, remaining: int | None) -> None:
    known = Known()
    budget = known.first()

    known.observe(budget, remaining, limit=limit)

    assert budget.highest_used_seen == (50 if limit and remaining else 0)


@pytest.mark.parametrize(("used", "share"), [(40, 0.4), (100, 1.0), (130, 1.0)])
def test_a_window_was_used_up_at_most(used: int, share: float) -> None:
    known = Known()
    known.first().charge(used)

    for end in (20_000, 30_000, 40_000):
        known.windows.budget(end)

    assert known.windows.utilisations == [share]


# Headers that cannot be true -----------------------------------------------------------------


def is_distrusted(known: Known) -> bool:
    return known.windows.matcher.is_distrusted


def test_a_count_that_others_have_overtaken_is_impossible_again_and_again() -> None:
    known = Known()
    for _ in range(MIN_AGREEING_FAR):
        known.observe(known.first(), 90, used_before=30)

    assert is_distrusted(known)


def test_a_window_that_is_used_up_is_no_count_that_is_too_low() -> None:
    """A limit that falls leaves none, though fewer calls than before are used by it."""
    known = Known()
    for number in range(MIN_AGREEING_FAR):
        known.observe(known.first(), 0, limit=20, used_before=30 + number)

    assert known.windows.matcher.impossible == 0
    assert not is_distrusted(known)


def test_a_limit_that_falls_does_not_make_what_was_served_impossible() -> None:
    known = Known()
    budget = known.first()
    known.observe(budget, 50)
    budget.confirm_uncharged(LIMIT // 2)

    known.observe(budget, 5, limit=LIMIT // 2)

    assert known.windows.matcher.impossible == 0


def test_more_calls_than_a_window_takes_cannot_have_been_served() -> None:
    known = Known()
    budget = known.first()
    for _ in range(LIMIT):
        known.observe(budget, 50)
    possible = known.windows.matcher.impossible

    known.observe(budget, 50)

    assert possible == 0
    assert known.windows.matcher.impossible == 1


@pytest.mark.parametrize(("others", "impossible"), [(0, 0), (1, 1)])
def test_a_call_heavier_than_a_window_may_have_been_served_alone(
    others: int, impossible: int
) -> None:
    known = Known(limit=3)
    budget = known.first()
    budget.confirm_uncharged(4 + others)

    known.windows.observe(budget, Window(3, 0, 10.0), 4, budget.charged, 0, 1.0, 1.1)

    assert known.windows.matcher.impossible == impossible


@pytest.mark.parametrize("limit", [2 * LIMIT, None])
def test_a_larger_limit_or_none_yet_may_have_served_more(limit: int | None) -> None:
    known = Known()
    budget = known.first()
    if limit is not None:
        known.observe(budget, 50)
    budget.confirm_uncharged(LIMIT - 1 if limit is None else LIMIT)

    known.observe(budget, limit and 50, limit=limit)

    assert known.windows.matcher.impossible == 0


# The last calls of a window ------------------------------------------------------------------


def last_of(known: Known, budget: WindowBudget, *, remaining: int = 0, limit: int = LIMIT) -> bool:
    """Let a call be served as one of the last; return whether its reply is left out."""
    budget.confirm_uncharged(1)
    reply = Window(limit, remaining, budget.reset_ms / 1000)
    return known.windows.leaves_out(budget, reply, 1, budget.reset_ms / 1000 - 1.0)


def test_the_last_place_is_given_out_once() -> None:
    known = Known()
    budget = known.first()
    budget.confirm_uncharged(LIMIT - 2)

    left_out = [last_of(known, budget, remaining=1), last_of(known, budget), last_of(known, budget)]

    assert left_out == [False, False, True]
    assert known.windows.matcher.impossible == 1


@pytest.mark.parametrize(("charged", "is_evidence"), [(0, True), (LIMIT - FEW_OTHERS - 1, False)])
def test_a_first_call_that_has_the_last_place_is_evidence(
    charged: int,
    is_evidence: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    known = Known()
    budget = known.first()
    budget.charge(charged)

    assert not last_of(known, budget)
    assert known.windows.matcher.impossible == is_evidence


def test_a_later_call_that_has_the_last_place_is_no_evidence() -> None:
    known = Known()
    budget = known.first()
    budget.confirm_uncharged(1)

    last_of(known, budget)

    assert known.windows.matcher.impossible == 0


USED = round((1.0 - SUDDEN_SHARE) * LIMIT)
"""Calls with which the end of a window is no longer sudden."""


@pytest.mark.parametrize(
    ("confirmed", "charged", "seen", "limit", "is_sudden"),
    [
        (1, 0, 0, LIMIT, True),
        (0, 0, 0, LIMIT, False),
        (1, USED - 3, 0, LIMIT, True),
        (1, USED - 2, 0, LIMIT, False),
        (1, 0, USED - 1, LIMIT, True),
        (1, 0, USED, LIMIT, False),
        (1, 0, 0, LIMIT - 1, False),
    ],
)
def test_windows_that_end_suddenly_in_a_row_are_tried_by_one_call(
    confirmed: int,
    charged: int,
    seen: int,
    limit: int,
    is_sudden: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    known = Known()
    left_out: list[bool] = []
    for number in range(1, MIN_IN_A_ROW + 1):
        budget = known.windows.budget(number * 10_000)
        budget.confirm_uncharged(confirmed)
        budget.charge(charged)
        budget.highest_used_seen = seen
        left_out.append(last_of(known, budget, limit=limit))

    assert left_out == [False] * (MIN_IN_A_ROW - 1) + [is_sudden]
    assert known.uncertain == [MIN_IN_A_ROW * 10.0 - 1.0] * is_sudden


@pytest.mark.parametrize(("limit", "is_sudden"), [(14, True), (13, False)])
def test_a_few_calls_of_others_end_no_small_window_suddenly(
    limit: int,
    is_sudden: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    known = Known(limit=limit)
    for number in range(1, MIN_IN_A_ROW + 1):
        budget = known.windows.budget(number * 10_000)
        budget.confirm_uncharged(1)
        last_of(known, budget, limit=limit)

    assert (limit - FEW_OTHERS > SUDDEN_SHARE * limit) is is_sudden
    assert bool(known.uncertain) is is_sudden


def test_a_window_is_profiled_when_a_reply_names_the_next_one() -> None:
    known = Known()
    first, second = map(known.windows.budget, (10_000, 20_000))
    known.observe(first, 50, at=1.0)
    known.observe(first, 49, at=1.1)
    before = known.windows.external.is_expected

    known.observe(second, 99, at=10.5)

    assert not before
    assert known.windows.external.is_expected
