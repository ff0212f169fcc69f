"""Windows that others seem to have filled at once are tried, and rarely where it is true."""

from __future__ import annotations

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.scheduler.limits.sudden_ends import (
    MAX_IN_A_ROW,
    MIN_IN_A_ROW,
    SuddenEnds,
)
from .conftest import MakeDesk

LIMIT = 30
LENGTH_MS = 10_000


def test_windows_have_to_follow_one_another() -> None:
    ends = SuddenEnds()

    assert [ends.is_tried(end, LENGTH_MS) for end in (10_000, 30_000, 50_000)] == [False] * 3
    assert ends.is_tried(60_000, LENGTH_MS)


def test_one_window_is_one_window_however_often_it_ends() -> None:
    ends = SuddenEnds()

    assert [ends.is_tried(10_000, LENGTH_MS) for _ in range(5)] == [False] * 5


def test_where_a_trial_was_served_the_next_window_is_tried_at_once() -> None:
    ends = SuddenEnds()
    for number in range(1, MIN_IN_A_ROW + 1):
        ends.is_tried(number * LENGTH_MS, LENGTH_MS)

    assert ends.is_tried(900_000, LENGTH_MS)


def test_a_429_of_another_window_says_nothing_of_the_trial() -> None:
    ends = SuddenEnds()
    for number in range(1, MIN_IN_A_ROW + 1):
        ends.is_tried(number * LENGTH_MS, LENGTH_MS)

    ends.note_full(LENGTH_MS)

    assert ends.is_tried((MIN_IN_A_ROW + 1) * LENGTH_MS, LENGTH_MS)


def test_trials_become_rare_where_windows_are_full() -> None:
    ends = SuddenEnds()
    tried: list[int] = []
    for number in range(1, 2000):
        if ends.is_tried(number * LENGTH_MS, LENGTH_MS):
            tried.append(number)
            ends.note_full(number * LENGTH_MS)

    assert tried[:5] == [2, 6, 14, 30, 62]
    assert tried[-1] - tried[-2] == MAX_IN_A_ROW


@pytest.mark.anyio
async def test_a_window_that_others_fill_at_once_is_rarely_tried(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=6 * LIMIT), limit=LIMIT)
    for _ in range(30):
        await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
        await desk.call()
        await desk.call()
        desk.server.take(desk.server.remaining() - 1)
        await desk.call()
        desk.start()
    await desk.done()

    # In windows 2, 6, 14 and 30: the second that ends like this, then the fourth, and so on.
    assert desk.server.turned_away == 4
