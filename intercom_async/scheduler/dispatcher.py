"""Dispatches waiting calls, and caps those in flight: the queues, one timer, no task that dies.

Whatever frees something (a reply, a release, a cancelled wait) schedules another dispatch; what
only time frees has the timer set for it.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Hashable, Mapping

from intercom_async.clock import Clock, TimerHandle, reader
from intercom_async.config import Limits
from intercom_async.errors import ClosedError
from .alarm import Alarm
from .app_queue import AppQueue
from .app_turns import AppTurns
from .circuit_breaker import CircuitBreaker
from .client_rate import ClientRateLimits
from .dispatch_round import dispatch
from .feedback import ResponseFeedback
from .hooks import GuardedHooks
from .limits.pacing import INTERACTIVE, NORMAL
from .limits.window_budget import Charge
from .permit import GRANTED, NEW, OVER, SETTLED, WAITING, Permit
from .statistics import Counters
from .wait_estimate import explain_wait, refuse_long_wait, too_long

log: logging.Logger = logging.getLogger("intercom_async.scheduler")

KEPT_ONE_IN = 10
"""One in so many places of `Limits.max_in_flight`, and at least one from two places up, is kept for
interactive calls and those that are owed: other calls with slow answers must not hold all places
(test_overload.py::test_a_tenth_of_the_places_is_kept)."""


class Dispatcher:
    """Lets calls go one after the other; owns all permits.

    Args:
        limits: The user's settings.
        clock: Tells time and sets timers.
        make_queue: Makes the queue of an app that is new.
        breaker: Pauses all calls in an overload.
        counters: Counts calls.
        hooks: Hear of every call that is let go.
        turns: Order of the apps that share a workspace.
    """

    __slots__ = (
        "__weakref__",
        "_alarm",
        "_clock",
        "_free_cap",
        "_granted",
        "_hooks",
        "_is_dispatch_due",
        "_loop",
        "_make_queue",
        "_max_in_flight",
        "_rates",
        "_soft_cap",
        "breaker",
        "counters",
        "is_closed",
        "now",
        "observe",
        "queues",
        "turns",
        "waiting",
    )

    def __init__(
        self,
        limits: Limits,
        *,
        clock: Clock,
        make_queue: Callable[[Hashable], AppQueue],
        breaker: CircuitBreaker,
        counters: Counters,
        hooks: GuardedHooks,
        turns: AppTurns,
    ) -> None:
        self.now: Callable[[], float] = clock.now
        """Returns loop time in seconds."""
        self.breaker: CircuitBreaker = breaker
        self.counters: Counters = counters
        self.queues: dict[Hashable, AppQueue] = {}
        """Every app that has asked for a permit."""
        self.waiting: int = 0
        """Calls that wait, of all apps."""
        self.is_closed: bool = False
        self.turns: AppTurns = turns
        """Whose turn it is among the apps that wait."""
        turns.join(self)
        self._clock = clock
        self._make_queue = make_queue
        self._hooks = hooks
        self.observe: Callable[[Permit, int, Mapping[str, str], str | None], None] = (
            # A callable attribute is a method to pyright, which would bind it.
            ResponseFeedback(self, hooks).observe  # pyright: ignore[reportArgumentType]
        )
        """Settles a permit by its reply."""
        self._rates = ClientRateLimits(limits, clock)
        self._max_in_flight = limits.max_in_flight
        self._soft_cap = self._max_in_flight
        """Calls in flight from which on only interactive and owed calls go."""
        if self._max_in_flight > 1:
            self._soft_cap -= max(1, self._max_in_flight // KEPT_ONE_IN)
        self._free_cap = -1 if hooks.is_set or self._rates.are_set else self._soft_cap
        """The same for calls that may go without being looked at; -1 for none of them."""
        self._granted: list[Permit] = []
        """Calls that the present round has let go."""
        self._alarm = Alarm(clock, self._dispatch)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_dispatch_due = False

    async def enter(self, permit: Permit) -> Permit:
        """Wait until a permit's request may be sent: first for the user's own rates, then queued.

        Raises:
            ClosedError: The scheduler is closed, or belongs to another loop.
            WaitTooLongError: The wait would be, or has become, too long.
        """
        is_queued = permit.state is WAITING and permit.future is None
        if not is_queued and self.try_enter(permit):
            return permit
        timer: TimerHandle | None = None
        try:
            if permit.state is NEW:
                await self._rates.wait(permit)
                if self._grant_or_queue(permit, self.now()):
                    return permit
            if log.isEnabledFor(logging.DEBUG):
                cap = self._max_in_flight if permit.priority is INTERACTIVE else self._soft_cap
                is_full = self.counters.in_flight >= cap
                why = explain_wait(self.queues[permit.app], permit, self.breaker, is_full=is_full)
                log.debug("%s waits: %s", permit.call, why)
            permit.future = asyncio.get_running_loop().create_future()
            timer = self._set_expiry(permit)
            await permit.future
        except BaseException:
            self._give_up(permit)
            raise
        finally:
            permit.future = None
            if timer is not None:
                timer.cancel()
        return permit

    def try_enter(self, permit: Permit) -> bool:
        """Grant a permit that need not wait and return True; else it is queued for `enter`.

        Raises:
            ClosedError: As `enter`.
            WaitTooLongError: The wait would be too long.
        """
        if permit.state is not NEW:
            raise ClosedError("a permit is for one request: ask for another one")
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._bind_to(loop)
        now, counters = self.now(), self.counters
        if (
            permit.priority is NORMAL
            and not self.waiting
            and counters.in_flight < self._free_cap
            and permit.cost == 1
            and not self.breaker.is_open
            and (queue := self.queues.get(permit.app)) is not None
        ):
            charge = queue.limiter.acquire_freely(now)
            if charge is not None:
                # What `_try_grant` does: nearly every call of an idle program comes by here.
                permit.charge, permit.state, permit.sent_at = charge, GRANTED, now
                counters.granted += 1
                counters.in_flight += 1
                if permit.since:
                    counters.waited_s += permit.waited_s(now)
                else:
                    permit.since = now
                return True
        # That there are any is asked first, since it takes less.
        if self._rates.are_set and self._rates.apply_to(permit.kind):
            return False  # Not even queued yet.
        try:
            return self._grant_or_queue(permit, now)
        except BaseException:
            self._give_up(permit)
            raise

    def _bind_to(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not None:
            raise ClosedError("a scheduler belongs to one event loop, and this is another")
        self._loop = loop
        self.now = reader(self._clock, loop)

    def add_queue(self, app: Hashable) -> AppQueue:
        """Make the queue of an app that is new, and return it."""
        queue = self.queues[app] = self._make_queue(app)
        return queue

    def _grant_or_queue(self, permit: Permit, now: float) -> bool:
        """Grant a permit and return True, or queue it."""
        if self.is_closed:
            raise ClosedError("the scheduler is closed")
        queue = self.queues.get(permit.app) or self.add_queue(permit.app)
        permit.since = permit.since or now
        queue.limiter.note_arrival(permit.priority, now)
        if not self.waiting and not self.turns.waiting_beside(self):
            retry_at = self._try_grant(queue, permit, now)
            if not retry_at:
                if self._hooks.is_set:
                    self._hooks.granted(permit.priority, permit.waited_s(now))
                return True
        else:
            retry_at = now
        return self._queue(queue, permit, now, retry_at)

    def _queue(self, queue: AppQueue, permit: Permit, now: float, retry_at: float) -> bool:
        """Queue a permit; return whether the dispatch that this may lead to has granted it."""
        lanes = queue.lanes
        comes_first = permit.is_repeat or not lanes.of(permit.priority).waiting
        permit.state = WAITING
        lanes.push(permit)
        self.waiting += 1
        if retry_at > now:
            self._alarm.set(retry_at)
        elif comes_first:
            # Behind others of its lane it cannot go yet.
            self._dispatch()
        if permit.state is GRANTED:
            return True
        if permit.state is OVER:
            raise ClosedError("a hook has closed the scheduler")
        refuse_long_wait(queue, permit, now, self.breaker)
        return False

    def _set_expiry(self, permit: Permit) -> TimerHandle | None:
        """Set the timer that ends a wait which becomes too long."""
        limit_s = permit.wait_limit_s(permit.since)
        if limit_s is None:
            return None
        return self._clock.call_at(permit.since + limit_s, permit.expire)

    def _give_up(self, permit: Permit) -> None:
        """Give back what a wait that was cancelled, or refused by a hook, held."""
        if permit.is_granted:
            # Granted and cancelled in the same iteration of the loop: nothing was sent.
            permit.release()
            permit.leave()
        elif permit.is_waiting:
            self._discard(permit)

    def expire(self, permit: Permit) -> None:
        """End a wait that has become longer than allowed."""
        self.abandon(permit, too_long(self.queues[permit.app], permit, self.now()))

    def abandon(self, permit: Permit, error: Exception) -> None:
        """End a wait with an error; does nothing to a permit that does not wait."""
        if permit.state is WAITING:
            self._discard(permit)
        elif permit.state is not NEW:
            return
        if permit.future is not None and not permit.future.done():
            permit.future.set_exception(error)

    def _discard(self, permit: Permit) -> None:
        permit.state = OVER
        self.queues[permit.app].lanes.discard(permit)
        self.waiting -= 1
        # Its place was perhaps the one that all others waited behind.
        self.schedule_dispatch()

    def close(self) -> None:
        """End every wait with `ClosedError`; no call is let go any more."""
        self.is_closed = True
        self._free_cap = -1
        self._rates.close()
        self._alarm.set(math.inf)
        for queue in self.queues.values():
            for permit in queue.lanes:
                self.abandon(permit, ClosedError("the scheduler was closed"))

    def leave(self, permit: Permit) -> None:
        """End a permit's block."""
        if permit.state is SETTLED:
            pass
        elif permit.state is GRANTED:
            # Neither replied to nor released: it may have been sent and counted.
            charge: Charge = permit.charge
            self.queues[permit.app].limiter.mark_unknown(charge)
            self.counters.lost += 1
        else:
            return
        permit.state = OVER
        self.counters.in_flight -= 1
        if self.breaker.is_open:
            self.breaker.end_call(permit)
        if self.waiting:
            self.schedule_dispatch()
        # Asked here too, since nearly every call comes by.
        elif self.turns.are_shared and (beside := self.turns.waiting_beside(self)):
            beside[0].schedule_dispatch()

    def release(self, permit: Permit) -> None:
        """Take a permit's charge back: nothing was sent."""
        if permit.state is not GRANTED:
            return
        permit.state = SETTLED
        charge: Charge = permit.charge
        self.queues[permit.app].limiter.release(charge)
        self.counters.released += 1

    def _try_grant(
        self, queue: AppQueue, permit: Permit, now: float, *, is_owed: bool = False
    ) -> float:
        """Grant a permit and return 0.0, else return when to try again."""
        counters, breaker = self.counters, self.breaker
        in_flight, priority = counters.in_flight, permit.priority
        if in_flight >= self._soft_cap and (
            in_flight >= self._max_in_flight or not (is_owed or priority is INTERACTIVE)
        ):
            return math.inf
        if breaker.is_open:
            retry_at = breaker.retry_at(now)
            if retry_at:
                return retry_at
        charge = queue.limiter.try_acquire(
            now,
            priority=priority,
            cost=permit.cost,
            backlog=queue.lanes.waiting,
            is_owed=is_owed,
        )
        if not isinstance(charge, Charge):
            return charge
        if breaker.is_open:
            breaker.begin_probe(permit)
        permit.charge, permit.state, permit.sent_at = charge, GRANTED, now
        counters.granted += 1
        counters.in_flight += 1
        counters.waited_s += permit.waited_s(now)
        return 0.0

    def _dispatch(self) -> None:
        """Let go all calls that may, and set the timer for the next attempt."""
        self._is_dispatch_due = False
        dispatch(self, self.turns, self.now())

    def end_round(self, retry_at: float) -> None:
        """Set the timer for the next attempt."""
        self._alarm.set(retry_at)

    def tell_granted(self, now: float) -> None:
        """Call the hooks for the calls that a round has let go."""
        granted, self._granted = self._granted, []
        if self._hooks.is_set:
            for permit in granted:
                self._hooks.granted(permit.priority, permit.waited_s(now))

    @property
    def has_few_places(self) -> bool:
        """Whether only interactive and owed calls may take a place."""
        return self.counters.in_flight >= self._soft_cap

    def dispatch_one(self, queue: AppQueue, now: float) -> float:
        """Let one call of an app go and return 0.0; else return when to try again."""
        retry_at = math.inf
        if self.counters.in_flight >= self._max_in_flight:
            return retry_at
        for permit, is_owed in queue.lanes.heads(now):
            moment = self._try_grant(queue, permit, now, is_owed=is_owed)
            if moment:
                retry_at = min(retry_at, moment)
                if is_owed:
                    # Calls that cost less must not take what it waits for.
                    break
                continue
            queue.lanes.pop(permit, now)
            self.waiting -= 1
            queue.limiter.pacer.note_dequeued(now)
            self._granted.append(permit)
            if permit.future is not None and not permit.future.done():
                permit.future.set_result(None)
            return 0.0
        return retry_at

    def schedule_dispatch(self) -> None:
        """Dispatch once in the next iteration of the loop, however many ask for it."""
        # Who waits has a loop: that there is one is asked for the type checkers.
        if self.waiting and not self._is_dispatch_due and self._loop is not None:
            self._is_dispatch_due = True
            self._loop.call_soon(self._dispatch)
