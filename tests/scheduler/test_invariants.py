"""What holds whatever happens, tried out by chance: nobody stuck, nothing lost, no order broken."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority, fairness_key
from intercom_async.scheduler import Permit, Scheduler
from tests.support.scheduler.clients import Scheduled
from tests.support.scheduler.server import Network, Server
from tests.support.virtual_time import VirtualLoop, run_virtual

LIMIT = 30


@dataclass(slots=True)
class Flight:
    """A call on its way through the machine."""

    number: int
    lane: Priority
    key: str
    task: asyncio.Task[None] | None = None
    permit: Permit | None = None
    answer: asyncio.Future[str] | None = None


class Traffic(RuleBasedStateMachine):
    """Calls that come, go, are cancelled, lost, released, answered late and in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.flights: list[Flight] = []
        self.flying: list[Flight] = []
        self.waiting: dict[tuple[Priority, str], deque[int]] = {}
        self.sent = 0
        self.passed: list[str] = []

    @initialize(seed=st.integers(0, 1000))
    def begin(self, seed: int) -> None:
        self.run(self._begin(seed))

    async def _begin(self, seed: int) -> None:
        self.server = Server(Random(seed), Network(), limit=LIMIT)
        self.scheduler = Scheduler(Limits(app_per_minute=180), random=Random(seed))

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    async def _settle(self, seconds: float = 0.0) -> None:
        await CLOCK.sleep(seconds)
        for _ in range(4):
            await CLOCK.sleep(0)

    async def _call(self, flight: Flight) -> None:
        queue = self.waiting.setdefault((flight.lane, flight.key), deque())
        queue.append(flight.number)
        try:
            with fairness_key(flight.key):
                permit = flight.permit = self.scheduler.admit(priority=flight.lane)
            async with permit:
                if queue[0] != flight.number:
                    self.passed.append(f"{flight.number} went before {queue[0]}")
                queue.remove(flight.number)
                flight.answer = asyncio.get_running_loop().create_future()
                self.flying.append(flight)
                try:
                    ending = await flight.answer
                finally:
                    self.flying.remove(flight)
                if ending == "release":
                    permit.release()
                    return
                self.sent += 1
                if ending == "lose":
                    self.server.take(1)
                    return
                reply = await self.server.exchange()
                permit.observe(status=reply.status, headers=reply.headers, message=reply.message)
        finally:
            if flight.number in queue:
                queue.remove(flight.number)

    @rule(lane=st.sampled_from(Priority), key=st.sampled_from(["a", "b"]), count=st.integers(1, 12))
    def come(self, lane: Priority, key: str, count: int) -> None:
        async def start() -> None:
            for _ in range(count):
                flight = Flight(len(self.flights), lane, key)
                self.flights.append(flight)
                flight.task = asyncio.get_running_loop().create_task(self._call(flight))
            await self._settle()

        self.run(start())

    @rule(
        ending=st.sampled_from(["answer", "answer", "answer", "release", "lose"]),
        which=st.integers(0),
        count=st.integers(1, 12),
    )
    def end(self, ending: str, which: int, count: int) -> None:
        async def finish() -> None:
            for _ in range(min(count, len(self.flying))):
                flight = self.flying[which % len(self.flying)]
                if flight.answer is not None and not flight.answer.done():
                    flight.answer.set_result(ending)
                await self._settle()

        self.run(finish())

    @rule(which=st.integers(0))
    def cancel(self, which: int) -> None:
        async def stop() -> None:
            waiting = [
                flight
                for flight in self.flights
                if flight.answer is None and flight.task and not flight.task.done()
            ]
            if waiting:
                task = waiting[which % len(waiting)].task
                assert task is not None
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        self.run(stop())

    @rule(seconds=st.sampled_from([0.001, 0.05, 0.4, 3.0, 11.0, 40.0]))
    def pass_time(self, seconds: float) -> None:
        self.run(self._settle(seconds))

    @invariant()
    def nobody_is_passed_in_a_lane(self) -> None:
        assert self.passed == []

    @invariant()
    def counts_agree(self) -> None:
        if not hasattr(self, "scheduler"):
            return
        seen = self.run(self._statistics())
        assert sum(seen.queued.values()) == sum(map(len, self.waiting.values()))
        assert 0 <= seen.in_flight <= len(self.flights)
        most = seen.app.used_at_most + seen.lost + seen.in_flight + seen.throttled
        assert seen.app.used <= most
        assert all(wait >= 0 for wait in seen.oldest_wait_s.values())

    async def _statistics(self) -> Any:
        return self.scheduler.statistics()

    def teardown(self) -> None:
        if hasattr(self, "scheduler"):
            self.run(self._drain())
        self.runner.close()

    async def _drain(self) -> None:
        """Answer everything: all must come to an end, and nothing may stay charged."""
        for _ in range(100 + len(self.flights)):
            for flight in self.flying:
                if flight.answer is not None and not flight.answer.done():
                    flight.answer.set_result("answer")
            await self._settle(1.0)
            if all(flight.task is None or flight.task.done() for flight in self.flights):
                break
        stuck = [f.number for f in self.flights if f.task is not None and not f.task.done()]
        assert stuck == [], self.scheduler.statistics()
        seen = self.scheduler.statistics()
        assert seen.granted - seen.released == self.sent
        assert seen.in_flight == 0
        assert not any(seen.queued.values())
        assert seen.app.used <= seen.app.used_at_most + seen.lost + seen.throttled


TestTraffic = Traffic.TestCase
TestTraffic.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


@settings(max_examples=25)
@given(
    limit=st.integers(40, 200),  # more than what may go before the first reply
    workers=st.integers(1, 60),
    seed=st.integers(0, 10_000),
    spread=st.sampled_from([0.0, 0.3]),
    lane=st.sampled_from(Priority),
)
def test_alone_and_told_the_truth_nothing_is_turned_away(
    limit: int, workers: int, seed: int, spread: float, lane: Priority
) -> None:
    async def main() -> Server:
        server = Server(Random(seed), Network(spread=spread), limit=limit)
        scheduler = Scheduler(Limits(app_per_minute=6 * limit), random=Random(seed))
        client = Scheduled(server, "", scheduler)

        async def work() -> None:
            while True:
                await client.call(lane)

        tasks = [asyncio.ensure_future(work()) for _ in range(workers)]
        await CLOCK.sleep(35.0)
        for task in tasks:
            task.cancel()
        return server

    server = run_virtual(main())

    assert server.turned_away == 0
