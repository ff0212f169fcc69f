"""Windows that others seem to have filled at once are tried, and rarely where it is true."""

from __future__ import annotations

from itertools import pairwise

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.scheduler.limits.sudden_ends import (
    MAX_IN_A_ROW,
    MIN_IN_A_ROW,
    SuddenEnds,
)
from tests.support.scheduler.server import Network
from .conftest import Desk, MakeDesk

LIMIT = 30
LENGTH_MS = 10_000
RARER = {1: [4, 8, 16, 32], 2: [4, 8, 16, 32], 3: [6, 9, 18, 33]}
"""Windows from one trial that is refused to the next, by how many windows have an answer in one."""


def moment(number: int) -> float:
    """Return when the window of a number ends suddenly."""
    return 10.0 * number - 5.0


def is_tried(ends: SuddenEnds, number: int) -> bool:
    return ends.is_tried(number * LENGTH_MS, LENGTH_MS, moment(number))


def serve_a_trial(ends: SuddenEnds) -> None:
    """Let windows end suddenly until one is tried, and serve the trial."""
    for number in range(1, MIN_IN_A_ROW + 1):
        is_tried(ends, number)
    ends.note_served(MIN_IN_A_ROW * LENGTH_MS, moment(MIN_IN_A_ROW) + 0.1)


def test_windows_have_to_follow_one_another() -> None:
    ends = SuddenEnds()

    assert [is_tried(ends, number) for number in (1, 3, 5)] == [False] * 3
    assert is_tried(ends, 6)


def test_one_window_is_one_window_however_often_it_ends() -> None:
    ends = SuddenEnds()

    assert [is_tried(ends, 1) for _ in range(5)] == [False] * 5


def test_one_window_is_tried_once() -> None:
    ends = SuddenEnds()

    assert [is_tried(ends, number) for number in (1, 2, 2, 2, 3, 3)].count(True) == 2


def test_where_a_trial_was_served_the_next_window_is_tried_at_once() -> None:
    ends = SuddenEnds()
    serve_a_trial(ends)

    assert is_tried(ends, 90)


@pytest.mark.parametrize("answer", ["none", "an older call's", "another window's"])
def test_what_does_not_answer_a_trial_decides_nothing(answer: str) -> None:
    ends = SuddenEnds()
    for number in range(1, MIN_IN_A_ROW + 1):
        is_tried(ends, number)
    if answer == "an older call's":
        ends.note_served(MIN_IN_A_ROW * LENGTH_MS, moment(MIN_IN_A_ROW) - 0.1)
    elif answer == "another window's":
        ends.note_served((MIN_IN_A_ROW - 1) * LENGTH_MS, moment(MIN_IN_A_ROW))

    assert not is_tried(ends, 90)


def test_a_429_of_another_window_says_nothing_of_the_trial() -> None:
    ends = SuddenEnds()
    serve_a_trial(ends)

    ends.note_full(LENGTH_MS)

    assert is_tried(ends, MIN_IN_A_ROW + 1)


@pytest.mark.parametrize("answered", [1, 2, 3])
def test_trials_become_rare_where_windows_are_full(answered: int) -> None:
    """So do they where only each second or third trial has an answer."""
    ends = SuddenEnds()
    refused: list[int] = []
    for number in range(1, 2000):
        if is_tried(ends, number) and number % answered == 0:
            refused.append(number)
            ends.note_full(number * LENGTH_MS)

    assert [later - number for number, later in pairwise(refused)][:4] == RARER[answered]
    assert MAX_IN_A_ROW <= refused[-1] - refused[-2] < MAX_IN_A_ROW + answered


async def end_suddenly(desk: Desk, *, left: int) -> None:
    """Call, let others use up the next window but for the last calls, and take one of them."""
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    await desk.call()
    await desk.call()
    desk.server.take(desk.server.remaining() - left)
    await desk.call()


@pytest.mark.anyio
async def test_a_window_that_others_fill_at_once_is_rarely_tried(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=6 * LIMIT), limit=LIMIT)
    for _ in range(30):
        await end_suddenly(desk, left=1)
        desk.start()
    await desk.done()

    # In windows 2, 6, 14 and 30: the second that ends like this, then the fourth, and so on.
    assert desk.server.turned_away == 4


@pytest.mark.anyio
async def test_trials_become_rare_although_some_have_no_call_to_make(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=6 * LIMIT), limit=LIMIT)
    for number in range(1, 61):
        await end_suddenly(desk, left=1)
        if number % 4 == 0:
            desk.start()
    await desk.done()

    assert desk.server.turned_away <= 5


@pytest.mark.anyio
@pytest.mark.parametrize("left", [1, 2])
async def test_one_call_tries_a_window_however_many_wait(make_desk: MakeDesk, left: int) -> None:
    desk = make_desk(network=Network(0.1, 0.2, 0.1, spread=0.0))
    for _ in range(4):
        await end_suddenly(desk, left=left)
        for _ in range(300):
            desk.start()
        await CLOCK.sleep(5.0)
    await desk.done()

    assert desk.server.turned_away <= 2
