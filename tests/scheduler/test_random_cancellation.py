"""Calls of every kind, cancelled at any moment: all end, and nothing of them stays charged."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any, NamedTuple

import hypothesis.strategies as st
from hypothesis import event, given, settings

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.errors import WaitTooLongError
from intercom_async.priority import Priority, fairness_key
from intercom_async.scheduler import Permit, Scheduler, Throttle
from tests.support.scheduler.server import LostReplyError, Network, Server, Storm
from tests.support.virtual_time import run_virtual
from .conftest import turns

LIMIT = 20
TRIES = 4
LATE_S = 60.0
"""Longer than any reply takes."""
STUCK_S = 600.0
"""Longer than any call may wait."""

LIMITS = (
    Limits(app_per_minute=6 * LIMIT),
    Limits(app_per_minute=6 * LIMIT, max_in_flight=2),
    Limits(app_per_minute=6 * LIMIT, workspace_per_minute=9 * LIMIT),
    Limits(max_per_second=4.0, search_per_minute=60),
)


class Ask(NamedTuple):
    """What calls of one kind ask for."""

    lane: Priority
    key: str
    app: str
    cost: int
    kind: str | None
    max_wait_s: float | None


class Start(NamedTuple):
    """Begin some calls."""

    ask: Ask
    calls: int


class Cancel(NamedTuple):
    """Cancel some of the calls that have not ended.

    So many turns of the loop after so many more calls have gone or were answered: that is when
    others are let in.
    """

    moments: int
    turns: int
    which: int
    calls: int


class Pass(NamedTuple):
    """Let time pass, then some turns of the loop."""

    seconds: float
    turns: int


class Weather(NamedTuple):
    """Have the server turn calls away, or not any more."""

    storm: Storm | None


Step = Start | Cancel | Pass | Weather

asks = st.builds(
    Ask,
    lane=st.sampled_from(Priority),
    key=st.sampled_from(["a", "b"]),
    app=st.sampled_from(["", "", "another"]),
    cost=st.sampled_from([1, 1, 1, 3]),
    kind=st.sampled_from([None, None, "search"]),
    max_wait_s=st.sampled_from([None, None, 0.0, 3.0, 30.0]),
)
cancels = st.builds(
    Cancel,
    moments=st.integers(0, 12),
    turns=st.integers(0, 4),
    which=st.integers(0, 99),
    calls=st.integers(1, 12),
)
steps = st.lists(
    st.one_of(
        st.builds(Start, asks, st.integers(1, 12)),
        st.builds(Start, asks, st.integers(1, 12)),
        cancels,
        cancels,
        st.builds(Pass, st.sampled_from([0.0, 0.03, 0.1, 0.4, 5.0, 12.0]), st.integers(0, 5)),
        st.builds(Weather, st.sampled_from([None, *Storm])),
    ),
    min_size=10,
    max_size=30,
)


class World:
    """A server, a scheduler, and all calls that were begun."""

    def __init__(self, limits: Limits, seed: int) -> None:
        random = Random(seed)
        network = Network(lost=0.05, lost_after_s=2.0, late=0.02, late_s=15.0)
        self.server = Server(random, network, limit=LIMIT, workspace=LIMIT * 3 // 2)
        self.server.resource_share = 0.02
        self.scheduler = Scheduler(limits, random=random)
        self.permits: list[Permit] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.moments = 0
        self.cancels: list[tuple[int, Cancel]] = []

    async def call(self, ask: Ask) -> None:
        """Make one call, again where it was turned away."""
        for attempt in range(TRIES):
            with fairness_key(ask.key):
                permit = self.scheduler.admit(
                    priority=ask.lane,
                    app=ask.app,
                    cost=ask.cost,
                    kind=ask.kind,
                    max_wait_s=ask.max_wait_s,
                    is_repeat=attempt > 0,
                )
            self.permits.append(permit)
            try:
                async with permit:
                    self._pass_moment()
                    reply = await self.server.exchange(app=ask.app)
                    permit.observe(
                        status=reply.status, headers=reply.headers, message=reply.message
                    )
                    self._pass_moment()
            except (WaitTooLongError, LostReplyError):
                return
            if permit.throttle in {None, Throttle.RESOURCE}:
                return
            await CLOCK.sleep(0.25)

    async def take(self, step: Step) -> None:
        loop = asyncio.get_running_loop()
        match step:
            case Start(ask, calls):
                self.tasks += [loop.create_task(self.call(ask)) for _ in range(calls)]
            case Cancel():
                self.cancels.append((self.moments + step.moments, step))
                self._cancel_due()
            case Pass(seconds, count):
                await CLOCK.sleep(seconds)
                await turns(count)
            case Weather(storm):
                self.server.storm = storm

    def _pass_moment(self) -> None:
        self.moments += 1
        self._cancel_due()

    def _cancel_due(self) -> None:
        due = [step for moment, step in self.cancels if moment <= self.moments]
        self.cancels = [(moment, step) for moment, step in self.cancels if step not in due]
        for step in due:
            self._cancel(step, step.turns)

    def _cancel(self, step: Cancel, after: int) -> None:
        if after:
            asyncio.get_running_loop().call_soon(self._cancel, step, after - 1)
            return
        running = [task for task in self.tasks if not task.done()]
        for number in range(step.calls if running else 0):
            running[(step.which + 7 * number) % len(running)].cancel()

    async def end(self) -> None:
        """Have everything come to its end."""
        self.server.storm = None
        async with asyncio.timeout(STUCK_S):
            outcomes = await asyncio.gather(*self.tasks, return_exceptions=True)
        for outcome in outcomes:
            assert outcome is None or isinstance(outcome, asyncio.CancelledError), outcome
        seen = self.scheduler.statistics()
        event("cancelled", any(outcomes))
        for kind in Throttle:
            event(f"turned away: {kind.value}", seen.throttled_by.get(kind, 0) > 0)
        event("released", seen.released > 0)
        event("lost", seen.lost > 0)
        # Calls that were cancelled may be on their way still.
        await CLOCK.sleep(LATE_S)

    def check(self) -> None:
        seen = self.scheduler.statistics()
        assert seen.in_flight == 0
        assert not any(seen.queued.values())
        assert "0 waiting" in repr(self.scheduler)
        assert seen.granted - seen.released == self.server.sends
        for permit in self.permits:
            assert not permit.is_waiting
            for budget in permit.charge.budgets if permit.charge else ():
                assert budget.reserved == 0
                assert budget.workspace is None or budget.workspace.reserved == 0


@settings(max_examples=40, deadline=None)
@given(limits=st.sampled_from(LIMITS), seed=st.integers(0, 1000), steps=steps)
def test_whatever_is_cancelled_all_end_and_nothing_stays_charged(
    limits: Limits, seed: int, steps: list[Step]
) -> None:
    async def main() -> None:
        complaints: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: complaints.append(context)
        )
        world = World(limits, seed)
        for step in steps:
            await world.take(step)
        await world.end()
        world.check()
        for app in {permit.app for permit in world.permits}:
            # Everybody has gone: the next one finds a window that is as good as new.
            async with world.scheduler.admit(app=app, max_wait_s=1.0) as permit:
                permit.release()
        assert complaints == []

    run_virtual(main())
