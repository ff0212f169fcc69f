"""What a window matcher makes of single replies: which are believed, and from which one on."""

from __future__ import annotations

import pytest

from intercom_async.response import Window
from intercom_async.scheduler.limits.server_clock import (
    AHEAD_SLACK_S,
    DRIFT,
    DRIFT_MARGIN,
    ServerClock,
)
from intercom_async.scheduler.limits.window_budget import BudgetTable, WindowBudget
from intercom_async.scheduler.limits.window_matching import (
    CONSISTENT_WINDOWS,
    MAX_CONSISTENT_WINDOWS,
    MIN_AGREEING_FAR,
    WindowMatcher,
)
from intercom_async.scheduler.limits.window_schedule import WindowSchedule

LIMIT = 100
RTT_S = 0.1


class Asker:
    """A matcher, and a server whose clock is the loop's; windows end at multiples of 10 s."""

    def __init__(self, window_s: float = 10.0) -> None:
        self.clock = ServerClock()
        self.schedule = WindowSchedule(window_s)
        self.budgets = BudgetTable(
            self.schedule, lambda end: WindowBudget(end, LIMIT), on_new_window=lambda _: None
        )
        self.distrusts = 0
        self.matcher = WindowMatcher(
            self.clock, self.schedule, self.budgets, on_distrust=self.note_distrust
        )

    def note_distrust(self) -> None:
        self.distrusts += 1

    def ask(
        self,
        sent: float,
        end: float | None,
        used: int | None = None,
        *,
        is_certain: bool = False,
        date: float | None = None,
    ) -> float | None:
        """Match a reply that names this end; return the end that is believed."""
        remaining = None if used is None else LIMIT - used
        said = Window(LIMIT, remaining, end)
        found = self.matcher.match(said, sent, sent + RTT_S, is_certain=is_certain, date=date)
        if found is None:
            return None
        budget = self.budgets.open(found)
        if budget is not None and used is not None:
            budget.highest_used_seen = max(budget.highest_used_seen, used)
        return found / 1000

    def is_in_doubt(self) -> bool:
        return self.matcher.is_in_doubt

    def is_distrusted(self) -> bool:
        return self.matcher.is_distrusted

    def bounds(self, now: float) -> tuple[float, float]:
        low, high = self.clock.bounds(now)
        return round(low, 2), round(high, 2)


def settled(window_s: float = 10.0) -> Asker:
    """Return one that knows the offset to lie between -0.1 and 0.2."""
    asker = Asker(window_s)
    for sent, windows in ((window_s / 2, 1), (window_s - 0.2, 1), (window_s, 2)):
        assert asker.ask(sent, windows * window_s) == windows * window_s
    return asker


def test_a_reply_without_an_end_names_no_window() -> None:
    assert settled().ask(11.0, None) is None


def test_a_reply_like_the_one_before_names_its_window() -> None:
    asker = settled()

    assert asker.ask(15.0, 20.0) == 20.0
    assert asker.bounds(10.1) == (-0.1, 0.2)
    assert not asker.is_in_doubt()


# The clock -------------------------------------------------------------------------------------


def test_a_window_that_should_be_over_moves_the_clock_at_the_second_reply() -> None:
    asker = settled()

    assert asker.ask(20.5, 20.0) == 20.0
    assert not asker.is_in_doubt()
    assert asker.ask(20.6, 20.0) == 20.0
    assert asker.is_in_doubt()
    assert asker.bounds(20.7) == (-0.95, -0.6)


def test_a_429_moves_it_at_once() -> None:
    asker = settled()

    assert asker.ask(20.5, 20.0, is_certain=True) == 20.0

    assert asker.is_in_doubt()


def test_a_sound_reply_in_between_is_none_in_a_row() -> None:
    asker = settled()

    for sent, end in ((20.5, 20.0), (20.6, 30.0), (20.7, 20.0)):
        assert asker.ask(sent, end) == end

    assert not asker.is_in_doubt()


def test_a_repeated_one_in_between_is_none_in_a_row() -> None:
    asker = settled()

    for sent, end in ((20.5, 20.0), (18.0, 20.0), (20.7, 20.0)):
        assert asker.ask(sent, end) == end

    assert not asker.is_in_doubt()


def test_what_left_before_the_clock_moved_proves_nothing() -> None:
    asker = settled()
    asker.ask(20.5, 20.0, is_certain=True)
    before = asker.bounds(20.6)

    assert asker.ask(20.2, 10.0, is_certain=True) is None  # is far
    assert asker.ask(20.3, 30.0, is_certain=True) == 30.0  # is near
    assert asker.bounds(20.6) == before


@pytest.mark.parametrize("window_s", [10.0, 5.0])
def test_a_window_in_doubt_is_tried_at_later_and_later_times(window_s: float) -> None:
    asker, end = settled(window_s), 2 * window_s
    gaps: list[float] = []
    for passed in (0.05, 0.12, 0.22, 0.4, 0.65, 0.79):
        sent = end + passed * window_s
        # Its count begins again, so that it is not taken for a longer window.
        used = 60 if len(gaps) % 2 else 20
        assert asker.ask(sent, end, used, is_certain=True) == end
        low, high = asker.clock.bounds(sent + RTT_S)
        assert high == pytest.approx(end - sent)
        gaps.append(round(high - low - RTT_S, 3))

    scale = window_s / 10.0
    assert gaps == [scale * gap for gap in (0.25, 0.5, 1.0, 1.0, 1.0, 5.0)]


def test_the_next_window_ends_the_doubt() -> None:
    asker = settled()
    asker.ask(20.5, 20.0, is_certain=True)

    assert asker.ask(20.9, 30.0) == 30.0

    assert not asker.is_in_doubt()
    asker.ask(31.5, 30.0, is_certain=True)
    low, high = asker.clock.bounds(31.6)
    assert high - low - RTT_S == pytest.approx(0.25)


def test_a_window_that_should_not_have_begun_moves_the_clock() -> None:
    asker = settled()

    assert asker.ask(14.0, 30.0) == 30.0
    assert asker.bounds(14.1) == (-0.1, 0.2)
    assert asker.ask(14.0, 30.0) == 30.0

    assert asker.bounds(14.1) == (5.9, round(5.9 + 0.3 + AHEAD_SLACK_S, 2))
    assert not asker.is_in_doubt()


def shift_twice(second_at: float) -> Asker:
    asker = settled()
    asker.ask(20.4, 20.0, is_certain=True)
    asker.ask(20.8, 30.0)
    asker.ask(second_at, second_at // 10 * 10, is_certain=True)
    return asker


def test_two_shifts_in_a_row_are_a_drift() -> None:
    asker = shift_twice(31.4)

    # The middle of what was possible has moved by so much in a window.
    assert asker.clock.drift > 10 * DRIFT
    assert asker.clock.drift <= DRIFT_MARGIN * 0.15


def test_two_shifts_that_are_far_apart_are_none() -> None:
    assert shift_twice(51.4).clock.drift == DRIFT


def test_a_drift_is_forgotten_window_by_window() -> None:
    asker = settled()
    asker.clock.learn_drift(0.001)
    learned = asker.clock.drift

    asker.ask(25.0, 30.0)
    assert asker.clock.drift < learned
    once = asker.clock.drift
    asker.ask(26.0, 30.0)
    assert asker.clock.drift == once


def test_a_drift_is_kept_by_a_window_that_was_in_doubt() -> None:
    asker = settled()
    asker.clock.learn_drift(0.001)
    learned = asker.clock.drift
    asker.ask(20.5, 20.0, is_certain=True)

    asker.ask(20.9, 30.0)

    assert asker.clock.drift == learned


def test_a_window_without_drift_changes_no_clock() -> None:
    asker = settled()
    before = asker.clock.version

    asker.ask(25.0, 30.0)

    assert asker.clock.version == before


# Far off ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [60.0, 26.0])
def test_windows_far_off_or_at_odd_ends_are_believed_at_the_fifth_reply(end: float) -> None:
    asker = settled()

    found = [asker.ask(11.0, end) for _ in range(MIN_AGREEING_FAR)]

    assert found == [None] * 4 + [end]
    assert asker.bounds(11.1) == (round(end - 21.1, 2), round(end - 11.0, 2))


def test_a_sound_reply_in_between_makes_them_begin_again() -> None:
    asker = settled()
    for _ in range(4):
        asker.ask(11.0, 60.0)
    asker.ask(12.0, 20.0)

    assert asker.ask(12.0, 60.0) is None


def test_a_contradiction_of_date_alone_drops_date() -> None:
    asker = Asker()
    asker.ask(5.0, 10.0)
    asker.clock.observe_date(8.0, sent=5.0, received=5.1)
    assert asker.bounds(5.1) == (2.15, 4.75)

    assert asker.ask(9.0, 10.0) == 10.0

    assert asker.bounds(9.1) == (-9.1, 1.0)


@pytest.mark.parametrize(
    ("date", "is_believed"), [(None, True), (-110.0, True), (-110.1, False), (131.0, False)]
)
def test_a_first_end_far_from_date_is_none(date: float | None, is_believed: bool) -> None:  # noqa: FBT001
    asker = Asker()

    assert asker.ask(5.0, 10.0, date=date) == (10.0 if is_believed else None)

    assert asker.is_distrusted() is not is_believed


@pytest.mark.parametrize(("used", "is_believed"), [(3, True), (30, False), (None, False)])
def test_an_end_that_moves_while_the_count_goes_on_is_none(
    used: int | None,
    is_believed: bool,  # noqa: FBT001
) -> None:
    asker = Asker()
    asker.ask(5.0, 10.0, 20)

    assert asker.ask(6.0, 13.0, used) == (13.0 if is_believed else None)

    assert asker.matcher.impossible == (not is_believed)


# Length ----------------------------------------------------------------------------------------


def outlast(*sends: float, used: tuple[int, ...] = (60,)) -> Asker:
    """Let replies name a window long after its end, while the count goes on."""
    asker = settled()
    asker.ask(12.0, 20.0, 50)
    for place, sent in enumerate(sends):
        asker.ask(sent, 20.0, used[place % len(used)], is_certain=True)
    return asker


def test_a_window_that_outlasts_its_length_is_longer() -> None:
    asker = outlast(20.5, 21.0, 25.0, 30.0, 35.7)

    assert asker.schedule.length_ms == 60_000
    assert not asker.is_in_doubt()
    # It had begun when it was named first, at 10.1.
    assert asker.bounds(35.8) == (-50.1, -15.7)


@pytest.mark.parametrize(
    ("sends", "used"),
    [
        ((20.5, 21.0, 25.0, 35.7), (60,)),  # too few
        ((20.5, 21.0, 22.0, 23.2, 24.8), (60,)),  # not long enough
        ((20.5, 21.0, 25.0, 30.0, 35.7), (60, 20)),  # counts begin again
    ],
)
def test_a_window_that_may_be_of_the_usual_length_is(
    sends: tuple[float, ...], used: tuple[int, ...]
) -> None:
    assert outlast(*sends, used=used).schedule.length_ms == 10_000


def test_replies_that_name_different_windows_outlast_none() -> None:
    asker = settled()
    asker.ask(12.0, 20.0, 50)

    for place, sent in enumerate((20.5, 21.0, 25.0, 30.0, 35.7, 36.5)):
        asker.ask(sent, (10.0, 20.0)[place % 2], 60)

    assert asker.schedule.length_ms == 10_000


def test_a_window_that_came_early_has_not_lasted_longer() -> None:
    asker = settled()
    asker.ask(14.0, 30.0)
    asker.ask(14.0, 30.0)
    assert asker.bounds(14.1)[0] == 5.9

    for sent in (24.6, 25.2, 29.5):
        asker.ask(sent, 30.0, 60, is_certain=True)

    assert asker.schedule.length_ms == 10_000


def test_a_window_that_is_closed_for_good_is_far_off() -> None:
    asker = settled()
    asker.ask(95.0, 100.0)

    assert asker.ask(96.0, 50.0, 5) is None


def test_another_window_begins_the_count_again() -> None:
    asker = outlast(20.5, 21.0, 25.0, 30.0)
    asker.ask(31.0, 30.0, 5, is_certain=True)

    asker.ask(35.9, 20.0, 60, is_certain=True)

    assert asker.schedule.length_ms == 10_000


# Trust -----------------------------------------------------------------------------------------


def distrusting(times: int = 1) -> Asker:
    asker = settled()
    for _ in range(times):
        for _ in range(MIN_AGREEING_FAR):
            asker.matcher.note_impossible(20_000)
    return asker


def test_five_impossible_replies_end_trust() -> None:
    asker = settled()
    asker.schedule.adopt(5_000)
    for _ in range(MIN_AGREEING_FAR - 1):
        asker.matcher.note_impossible(20_000)
    assert not asker.is_distrusted()

    asker.matcher.note_impossible(20_000)

    assert asker.is_distrusted()
    assert asker.matcher.has_headers is False
    assert asker.schedule.length_ms == 10_000
    assert (asker.distrusts, asker.matcher.impossible) == (1, 0)
    assert not asker.clock.is_known


def test_what_is_not_believed_names_no_window() -> None:
    asker = distrusting()

    assert [asker.ask(15.0, 20.0) for _ in range(9)] == [None] * 9


def test_what_another_app_believes_is_not_believed_by_this_one() -> None:
    asker = distrusting()
    other = WindowMatcher(
        asker.clock, asker.schedule, asker.budgets, on_distrust=asker.note_distrust
    )
    said = Window(LIMIT, 50, 20.0)

    assert other.match(said, 15.0, 15.1) == 20_000
    assert asker.ask(15.0, 20.0, 50) is None


def windows_until_trust(asker: Asker, *, step_s: float = 10.0, **options: bool) -> int | None:
    """Return how many windows are named until one is believed, up to 500."""
    for number in range(1, 501):
        sent = 15.0 + 10.0 * number
        if asker.ask(sent, 20.0 + step_s * number, 50, **options) is not None:
            return number
        assert asker.ask(sent + 1.0, 20.0 + step_s * number, 60, **options) is None
    return None


def test_three_windows_in_a_row_are_believed_again() -> None:
    asker = distrusting()

    assert windows_until_trust(asker) == CONSISTENT_WINDOWS
    assert not asker.is_distrusted()
    assert asker.ask(46.5, 50.0) == 50.0


@pytest.mark.parametrize(("times", "windows"), [(2, 6), (3, 12), (9, MAX_CONSISTENT_WINDOWS)])
def test_each_time_it_takes_longer(times: int, windows: int) -> None:
    assert windows_until_trust(distrusting(times)) == windows


@pytest.mark.parametrize("step_s", [13.0, 40.0, -10.0])
def test_windows_that_do_not_pass_with_time_are_not_believed(step_s: float) -> None:
    assert windows_until_trust(distrusting(), step_s=step_s) is None


@pytest.mark.parametrize(("is_certain", "expected"), [(False, None), (True, 60.0)])
def test_the_last_call_of_a_window_is_no_sign_of_truth(
    is_certain: bool,  # noqa: FBT001
    expected: float | None,
) -> None:
    asker = distrusting()
    asker.ask(25.0, 30.0, 50)
    asker.ask(35.0, 40.0, LIMIT, is_certain=is_certain)
    asker.ask(45.0, 50.0, 50)

    assert asker.ask(55.0, 60.0, 50) == expected


def test_missing_headers_are_noted_where_nothing_is_known_yet() -> None:
    asker = Asker()
    asker.matcher.note_missing_headers()
    assert asker.matcher.has_headers is False

    asker = Asker()
    asker.matcher.has_headers = True
    asker.matcher.note_missing_headers()
    assert asker.matcher.has_headers is True

    asker = settled()
    asker.ask(11.0, 60.0)
    asker.matcher.note_missing_headers()
    assert asker.matcher.has_headers is None
