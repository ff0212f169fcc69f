"""A call is refused for its `max_wait_s` only if it would really have waited longer.

Each history is run twice: once to see how long one call waits that may wait for ever, and then with
a limit just above that for the same call, its twin.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import Phase, given, settings

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.errors import WaitTooLongError
from intercom_async.priority import Priority, fairness_key
from intercom_async.scheduler import Scheduler
from tests.support.scheduler.server import Network, Server, Storm
from tests.support.virtual_time import run_virtual
from .conftest import Desk, MakeDesk

LONGEST_S = 100.0
"""Seconds after which a call that has not gone is given up."""
MARGIN_S = 0.002
"""Seconds by which a twin may wait longer: timers and turns of the loop."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Calls of one lane: some at once, and some as time goes by."""

    at_once: int
    demand: float
    """Calls as they come, as a multiple of the limit."""
    cost: int
    keys: int


@dataclass(frozen=True, slots=True)
class History:
    """What happens before, with and after the call."""

    seed: int
    limit: int
    ceiling: float | None
    """A rate of the user's own, as a multiple of the limit."""
    crowds: tuple[Crowd, ...]
    others: float
    """What another client uses, as a multiple of the limit."""
    lane: Priority
    cost: int
    key: str
    comes_at_s: float
    """Seconds from the crowds to the call."""
    begins_at_s: float = 0.5
    """Seconds from the first call of all to the crowds."""


crowds = st.builds(
    Crowd,
    at_once=st.sampled_from([0, 0, 5, 60, 250]),
    demand=st.sampled_from([0.0, 0.1, 0.5, 1.05, 3.0]),
    cost=st.sampled_from([1, 1, 1, 4]),
    keys=st.sampled_from([1, 1, 3]),
)
histories = st.builds(
    History,
    seed=st.integers(0, 10_000),
    limit=st.sampled_from([5, 20, 100]),
    ceiling=st.sampled_from([None, None, 0.3, 1.0]),
    crowds=st.tuples(crowds, crowds, crowds, crowds),
    others=st.sampled_from([0.0, 0.0, 0.3]),
    lane=st.sampled_from(Priority),
    cost=st.sampled_from([1, 1, 1, 4]),
    key=st.sampled_from(["0", "0", "new"]),
    comes_at_s=st.sampled_from([0.0, 0.3, 1.0, 4.0, 9.9, 25.0]),
)


class World:
    """A server, a scheduler before it, and everybody who calls."""

    def __init__(self, told: History) -> None:
        self.told = told
        self.server = Server(
            Random(told.seed), Network(0.01, 0.03, 0.01, spread=0.2), limit=told.limit
        )
        ceiling = None if told.ceiling is None else told.ceiling * told.limit / 10
        self.scheduler = Scheduler(
            Limits(app_per_minute=6 * told.limit, max_per_second=ceiling),
            random=Random(told.seed),
        )
        self.tasks: list[asyncio.Task[None]] = []

    async def call(self, lane: Priority, cost: int, key: str) -> None:
        """Call until it is served."""
        status = 0
        while status != 200:
            with fairness_key(key):
                permit = self.scheduler.admit(priority=lane, cost=cost)
            async with permit:
                reply = await self.server.exchange()
                status = reply.status
                permit.observe(status=status, headers=reply.headers, message=reply.message)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.ensure_future(work))

    async def keep_coming(self, lane: Priority, crowd: Crowd) -> None:
        chance, per_s = Random(f"{self.told.seed} {lane}"), crowd.demand * self.told.limit / 10
        for number in itertools.count():
            await CLOCK.sleep(chance.expovariate(per_s / crowd.cost))
            self.start(self.call(lane, crowd.cost, str(number % crowd.keys)))

    async def use_elsewhere(self) -> None:
        chance = Random(f"{self.told.seed} others")
        while True:
            await CLOCK.sleep(chance.expovariate(self.told.others * self.told.limit / 10))
            self.server.take(1)

    async def begin(self) -> None:
        self.start(self.call(Priority.NORMAL, 1, "0"))
        await CLOCK.sleep(self.told.begins_at_s)
        if self.told.others:
            self.start(self.use_elsewhere())
        for lane, crowd in zip(Priority, self.told.crowds, strict=True):
            for number in range(crowd.at_once):
                self.start(self.call(lane, crowd.cost, str(number % crowd.keys)))
            if crowd.demand:
                self.start(self.keep_coming(lane, crowd))
        await CLOCK.sleep(self.told.comes_at_s)

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        self.scheduler.close()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def wait_of_one(told: History, max_wait_s: float | None) -> float | None:
    """Return how long the one call waits; None if it is not let go.

    Raises:
        WaitTooLongError: It is refused.
    """
    world = World(told)
    await world.begin()
    begun = CLOCK.now()
    try:
        with fairness_key(told.key):
            permit = world.scheduler.admit(
                priority=told.lane, cost=told.cost, max_wait_s=max_wait_s
            )
        await asyncio.wait_for(permit.enter(), LONGEST_S)
        permit.leave()
        return CLOCK.now() - begun
    except TimeoutError:
        return None
    finally:
        await world.end()


NOBODY = Crowd(at_once=0, demand=0.0, cost=1, keys=1)


def history(lane: Priority, limit: int, *crowds: Crowd, **options: Any) -> History:
    """Return a history in which one call comes a second after the crowds, unless told otherwise."""
    usual: dict[str, Any] = {"seed": 1, "ceiling": None, "others": 0.0, "cost": 1, "key": "0"}
    names: dict[str, Any] = {**usual, "comes_at_s": 1.0, **options}
    return History(limit=limit, lane=lane, crowds=(*crowds, *[NOBODY] * (4 - len(crowds))), **names)


def check(history: History) -> None:
    waited_s = run_virtual(wait_of_one(history, None))
    if waited_s is None:
        return
    assert run_virtual(wait_of_one(history, waited_s + MARGIN_S)) is not None


CROWD = Crowd(at_once=250, demand=0.0, cost=1, keys=1)
HEAVY = replace(CROWD, at_once=60, cost=4)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(
            history(
                *(Priority.BULK, 400, replace(NOBODY, demand=0.1), NOBODY, NOBODY, CROWD),
                comes_at_s=0.0,
                begins_at_s=40.0,
            ),
            id="the rest of a job goes at once",
        ),
        pytest.param(
            history(Priority.BULK, 400, NOBODY, NOBODY, NOBODY, replace(CROWD, keys=3), key="new"),
            id="another key has a turn of its own",
        ),
        pytest.param(history(Priority.NORMAL, 20, CROWD), id="a lane is owed a turn"),
        pytest.param(
            history(Priority.NORMAL, 20, CROWD, ceiling=1.0), id="it is owed one at a ceiling"
        ),
        pytest.param(history(Priority.NORMAL, 7, HEAVY), id="a light call overtakes heavy ones"),
        pytest.param(
            history(Priority.BULK, 20, NOBODY, CROWD, comes_at_s=0.0),
            id="while answers are under way",
        ),
    ],
)
def test_a_call_whose_twin_goes_in_time_is_not_refused(told: History) -> None:
    check(told)


@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(told=histories)
def test_no_history_refuses_a_call_whose_twin_goes_in_time(told: History) -> None:
    check(told)


@pytest.mark.anyio
async def test_before_any_answer_no_call_is_certain_to_wait(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=600), limit=10_000)
    calls = [desk.start(priority=Priority.INTERACTIVE, max_wait_s=1.0) for _ in range(1000)]

    await asyncio.gather(*calls)

    assert CLOCK.now() < 1.0


@pytest.mark.anyio
async def test_a_pause_that_is_over_refuses_nobody(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=600), limit=100)
    await desk.call()
    permits = [await desk.scheduler.admit().enter() for _ in range(4)]
    for permit in permits[:3]:
        permit.observe(status=429, headers={})
        permit.leave()
    async with desk.scheduler.admit() as probe:
        permits[3].observe(status=429, headers={})  # sent before the pause, answered after it
        permits[3].leave()
        reply = await desk.server.exchange()
        probe.observe(status=reply.status, headers=reply.headers)

    calls = [desk.start(priority=Priority.BULK, max_wait_s=0.5) for _ in range(3)]

    await asyncio.gather(*calls)


@pytest.mark.anyio
async def test_a_wait_counts_once_though_a_ceiling_and_a_window_hold_it(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk(Limits(app_per_minute=600, max_per_second=1), limit=100)
    await desk.fill_window()
    for _ in range(4):
        desk.start(priority=Priority.INTERACTIVE)
    await CLOCK.sleep(0.0)
    ends_in_s, begun = desk.server.ends_in_s(), CLOCK.now()

    # It has been turned away a moment ago, as the session's calls are in full windows.
    await desk.start(max_wait_s=ends_in_s + 1.5, is_repeat=True, since=begun - 0.1)

    assert CLOCK.now() - begun >= ends_in_s
    await desk.done()


def test_a_call_that_no_window_has_room_for_in_time_is_refused_at_once() -> None:
    told = history(Priority.NORMAL, 20, NOBODY, replace(CROWD, at_once=60), comes_at_s=3.0)

    with pytest.raises(WaitTooLongError) as caught:
        run_virtual(wait_of_one(told, 15.0))

    assert caught.value.limit_s == 15.0
    assert caught.value.wait_s > 15.0


# What the log says a call waits for ----------------------------------------------------------


async def wait_of_one_more(desk: Desk, caplog: pytest.LogCaptureFixture, **options: Any) -> str:
    """Return what the log says that the next call waits for."""
    with caplog.at_level(logging.DEBUG, "intercom_async"):
        caplog.clear()
        desk.start(**options)
        await CLOCK.sleep(0.001)
        said = [line.getMessage() for line in caplog.records if " waits: " in line.getMessage()]
    desk.scheduler.close()
    await desk.done()
    return said[-1].partition(" waits: ")[2] if said else ""


@pytest.mark.anyio
async def test_many_calls_under_way_are_waited_for(
    make_desk: MakeDesk, caplog: pytest.LogCaptureFixture
) -> None:
    desk = make_desk(Limits(max_in_flight=1))
    await desk.call()
    desk.start()
    await CLOCK.sleep(0.001)

    assert await wait_of_one_more(desk, caplog) == "as many calls are under way as may be"


@pytest.mark.anyio
async def test_an_overloaded_server_is_waited_for(
    make_desk: MakeDesk, caplog: pytest.LogCaptureFixture
) -> None:
    desk = make_desk()
    await desk.call()
    desk.server.storm = Storm.EDGE
    for _ in range(5):
        desk.start()
    await CLOCK.sleep(0.1)

    assert await wait_of_one_more(desk, caplog) == "the server is overloaded"


@pytest.mark.anyio
async def test_a_window_that_is_used_up_is_waited_for(
    make_desk: MakeDesk, caplog: pytest.LogCaptureFixture
) -> None:
    desk = make_desk(limit=100)
    await desk.fill_window()

    assert await wait_of_one_more(desk, caplog) == "the window is used up"


@pytest.mark.anyio
async def test_pacing_is_waited_for(make_desk: MakeDesk, caplog: pytest.LogCaptureFixture) -> None:
    desk = make_desk(limit=100)
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    await desk.call()
    for _ in range(50):
        desk.start(priority=Priority.BULK)
    await CLOCK.sleep(0.001)

    said = await wait_of_one_more(desk, caplog, priority=Priority.BULK)

    assert said == "it is paced, or others go first"
