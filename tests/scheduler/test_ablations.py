"""Each device earns its keep: without it, a situation goes wrong that goes well with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Permit, Scheduler
from intercom_async.scheduler.lanes import Lane
from intercom_async.scheduler.limits.app_windows import AppWindows
from intercom_async.scheduler.limits.cold_start import ColdStart
from intercom_async.scheduler.limits.usage import ExternalUsage
from intercom_async.scheduler.limits.window_budget import WindowBudget
from intercom_async.scheduler.limits.workspace_limiter import WorkspaceLimiter
from tests.support.scheduler.clients import Scheduled
from tests.support.scheduler.neighbours import steady
from tests.support.scheduler.scenarios import Outcome, W, run, scenario
from tests.support.scheduler.server import Network, Server
from tests.support.virtual_time import run_virtual
from .test_overload import flood

pytestmark = pytest.mark.once
Check = Callable[[], None]


def both_ways(goes_well: Check, ablate: Check) -> None:
    """Show that a check passes, and fails once a device is taken away."""
    goes_well()
    ablate()
    with pytest.raises(AssertionError, match="reached"):
        goes_well()


def reach(is_reached: bool, what: object) -> None:  # noqa: FBT001 (the truth is the subject)
    assert is_reached, f"not reached: {what}"


async def bursts_across_edges() -> Server:
    """Send as much as a window allows around each end of a window, with uneven ways there."""
    random = Random(7)
    server = Server(random, Network(0.03, 0.05, 0.02, spread=0.6), limit=400)
    client = Scheduled(server, "", Scheduler(Limits(app_per_minute=2400), random=random))
    for _ in range(8):
        await client.call(Priority.INTERACTIVE)
        await CLOCK.sleep(2.5)
    tasks: list[asyncio.Task[float]] = []
    for _ in range(6):
        await CLOCK.sleep(server.ends_in_s() - 0.04)
        for _ in range(8):
            tasks += [asyncio.ensure_future(client.call(Priority.INTERACTIVE)) for _ in range(100)]
            await CLOCK.sleep(0.02)
        await CLOCK.sleep(1.0)
    await asyncio.gather(*tasks)
    return server


def test_a_call_is_charged_to_every_window_that_may_count_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def goes_well() -> None:
        server = run_virtual(bursts_across_edges())
        reach(server.turned_away == 0, server.turned_away)

    candidates = AppWindows.candidates

    def first_only(self: AppWindows, now: float) -> tuple[WindowBudget, ...]:
        return candidates(self, now)[:1]

    both_ways(goes_well, lambda: monkeypatch.setattr(AppWindows, "candidates", first_only))


def slow() -> Outcome:
    base = scenario("slow answers")
    return run(replace(base, span_s=45.0, neighbours=(steady(50),)), 1)


def test_what_others_used_is_held_between_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    def goes_well() -> None:
        outcome = slow()
        reach(outcome.utilisation >= 0.99, outcome)

    def highest(_self: ExternalUsage, budget: WindowBudget) -> int:
        return budget.external_max

    both_ways(goes_well, lambda: monkeypatch.setattr(ExternalUsage, "estimate", highest))


async def half_unsent() -> Server:
    """Use windows up while every second call finds no connection."""
    random = Random(5)
    server = Server(random, limit=400)
    scheduler = Scheduler(Limits(app_per_minute=2400), random=random)
    client = Scheduled(server, "", scheduler)

    async def work() -> None:
        while True:
            async with scheduler.admit(priority=Priority.BULK) as permit:
                await CLOCK.sleep(0.01)
                permit.release()
            await client.call()

    tasks = [asyncio.ensure_future(work()) for _ in range(40)]
    await CLOCK.sleep(65.0)
    for task in tasks:
        task.cancel()
    return server


def test_what_was_not_sent_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def goes_well() -> None:
        server = run_virtual(half_unsent())
        used = [server.records[index].used.total() for index in sorted(server.records)[1:-1]]
        reach(min(used) >= 320, used)

    def keep(_self: Permit) -> None:
        """Give nothing back."""

    both_ways(goes_well, lambda: monkeypatch.setattr(Permit, "release", keep))


class PausesAlone(Scheduled):
    """Waits by itself when it is turned away; the others go on."""

    async def call(self, priority: Priority = Priority.BULK, **options: object) -> float:
        del options
        while True:
            async with self.scheduler.admit(priority=priority) as permit:
                reply = await self.server.exchange(client=self.name)
                permit.observe(status=reply.status, headers=reply.headers, message=reply.message)
            if permit.throttle is None:
                return 0.0
            await CLOCK.sleep(permit.retry_after_s or 0.0)


def test_one_429_of_a_window_pauses_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    squeezed = replace(
        scenario("workspace squeezed"), span_s=45.0, neighbours=(steady(W - 900, "other"),)
    )

    def goes_well() -> None:
        outcome = run(
            squeezed,
            1,
            lambda server, name, random: PausesAlone(server, name, Scheduler(random=random)),
        )
        reach(outcome.throttled <= 0.006, outcome)

    def note_nothing(_self: WorkspaceLimiter, *_rest: object, **_named: object) -> None:
        """Let the others go on."""

    both_ways(goes_well, lambda: monkeypatch.setattr(WorkspaceLimiter, "reject", note_nothing))


def test_without_owed_heads_a_lane_starves(monkeypatch: pytest.MonkeyPatch) -> None:
    def goes_well() -> None:
        grants, _, _ = run_virtual(flood(1.3, Priority.INTERACTIVE, 1, 1, span_s=45.0))
        overtaken = grants.overtakes(Priority.NORMAL)
        count = sum(lane is Priority.NORMAL for _, lane, _ in grants.seen)
        reach(count >= 5 and overtaken <= 11, (count, overtaken))

    def never(_self: object, _head: object, _now: float) -> bool:
        return False

    both_ways(goes_well, lambda: monkeypatch.setattr(Lane, "is_owed", never))


def test_without_a_base_that_fits_small_limits_are_exceeded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def send() -> Server:
        server = Server(Random(1), Network(0.01, 0.03, 0.01, spread=0.0), limit=2)
        client = Scheduled(server, "", Scheduler(Limits(app_per_minute=12), random=Random(1)))
        await asyncio.gather(*[client.call(Priority.NORMAL) for _ in range(6)])
        return server

    def goes_well() -> None:
        server = run_virtual(send())
        reach(server.turned_away == 0, server.turned_away)

    retry_at = ColdStart.retry_at

    def unlimited(
        self: ColdStart,
        now: float,
        _limit: int,
        length_s: float,
        cost: int,
        *,
        is_interactive: bool,
    ) -> float:
        return retry_at(self, now, 1000, length_s, cost, is_interactive=is_interactive)

    both_ways(goes_well, lambda: monkeypatch.setattr(ColdStart, "retry_at", unlimited))


async def keep_bulk(client: Scheduled) -> None:
    while True:
        await client.call(Priority.BULK)


async def ask_now_and_then(client: Scheduled, random: Random, waits: list[float]) -> None:
    while True:
        await CLOCK.sleep(random.expovariate(2.0))
        waits.append(await client.call(Priority.INTERACTIVE))


async def four_processes() -> list[float]:
    """Return how long interactive calls waited beside bulk jobs in all processes."""
    random, waits = Random("4 processes"), list[float]()
    server, tasks = Server(random), list[asyncio.Task[None]]()
    for number in range(4):
        client = Scheduled(server, f"{number}", Scheduler(random=Random(random.random())))
        tasks += [asyncio.ensure_future(keep_bulk(client)) for _ in range(60)]
        tasks.append(asyncio.ensure_future(ask_now_and_then(client, random, waits)))
    await CLOCK.sleep(25.0)
    for task in tasks:
        task.cancel()
    return sorted(waits)


def test_the_shared_reserve_keeps_interactive_calls_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    def goes_well() -> None:
        waits = run_virtual(four_processes())
        reach(waits[int(0.99 * len(waits))] <= 0.3, waits[-5:])

    def never_active(self: ExternalUsage, *_rest: object) -> None:
        self.active_until = -1.0

    both_ways(goes_well, lambda: monkeypatch.setattr(ExternalUsage, "_note_activity", never_active))
