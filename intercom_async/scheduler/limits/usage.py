"""What others use of the same windows: how much, how fast just now, and when in a window as a rule.

A permit's *rank* is the number of calls charged to its window up to it. The reply says how many
calls the server had counted by then, everybody's together; what exceeds the rank were others'. So
each reply tells the use by others at one moment, to within the few calls that overtake each other
on their way, however many are outstanding.
"""

from __future__ import annotations

import math

from .tuning import Tuning
from .window_budget import Ledger

ROUNDING = 2
"""So few calls of others are rounding and replies under way, not a neighbour."""
FADE = 0.7
"""What is left of the fastest seen use after each span in which it was slower."""
SILENCE_S = 2.0
"""Without any reply for so long, what was fast just now counts half."""
BLIND_S = 8.0
"""Without any reply for so long, what others use as a rule counts half."""
UNSEEN_RTTS = 4.0
"""What was fast just now is taken to go on for at most so many round trips."""
OWN_WEIGHT = 4.0
"""With a smaller part than one in so many of what is used, less is held back for the others."""
MOST_HELD_BACK = 0.05
"""Of a limit: what was fast just now holds no more back."""
LAST_OF = 300
"""Of so many calls one is left over when others are there: the last ones are not worth a 429."""
ABSENT = 0.01
"""Others that use less of a window on the average are not there."""
EXPECTED = 0.02
"""Others who as a rule use so much of a window are waited for in the next one."""
FIRST_PART = 0.125
"""Of what is used, until it is known how fast others are that were met in the first window."""
FIRST_WEIGHT = 0.03
"""Of a limit: so many calls is that first guess worth."""
WEIGHED = 0.5
"""Of a limit: over about so many calls, everybody's, it is measured which part is ours."""
ALONE = 0.1
"""Of what is known of that part, so much is given up in a span in which others send nothing."""
LATE_MS = 60_000
"""A reply that names a window this long before the newest says that a clock was set."""
SLOTS = 64
"""Parts of a window that are told apart."""
CENSORED = 2.0
"""Others who filled a window up would have used so many times as much."""
UNSEEN_FADE = 0.9
"""What is left of the use in a part of a window that nobody of ours has seen this time."""


class Foreign:
    """Follows what others use; told of every reply and of every window that is over."""

    __slots__ = (
        "_coming",
        "_ending",
        "_has_learned",
        "_per_s",
        "_profile",
        "_sampled_at",
        "_seen",
        "_weighed",
        "_windows",
        "own_part",
        "share",
    )

    def __init__(self) -> None:
        self._windows = 0
        self.share: float = 0.0
        """Of a window, on the average of the last ones."""
        self.own_part: float = 1.0
        """How much of what is used just now is ours, from 0 to 1."""
        self._weighed = 0.0
        self._per_s = 0.0
        self._sampled_at = -math.inf
        self._seen: tuple[float, int, int, int] | None = None
        self._has_learned = False
        self._ending: Ledger | None = None
        self._profile = [0.0] * SLOTS
        self._coming = [0.0] * SLOTS

    @property
    def is_expected(self) -> bool:
        """Whether others are likely to use this window, by what they did in the last ones."""
        return self.share > 0.0 or self._coming[0] > EXPECTED

    @property
    def is_unknown(self) -> bool:
        """Whether no window has been seen to its end."""
        return not self._windows

    @property
    def is_absent(self) -> bool:
        """Whether nobody else has used the last windows; unknown is no."""
        return self.share < ABSENT and self._windows > 0

    def estimate(self, ledger: Ledger) -> int:
        """Return how much of a window others had used when the server last said."""
        high = ledger.top - ledger.acknowledged - ledger.lost
        if high <= 0:
            return 0
        low = max(0, high - ledger.outstanding)
        return min(max(ledger.foreign, low), high)

    # Learning --------------------------------------------------------------------------------

    def close(self, ledger: Ledger) -> None:
        """Take in a window that is over for good."""
        if not ledger.acknowledged:
            return
        share = min(1.0, ledger.foreign_at_most / ledger.limit)
        self.share = 0.5 * self.share + 0.5 * share if self._windows else share
        self._windows += 1
        if self.share < ABSENT / 10:
            self.share = 0.0

    def move_on(self, last: Ledger | None, named: Ledger) -> Ledger:
        """Learn from a window after a reply has named the next one; return the newer of the two.

        It is learned from once it has all its replies: as long as some are under way, those that
        have overtaken them look like calls of others. Its end is no moment to learn from: calls
        that may be counted in the next window can go long before it.
        """
        if last is None:
            return named
        if 0 < last.window - named.window < LATE_MS:
            return last
        if self._ending is not None:
            self.learn(self._ending)
        self._ending = last
        return named

    def learn(self, ledger: Ledger) -> None:
        """Take in when others used a window that is over."""
        if not ledger.acknowledged:
            return
        weight = 0.5 if self._has_learned else 1.0
        # Where replies overtake each other, their ranks tell of others who are not there; now that
        # all have come, the count says how many there can have been.
        part = min(1.0, ledger.foreign_at_most / max(1, ledger.foreign)) / ledger.limit
        self._has_learned = True
        last = ledger.marked[0]
        for slot, known in enumerate(self._profile):
            if slot > last:
                self._profile[slot] = UNSEEN_FADE * known
                continue
            used = ledger.marks[slot] * part if ledger.marks else 0.0
            if slot >= last - 1 and ledger.is_full:
                used *= CENSORED
            self._profile[slot] = known + weight * (used - known)
        coming = 0.0
        for slot in reversed(range(SLOTS)):
            coming += self._profile[slot]
            self._coming[slot] = coming

    def watch(
        self, ledger: Ledger, now: float, *, sent: float, part: float, tuning: Tuning
    ) -> None:
        """Take in a reply.

        Args:
            ledger: The account of the window that it was counted in.
            now: When the reply came.
            sent: When its request left.
            part: How much of the window had passed then, from 0 to 1.
            tuning: Over which span use is measured.
        """
        if self._ending is not None and not self._ending.outstanding:
            self.learn(self._ending)
            self._ending = None
        foreign = self.estimate(ledger)
        if sent > self._sampled_at:
            self._sampled_at = sent
            slot = int(part * SLOTS)
            if foreign > ROUNDING or slot > ledger.marked[0]:
                _mark(ledger, foreign, slot)
        seen = self._seen
        if seen is None or seen[1] != ledger.window:
            if seen is None and foreign > ROUNDING:
                self.own_part = FIRST_PART
                self._weighed = FIRST_WEIGHT * ledger.limit
            self._seen = (now, ledger.window, foreign, ledger.charged)
            return
        passed_s = now - seen[0]
        if passed_s >= tuning.foreign_span_s:
            others, own = max(0, foreign - seen[2]), max(0, ledger.charged - seen[3])
            slope = others / passed_s
            self._per_s = max(slope, 0.5 * slope + 0.5 * FADE * self._per_s)
            if own + others > 0:
                self._weigh(own, others, ledger.limit)
            self._seen = (now, ledger.window, foreign, ledger.charged)

    def _weigh(self, own: int, others: int, limit: int) -> None:
        """Take in whose the calls of a span were.

        By calls and not by time: the few that go last in a window are by chance those of one
        process, which would be let go faster in the next one, and so be first again.
        """
        calls = own + others
        self._weighed = min(self._weighed, WEIGHED * limit) + calls
        weight = calls / self._weighed
        if others <= ROUNDING:
            weight = max(weight, ALONE)
        self.own_part += weight * (own / calls - self.own_part)

    # Foreseeing ------------------------------------------------------------------------------

    def _coming_after(self, part: float) -> float:
        """Return what others use after this part of a window as a rule, as a share of it."""
        place = min(max(part, 0.0), 1.0) * SLOTS
        slot = int(place)
        if slot >= SLOTS:
            return 0.0
        return self._coming[slot] - (place - slot) * self._profile[slot]

    def margin(
        self, now: float, foreign: int, limit: int, *, rtt_s: float, part: float, window_s: float
    ) -> int:
        """Return how much others may use before a reply would say so.

        Args:
            now: Loop time.
            foreign: What they have used, as `estimate` says.
            limit: Of the window.
            rtt_s: How long calls take.
            part: How much of the window has passed, from 0 to 1.
            window_s: Its length.
        """
        seen = self._seen
        if seen is None:
            return 0
        age_s = max(rtt_s, now - self._sampled_at)
        # What was seen a while ago says less and less: silence must not hold calls back for ever.
        trust = math.exp2(-max(0.0, now - seen[0] - rtt_s) / SILENCE_S)
        sudden = self._per_s * trust * min(age_s, UNSEEN_RTTS * rtt_s)
        later = self._coming_after(part + rtt_s / window_s)
        usual = min(
            self._coming_after(part - age_s / window_s) - later,
            self._coming_after(0.0) - later - foreign / limit,
        )
        blind_s = max(0.0, age_s - 2.0 * rtt_s)
        usual *= limit * math.exp2(-blind_s / BLIND_S)
        # Of many processes that share a window, each risks no more than the few calls it sends.
        usual *= min(1.0, OWN_WEIGHT * self.own_part)
        least = limit // LAST_OF if foreign > ROUNDING else 0
        return math.ceil(max(min(sudden, MOST_HELD_BACK * limit), usual, least))


def _mark(ledger: Ledger, foreign: int, slot: int) -> None:
    """Note in which parts of a window others used it: evenly since the last reply."""
    slot = min(max(slot, 0), SLOTS - 1)
    since, before = ledger.marked
    if foreign > before and foreign > ROUNDING:
        if ledger.marks is None:
            ledger.marks = [0.0] * SLOTS
        slots = range(min(since + 1, slot), slot + 1)
        for each in slots:
            ledger.marks[each] += (foreign - before) / len(slots)
        before = foreign
    ledger.marked = (max(slot, since), before)
