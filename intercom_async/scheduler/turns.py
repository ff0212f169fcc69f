"""Who goes when: the queue, the one timer, and no task that could die.

Whatever frees something (a reply, a refund, a cancelled wait) lets the queue be looked at again;
what only time frees has the timer set for it.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Hashable
from random import Random

from intercom_async.clock import Clock, TimerHandle
from intercom_async.config import Limits
from intercom_async.errors import ClosedError, WaitTooLongError
from intercom_async.priority import Priority

from .app import UNHURRIED, App
from .breaker import Breaker
from .estimate import estimate_s
from .hooks import SafeHooks
from .permit import Permit, State
from .reason import reason
from .view import Counters
from .workspace import Workspace

log: logging.Logger = logging.getLogger("intercom_async.scheduler")


class Turns:
    """Lets calls go, one after the other.

    Args:
        limits: How many may be under way.
        clock: What tells time.
        random: Where jitter comes from.
        workspace: The account of all apps.
        breaker: The pause after an overload.
        counters: What is counted.
        hooks: What wants to be told.
    """

    __slots__ = (
        "_loop",
        "_pump_is_due",
        "_random",
        "_timer",
        "_timer_at",
        "_turn",
        "apps",
        "breaker",
        "clock",
        "counters",
        "hooks",
        "is_closed",
        "limits",
        "waiting",
        "workspace",
    )

    def __init__(
        self,
        limits: Limits,
        *,
        clock: Clock,
        random: Random,
        workspace: Workspace,
        breaker: Breaker,
        counters: Counters,
        hooks: SafeHooks,
    ) -> None:
        self.limits: Limits = limits
        self.clock: Clock = clock
        self.workspace: Workspace = workspace
        self.breaker: Breaker = breaker
        self.counters: Counters = counters
        self.hooks: SafeHooks = hooks
        self.apps: dict[Hashable, App] = {}
        self.waiting: int = 0
        """Calls that wait, of all apps."""
        self.is_closed: bool = False
        self._random = random
        self._turn = 0
        self._timer: TimerHandle | None = None
        self._timer_at = math.inf
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pump_is_due = False

    def bind(self) -> None:
        """Belong to the running loop.

        Raises:
            ClosedError: It belongs to another one.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            if self._loop is not None:
                raise ClosedError("a scheduler belongs to one event loop, and this is another")
            self._loop = loop

    # Waiting ---------------------------------------------------------------------------------

    async def wait(self, permit: Permit) -> None:
        """Wait for a permit's turn.

        Raises:
            ClosedError: The scheduler is closed.
            WaitTooLongError: The wait would be, or has become, too long.
        """
        if self.is_closed:
            raise ClosedError("the scheduler is closed")
        app = permit.app
        now = permit.since = self.clock.now()
        app.arrived(permit.priority, now)
        if not self.waiting:
            again = self._look(permit, now)
            if not again:
                self._grant(permit, now)
                return
        else:
            again = now
        lane = app.lanes.of(permit.priority)
        comes_first = not lane.live or permit.is_repeat
        permit.state = State.WAITING
        lane.push(permit)
        self.waiting += 1
        if again > now:
            self._set_timer(again)
        elif comes_first:
            # Behind others of its lane nothing can be its turn yet.
            self._pump()
        if permit.is_waiting:
            self._refuse_long_wait(permit, now)
            await self._sleep(permit, now)

    async def _sleep(self, permit: Permit, now: float) -> None:
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s waits: %s", permit.call, reason(self, permit, now))
        loop = asyncio.get_running_loop()
        permit.future = loop.create_future()
        limit_s = permit.longest_s(now)
        timer = None if limit_s is None else self.clock.call_at(now + limit_s, permit.expire)
        try:
            await permit.future
        except BaseException:
            if permit.is_granted:
                # Granted and cancelled in the same turn of the loop: nothing was sent.
                permit.refund()
                permit.leave()
            elif permit.is_waiting:
                self._forget(permit)
            raise
        finally:
            permit.future = None
            if timer is not None:
                timer.cancel()

    def _refuse_long_wait(self, permit: Permit, now: float) -> None:
        limit_s = permit.longest_s(now)
        if limit_s is None:
            return
        wait_s, reset_at = estimate_s(permit.app, permit, now)
        wait_s = max(wait_s, self.breaker.until - now)
        if wait_s > limit_s:
            self._forget(permit)
            raise WaitTooLongError(
                wait_s=wait_s, limit_s=limit_s, reset_at=reset_at, call=permit.call
            )

    def expire(self, permit: Permit) -> None:
        """End a wait that has become longer than allowed."""
        now = self.clock.now()
        wait_s, reset_at = estimate_s(permit.app, permit, now)
        self.abandon(
            permit,
            WaitTooLongError(
                wait_s=wait_s, limit_s=now - permit.since, reset_at=reset_at, call=permit.call
            ),
        )

    def abandon(self, permit: Permit, error: Exception) -> None:
        """End a wait with an error; does nothing to a permit that does not wait."""
        if permit.state is State.WAITING:
            self._forget(permit)
        elif permit.state is not State.NEW:
            return
        if permit.future is not None and not permit.future.done():
            permit.future.set_exception(error)

    def _forget(self, permit: Permit) -> None:
        permit.state = State.OVER
        permit.app.lanes.of(permit.priority).forget()
        self.waiting -= 1
        # Its place was perhaps the one that all others waited behind.
        self.look_soon()

    def close(self) -> None:
        """Wake everybody who waits with `ClosedError`; nothing is let go any more."""
        self.is_closed = True
        self._set_timer(math.inf)
        for app in self.apps.values():
            for priority in Priority:
                for permit in app.lanes.of(priority):
                    self.abandon(permit, ClosedError("the scheduler was closed"))

    # Granting --------------------------------------------------------------------------------

    def _look(self, permit: Permit, now: float) -> float:
        """Return 0.0 if a call may go now, else when to look again."""
        app = permit.app
        flying, most = self.counters.in_flight, self.limits.max_in_flight
        # The last tenth is for those in a hurry: a bulk job with slow answers must not hold all.
        if flying >= (most - most // 10 if permit.priority in UNHURRIED else most):
            return math.inf
        if self.breaker.is_tripped:
            again = self.breaker.look(now, flying)
            if again:
                return again
        gate = app.gate
        is_paced = permit.is_paced = app.is_paced(permit, now)
        again = gate.look(
            now,
            cost=permit.cost,
            hurried=permit.priority is Priority.INTERACTIVE,
            paced=is_paced,
        )
        if again or not gate.is_known:
            return again
        for window in gate.span(now):
            has_room = self.workspace.has_room(
                window,
                cost=permit.cost,
                left_s=0.0 if self.workspace.quota is None else gate.left_s(window, now),
                paced=is_paced,
            )
            if has_room is False:
                return gate.opens(window, now)
            if has_room is None:
                return now + gate.grid.tuning.second_look_s * self._random.uniform(0.5, 1.5)
        return 0.0

    def _grant(self, permit: Permit, now: float) -> None:
        gate = permit.app.gate
        charged = gate.charge(now, cost=permit.cost, paced=permit.is_paced)
        permit.charged = charged
        if permit.is_paced:
            # Those that are not spread overtake each other: their ranks say little.
            permit.ranks = gate.ranks(charged)
        self.workspace.charge(charged, permit.cost)
        permit.state = State.GRANTED
        permit.sent_at = now
        counters = self.counters
        counters.granted += 1
        counters.in_flight += 1
        counters.waited_s += now - permit.since
        if self.hooks.is_set:
            self.hooks.call("granted", permit.priority, now - permit.since)

    def _pump(self) -> None:
        """Let go whoever may, and set the timer for the next look."""
        self._pump_is_due = False
        if not self.waiting or self.is_closed:
            return
        now = self.clock.now()
        again = math.inf
        apps = [app for app in self.apps.values() if app.lanes.live]
        if len(apps) > 1:
            # Apps take turns, so that none eats the workspace's window up.
            self._turn += 1
            start = self._turn % len(apps)
            apps = apps[start:] + apps[:start]
        for app in apps:
            app.gate.reserve.settle(now, app.gate.grid.length_s)
        while apps:
            for app in tuple(apps):
                moment = self._let_one_go(app, now)
                if moment:
                    apps.remove(app)
                    again = min(again, moment)
        self._set_timer(again)

    def _let_one_go(self, app: App, now: float) -> float:
        """Let one call of an app go and return 0.0; else return when to look again."""
        again = math.inf
        for permit in app.lanes.due():
            moment = self._look(permit, now)
            if moment:
                again = min(again, moment)
                continue
            app.lanes.of(permit.priority).pop(permit)
            self.waiting -= 1
            self._grant(permit, now)
            app.went(now)
            if permit.future is not None and not permit.future.done():
                permit.future.set_result(None)
            return 0.0
        return again

    def _set_timer(self, moment: float) -> None:
        """Look again at `moment`; an earlier timer does as well."""
        if self._timer is not None:
            if self._timer_at <= moment and moment != math.inf:
                return
            self._timer.cancel()
            self._timer = None
        self._timer_at = moment
        if moment != math.inf:
            self._timer = self.clock.call_at(moment, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._timer_at = math.inf
        self._pump()

    def look_soon(self) -> None:
        """Look at the queue once this turn of the loop is over, however many ask for it."""
        if self.waiting and not self._pump_is_due and self._loop is not None:
            self._pump_is_due = True
            self._loop.call_soon(self._pump)
