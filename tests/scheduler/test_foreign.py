"""What is known of others' use, from replies alone."""

from __future__ import annotations

from intercom_async.scheduler.limits.tuning import tuning
from intercom_async.scheduler.limits.usage import Foreign
from intercom_async.scheduler.limits.window_budget import Ledger

LIMIT = 1667
TUNING = tuning(10.0)


class Seen:
    """One window, in which calls of ours and of others are counted."""

    def __init__(self, foreign: Foreign) -> None:
        self.foreign = foreign
        self.ledger = Ledger(10_000, LIMIT)
        self.now = 0.0
        self.others = 0

    def go_on(self, *, own: int, others: int, spans: int) -> None:
        """Let so many calls come in each span over which use is measured."""
        for _ in range(spans):
            self.now += TUNING.foreign_span_s
            for _ in range(own):
                self.ledger.charge(1)
                self.ledger.settle(1)
                self.ledger.acknowledge(1)
            self.others += others
            mine = self.ledger.charged
            self.ledger.see(LIMIT, mine + self.others, sent=self.now, rank=mine)
            self.foreign.watch(
                self.ledger, self.now, sent=self.now, part=self.now / 10.0, tuning=TUNING
            )


def test_a_part_is_measured_by_calls_and_not_by_time() -> None:
    foreign = Foreign()
    seen = Seen(foreign)
    seen.go_on(own=8, others=248, spans=6)
    before = foreign.own_part

    seen.go_on(own=3, others=3, spans=4)

    # By chance it was this process that had half of the last calls, few as they are.
    assert abs(before - 8 / 256) < 0.01
    assert foreign.own_part < 1.7 * before


def test_who_is_alone_again_soon_knows_it() -> None:
    foreign = Foreign()
    seen = Seen(foreign)
    seen.go_on(own=8, others=400, spans=3)
    before = foreign.own_part

    seen.go_on(own=8, others=0, spans=20)

    assert before < 0.1
    assert foreign.own_part > 0.8


def test_replies_under_way_are_not_taken_for_calls_of_others() -> None:
    """With slow answers, some overtake others by a second, and the next window is named first."""
    foreign = Foreign()
    last, following = Ledger(10_000, LIMIT), Ledger(20_000, LIMIT)
    for _ in range(LIMIT):
        last.charge(1)
    # The first half is answered last: what is answered seems to have had others before it.
    for rank in range(LIMIT // 2 + 1, LIMIT + 1):
        last.settle(1)
        last.acknowledge(1)
        last.see(LIMIT, rank, sent=9.0, rank=rank - LIMIT // 4)
        foreign.watch(last, 9.9, sent=9.0 + rank / 1e4, part=0.9, tuning=TUNING)
    assert foreign.move_on(last, following) is following
    for _ in range(LIMIT // 2):
        last.settle(1)
        last.acknowledge(1)

    following.charge(1)
    following.settle(1)
    following.acknowledge(1)
    following.see(LIMIT, 1, sent=10.1, rank=1)
    foreign.watch(following, 10.2, sent=10.1, part=0.01, tuning=TUNING)

    assert not foreign.is_expected
