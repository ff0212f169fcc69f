"""The scheduler itself: lets calls go, one timer, no task of its own."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Hashable, Mapping
from random import Random

from intercom_async.clock import CLOCK, Clock, TimerHandle
from intercom_async.config import Limits, is_positive_number
from intercom_async.errors import ClosedError, ConfigError, WaitTooLongError
from intercom_async.priority import Priority, current_fairness_key, current_priority
from intercom_async.window import header, parse_window

from .app import UNHURRIED, App
from .breaker import Breaker
from .ceilings import Ceilings
from .estimate import estimate_s
from .gate import Gate
from .hooks import Hooks, SafeHooks
from .limiter_clock import LimiterClock, parse_date
from .permit import Permit, State
from .statistics import Statistics
from .throttle import TOO_MANY_REQUESTS, Throttle, classify
from .tuning import tuning
from .view import Counters, view
from .workspace import Workspace

log = logging.getLogger("intercom_async.scheduler")

DATE_WIDTH_S = 1.0
"""Below this the windows say more of the server's clock than its Date header does."""


class Scheduler:
    """Gives each request its turn, so that no limit is passed and none goes unused.

    One scheduler serves one loop. It may serve several apps (tokens) of one workspace: each has
    windows of its own, and all share the workspace's.

    Args:
        limits: What may be sent, until the server's headers say it.
        clock: What tells time.
        hooks: What wants to be told.
        random: Where jitter comes from.

    Raises:
        ConfigError: `limits` are not `Limits`.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        clock: Clock = CLOCK,
        hooks: Hooks | None = None,
        random: Random | None = None,
    ) -> None:
        limits = Limits() if limits is None else limits
        if not isinstance(limits, Limits):
            raise ConfigError(f"limits must be Limits(…), not {type(limits).__name__}")
        self.limits = limits
        self._clock = clock
        self._random = random or Random()  # noqa: S311 (jitter needs no secrecy)
        self._tuning = tuning(limits.window_s)
        self._server_clock = LimiterClock()
        self._workspace = Workspace(limits.workspace_per_window, self._tuning)
        self._apps: dict[Hashable, App] = {}
        self._turn = 0
        self._ceilings = Ceilings(limits)
        self._breaker = Breaker(self._random)
        self._hooks = SafeHooks(hooks)
        self._counters = Counters()
        self._waiting = 0
        self._timer: TimerHandle | None = None
        self._timer_at = math.inf
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False
        self._is_pump_due = False

    def __repr__(self) -> str:
        return f"<Scheduler {len(self._apps)} apps, {self._waiting} waiting>"

    def now(self) -> float:
        """Return the scheduler's time in seconds; only differences mean anything."""
        return self._clock.now()

    def admit(
        self,
        *,
        priority: Priority | None = None,
        max_wait_s: float | None = None,
        deadline: float | None = None,
        cost: int = 1,
        kind: str | None = None,
        app: Hashable = "",
        call: str = "",
        is_repeat: bool = False,
    ) -> Permit:
        """Return a permit, to be entered with `async with`: entering waits for its turn.

        Args:
            priority: The lane; None takes the context's, else NORMAL.
            max_wait_s: Refuse at once what would wait longer, and whatever does all the same.
            deadline: The same as a moment of `now`.
            cost: How many calls it counts as.
            kind: The class of operations it belongs to, for ceilings of the user's own.
            app: Which app's windows it counts against.
            call: What it is, for messages; never with personal data.
            is_repeat: Whether the server has turned it away before: it goes to the front.

        Raises:
            WaitTooLongError: On entering: the wait would be, or has become, too long.
            ClosedError: On entering: the scheduler is closed.
        """
        if priority is None:
            priority = current_priority()
            if priority is None:
                priority = Priority.NORMAL
        permit = Permit(self, self.app(app), priority, current_fairness_key())
        if cost != 1:
            if not isinstance(cost, int) or not is_positive_number(cost):
                raise ConfigError(f"cost must be a whole number from 1 up, not {cost!r}")
            permit.cost = cost
        permit.kind = kind
        permit.call = call
        permit.max_wait_s = max_wait_s
        permit.deadline = deadline
        permit.is_repeat = is_repeat
        return permit

    def app(self, key: Hashable) -> App:
        """Return what is kept for an app; made when it is first asked for."""
        found = self._apps.get(key)
        if found is None:
            gate = Gate(self.limits.app_per_window, self._tuning, self._server_clock, self._random)
            found = self._apps[key] = App(key, gate, self._tuning)
        return found

    def retried(self) -> None:
        """Count a call that is sent again."""
        self._counters.retries += 1

    def statistics(self, app: Hashable = "") -> Statistics:
        """Return what is known of an app and has been done for all of them."""
        found = self._apps.get(app)
        if found is None:
            found = next(iter(self._apps.values())) if app == "" and self._apps else self.app(app)
        return view(found, self._workspace, self._counters, self.now())

    def close(self) -> None:
        """Wake everybody who waits with `ClosedError`; nothing is admitted any more."""
        self._is_closed = True
        self._set_timer(math.inf)
        for app in self._apps.values():
            for priority in Priority:
                for permit in app.lanes.of(priority):
                    self.abandon(permit, ClosedError("the scheduler was closed"))

    # Waiting ---------------------------------------------------------------------------------

    async def enter(self, permit: Permit) -> None:
        """Wait for a permit's turn; `Permit` calls this."""
        if permit.state is not State.NEW:
            raise ClosedError("a permit is for one request: ask for another one")
        self._check_loop()
        if self._ceilings.concern(permit.kind):
            await self._ceilings.wait(permit.kind)
        if self._is_closed:
            raise ClosedError("the scheduler is closed")
        now = permit.since = self.now()
        app = permit.app
        app.arrived(permit.priority, now)
        if not self._waiting:
            again = self._look(permit, now)
            if not again:
                self._grant(permit, now)
                return
        else:
            again = now
        await self._wait(permit, now, again)

    async def _wait(self, permit: Permit, now: float, again: float) -> None:
        self._refuse_long_wait(permit, now)
        permit.state = State.WAITING
        permit.app.lanes.of(permit.priority).push(permit)
        self._waiting += 1
        if again > now:
            self._set_timer(again)
        else:
            self._pump()
        if not permit.is_waiting:
            return
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s waits: %s", permit.call, self._reason(permit, now))
        loop = asyncio.get_running_loop()
        permit.future = loop.create_future()
        limit_s = _longest_s(permit, now)
        timer = None if limit_s is None else self._clock.call_at(now + limit_s, permit.expire)
        try:
            await permit.future
        except BaseException:
            if permit.is_granted:
                # Granted and cancelled in the same turn of the loop: nothing was sent.
                self.refund(permit)
                self.leave(permit)
            elif permit.is_waiting:
                self._forget(permit)
            raise
        finally:
            permit.future = None
            if timer is not None:
                timer.cancel()

    def _refuse_long_wait(self, permit: Permit, now: float) -> None:
        limit_s = _longest_s(permit, now)
        if limit_s is None:
            return
        wait_s, reset_at = estimate_s(permit.app, permit, now)
        wait_s = max(wait_s, self._breaker.until - now)
        if wait_s > limit_s:
            raise WaitTooLongError(
                wait_s=wait_s, limit_s=limit_s, reset_at=reset_at, call=permit.call
            )

    def expire(self, permit: Permit) -> None:
        """End a wait that has become longer than allowed; `Permit` calls this."""
        now = self.now()
        wait_s, reset_at = estimate_s(permit.app, permit, now)
        self.abandon(
            permit,
            WaitTooLongError(
                wait_s=wait_s, limit_s=now - permit.since, reset_at=reset_at, call=permit.call
            ),
        )

    def abandon(self, permit: Permit, error: Exception) -> None:
        """End a wait with an error; `Permit` calls this."""
        if permit.state is not State.WAITING:
            return
        self._forget(permit)
        if permit.future is not None and not permit.future.done():
            permit.future.set_exception(error)

    def _forget(self, permit: Permit) -> None:
        permit.state = State.OVER
        permit.app.lanes.of(permit.priority).forget()
        self._waiting -= 1

    def _check_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise ClosedError("a scheduler belongs to one event loop, and this is another")

    # Granting --------------------------------------------------------------------------------

    def _look(self, permit: Permit, now: float) -> float:
        """Return 0.0 if a call may go now, else when to look again."""
        is_unhurried = permit.priority in UNHURRIED
        flying, most = self._counters.in_flight, self.limits.max_in_flight
        # The last tenth is for those in a hurry: a bulk job with slow answers must not hold all.
        if flying >= (most - most // 10 if is_unhurried else most):
            return math.inf
        again = self._breaker.look(now, flying)
        if again:
            return again
        app, gate = permit.app, permit.app.gate
        is_paced = app.is_paced(permit, now)
        again = gate.look(
            now,
            cost=permit.cost,
            reserved=permit.priority is not Priority.INTERACTIVE,
            paced=is_paced,
        )
        if again or not gate.is_known:
            return again
        for index in gate.span(now):
            has_room = self._workspace.has_room(
                index, cost=permit.cost, elapsed_s=gate.elapsed_s(index, now), paced=is_paced
            )
            if has_room is False:
                return gate.opens(index, now)
            if has_room is None:
                return now + self._tuning.second_look_s * self._random.uniform(0.5, 1.5)
        return 0.0

    def _grant(self, permit: Permit, now: float) -> None:
        app = permit.app
        permit.charged = app.gate.charge(now, cost=permit.cost, paced=app.is_paced(permit, now))
        self._workspace.charge(permit.charged, permit.cost)
        permit.state = State.GRANTED
        permit.sent_at = now
        self._counters.granted += 1
        self._counters.in_flight += 1
        self._counters.waited_s += now - permit.since
        if self._hooks.is_set:
            self._hooks.call("granted", permit.priority, now - permit.since)

    def _pump(self) -> None:
        """Let go whoever may, and set the timer for the next look."""
        self._is_pump_due = False
        if not self._waiting or self._is_closed:
            return
        now = self.now()
        again = math.inf
        apps = [app for app in self._apps.values() if app.lanes.live]
        # Apps take turns, so that none eats the workspace's window up.
        self._turn += 1
        start = self._turn % len(apps) if apps else 0
        apps = apps[start:] + apps[:start]
        while apps:
            for app in tuple(apps):
                app.settle_arrivals(now)
                moment = self._pump_one(app, now)
                if moment:
                    apps.remove(app)
                    again = min(again, moment)
        self._set_timer(again)

    def _pump_one(self, app: App, now: float) -> float:
        """Let one call of an app go and return 0.0; else return when to look again."""
        again = math.inf
        for _, permit in app.lanes.due():
            moment = self._look(permit, now)
            if moment:
                again = min(again, moment)
                continue
            app.lanes.of(permit.priority).pop(permit)
            self._waiting -= 1
            self._grant(permit, now)
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
            self._timer = self._clock.call_at(moment, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._timer_at = math.inf
        self._pump()

    def _pump_soon(self) -> None:
        """Look at the queue once this turn of the loop is over, however many ask for it."""
        if self._waiting and not self._is_pump_due and self._loop is not None:
            self._is_pump_due = True
            self._loop.call_soon(self._pump)

    # Coming back -----------------------------------------------------------------------------

    def leave(self, permit: Permit) -> None:
        """End a permit's block; `Permit` calls this."""
        if permit.state is State.GRANTED:
            # No reply and no refund: it may have been sent and counted.
            permit.app.gate.lose(permit.charged, permit.cost)
            self._workspace.lose(permit.charged, permit.cost)
            self._counters.lost += 1
        elif permit.state is not State.OBSERVED:
            return
        permit.state = State.OVER
        self._counters.in_flight -= 1
        self._pump_soon()

    def refund(self, permit: Permit) -> None:
        """Take a permit's charge back; `Permit` calls this."""
        if permit.state is not State.GRANTED:
            return
        permit.state = State.OBSERVED
        permit.app.gate.refund(permit.charged, permit.cost)
        self._workspace.settle(permit.charged, permit.cost)
        self._counters.refunded += 1

    def observe(
        self, permit: Permit, status: int, headers: Mapping[str, str], message: str | None
    ) -> None:
        """Take a reply in; `Permit` calls this."""
        if permit.state is not State.GRANTED:
            return
        permit.state = State.OBSERVED
        now = self.now()
        gate = permit.app.gate
        limit, had_headers = gate.limit, gate.has_headers
        window = permit.window = parse_window(headers)
        index = gate.acknowledge(
            permit.charged, window, cost=permit.cost, sent=permit.sent_at, received=now
        )
        self._take_date(headers, permit.sent_at, now)
        self._workspace.acknowledge(permit.charged, index, permit.cost)
        if status == TOO_MANY_REQUESTS:
            self._turned_away(permit, index, message, now)
        else:
            gate.is_probing = False
            self._breaker.succeeded()
        if gate.limit != limit:
            self._hooks.call("limit_changed", permit.app.key, gate.limit)
        if had_headers is None and gate.has_headers is False:
            self._hooks.call("degraded", "replies have no rate-limit headers")

    def _take_date(self, headers: Mapping[str, str], sent: float, received: float) -> None:
        """Use the Date header while the windows leave the server's clock uncertain."""
        clock = self._server_clock
        if not clock.is_known or clock.width_s(received) <= DATE_WIDTH_S:
            return
        text = header(headers, "Date")
        moment = None if text is None else parse_date(text)
        if moment is not None:
            clock.dated(moment, sent=sent, received=received)

    def _turned_away(
        self, permit: Permit, index: int | None, message: str | None, now: float
    ) -> None:
        """Act on a 429 according to what it means."""
        gate = permit.app.gate
        kind = permit.throttle = classify(permit.window, message, gate.limit)
        self._counters.throttled[kind] += 1
        self._hooks.call("throttled", kind, permit.call)
        log.debug("%s was answered 429 (%s)", permit.call, kind.value)
        if kind is Throttle.RESOURCE:
            return
        full = (index,) if index is not None else permit.charged[:1]
        if kind is Throttle.EDGE or not full:
            if self._breaker.failed(now):
                self._hooks.call("degraded", "the server turns calls away without a window")
            return
        for window in full:
            if kind is Throttle.APP:
                gate.fill(window)
            else:
                self._workspace.fill(window)
        permit.retry_after_s = max(0.0, gate.opens(full[-1], now) - now)

    def _reason(self, permit: Permit, now: float) -> str:
        """Say on what a call waits, for the log."""
        if self._counters.in_flight >= self.limits.max_in_flight:
            return "as many calls are under way as may be"
        if self._breaker.look(now, self._counters.in_flight):
            return "the server is overloaded"
        gate = permit.app.gate
        if not gate.is_known:
            return "no window is known yet"
        index = gate.span(now)[0]
        hard, soft = gate.room(index, now, reserved=permit.priority is not Priority.INTERACTIVE)
        if gate.ledger(index).is_full or hard < permit.cost:
            return "the window is used up"
        if soft < permit.cost:
            return "what is left is kept for others"
        return "its turn has not come"


def _longest_s(permit: Permit, now: float) -> float | None:
    """Return how long a permit may wait, or None for as long as it takes."""
    spans = [
        span
        for span in (
            permit.max_wait_s,
            None if permit.deadline is None else max(0.0, permit.deadline - now),
        )
        if span is not None
    ]
    return min(spans) if spans else None
