"""What is held back for calls of others that no reply can have shown yet, and why as much as that.

Figures follow from two ways to expect such calls: others go on as fast as of late, or they use the
parts of a window that they usually use.
"""

from __future__ import annotations

import math

import pytest

from intercom_async.scheduler.limits.usage import (
    CENSORED_FACTOR,
    INITIAL_OWN_SHARE,
    INITIAL_WEIGHT_SHARE,
    MAX_RATE_SHARE,
    MAX_UNSEEN_RTTS,
    OWN_WEIGHT,
    PEAK_DECAY,
    PROFILE_HALF_LIFE_S,
    RATE_HALF_LIFE_S,
    ROUNDING,
    SLOTS,
    SPAN_S,
    SPARED_ONE_IN,
    UNSEEN_DECAY,
    ExternalUsage,
)
from intercom_async.scheduler.limits.window_budget import WindowBudget
from intercom_async.scheduler.limits.window_schedule import WindowSchedule

LIMIT, WINDOW_S, RTT_S = 10_000, 10.0, 0.1
SCHEDULE = WindowSchedule(WINDOW_S)
LAST = SLOTS - 1


class Watched:
    """Usage by others, and the window in which replies show it."""

    def __init__(self) -> None:
        self.usage = ExternalUsage()
        self.budget = WindowBudget(10_000, LIMIT)
        self.now = 0.0
        self.replied = 0

    def reply(self, others: int, *, at: float, slot: float, own: int = 1) -> None:
        """Let a reply to calls of ours show so many calls of others, in this part of a window."""
        self.now = at
        self.replied += 1
        self.budget.charge(own)
        self.budget.confirm(own)
        mine = self.budget.charged
        self.budget.observe(LIMIT, mine + others, sent=at, charge_seq=mine)
        self.usage.observe(self.budget, at, at, slot / SLOTS, SCHEDULE)

    def open_next(self) -> None:
        """Begin another window, in which nobody else has been seen yet."""
        last, self.budget = self.budget, WindowBudget(self.budget.reset_ms + 10_000, LIMIT)
        self.usage.advance(last, self.budget)
        self.reply(0, at=last.reset_ms / 1000 + 0.1, slot=0)
        self.usage.own_share = 1.0

    def margin(self, *, age_s: float = 0.0, external: int = 0, elapsed: float = 0.5) -> int:
        return self.usage.margin(
            self.now + age_s, external, LIMIT, rtt_s=RTT_S, elapsed=elapsed, window_s=WINDOW_S
        )

    def use(self, *shown: tuple[float, int], is_full: bool = False) -> None:
        """Live through a window in parts of which others are seen: too briefly for a rate."""
        begun = self.budget.reset_ms / 1000 - WINDOW_S
        for number, (slot, others) in enumerate(shown):
            self.reply(others, at=begun + 0.2 + 0.001 * number, slot=slot)
        self.budget.is_exhausted = is_full
        self.open_next()


# As fast as of late ----------------------------------------------------------------------------


def hurried(*others: int) -> Watched:
    """Return what is known after others sent so many calls in each of some spans."""
    watched, sent = Watched(), 0
    watched.reply(0, at=1.0, slot=1)
    for number, more in enumerate(others, 1):
        sent += more
        watched.reply(sent, at=1.0 + number * SPAN_S, slot=1)
    return watched


def per_s(others: int) -> float:
    return others / SPAN_S


@pytest.mark.parametrize(
    ("age_s", "unseen_s"),
    [
        (0.0, RTT_S),  # the reply itself took as long
        (0.15, 0.15),
        (0.4, 0.4),
        (2.0, MAX_UNSEEN_RTTS * RTT_S),
    ],
)
def test_others_go_on_for_a_while_as_fast_as_of_late(age_s: float, unseen_s: float) -> None:
    trust = math.exp2(-max(0.0, age_s - RTT_S) / RATE_HALF_LIFE_S)

    margin = hurried(225).margin(age_s=age_s)

    assert margin == math.ceil(per_s(225) * trust * unseen_s)


def test_a_peak_is_remembered_for_some_spans() -> None:
    assert hurried(225, 0).margin() == math.ceil(0.5 * PEAK_DECAY * per_s(225) * RTT_S)
    assert hurried(25, 225).margin() == math.ceil(per_s(225) * RTT_S)


def test_a_part_of_the_limit_is_the_most_that_a_rate_holds_back() -> None:
    assert hurried(3000).margin() == MAX_RATE_SHARE * LIMIT


@pytest.mark.parametrize(
    ("external", "margin"), [(ROUNDING, 2), (ROUNDING + 1, LIMIT // SPARED_ONE_IN)]
)
def test_a_few_of_the_last_calls_are_spared_for_others_that_were_seen(
    external: int, margin: int
) -> None:
    assert hurried(3).margin(external=external) == margin


def test_nothing_is_held_back_before_the_first_reply() -> None:
    assert Watched().margin(external=100) == 0


def test_calls_that_turn_out_to_be_ours_slow_nothing_down() -> None:
    """Replies that are overtaken make others of them, until they are here."""
    watched = Watched()
    budget = watched.budget
    budget.charge(100)
    budget.confirm(10)
    budget.observe(LIMIT, 60, sent=1.0, charge_seq=10)
    watched.usage.observe(budget, 1.0, 1.0, 0.1, SCHEDULE)
    assert watched.usage.own_share == INITIAL_OWN_SHARE
    budget.charge(60)
    budget.confirm(145)

    watched.usage.observe(budget, 1.3, 1.3, 0.1, SCHEDULE)
    watched.now = 1.3

    own = 60 / (60 + INITIAL_WEIGHT_SHARE * LIMIT)
    assert watched.usage.own_share == pytest.approx((1.0 - own) * INITIAL_OWN_SHARE + own)
    assert watched.margin() == 0


def test_calls_that_were_given_back_are_not_counted_as_less_than_none() -> None:
    watched = Watched()
    watched.reply(0, at=1.0, slot=1, own=50)
    watched.budget.confirmed -= 20
    watched.budget.release(20)

    watched.reply(10, at=1.0 + SPAN_S, slot=1, own=0)

    assert watched.usage.own_share == 0.0


# In the parts of a window that they usually use ------------------------------------------------


def usual(*shown: tuple[float, int], is_full: bool = False) -> Watched:
    watched = Watched()
    watched.use(*shown, is_full=is_full)
    return watched


EVEN = ((LAST, 6400),)
"""Others that use a hundred calls in each part."""
PART_S = WINDOW_S / SLOTS


@pytest.mark.parametrize("age_s", [0.0, 0.15, 0.5, 1.5])
def test_what_others_usually_use_meanwhile_is_held_back(age_s: float) -> None:
    unseen_s = max(RTT_S, age_s) + RTT_S
    fading = math.exp2(-max(0.0, max(RTT_S, age_s) - 2 * RTT_S) / PROFILE_HALF_LIFE_S)

    margin = usual(*EVEN).margin(age_s=age_s)

    assert margin == pytest.approx(100 / PART_S * unseen_s * fading, abs=1.0)


def test_others_that_were_early_have_used_what_they_usually_use() -> None:
    """Half of the window is over: of 3,264 calls that were expected until the next reply."""
    assert usual(*EVEN).margin(external=3200) == pytest.approx(64, abs=1.0)
    assert usual(*EVEN).margin(external=3600) == LIMIT // SPARED_ONE_IN


@pytest.mark.parametrize("age_s", [0.0, 1.0, 20.0])
def test_a_window_has_no_part_before_its_beginning_nor_after_its_end(age_s: float) -> None:
    watched = usual(*EVEN)
    fading = math.exp2(-max(0.0, age_s - 2 * RTT_S) / PROFILE_HALF_LIFE_S)

    first = watched.margin(age_s=age_s, elapsed=0.0)
    last = watched.margin(elapsed=1.0)

    assert first == pytest.approx(64 * fading, abs=1.0)
    assert last == pytest.approx(64, abs=1.0)


def test_a_process_of_many_holds_less_back() -> None:
    watched = usual(*EVEN)
    whole = watched.margin()
    watched.usage.own_share = 0.5 / OWN_WEIGHT

    half = watched.margin()
    watched.usage.own_share = 1.0 / OWN_WEIGHT

    assert half == pytest.approx(whole / 2, abs=1.0)
    assert watched.margin() == whole


def in_part(watched: Watched, slot: float) -> int:
    """Return what is held back around the middle of a part of a window."""
    return watched.margin(elapsed=(slot + 0.5) / SLOTS)


def test_others_have_been_evenly_since_the_reply_before() -> None:
    watched = usual((31, 0), (39, 800))

    assert in_part(watched, 20) == 0
    assert in_part(watched, 35) == pytest.approx(128, abs=1.0)
    assert in_part(watched, 50) == 0


def test_others_that_a_second_reply_shows_in_one_part_were_there() -> None:
    watched = usual((31.1, 0), (31.9, 800))

    assert in_part(watched, 31) == 800


@pytest.mark.parametrize("slot", [-3.5, 0.5])
def test_a_reply_from_before_the_window_as_we_know_it_is_of_its_first_part(slot: float) -> None:
    watched = usual((slot, 500), (LAST, 500))

    assert in_part(watched, 0) == pytest.approx(500, abs=1.0)
    assert in_part(watched, SLOTS - 3) == 0


@pytest.mark.parametrize("slot", [LAST + 0.5, SLOTS, SLOTS + 7])
def test_a_reply_from_after_the_window_as_we_know_it_is_of_its_last_part(slot: float) -> None:
    watched = usual((LAST - 1, 0), (slot, 500))

    assert in_part(watched, LAST) == pytest.approx(500, abs=1.0)


def test_a_count_that_is_lower_takes_nothing_from_the_one_before() -> None:
    """Replies overtake each other, so that fewer calls of others may be certain for a while."""
    watched = Watched()
    watched.reply(800, at=0.2, slot=31)
    watched.budget.charge(200)
    watched.budget.confirm(200)
    watched.usage.observe(watched.budget, 0.3, 0.3, 39 / SLOTS, SCHEDULE)
    profile = watched.budget.external_profile

    assert watched.usage.estimate(watched.budget) < 800
    assert profile is not None
    assert min(profile) == 0.0
    assert sum(profile) == pytest.approx(800)


def test_a_reply_of_an_earlier_part_opens_no_part_again() -> None:
    """The server's clock was set back by a little."""
    watched = Watched()
    watched.reply(100, at=0.2, slot=40)
    watched.reply(200, at=0.3, slot=30)

    assert watched.budget.profiled == (40, 200)


def test_others_that_filled_a_window_wanted_more_in_its_last_two_parts() -> None:
    seen, full = usual((40, 4100)), usual((40, 4100), is_full=True)

    assert in_part(full, 37) == in_part(seen, 37)
    assert in_part(full, 38) < 1.2 * in_part(seen, 38)
    assert in_part(full, 39) > 1.8 * in_part(seen, 39)
    assert in_part(full, 40) == pytest.approx(CENSORED_FACTOR * in_part(seen, 40), abs=1.0)


def test_the_last_windows_count_as_much_as_all_before_them() -> None:
    watched = usual(*EVEN)
    watched.use((LAST, 0))

    assert in_part(watched, 20) == pytest.approx(64, abs=1.0)


def test_a_part_that_no_reply_shows_is_believed_a_little_less() -> None:
    watched = usual(*EVEN)
    watched.use((20, 2000))

    assert in_part(watched, 10) == pytest.approx(128, abs=1.0)
    assert in_part(watched, 50) == pytest.approx(UNSEEN_DECAY * 128, abs=1.0)


@pytest.mark.parametrize(("certain", "share"), [(3200, 1 / 2), (6400, 1.0), (9600, 1.0)])
def test_no_more_is_expected_than_others_can_have_used(certain: int, share: float) -> None:
    """By charge sequences there were 6,400 of them; by the counts, once all replies are here."""
    watched = Watched()
    watched.reply(6400, at=0.2, slot=LAST)
    watched.budget.highest_used_seen = certain + 1
    watched.open_next()

    assert in_part(watched, 20) == pytest.approx(128 * share, abs=1.0)
