"""Usage by other clients, learned from replies alone."""

from __future__ import annotations

from intercom_async.scheduler.limits.usage import SPAN_S, ExternalUsage
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
