"""Length and phase of windows, learned from their ends."""

from __future__ import annotations

import pytest

from intercom_async.scheduler.limits.window_schedule import MINUTE_MS, WindowSchedule


def test_a_moment_lies_in_the_window_that_ends_next() -> None:
    schedule = WindowSchedule(10.0)

    assert [schedule.window_at(moment) for moment in (9.9, 10.0, 19.999)] == [
        10_000,
        20_000,
        20_000,
    ]


@pytest.mark.parametrize(("window_s", "scale"), [(2.0, 0.2), (10.0, 1.0), (60.0, 1.0)])
def test_spans_shrink_with_the_window_and_never_grow(window_s: float, scale: float) -> None:
    assert WindowSchedule(window_s).scale == scale


def test_a_window_that_outlasts_its_length_lasts_a_minute() -> None:
    schedule, changes = WindowSchedule(10.0), 0

    def count() -> None:
        nonlocal changes
        changes += 1

    schedule.on_length_change(count)
    schedule.learn(70_000, count_restarted=False)
    schedule.lengthen()

    assert (schedule.length_ms, schedule.length_s, changes) == (MINUTE_MS, 60.0, 1)
    assert schedule.fits(130_000)


def test_a_guessed_length_is_corrected_by_the_next_gap() -> None:
    schedule = WindowSchedule(10.0)
    schedule.learn(70_000, count_restarted=False)
    schedule.lengthen()

    assert schedule.learn(100_000, count_restarted=True)
    assert schedule.length_ms == 30_000
    assert schedule.fits(130_000)


def test_two_odd_gaps_shorten_the_length() -> None:
    schedule = WindowSchedule(10.0)
    for end in (10_000, 12_000, 14_000):
        schedule.learn(end, count_restarted=True)

    assert schedule.length_ms == 2000


def test_an_end_that_moves_while_the_count_goes_on_is_none() -> None:
    schedule = WindowSchedule(10.0)
    schedule.learn(10_000, count_restarted=False)

    assert not schedule.learn(13_000, count_restarted=False)
    assert schedule.last_reset_ms == 10_000


def test_what_is_not_believed_is_forgotten() -> None:
    schedule = WindowSchedule(10.0)
    schedule.learn(70_000, count_restarted=False)
    schedule.lengthen()

    schedule.reset()

    assert (schedule.length_ms, schedule.last_reset_ms) == (10_000, 0)
