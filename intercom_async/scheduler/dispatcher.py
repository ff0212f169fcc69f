"""Who goes when: the queue, the one timer, and no task that could die.

Whatever frees something (a reply, a refund, a cancelled wait) lets the queue be looked at again;
what only time frees has the timer set for it.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Hashable

from intercom_async.clock import Clock, TimerHandle, reader
from intercom_async.config import Limits
from intercom_async.errors import ClosedError, WaitTooLongError
from intercom_async.priority import Priority
from .app import INTERACTIVE, UNHURRIED, App
from .circuit_breaker import Breaker
from .client_rate import Ceilings
from .hooks import SafeHooks
from .limits.workspace_limiter import Workspace
from .permit import GRANTED, NEW, OVER, WAITING, Permit
from .reason import reason
from .view import Counters
from .wait_estimate import estimate_s

log: logging.Logger = logging.getLogger("intercom_async.scheduler")


class Turns:
    """Lets calls go, one after the other.

    Args:
        limits: How many may be under way.
        clock: What tells time.
        workspace: The account of all apps.
        ceilings: The user's own limits.
        breaker: The pause after an overload.
        counters: What is counted.
        hooks: What wants to be told.
    """

    __slots__ = (
        "_ceilings",
        "_loop",
        "_pump_is_due",
        "_timer",
        "_timer_at",
        "_turn",
        "apps",
        "breaker",
        "clock",
        "counters",
        "crowded",
        "hooks",
        "is_closed",
        "most",
        "now",
        "waiting",
        "workspace",
    )

    def __init__(
        self,
        limits: Limits,
        *,
        clock: Clock,
        workspace: Workspace,
        ceilings: Ceilings,
        breaker: Breaker,
        counters: Counters,
        hooks: SafeHooks,
    ) -> None:
        self.clock: Clock = clock
        self.now: Callable[[], float] = clock.now
        """Tells the time."""
        self.workspace: Workspace = workspace
        self.breaker: Breaker = breaker
        self.counters: Counters = counters
        self.hooks: SafeHooks = hooks
        self.apps: dict[Hashable, App] = {}
        self.waiting: int = 0
        """Calls that wait, of all apps."""
        self.is_closed: bool = False
        self._ceilings = ceilings
        self.most: int = limits.max_in_flight
        """As many calls may be under way."""
        self.crowded: int = self.most - self.most // 10
        """The rest is for those in a hurry: a bulk job with slow answers must not hold all."""
        self._turn = 0
        self._timer: TimerHandle | None = None
        self._timer_at = math.inf
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pump_is_due = False

    # Waiting ---------------------------------------------------------------------------------

    async def enter(self, permit: Permit) -> Permit:
        """Wait for a permit's turn: pass the user's own ceilings, then the queue.

        Raises:
            ClosedError: The scheduler is closed, or belongs to another loop.
            WaitTooLongError: The wait would be, or has become, too long.
        """
        if permit.state is not NEW:
            raise ClosedError("a permit is for one request: ask for another one")
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._belong_to(loop)
        if self._ceilings.are_set and self._ceilings.concern(permit.kind):
            await self._ceilings.wait(permit)
        if self._ask(permit):
            return permit
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s waits: %s", permit.call, reason(self, permit, permit.since))
        permit.future = loop.create_future()
        timer = self._expiry(permit)
        try:
            await permit.future
        except BaseException:
            self._give_up(permit)
            raise
        finally:
            permit.future = None
            if timer is not None:
                timer.cancel()
        return permit

    def _belong_to(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not None:
            raise ClosedError("a scheduler belongs to one event loop, and this is another")
        self._loop = loop
        self.now = reader(self.clock, loop)

    def _give_up(self, permit: Permit) -> None:
        """Give back what a wait that has ended otherwise held."""
        if permit.is_granted:
            # Granted and cancelled in the same turn of the loop: nothing was sent.
            permit.refund()
            permit.leave()
        elif permit.is_waiting:
            self._forget(permit)

    def _ask(self, permit: Permit) -> bool:
        """Say whether a permit has its turn at once; else it stands in the queue from now on."""
        if self.is_closed:
            raise ClosedError("the scheduler is closed")
        app = permit.app
        now = permit.since = self.now()
        app.arrived(permit.priority, now)
        if not self.waiting:
            again = self._look(permit, now)
            if not again:
                self._grant(permit, now)
                return True
        else:
            again = now
        lane = app.lanes.of(permit.priority)
        comes_first = not lane.live or permit.is_repeat
        permit.state = WAITING
        lane.push(permit)
        self.waiting += 1
        if again > now:
            self._set_timer(again)
        elif comes_first:
            # Behind others of its lane nothing can be its turn yet.
            self._pump()
        if permit.state is not WAITING:
            return True
        self._refuse_long_wait(permit, now)
        return False

    def _expiry(self, permit: Permit) -> TimerHandle | None:
        """Set the timer that ends a wait which becomes too long."""
        limit_s = permit.longest_s(permit.since)
        if limit_s is None:
            return None
        return self.clock.call_at(permit.since + limit_s, permit.expire)

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
        now = self.now()
        wait_s, reset_at = estimate_s(permit.app, permit, now)
        self.abandon(
            permit,
            WaitTooLongError(
                wait_s=wait_s, limit_s=now - permit.since, reset_at=reset_at, call=permit.call
            ),
        )

    def abandon(self, permit: Permit, error: Exception) -> None:
        """End a wait with an error; does nothing to a permit that does not wait."""
        if permit.state is WAITING:
            self._forget(permit)
        elif permit.state is not NEW:
            return
        if permit.future is not None and not permit.future.done():
            permit.future.set_exception(error)

    def _forget(self, permit: Permit) -> None:
        permit.state = OVER
        permit.app.lanes.of(permit.priority).forget()
        self.waiting -= 1
        # Its place was perhaps the one that all others waited behind.
        self.look_soon()

    def close(self) -> None:
        """Wake everybody who waits with `ClosedError`; nothing is let go any more."""
        self.is_closed = True
        self._ceilings.close()
        self._set_timer(math.inf)
        for app in self.apps.values():
            for priority in Priority:
                for permit in app.lanes.of(priority):
                    self.abandon(permit, ClosedError("the scheduler was closed"))

    # Granting --------------------------------------------------------------------------------

    def _look(self, permit: Permit, now: float) -> float:
        """Return 0.0 if a call may go now, else when to look again."""
        app = permit.app
        flying = self.counters.in_flight
        if flying >= self.crowded and (flying >= self.most or permit.priority in UNHURRIED):
            return math.inf
        if self.breaker.is_tripped:
            again = self.breaker.look(now, flying)
            if again:
                return again
        is_paced = permit.is_paced = app.is_paced(permit, now)
        return app.gate.look(
            now,
            cost=permit.cost,
            hurried=permit.priority is INTERACTIVE,
            paced=is_paced,
        )

    def _grant(self, permit: Permit, now: float) -> None:
        permit.charged, ranks = permit.app.gate.charge(now, cost=permit.cost, paced=permit.is_paced)
        if permit.is_paced:
            # Those that are not spread overtake each other: their ranks say little.
            permit.ranks = ranks
        permit.state = GRANTED
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
        now = self.now()
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
