"""Usage by other clients, learned from replies alone."""

from __future__ import annotations

import math

import pytest

from intercom_async.scheduler.limits.usage import (
    ABSENT_SHARE,
    CLOCK_SET_BACK_MS,
    INITIAL_OWN_SHARE,
    ROUNDING,
    SLOTS,
    SPAN_S,
    ExternalUsage,
)
from intercom_async.scheduler.limits.window_budget import WindowBudget
from intercom_async.scheduler.limits.window_schedule import WindowSchedule

LIMIT = 1667
SCHEDULE = WindowSchedule(10.0)


class Seen:
    """One window, in which calls of ours and of others are counted."""

    def __init__(self, usage: ExternalUsage) -> None:
        self.usage = usage
        self.budget = WindowBudget(10_000, LIMIT)
        self.now = 0.0
        self.others = 0

    def go_on(self, *, own: int, others: int, spans: int) -> None:
        """Let so many calls come in each span over which use is measured."""
        for _ in range(spans):
            self.now += SPAN_S
            for _ in range(own):
                self.budget.charge(1)
                self.budget.confirm(1)
            self.others += others
            mine = self.budget.charged
            self.budget.observe(LIMIT, mine + self.others, sent=self.now, charge_seq=mine)
            self.usage.observe(
                self.budget, self.now, sent=self.now, elapsed=self.now / 10.0, schedule=SCHEDULE
            )


def test_the_own_share_is_measured_by_calls_and_not_by_time() -> None:
    usage = ExternalUsage()
    seen = Seen(usage)
    seen.go_on(own=8, others=248, spans=6)
    before = usage.own_share

    seen.go_on(own=3, others=3, spans=4)

    # By chance it was this process that had half of the last calls, few as they are.
    assert abs(before - 8 / 256) < 0.01
    assert usage.own_share < 1.7 * before


def test_a_client_that_is_alone_again_soon_knows_it() -> None:
    usage = ExternalUsage()
    seen = Seen(usage)
    seen.go_on(own=8, others=400, spans=3)
    before = usage.own_share

    seen.go_on(own=8, others=0, spans=20)

    assert before < 0.1
    assert usage.own_share > 0.8


def test_who_holds_back_late_in_a_window_has_the_share_of_its_beginning() -> None:
    usage = ExternalUsage()
    seen = Seen(usage)
    seen.go_on(own=10, others=90, spans=5)

    seen.go_on(own=0, others=20, spans=20)

    assert usage.own_share < 0.09
    assert abs(usage.fair_share - 0.1) < 0.001


def test_a_share_is_fair_before_a_window_was_seen_from_its_beginning() -> None:
    usage = ExternalUsage()
    seen = Seen(usage)
    seen.now = 5.0

    seen.go_on(own=10, others=10, spans=10)

    assert usage.fair_share == usage.own_share > 0.4


def test_replies_under_way_are_not_taken_for_calls_of_others() -> None:
    """With slow answers, some overtake others by a second, and the next window is named first."""
    usage = ExternalUsage()
    last, following = WindowBudget(10_000, LIMIT), WindowBudget(20_000, LIMIT)
    for _ in range(LIMIT):
        last.charge(1)
    # The first half is answered last: what is answered seems to have had others before it.
    for seq in range(LIMIT // 2 + 1, LIMIT + 1):
        last.confirm(1)
        last.observe(LIMIT, seq, sent=9.0, charge_seq=seq - LIMIT // 4)
        usage.observe(last, 9.9, sent=9.0 + seq / 1e4, elapsed=0.9, schedule=SCHEDULE)
    assert usage.advance(last, following) is following
    for _ in range(LIMIT // 2):
        last.confirm(1)

    following.charge(1)
    following.confirm(1)
    following.observe(LIMIT, 1, sent=10.1, charge_seq=1)
    usage.observe(following, 10.2, sent=10.1, elapsed=0.01, schedule=SCHEDULE)

    assert not usage.is_expected


def test_a_margin_fades_while_no_reply_comes() -> None:
    usage = ExternalUsage()
    seen = Seen(usage)
    seen.go_on(own=5, others=30, spans=20)

    def margin(after_s: float) -> int:
        return usage.margin(
            seen.now + after_s, seen.others, LIMIT, rtt_s=0.1, elapsed=0.5, window_s=10.0
        )

    assert margin(0.0) >= 12
    assert margin(30.0) <= LIMIT // 300


def test_a_margin_ends_while_no_reply_comes() -> None:
    usage = ExternalUsage()
    seen = Seen(usage)
    seen.go_on(own=5, others=30, spans=20)
    usage.advance(seen.budget, WindowBudget(20_000, LIMIT))

    def margin(after_s: float) -> int:
        return usage.margin(
            seen.now + after_s, 0, LIMIT, rtt_s=0.1, elapsed=after_s / 60.0, window_s=60.0
        )

    assert margin(8.0) > 0
    assert margin(50.0) == 0


# One window, reply by reply --------------------------------------------------------------------


def seen(
    used: int, confirmed: int, *, reserved: int = 0, unknown: int = 0, reset_ms: int = 10_000
) -> WindowBudget:
    """Return a window of 100 calls of which so many were used, and so many of them by us."""
    budget = WindowBudget(reset_ms, 100)
    budget.charge(confirmed + reserved + unknown)
    budget.confirm(confirmed)
    budget.mark_unknown(unknown)
    budget.highest_used_seen = used
    return budget


@pytest.mark.parametrize(
    ("used", "confirmed", "reserved", "unknown", "by_sequence", "expected"),
    [
        (30, 30, 0, 0, 0, 0),
        (20, 30, 0, 0, 5, 0),
        (50, 30, 10, 0, 0, 10),
        (50, 30, 10, 0, 15, 15),
        (50, 30, 10, 0, 30, 20),
        (50, 30, 40, 0, 0, 0),
        (50, 30, 0, 15, 0, 5),
    ],
)
def test_others_have_used_what_cannot_be_ours(
    used: int, confirmed: int, reserved: int, unknown: int, by_sequence: int, expected: int
) -> None:
    budget = seen(used, confirmed, reserved=reserved, unknown=unknown)
    budget.external_seen = by_sequence

    assert ExternalUsage().estimate(budget) == expected


def test_others_are_absent_once_they_have_used_next_to_nothing_for_some_windows() -> None:
    usage = ExternalUsage()
    usage.close(seen(0, 0))
    assert usage.is_unknown
    usage.close(seen(50, 30))
    shares = [usage.share]
    assert (usage.is_unknown, usage.is_absent, usage.is_expected) == (False, False, True)
    for _ in range(8):
        usage.close(seen(30, 30))
        shares.append(usage.share)
        assert usage.is_absent is (usage.share < ABSENT_SHARE)
        assert usage.is_quiet is (usage.share == 0.0)

    assert shares == [0.2, 0.1, 0.05, 0.025, 0.0125, 0.00625, 0.003125, 0.0015625, 0.0]


def test_others_have_used_the_whole_window_at_most() -> None:
    usage = ExternalUsage()

    usage.close(seen(250, 1))

    assert usage.share == 1.0


@pytest.mark.parametrize(
    ("last_ms", "named_ms", "newest_ms"),
    [
        (20_000, 30_000, 30_000),
        (30_000, 20_000, 30_000),
        (130_000, 130_000 - CLOCK_SET_BACK_MS, 70_000),
    ],
)
def test_the_newest_window_is_the_last_but_for_a_clock_set_back(
    last_ms: int, named_ms: int, newest_ms: int
) -> None:
    usage, last, named = ExternalUsage(), WindowBudget(last_ms, 100), WindowBudget(named_ms, 100)
    assert usage.advance(None, last) is last

    assert usage.advance(last, named).reset_ms == newest_ms


def profiled(external: int, *, confirmed: int = 30) -> ExternalUsage:
    """Return usage that has profiled one window, and closed none."""
    usage, schedule = ExternalUsage(), WindowSchedule(10.0)
    budget = seen(confirmed + external, confirmed)
    usage.observe(budget, 5.0, 4.9, 0.5, schedule)
    later = WindowBudget(20_000, 100)
    usage.advance(budget, later)
    usage.observe(later, 10.1, 10.0, 0.0, schedule)
    return usage


@pytest.mark.parametrize(
    ("external", "confirmed", "is_expected"),
    [(0, 30, False), (ROUNDING, 30, False), (10, 30, True), (10, 0, False)],
)
def test_others_are_expected_where_they_have_used_parts_of_windows(
    external: int,
    confirmed: int,
    is_expected: bool,  # noqa: FBT001
) -> None:
    usage = profiled(external, confirmed=confirmed)

    assert usage.is_expected is is_expected
    # No window was seen to its end.
    assert not usage.is_absent
    assert not usage.is_quiet


def test_a_window_is_profiled_once_all_its_replies_are_here() -> None:
    usage, schedule = ExternalUsage(), WindowSchedule(10.0)
    budget, later = seen(60, 30, reserved=5), WindowBudget(20_000, 100)
    usage.observe(budget, 5.0, 4.9, 0.5, schedule)
    usage.advance(budget, later)

    usage.observe(later, 10.1, 10.0, 0.0, schedule)
    assert not usage.is_expected
    budget.confirm(5)
    usage.observe(later, 10.2, 10.1, 0.0, schedule)

    assert usage.is_expected


def test_others_are_active_while_their_usage_grows() -> None:
    usage, schedule = ExternalUsage(), WindowSchedule(10.0)

    def told(now: float, used: int, reset_ms: int = 10_000) -> float:
        usage.observe(seen(used, 30, reset_ms=reset_ms), now, now - 0.1, 0.5, schedule)
        return usage.active_until

    assert told(3.0, 30 + ROUNDING) == -math.inf
    assert told(4.0, 40) == 14.0
    assert told(4.9, 40) == 14.0
    assert told(5.1, 40) == 5.1
    assert told(5.2, 41) == 15.2
    assert told(9.0, 30 + ROUNDING + 1, 20_000) == 19.0


def test_others_that_may_be_replies_under_way_are_not_active() -> None:
    usage, budget = ExternalUsage(), seen(50, 30, reserved=20 - ROUNDING)
    budget.external_seen = 15

    usage.observe(budget, 4.0, 3.9, 0.5, WindowSchedule(10.0))

    assert usage.estimate(budget) == 15
    assert usage.active_until <= 4.0


@pytest.mark.parametrize(
    ("others", "own_share"), [(ROUNDING, 1.0), (ROUNDING + 1, INITIAL_OWN_SHARE)]
)
def test_who_meets_others_with_the_first_reply_takes_itself_for_one_of_several(
    others: int, own_share: float
) -> None:
    usage = ExternalUsage()

    usage.observe(seen(30 + others, 30), 5.0, 4.9, 0.5, WindowSchedule(10.0))

    assert usage.own_share == own_share


def test_the_first_reply_of_a_window_begins_a_span() -> None:
    usage, schedule, now = ExternalUsage(), WindowSchedule(10.0), 10.0
    usage.observe(seen(30, 30), now - SPAN_S / 2, now - SPAN_S / 2, 0.99, schedule)
    budget = seen(1, 1, reset_ms=20_000)

    usage.observe(budget, now, now, 0.0, schedule)

    assert usage.nothing_new_until(budget, 99.0, 0.0, schedule) == pytest.approx(10.0 + 10 / SLOTS)


def test_a_share_is_an_average_of_the_last_calls_and_forgets_older_ones() -> None:
    usage = ExternalUsage()
    seen = Seen(usage)
    seen.go_on(own=LIMIT, others=0, spans=3)

    seen.go_on(own=0, others=LIMIT // 2, spans=2)

    assert usage.own_share == pytest.approx(0.25, rel=0.001)
    assert usage.early_share is not None
    assert usage.early_share < 0.12


def test_a_span_with_many_calls_counts_by_them_though_nobody_else_was_there() -> None:
    usage = ExternalUsage()
    seen = Seen(usage)
    seen.go_on(own=1, others=50, spans=1)

    seen.go_on(own=3 * 50, others=0, spans=1)

    expected = INITIAL_OWN_SHARE + 0.75 * (1.0 - INITIAL_OWN_SHARE)
    assert usage.own_share == pytest.approx(expected, rel=0.001)


def test_replies_say_nothing_new_until_a_part_or_a_span_ends() -> None:
    usage, schedule = ExternalUsage(), WindowSchedule(10.0)
    budget = seen(30, 30)
    assert usage.nothing_new_until(budget, 99.0, 0.0, schedule) == -math.inf
    usage.observe(budget, 5.0, 5.0, 0.5, schedule)

    def until(most: float = 99.0, offset: float = 0.0) -> float:
        return usage.nothing_new_until(budget, most, offset, schedule)

    part_ends_at = 10.0 - (1.0 - 33 / SLOTS) * 10.0
    assert until() == pytest.approx(part_ends_at)
    assert until(offset=-1.0) == pytest.approx(5.0 + SPAN_S)
    assert until(most=5.1) == pytest.approx(5.1)
    other = seen(30, 30, reset_ms=20_000)
    assert usage.nothing_new_until(other, 99.0, 0.0, schedule) == -math.inf
    usage.advance(budget, other)
    assert until() == -math.inf
