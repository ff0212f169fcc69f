"""Schedulers of one workspace, each of its own app: what one learns and gives back serves all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import pytest

from intercom_async.clock import CLOCK, LoopClock, TimerHandle
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Scheduler
from intercom_async.scheduler.limits.window_schedule import WindowSchedule
from intercom_async.scheduler.limits.workspace_limiter import WorkspaceLimiter
from intercom_async.scheduler.registry import join_workspace
from tests.support.scheduler.server import Reply, Server
from .conftest import EVEN, Desk

pytestmark = pytest.mark.anyio


class Branch(Desk):
    """A scheduler of one app of a server that several of them call."""

    def __init__(self, server: Server, scheduler: Scheduler, app: str) -> None:
        super().__init__(server, scheduler)
        self.app = app
        self.served = 0

    async def exchange(self, **_: object) -> Reply:
        reply = await self.server.exchange(app=self.app)
        self.served += reply.status == 200
        return reply

    def join(self) -> None:
        join_workspace("https://server", "workspace", self.scheduler)

    async def call_until(self, end: float, *, priority: Priority = Priority.BULK) -> None:
        """Send one call after the other."""
        while CLOCK.now() < end:
            try:
                async with asyncio.timeout(end - CLOCK.now()):
                    await self.call(priority=priority)
            except TimeoutError:
                return


def branches(limits: Limits, **server: float) -> tuple[Branch, Branch]:
    """Return two schedulers before one server; they have not joined."""
    place = Server(Random(1), EVEN, **server)  # type: ignore[arg-type]
    first, second = (
        Branch(place, Scheduler(limits, random=Random(number)), app)
        for number, app in enumerate(("first", "second"))
    )
    return first, second


async def test_windows_that_are_longer_than_the_settings_say_are_used_up() -> None:
    limits = Limits(app_per_minute=60, workspace_per_minute=60)
    first, second = branches(limits, limit=60, workspace=150, window_s=60.0)
    await CLOCK.sleep(first.server.ends_in_s() + 1.0)
    for branch in (first, second):
        await branch.call()
        branch.join()

    end = CLOCK.now() + 360.0
    await asyncio.gather(*(second.call_until(end) for _ in range(5)))

    assert second.served > 300  # one window goes by until it is known how long they last
    assert second.server.turned_away == 0
    for branch in (first, second):
        assert branch.scheduler.statistics().workspace.limit == 60


async def test_a_scheduler_that_goes_back_to_the_settings_leaves_the_others_their_windows() -> None:
    anchor = WindowSchedule(10.0)
    workspace = WorkspaceLimiter(6.0, anchor)
    seen, other = WindowSchedule(10.0), WindowSchedule(10.0)
    seen.adopt(20_000)
    other.adopt(30_000)

    found = [workspace.limit]
    workspace.follow(seen)
    found.append(workspace.limit)
    workspace.follow(other)
    found.append(workspace.limit)
    seen.reset()
    found.append(workspace.limit)
    seen.adopt(40_000)
    found.append(workspace.limit)
    seen.reset()
    found.append(workspace.limit)

    assert found == [60, 120, 180, 180, 240, 60]


async def test_people_of_one_app_are_not_overtaken_by_a_job_of_another_that_never_queues() -> None:
    first, second = branches(
        Limits(app_per_minute=6000, workspace_per_minute=3600), limit=1000, workspace=60
    )
    server = first.server
    await CLOCK.sleep(server.ends_in_s() + 1.0)
    for branch in (first, second):
        await branch.call()
        branch.join()
    end = CLOCK.now() + 400.0
    longest_s = 0.0

    async def others() -> None:
        while CLOCK.now() < end:
            server.take(20)
            await CLOCK.sleep(server.ends_in_s() + 0.001)

    async def person() -> None:
        nonlocal longest_s
        begun = CLOCK.now()
        await second.call(priority=Priority.INTERACTIVE)
        longest_s = max(longest_s, CLOCK.now() - begun)

    async def people() -> None:
        while CLOCK.now() < end:
            second.spawn(person())
            await CLOCK.sleep(1 / 3.0)

    await asyncio.gather(others(), people(), first.call_until(end))
    await second.done()

    assert longest_s < 25.0
    assert first.served > 50


async def test_what_one_gives_back_the_others_get_at_once() -> None:
    first, second = branches(
        Limits(app_per_minute=6000, workspace_per_minute=120), limit=1000, workspace=20
    )
    for branch in (first, second):
        await branch.call()
        branch.join()
    await CLOCK.sleep(first.server.ends_in_s() + 1.0)
    held = [second.scheduler.admit(priority=Priority.INTERACTIVE) for _ in range(20)]
    for permit in held:
        await permit.enter()
    begun = CLOCK.now()
    waiting = [first.start(priority=Priority.INTERACTIVE) for _ in range(5)]
    await CLOCK.sleep(0.5)

    for permit in held:
        permit.release()
        permit.leave()
    await asyncio.gather(*waiting)

    assert CLOCK.now() - begun < 1.0


async def test_schedulers_by_different_clocks_do_not_join() -> None:
    class Shifted(LoopClock):
        def now(self) -> float:
            return super().now() + 1000.0

        def call_at(self, when: float, callback: Callable[[], object]) -> TimerHandle:
            return super().call_at(when - 1000.0, callback)

    shifted = Shifted()
    schedulers = [Scheduler(clock=clock) for clock in (CLOCK, shifted, CLOCK, shifted)]
    for scheduler in schedulers:
        join_workspace("https://server", "workspace", scheduler)

    first, second, third, fourth = (scheduler.turns for scheduler in schedulers)
    assert first is third
    assert second is fourth
    assert first is not second


async def test_who_has_sent_nothing_begins_with_the_clock_that_a_joiner_knows() -> None:
    first, second = branches(Limits())
    first.join()
    await CLOCK.sleep(first.server.ends_in_s() + 1.0)
    await second.call()

    second.join()

    window, same_window = (each.scheduler.statistics().app.reset_at for each in (first, second))
    assert window == same_window
    assert window is not None


@pytest.mark.parametrize("step_s", [-4.0, 4.0])
async def test_a_clock_that_was_seen_lately_is_not_given_up_for_an_old_one(step_s: float) -> None:
    first, second = branches(
        Limits(app_per_minute=600, workspace_per_minute=6000), limit=100, workspace=1000
    )
    for branch in (first, second):
        for _ in range(30):
            await branch.call()
            await CLOCK.sleep(0.7)
        if branch is first:
            branch.join()
            await CLOCK.sleep(3600.0)
            branch.server.step(step_s)
    second.join()

    end = CLOCK.now() + second.server.ends_in_s() + 29.5
    second.served = 0
    await asyncio.gather(*(second.call_until(end) for _ in range(20)))

    assert second.served >= 290
    assert second.server.turned_away == 0


async def test_a_quota_and_a_full_window_are_known_to_those_that_have_joined() -> None:
    first, second = branches(
        Limits(app_per_minute=6000, workspace_per_minute=3600), limit=1000, workspace=60
    )
    server = first.server
    await CLOCK.sleep(server.ends_in_s() + 0.5)
    for branch in (first, second):
        await branch.call()
    first.join()
    for _ in range(19):
        await second.call()
    server.take(60)
    await second.call()
    assert server.turned_away == 1
    learned = second.scheduler.workspace.quota
    assert learned is not None

    second.join()

    assert first.scheduler.workspace.quota == learned + 1  # and the one of the first
    window = server.index()
    await first.call()
    assert server.turned_away == 1
    assert server.index() == window + 1
