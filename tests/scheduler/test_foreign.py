"""What is known of others' use, from replies alone."""

from __future__ import annotations

from intercom_async.scheduler.foreign import Foreign
from intercom_async.scheduler.ledger import Ledger
from intercom_async.scheduler.tuning import tuning

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
