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
from intercom_async.scheduler.limits.app_windows import AppWindows
from intercom_async.scheduler.limits.usage import ExternalUsage
from intercom_async.scheduler.limits.window_budget import WindowBudget
from intercom_async.scheduler.limits.workspace_limiter import WorkspaceLimiter
from tests.support.scheduler.clients import Scheduled
from tests.support.scheduler.neighbours import steady
from tests.support.scheduler.scenarios import Outcome, W, run, scenario
from tests.support.scheduler.server import Network, Server
from tests.support.virtual_time import run_virtual

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
                permit.refund()
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

    both_ways(goes_well, lambda: monkeypatch.setattr(Permit, "refund", keep))


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
        scenario("workspace squeezed"), span_s=65.0, neighbours=(steady(W - 900, "other"),)
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
