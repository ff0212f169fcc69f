"""Usage of the same windows by other clients: how much, how fast, and in which part of a window.

The charge sequence of a call is the number of our calls charged to its window up to it. The reply
says how many calls of all clients the server had counted by then; what exceeds the sequence were
calls of others. So each reply shows external usage at one moment, to within the few calls that
overtake each other on their way, however many are in flight.
"""

from __future__ import annotations

import math

from .window_budget import WindowBudget
from .window_schedule import WindowSchedule

ROUNDING = 2
"""Calls of others that are taken for rounding and replies under way, not for another client
(test_ablations.py and report: "reordered")."""
PEAK_DECAY = 0.7
"""Factor for the fastest recent usage after each span in which it was slower
(report: "bursts 20 %")."""
SPAN_S = 0.25
"""Seconds over which the rate of external usage is measured, for windows of ten seconds
(test_usage.py::test_the_own_share_is_measured_by_calls_and_not_by_time)."""
RATE_HALF_LIFE_S = 2.0
"""Seconds without a reply after which a recent rate counts half
(test_usage.py::test_a_margin_fades_while_no_reply_comes)."""
PROFILE_HALF_LIFE_S = 8.0
"""Seconds without a reply after which the usual usage counts half
(test_usage.py::test_a_margin_fades_while_no_reply_comes)."""
MAX_UNSEEN_RTTS = 4.0
"""Round trips for which a recent rate is taken to go on at most (report: "bursts 50 %")."""
OWN_WEIGHT = 4.0
"""A client with less than one in so many of the calls holds back less for the others, so that many
processes that share a window do not all spare the same calls (report: "32 processes")."""
MAX_RATE_SHARE = 0.05
"""Largest fraction of the limit that a recent rate may hold back (report: "bursts 80 %")."""
SPARED_ONE_IN = 300
"""One in so many calls of the limit is spared while others are seen: the last ones are not worth a
429 (report: "8 processes")."""
ABSENT_SHARE = 0.01
"""Fraction of a window below which others are taken to be absent (report: "alone")."""
EXPECTED_SHARE = 0.02
"""Fraction of a window that others usually use, from which on they are expected in the next one
(report: "early edge 3 %")."""
NEGLIGIBLE = 0.1
"""Calls of others below which none is held back for them: what is expected shrinks for as long as
no reply shows it, and less than one call would keep the last call of a small window to its end
(test_usage.py::test_a_margin_ends_while_no_reply_comes)."""
INITIAL_OWN_SHARE = 0.125
"""Own share of the calls, from 0 to 1, until it is measured, when others are met in the very first
window (report: "8 processes")."""
INITIAL_WEIGHT_SHARE = 0.03
"""Fraction of the limit, in calls, that the initial own share weighs (report: "8 processes")."""
EARLY_PART = 0.15
"""Part of a window in which calls are not scarce: who holds back more later on has as many of them
as all others with a backlog (report: "16 processes, interactive")."""
EARLY_WEIGHT_SHARE = 0.25
"""Fraction of the limit, in calls of all clients, over which the early share is measured
(report: "16 processes, interactive")."""
MAX_WEIGHT_SHARE = 0.5
"""Fraction of the limit, in calls of all clients, over which the own share is measured
(test_usage.py::test_the_own_share_is_measured_by_calls_and_not_by_time)."""
MIN_WEIGHT_ALONE = 0.1
"""Weight from 0 to 1 of a span in which others sent nothing, however few calls it had
(test_usage.py::test_a_client_that_is_alone_again_soon_knows_it)."""
CLOCK_SET_BACK_MS = 60_000
"""Milliseconds. A reply that names a window this long before the newest says that the server's
clock was set back (report: "clock steps")."""
ACTIVE_SHARE = 0.1
"""Fraction of a window after which others whose usage does not grow are not active any more
(report: "4 processes, interactive")."""
RESOLUTION_S = 1e-6
"""Seconds by which a moment may be miscalculated, so that what it ends is ended earlier
(test_plain_replies.py::test_plain_replies_are_booked_as_all_others_are)."""
SLOTS = 64
"""Parts into which a window is divided (report: "late edge 20 %")."""
CENSORED_FACTOR = 2.0
"""Others that filled a window up are taken to have wanted so many times as much in its last parts
(report: "late edge 80 %")."""
UNSEEN_DECAY = 0.9
"""Factor for the usual usage in a part of a window that no reply of ours has shown this time
(report: "late edge 50 %")."""


class ExternalUsage:
    """Calls of other clients; told of every reply and of every window that is over."""

    __slots__ = (
        "_certain",
        "_closed_windows",
        "_early_weight",
        "_has_profile",
        "_per_s",
        "_previous",
        "_profile",
        "_sample",
        "_upcoming",
        "_weight",
        "active_until",
        "early_share",
        "is_absent",
        "is_expected",
        "is_quiet",
        "own_share",
        "sampled_at",
        "share",
    )

    def __init__(self) -> None:
        self._closed_windows = 0
        self.share: float = 0.0
        """Fraction of a window that others use, averaged over the last ones."""
        self.is_absent: bool = False
        """Whether nobody else has used the last windows; False while that is unknown."""
        self.is_expected: bool = False
        """Whether others are likely to use this window, judging by the last ones."""
        self.is_quiet: bool = False
        """Whether nobody else has used the last windows, not even now and then."""
        self.own_share: float = 1.0
        """Fraction of the calls of all clients that are ours of late."""
        self.active_until: float = -math.inf
        """Loop time until which others are active: their usage had grown by the last reply."""
        self._certain: tuple[int, int, float] = (0, 0, 0.0)
        """A window, the calls of others that were certain in it, and when they had grown last."""
        self.early_share: float | None = None
        """The same in the first part of windows, where nothing is scarce and all that have a
        backlog are equally fast; None until it is measured."""
        self._weight = self._early_weight = 0.0
        self._per_s = 0.0
        self.sampled_at: float = -math.inf
        """Loop time at which the request of the newest reply left."""
        self._sample: tuple[float, int, int, int] | None = None
        """When, in which window, external calls and own calls at the last measurement."""
        self._has_profile = False
        self._previous: WindowBudget | None = None
        """A window that is over but not yet profiled, since replies are still under way."""
        self._profile = [0.0] * SLOTS
        """Usual usage in each part of a window, as a fraction of the limit."""
        self._upcoming = [0.0] * SLOTS
        """The same from each part to the end."""

    @property
    def is_unknown(self) -> bool:
        """Whether no window has been seen to its end."""
        return not self._closed_windows

    @property
    def fair_share(self) -> float:
        """Our fraction of the calls before they are scarce, which says how many others there are.

        Later in a window a client that expects more interactive calls of others, for having few
        calls itself, would be left with still fewer.
        """
        return self.own_share if self.early_share is None else self.early_share

    def age_s(self, now: float) -> float:
        """Return how many seconds ago the newest reply's request left."""
        return now - self.sampled_at

    def estimate(self, budget: WindowBudget) -> int:
        """Return how many calls of a window others had used when the newest reply was written."""
        high = budget.highest_used_seen - budget.confirmed - budget.unknown
        if high <= 0:
            return 0
        return min(max(budget.external_seen, high - budget.reserved), high)

    # Learning --------------------------------------------------------------------------------

    def close(self, budget: WindowBudget) -> None:
        """Learn from a window that is over for good."""
        if not budget.confirmed:
            return
        share = min(1.0, budget.external_max / budget.limit)
        self.share = 0.5 * self.share + 0.5 * share if self._closed_windows else share
        self._closed_windows += 1
        if self.share < ABSENT_SHARE / 10:
            self.share = 0.0
        self._judge()

    def advance(self, last: WindowBudget | None, named: WindowBudget) -> WindowBudget:
        """Note the window that a reply has named; return the newer of it and the last one.

        A window is profiled once all its replies are here: while some are under way, those that
        have overtaken them look like calls of others. Its end is no moment to profile it either,
        since calls that may be counted in the next window can go long before it.
        """
        if last is None:
            return named
        if 0 < last.reset_ms - named.reset_ms < CLOCK_SET_BACK_MS:
            return last
        if self._previous is not None:
            self._update_profile(self._previous)
        self._previous = last
        return named

    def _update_profile(self, budget: WindowBudget) -> None:
        """Learn in which parts of a window that is over others have used it."""
        if not budget.confirmed:
            return
        weight = 0.5 if self._has_profile else 1.0
        # Where replies overtake each other, charge sequences show others who are not there; now
        # that all replies are here, the counts say how many there can have been.
        scale = min(1.0, budget.external_max / max(1, budget.external_seen)) / budget.limit
        self._has_profile = True
        last = budget.profiled[0]
        for slot, known in enumerate(self._profile):
            if slot > last:
                self._profile[slot] = UNSEEN_DECAY * known
                continue
            used = budget.external_profile[slot] * scale if budget.external_profile else 0.0
            if slot >= last - 1 and budget.is_exhausted:
                used *= CENSORED_FACTOR
            self._profile[slot] = known + weight * (used - known)
        upcoming = 0.0
        for slot in reversed(range(SLOTS)):
            upcoming += self._profile[slot]
            self._upcoming[slot] = upcoming
        self._judge()

    def _judge(self) -> None:
        """Say what the last windows mean for this one: once a window, since each call asks."""
        self.is_absent = self.share < ABSENT_SHARE and self._closed_windows > 0
        self.is_expected = self.share > 0.0 or self._upcoming[0] > EXPECTED_SHARE
        self.is_quiet = self.is_absent and not self.is_expected

    def observe(
        self,
        budget: WindowBudget,
        now: float,
        sent: float,
        elapsed: float,
        schedule: WindowSchedule,
    ) -> None:
        """Learn from a reply.

        Args:
            budget: The window that the reply was counted in, which has learned from it.
            now: When the reply came.
            sent: When its request left.
            elapsed: Part of the window that had passed then, from 0 to 1.
            schedule: Length of windows.
        """
        if self._previous is not None and not self._previous.reserved:
            self._update_profile(self._previous)
            self._previous = None
        is_none = budget.highest_used_seen <= budget.confirmed + budget.unknown
        external = 0 if is_none else self.estimate(budget)
        slot = int(elapsed * SLOTS)
        if external > ROUNDING:
            self._note_activity(budget, now, schedule)
        if sent > self.sampled_at:
            self.sampled_at = sent
            if external > ROUNDING or slot > budget.profiled[0]:
                _extend_profile(budget, external, slot)
        sample = self._sample
        if (
            sample is None
            or sample[1] != budget.reset_ms
            or now - sample[0] >= SPAN_S * schedule.scale
        ):
            self._measure(budget, external, now, is_early=elapsed < EARLY_PART)

    def nothing_new_until(
        self, budget: WindowBudget, until: float, offset: float, schedule: WindowSchedule
    ) -> float:
        """Return until when replies of a window that show no calls of others say nothing new.

        Args:
            budget: The window, which was observed last.
            until: Loop time until which they do at most.
            offset: The server's clock less loop time, in seconds.
            schedule: Length of windows.
        """
        sample = self._sample
        if self._previous is not None or sample is None or sample[1] != budget.reset_ms:
            return -math.inf
        left_part = 1.0 - (budget.profiled[0] + 1) / SLOTS
        part_ends_at = budget.reset_ms / 1000 - offset - left_part * schedule.length_s
        return min(until, part_ends_at, sample[0] + SPAN_S * schedule.scale) - RESOLUTION_S

    def _measure(self, budget: WindowBudget, external: int, now: float, *, is_early: bool) -> None:
        """Measure rate and own share over the span since the last measurement in this window."""
        sample, charged = self._sample, budget.charged
        self._sample = (now, budget.reset_ms, external, charged)
        if sample is None:
            if external > ROUNDING:
                self.own_share = INITIAL_OWN_SHARE
                self._weight = INITIAL_WEIGHT_SHARE * budget.limit
        elif sample[1] == budget.reset_ms:
            others, own = max(0, external - sample[2]), max(0, charged - sample[3])
            per_s = others / (now - sample[0])
            self._per_s = max(per_s, 0.5 * per_s + 0.5 * PEAK_DECAY * self._per_s)
            if own + others > 0:
                self._update_own_share(own, others, budget.limit)
                if is_early:
                    self._update_early_share(own, others, budget.limit)

    def _note_activity(self, budget: WindowBudget, now: float, schedule: WindowSchedule) -> None:
        """Note whether the usage by others has certainly grown, or not for a while."""
        certain = budget.highest_used_seen - budget.charged
        reset_ms, before, grown_at = self._certain
        if reset_ms != budget.reset_ms:
            before = 0
        if certain > ROUNDING and certain > before:
            self._certain = (budget.reset_ms, certain, now)
            self.active_until = now + schedule.length_s
        elif now - grown_at > ACTIVE_SHARE * schedule.length_s:
            self.active_until = now

    def _update_own_share(self, own: int, others: int, limit: int) -> None:
        """Learn whose the calls of a span were.

        The average is over calls and not over time: the few that go last in a window are by chance
        those of one process, which would be let go faster in the next one, and so be first again.
        """
        calls = own + others
        self._weight = min(self._weight, MAX_WEIGHT_SHARE * limit) + calls
        weight = calls / self._weight
        if others <= ROUNDING:
            weight = max(weight, MIN_WEIGHT_ALONE)
        self.own_share += weight * (own / calls - self.own_share)

    def _update_early_share(self, own: int, others: int, limit: int) -> None:
        """Learn whose the calls of a span in the first part of a window were."""
        calls = own + others
        self._early_weight = min(self._early_weight, EARLY_WEIGHT_SHARE * limit) + calls
        before = self.early_share or 0.0
        self.early_share = before + calls / self._early_weight * (own / calls - before)

    # Predicting ------------------------------------------------------------------------------

    def _usual_after(self, elapsed: float) -> float:
        """Return the fraction of a window that others usually use after this part of it."""
        place = max(elapsed, 0.0) * SLOTS
        slot = int(place)
        if slot >= SLOTS:
            return 0.0
        return self._upcoming[slot] - (place - slot) * self._profile[slot]

    def margin(
        self,
        now: float,
        external: int,
        limit: int,
        *,
        rtt_s: float,
        elapsed: float,
        window_s: float,
    ) -> int:
        """Return how many calls others may use before a reply could show it.

        Args:
            now: Loop time.
            external: Calls that others have used, as `estimate` says.
            limit: Limit of the window.
            rtt_s: Average round trip in seconds.
            elapsed: Part of the window that has passed, from 0 to 1.
            window_s: Length of the window in seconds.
        """
        sample = self._sample
        if sample is None:
            return 0
        age_s = max(rtt_s, now - self.sampled_at)
        # An old observation says less and less: silence must not hold calls back for ever.
        trust = math.exp2(-max(0.0, now - sample[0] - rtt_s) / RATE_HALF_LIFE_S)
        recent = self._per_s * trust * min(age_s, MAX_UNSEEN_RTTS * rtt_s)
        later = self._usual_after(elapsed + rtt_s / window_s)
        usual = min(
            self._usual_after(elapsed - age_s / window_s) - later,
            self._usual_after(0.0) - later - external / limit,
        )
        unseen_s = max(0.0, age_s - 2.0 * rtt_s)
        usual *= limit * math.exp2(-unseen_s / PROFILE_HALF_LIFE_S)
        # Each of many processes that share a window risks no more than the few calls it sends.
        usual *= min(1.0, OWN_WEIGHT * self.own_share)
        spared = limit // SPARED_ONE_IN if external > ROUNDING else 0
        unseen = max(min(recent, MAX_RATE_SHARE * limit), usual, spared)
        return math.ceil(unseen) if unseen > NEGLIGIBLE else 0


def _extend_profile(budget: WindowBudget, external: int, slot: int) -> None:
    """Note in which parts of a window others have used it: evenly since the last reply."""
    slot = min(max(slot, 0), SLOTS - 1)
    last, before = budget.profiled
    if external > before and external > ROUNDING:
        if budget.external_profile is None:
            budget.external_profile = [0.0] * SLOTS
        slots = range(min(last + 1, slot), slot + 1)
        for each in slots:
            budget.external_profile[each] += (external - before) / len(slots)
        before = external
    budget.profiled = (max(slot, last), before)
