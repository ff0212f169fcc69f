"""Who goes next in a lane and among lanes, and what is kept of those that give up."""

from __future__ import annotations

import gc
import math
import weakref
from dataclasses import dataclass

import pytest

from intercom_async.priority import Priority
from intercom_async.scheduler.lanes import MAX_OVERTAKEN, MAX_STALE, SLACK_S, Lane, Lanes

INTERACTIVE, NORMAL, BACKGROUND, BULK = Priority
NOW = 1000.0


@dataclass(eq=False)
class Waiter:
    """What waits in a lane."""

    key: str = ""
    cost: int = 1
    since: float = 0.0
    priority: Priority = NORMAL
    is_repeat: bool = False
    is_waiting: bool = True


def fill(lane: Lane[Waiter], *waiters: Waiter) -> Lane[Waiter]:
    for waiter in waiters:
        lane.push(waiter)
    return lane


def give_up(lane: Lane[Waiter] | Lanes[Waiter], waiter: Waiter) -> None:
    waiter.is_waiting = False
    lane.discard(waiter)


def is_light(lane: Lane[Waiter]) -> bool:
    return lane.is_light


def pop_all(lane: Lane[Waiter]) -> list[Waiter]:
    gone: list[Waiter] = []
    while (head := lane.head()) is not None:
        lane.pop(head)
        gone.append(head)
    return gone


def test_repeats_go_first_and_those_that_gave_up_not_at_all() -> None:
    gone, usual, repeat = Waiter(), Waiter(), Waiter(is_repeat=True)
    lane = fill(Lane(NORMAL), gone, usual)
    give_up(lane, gone)
    assert lane.head() is usual

    lane.push(repeat)

    assert pop_all(lane) == [repeat, usual]


# Before a new one ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "key", "before"),
    [
        ("", "a", 0),
        ("aaa", "a", 3),
        ("aaabcc", "b", 4),  # a, b, c, a
        ("aaabcc", "a", 6),  # all of the others come before the fourth turn
        ("aaabcc", "c", 6),
        ("aaabcc", "d", 3),
    ],
)
def test_so_many_go_before_one_that_comes_now(keys: str, key: str, before: int) -> None:
    lane = fill(Lane(NORMAL), *[Waiter(each) for each in keys])
    new = Waiter(key)
    lane.push(new)

    assert lane.surely_before(new) == before

    assert pop_all(lane).index(new) == before


def test_none_goes_before_a_repeat_for_certain() -> None:
    lane = fill(Lane(NORMAL), Waiter("a"), Waiter("b"))
    repeat = Waiter("b", is_repeat=True)
    lane.push(repeat)

    assert lane.surely_before(repeat) == 0


def test_one_that_gave_up_goes_before_none() -> None:
    first, second = Waiter("a"), Waiter("a")
    lane = fill(Lane(NORMAL), first, second, Waiter("b"))
    give_up(lane, first)
    new = Waiter("b")
    lane.push(new)

    assert lane.surely_before(new) == 2


def test_a_key_in_debt_goes_later() -> None:
    heavy = Waiter("a", cost=4)
    lane = fill(Lane(NORMAL), heavy, Waiter("a"), Waiter("a"), Waiter("b"))
    lane.pop(heavy)
    new = Waiter("b")
    lane.push(new)

    assert lane.surely_before(new) == 1  # a skips three turns

    assert pop_all(lane).index(new) == 1


def test_a_debt_is_paid_to_others_and_not_alone() -> None:
    heavy, light, other = Waiter("a", cost=3), Waiter("a"), Waiter("b")
    lane = fill(Lane(NORMAL), heavy, light, other)
    lane.pop(heavy)
    lane.pop(other)
    assert lane.head() is light

    later = Waiter("b")
    lane.push(later)

    assert lane.head() is later


def test_a_lane_is_light_but_for_heavy_calls_that_wait() -> None:
    first, second, light = Waiter(cost=2), Waiter(cost=2), Waiter()
    lane = fill(Lane(NORMAL), light)
    assert is_light(lane)
    fill(lane, first, second)
    assert not is_light(lane)
    lane.pop(light)
    fill(lane, light)
    assert not is_light(lane)
    lane.pop(first)
    assert not is_light(lane)

    give_up(lane, second)

    assert is_light(lane)


def test_a_heavy_call_that_goes_leaves_light_ones_light() -> None:
    heavy = Waiter(cost=2)
    lane = fill(Lane(NORMAL), heavy, Waiter())

    lane.pop(heavy)

    assert is_light(lane)


def test_light_calls_that_give_up_leave_heavy_ones_heavy() -> None:
    heavy, light = Waiter(cost=2), Waiter()
    lane = fill(Lane(NORMAL), heavy, light)

    give_up(lane, light)

    assert not is_light(lane)


def test_lanes_with_heavy_calls_may_be_overtaken() -> None:
    lanes: Lanes[Waiter] = Lanes()
    new = Waiter(priority=BULK)
    for waiter in (
        Waiter(priority=NORMAL, cost=2),
        Waiter(priority=NORMAL),
        Waiter(priority=BACKGROUND),
        Waiter(priority=BULK),
        new,
    ):
        lanes.push(waiter)

    assert lanes.surely_before(new) == (1, 1)


# Overtaken -------------------------------------------------------------------------------------


def overtake(lane: Lane[Waiter], times: float) -> None:
    for _ in range(int(times)):
        lane.note_overtaken(NOW)


def test_only_an_overdue_head_is_overtaken() -> None:
    lane = fill(Lane(NORMAL), Waiter(since=NOW - SLACK_S[NORMAL] + 0.01))

    overtake(lane, 3)

    assert lane.overtaken == 0


def test_the_last_call_that_may_overtake_a_head_says_so() -> None:
    lane = fill(Lane(NORMAL), Waiter(since=NOW - 10.0))

    said = [lane.note_overtaken(NOW) for _ in range(int(MAX_OVERTAKEN[NORMAL]) + 1)]

    assert said.index(True) == MAX_OVERTAKEN[NORMAL] - 2
    assert sum(said) == 1


def test_an_empty_lane_is_not_overtaken() -> None:
    lane: Lane[Waiter] = Lane(NORMAL)

    overtake(lane, 3)

    assert lane.overtaken == 0


def test_a_head_is_owed_at_the_last_but_one() -> None:
    head = Waiter(since=NOW - 10.0)
    lane = fill(Lane(NORMAL), head, Waiter(since=NOW))
    overtake(lane, MAX_OVERTAKEN[NORMAL] - 2)
    assert not lane.is_owed(head, NOW)

    overtake(lane, 1)

    assert lane.is_owed(head, NOW)


def test_a_head_that_is_not_overdue_is_owed_nothing() -> None:
    head, young = Waiter(since=NOW - 10.0), Waiter(since=NOW)
    lane = fill(Lane(NORMAL), head, young)
    overtake(lane, MAX_OVERTAKEN[NORMAL])

    assert not lane.is_owed(young, NOW)


def lanes_of(*waiters: Waiter) -> Lanes[Waiter]:
    lanes: Lanes[Waiter] = Lanes()
    for waiter in waiters:
        lanes.push(waiter)
    return lanes


def test_a_call_that_goes_overtakes_the_overdue_heads_of_other_lanes() -> None:
    gone, background = Waiter(), Waiter(priority=BACKGROUND)
    lanes = lanes_of(gone, Waiter(), background, Waiter(priority=BULK, since=NOW))

    lanes.pop(gone, NOW)

    assert [lanes.of(lane).overtaken for lane in Priority] == [0, 0, 1, 0]


def test_a_head_that_was_overtaken_by_few_keeps_its_place() -> None:
    person, normal = Waiter(priority=INTERACTIVE), Waiter()
    lanes = lanes_of(person, normal)

    overtake(lanes.of(NORMAL), 1)

    assert lanes.heads(NOW) == [(person, False), (normal, False)]


def test_owed_heads_come_first_and_others_in_the_order_of_lanes() -> None:
    person, normal = Waiter(priority=INTERACTIVE), Waiter()
    background, bulk = Waiter(priority=BACKGROUND), Waiter(priority=BULK, since=NOW)
    lanes = lanes_of(bulk, background, normal, person)
    assert lanes.heads(NOW) == [
        (person, False), (normal, False), (background, False), (bulk, False)
    ]  # fmt: skip

    overtake(lanes.of(NORMAL), MAX_OVERTAKEN[NORMAL])

    assert lanes.heads(NOW) == [
        (normal, True), (person, False), (background, False), (bulk, False)
    ]  # fmt: skip
    give_up(lanes, bulk)
    assert lanes.heads(NOW) == [(normal, True), (person, False), (background, False)]


def test_of_two_that_are_owed_the_one_that_was_due_first_comes_first() -> None:
    normal, bulk = Waiter(since=NOW - 1.0), Waiter(priority=BULK, since=NOW - 100.0)
    lanes = lanes_of(normal, bulk)
    for lane in (NORMAL, BULK):
        overtake(lanes.of(lane), MAX_OVERTAKEN[lane])

    assert lanes.heads(NOW) == [(bulk, True), (normal, True)]


def test_a_call_of_another_queue_overtakes_the_overdue_heads_of_all_lanes() -> None:
    lanes = lanes_of(Waiter(priority=INTERACTIVE), Waiter(), Waiter(priority=BACKGROUND, since=NOW))

    said = [lanes.note_overtaken(NOW) for _ in range(int(MAX_OVERTAKEN[NORMAL]) - 1)]

    assert [lanes.of(lane).overtaken for lane in Priority] == [0, len(said), 0, 0]
    assert said.index(True) == len(said) - 1


def test_lanes_say_since_when_they_are_owed() -> None:
    lanes = lanes_of(Waiter(since=NOW - 1.0), Waiter(priority=BULK, since=NOW - 100.0))
    assert lanes.owed_since(NOW) == math.inf

    overtake(lanes.of(NORMAL), MAX_OVERTAKEN[NORMAL])
    assert lanes.owed_since(NOW) == NOW - 1.0 + SLACK_S[NORMAL]
    overtake(lanes.of(BULK), MAX_OVERTAKEN[BULK])

    assert lanes.owed_since(NOW) == NOW - 100.0 + SLACK_S[BULK]


# Giving up -------------------------------------------------------------------------------------


def test_those_that_gave_up_are_kept_only_while_they_are_few() -> None:
    waiters = [Waiter() for _ in range(300)]
    kept = [weakref.ref(waiter) for waiter in waiters]
    lane = fill(Lane(NORMAL), *waiters)

    def alive_after(count: int) -> int:
        for _ in range(count):
            give_up(lane, waiters.pop())
        gc.collect()
        return sum(ref() is not None for ref in kept)

    assert alive_after(10) == 300  # to look for them costs a look at all
    assert alive_after(280) <= 10 + MAX_STALE + 10


def test_a_sweep_drops_no_call_that_waits() -> None:
    repeat, stale_repeat, usual = (
        Waiter("a", is_repeat=True), Waiter("b", is_repeat=True), Waiter("b")
    )  # fmt: skip
    crowd = [Waiter(str(number % 3)) for number in range(200)]
    lane = fill(Lane(NORMAL), repeat, stale_repeat, usual, *crowd)
    give_up(lane, stale_repeat)
    for waiter in crowd:
        give_up(lane, waiter)

    assert list(lane) == [repeat, usual]
    assert pop_all(lane) == [repeat, usual]
