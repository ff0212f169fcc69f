"""No lane starves: whatever the demand, an overdue head is overtaken a bounded number of times."""

from __future__ import annotations

import asyncio
import math
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Hooks, Scheduler
from intercom_async.scheduler.lanes import MAX_OVERTAKEN, SLACK_S
from tests.support.scheduler.clients import Scheduled
from tests.support.scheduler.server import Network, Server
from tests.support.virtual_time import run_virtual
from .conftest import MakeDesk

LIMIT = 100
WINDOW_S = 10.0
FEW_PER_S = 0.25
"""Calls a second, less than the share of each lane."""
LOWER = (Priority.NORMAL, Priority.BACKGROUND, Priority.BULK)


class Grants(Hooks):
    """Writes down which lane was granted, when, and after which wait."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, Priority, float]] = []

    def granted(self, priority: Priority, waited_s: float) -> None:
        self.seen.append((CLOCK.now(), priority, waited_s))

    def overtakes(self, lane: Priority) -> int:
        """Return the most calls of other lanes that went while one head of a lane was overdue."""
        most, previous = 0, -1
        for index, (now, priority, waited_s) in enumerate(self.seen):
            if priority is not lane:
                continue
            overdue_at = now - waited_s + SLACK_S[lane]
            between = self.seen[previous + 1 : index]
            most = max(most, sum(at >= overdue_at for at, _, _ in between))
            previous = index
        return most

    def longest_wait_s(self, lane: Priority) -> float:
        return max((waited for _, priority, waited in self.seen if priority is lane), default=0.0)


async def flood(
    demand: float, flooding: Priority, cost: int, seed: int, span_s: float = 100.0
) -> tuple[Grants, Server, Scheduler]:
    """Ask for so many times the limit in one lane, and for few calls in the others."""
    random = Random(seed)
    server = Server(random, Network(0.01, 0.03, 0.01, spread=0.2), limit=LIMIT)
    grants = Grants()
    scheduler = Scheduler(Limits(app_per_minute=6 * LIMIT), hooks=grants, random=random)
    client = Scheduled(server, "", scheduler)
    tasks: set[asyncio.Task[float]] = set()

    async def ask(lane: Priority, per_s: float, *, heavy: int = 1) -> None:
        while True:
            await CLOCK.sleep(random.expovariate(per_s))
            tasks.add(asyncio.ensure_future(client.call(lane, cost=heavy)))

    asking = [
        asyncio.ensure_future(
            ask(lane, demand * LIMIT / WINDOW_S)
            if lane is flooding
            else ask(lane, FEW_PER_S / cost, heavy=cost)
        )
        for lane in Priority
    ]
    await CLOCK.sleep(span_s)
    for task in asking:
        task.cancel()
    scheduler.close()
    await asyncio.gather(*asking, *tasks, return_exceptions=True)
    return grants, server, scheduler


@settings(max_examples=5, deadline=None)
@given(
    demand=st.sampled_from([0.8, 1.05, 1.3, 3.0]),
    flooding=st.sampled_from(Priority),
    cost=st.sampled_from([1, 4]),
    seed=st.integers(0, 100),
)
def test_an_overdue_head_is_overtaken_a_bounded_number_of_times(
    demand: float, flooding: Priority, cost: int, seed: int
) -> None:
    grants, _, _ = run_virtual(flood(demand, flooding, cost, seed))

    for lane in LOWER:
        assert grants.overtakes(lane) <= MAX_OVERTAKEN[lane] + 1


@pytest.mark.parametrize("demand", [1.05, 3.0])
def test_waits_are_bounded_at_any_demand(demand: float) -> None:
    grants, server, _ = run_virtual(flood(demand, Priority.INTERACTIVE, 1, 1))

    # Five calls may stand before one in its lane.
    for lane in (Priority.NORMAL, Priority.BACKGROUND):
        windows = 1 + math.ceil(6 * (MAX_OVERTAKEN[lane] + 2) / LIMIT)
        assert 0.0 < grants.longest_wait_s(lane) <= SLACK_S[lane] + WINDOW_S * windows
    used = [server.records[index].used.total() for index in sorted(server.records)[1:-1]]
    assert sum(used) >= 0.99 * LIMIT * len(used)


@pytest.mark.anyio
async def test_an_interactive_call_goes_at_once_where_places_are_short(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk(Limits(max_in_flight=10))
    await desk.call()
    desk.server.pause_s = 50.0
    for _ in range(600):
        desk.start("normal")
    await CLOCK.sleep(8.0)
    begun = CLOCK.now()
    desk.start("interactive", priority=Priority.INTERACTIVE)
    await CLOCK.sleep(0.0)

    assert desk.went[-1] == "interactive"
    assert CLOCK.now() == begun
    desk.scheduler.close()
    await desk.done()


@pytest.mark.anyio
@pytest.mark.parametrize(("places", "kept"), [(1, 0), (2, 1), (5, 1), (10, 1), (30, 3)])
async def test_a_tenth_of_the_places_is_kept(make_desk: MakeDesk, places: int, kept: int) -> None:
    desk = make_desk(Limits(max_in_flight=places))
    await desk.call()
    desk.server.pause_s = 50.0
    for _ in range(2 * places):
        desk.start("normal")
    await CLOCK.sleep(0.5)

    assert desk.scheduler.statistics().in_flight == places - kept
    desk.scheduler.close()
    await desk.done()


@pytest.mark.anyio
async def test_calls_that_are_owed_may_take_a_kept_place(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(max_in_flight=2))
    await desk.call()
    desk.server.pause_s = 1.0

    async def keep_asking(lane: Priority) -> None:
        while True:
            await desk.client.call(lane)

    for lane in (Priority.INTERACTIVE, Priority.INTERACTIVE, Priority.INTERACTIVE):
        desk.spawn(keep_asking(lane))
    await CLOCK.sleep(3.0)
    begun = CLOCK.now()
    await desk.client.call(Priority.NORMAL)

    assert CLOCK.now() - begun <= 0.5 + 2.0 * (MAX_OVERTAKEN[Priority.NORMAL] + 2)
    desk.scheduler.close()
    await desk.done()
