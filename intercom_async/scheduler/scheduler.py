"""The scheduler as its users see it; the work is done by its parts."""

from __future__ import annotations

from collections.abc import Hashable
from random import Random

from intercom_async.clock import CLOCK, Clock
from intercom_async.config import Limits, is_positive_number
from intercom_async.errors import ConfigError
from intercom_async.priority import Priority, current_fairness_key, current_priority
from .app_queue import AppQueue
from .circuit_breaker import CircuitBreaker
from .dispatcher import Dispatcher
from .hooks import GuardedHooks, Hooks
from .limits.app_limiter import AppLimiter
from .limits.server_clock import ServerClock
from .limits.window_schedule import WindowSchedule
from .limits.workspace_limiter import WorkspaceLimiter
from .permit import Permit
from .statistics import Counters, Statistics, snapshot


class Scheduler:
    """Decides when each request is sent, so that no limit is exceeded and none goes unused.

    One scheduler serves one event loop. It may serve several apps (tokens) of one workspace: each
    has windows of its own, and all share the workspace's.

    Args:
        limits: What may be sent, until the server's headers say it.
        store: Must be None; processes share a limit by the headers that each of them gets.
        clock: Tells time.
        hooks: Callbacks that hear what happens.
        random: Source of jitter.

    Raises:
        ConfigError: `limits` are not `Limits`, or there is a `store`.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        store: None = None,
        clock: Clock = CLOCK,
        hooks: Hooks | None = None,
        random: Random | None = None,
    ) -> None:
        limits = Limits() if limits is None else limits
        if not isinstance(limits, Limits):
            raise ConfigError(f"limits must be Limits(…), not {type(limits).__name__}")
        if store is not None:
            raise ConfigError(
                "store must be None: there is no shared store yet; processes that use one token "
                "share its limit by the headers of their replies"
            )
        random = random or Random()  # noqa: S311 (jitter needs no secrecy)
        self.limits = limits
        self._clock = clock
        self._random = random
        self._schedule = WindowSchedule(limits.window_s)
        self._server_clock = ServerClock()
        self._workspace = WorkspaceLimiter(limits.workspace_per_minute / 60, self._schedule)
        self._counters = Counters()
        self._dispatcher = Dispatcher(
            limits,
            clock=clock,
            make_limiter=self._make_limiter,
            breaker=CircuitBreaker(random),
            counters=self._counters,
            hooks=GuardedHooks(hooks),
        )

    def __repr__(self) -> str:
        dispatcher = self._dispatcher
        return f"<Scheduler {len(dispatcher.queues)} apps, {dispatcher.waiting} waiting>"

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
        """Return a permit, to be entered with `async with`: entering waits until it may be used.

        Args:
            priority: The lane; None takes the context's, else NORMAL.
            max_wait_s: Seconds; a call that would wait longer, or does, is refused.
            deadline: The same as a moment of `now`.
            cost: Calls that it counts as.
            kind: Class of operations, for rate limits of the user's own.
            app: The app whose windows it counts against.
            call: What it is, for messages; never with personal data.
            is_repeat: Whether the server has turned it away before: it goes to the front.

        Raises:
            WaitTooLongError: On entering: the wait would be, or has become, too long.
            ClosedError: On entering: the scheduler is closed.
            ConfigError: `cost` is not a whole number from 1 up.
        """
        if priority is None:
            priority = current_priority()
            if priority is None:
                priority = Priority.NORMAL
        permit = Permit(
            self._dispatcher,
            app=app,
            priority=priority,
            key=current_fairness_key(),
            kind=kind,
            call=call,
            max_wait_s=max_wait_s,
            deadline=deadline,
            is_repeat=is_repeat,
        )
        if type(cost) is not int or cost != 1:
            if not isinstance(cost, int) or not is_positive_number(cost):
                raise ConfigError(f"cost must be a whole number from 1 up, not {cost!r}")
            permit.cost = cost
        return permit

    def _make_limiter(self) -> AppLimiter:
        return AppLimiter(
            self.limits.app_per_window,
            self._workspace,
            self._schedule,
            self._server_clock,
            self._random,
        )

    def retried(self) -> None:
        """Count a call that is sent again."""
        self._counters.retries += 1

    def statistics(self, app: Hashable = "") -> Statistics:
        """Return what is known of an app and has been counted for all of them.

        Without an argument it is the first app. An app that has sent nothing has the settings'
        limits, and is not remembered for having been asked for.
        """
        queues = self._dispatcher.queues
        queue = queues.get(app)
        if queue is None and app == "" and queues:
            queue = next(iter(queues.values()))
        if queue is None:
            queue = AppQueue(self._make_limiter())
        return snapshot(queue, self._counters, self.now())

    def close(self) -> None:
        """End every wait with `ClosedError`; nothing is admitted any more."""
        self._dispatcher.close()
