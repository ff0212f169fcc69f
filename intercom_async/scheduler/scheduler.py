"""The scheduler as its users see it; the work is done by its parts."""

from __future__ import annotations

from collections.abc import Hashable
from random import Random
from types import NoneType

from intercom_async.clock import CLOCK, Clock
from intercom_async.config import (
    Limits,
    check_able,
    check_count,
    check_kind,
    check_seconds,
)
from intercom_async.errors import ConfigError
from intercom_async.priority import FAIRNESS_KEY, PRIORITY, Priority
from .app_queue import AppQueue
from .app_turns import AppTurns
from .circuit_breaker import CircuitBreaker
from .dispatcher import Dispatcher
from .hooks import GuardedHooks, Hooks
from .lease_keeper import LeaseKeeper, check_budget, identify
from .limits.app_limiter import AppLimiter
from .limits.server_clock import ServerClock
from .limits.window_schedule import WindowSchedule
from .limits.workspace_limiter import WorkspaceLimiter
from .permit import Permit
from .statistics import Counters, Statistics, snapshot
from .stores.base import BudgetStore


class Scheduler:
    """Decides when each request is sent, so that no limit is exceeded and none goes unused.

    One scheduler serves one event loop. It may serve several apps (tokens) of one workspace: each
    has windows of its own, and all share the workspace's.

    Args:
        limits: What may be sent, until the server's headers say it.
        store: A budget that several processes share; None: they share it by the headers that each
            of them gets.
        budget_key: Whose budget it is in the store; by default the app's digest. Rotated tokens of
            one app share a budget by it.
        clock: Tells time.
        hooks: Callbacks that hear what happens.
        random: Source of jitter.

    Raises:
        ConfigError: `limits` are not `Limits`, `store` cannot lease, `budget_key` is no name, or
            another argument is of the wrong kind.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        store: BudgetStore | None = None,
        budget_key: str | None = None,
        clock: Clock = CLOCK,
        hooks: Hooks | None = None,
        random: Random | None = None,
    ) -> None:
        limits = Limits() if limits is None else limits
        if not isinstance(limits, Limits):
            raise ConfigError(f"limits must be Limits(…), not {type(limits).__name__}")
        check_budget(store, budget_key)
        check_able("clock", clock, "now", "call_at")
        check_kind("hooks", hooks, (Hooks, NoneType), "Hooks")
        check_kind("random", random, (Random, NoneType), "a random.Random")
        random = random or Random()  # noqa: S311 (jitter needs no secrecy)
        self.limits = limits
        self.clock: Clock = clock
        """Tells time."""
        self._random = random
        self._schedule = WindowSchedule(limits.window_s)
        self._server_clock = ServerClock()
        self.workspace: WorkspaceLimiter = WorkspaceLimiter(
            limits.workspace_per_minute / 60, self._schedule
        )
        """What all apps of the workspace may send together."""
        self._counters = Counters()
        self._store = store
        self._budget_key = budget_key
        self._hooks = GuardedHooks(hooks)
        self._dispatcher = Dispatcher(
            limits,
            clock=clock,
            make_queue=self._make_queue,
            breaker=CircuitBreaker(random),
            counters=self._counters,
            hooks=self._hooks,
            turns=AppTurns(self.workspace, self._server_clock),
        )

    def __repr__(self) -> str:
        dispatcher = self._dispatcher
        return f"<Scheduler {len(dispatcher.queues)} apps, {dispatcher.waiting} waiting>"

    def now(self) -> float:
        """Return the scheduler's time in seconds; only differences mean anything."""
        return self.clock.now()

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
        since: float | None = None,
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
            since: Moment of `now` at which it began to wait, if that was before this permit.

        Raises:
            WaitTooLongError: On entering: the wait would be, or has become, too long.
            ClosedError: On entering: the scheduler is closed.
            ConfigError: `cost` is not a whole number from 1 up, or another argument is invalid.
        """
        if priority is None:
            priority = PRIORITY.get()
            if priority is None:
                priority = Priority.NORMAL
        elif priority.__class__ is not Priority:
            check_kind("priority", priority, Priority, "a Priority")
        if max_wait_s is not None and (max_wait_s.__class__ is not float or not max_wait_s >= 0):
            max_wait_s = check_seconds("max_wait_s", max_wait_s)
        permit = Permit(
            self._dispatcher,  # pyright: ignore[reportArgumentType] (as in Dispatcher.observe)
            app,
            priority,
            FAIRNESS_KEY.get(),
            kind,
            call,
            max_wait_s,
            deadline,
            is_repeat=is_repeat,
        )
        if type(cost) is not int or cost != 1:
            permit.cost = check_count("cost", cost)
        if since is not None:
            permit.since, permit.asked_at = since, self.now()
        return permit

    def _make_queue(self, app: Hashable) -> AppQueue:
        queue = AppQueue(self._make_limiter())
        if self._store is not None:
            budget, digest = identify(app, self._budget_key)
            queue.keeper = LeaseKeeper(
                self._store,
                budget=budget,
                app=digest,
                limiter=queue.limiter,
                clock=self.clock,
                lanes=queue.lanes,
                on_change=self._dispatcher.schedule_dispatch,
                hooks=self._hooks,
            )
        return queue

    async def join(self, app: Hashable = "") -> None:
        """Begin with what the processes that share the store know of limit and clock.

        Does nothing without a store, nor where the store does not answer.

        Raises:
            ConfigError: The store is required and does not answer, or the app needs a `budget_key`.
        """
        if self._store is not None:
            dispatcher = self._dispatcher
            queue = dispatcher.queues.get(app) or dispatcher.add_queue(app)
            if queue.keeper is not None:
                await queue.keeper.join()

    async def return_leases(self, app: Hashable = "") -> None:
        """Give back to the store what this app has leased and not used."""
        queue = self._dispatcher.queues.get(app)
        if queue is not None and queue.keeper is not None:
            await queue.keeper.return_leases()

    def _make_limiter(self) -> AppLimiter:
        return AppLimiter(
            self.limits.app_per_window,
            self.workspace,
            self._schedule,
            self._server_clock,
            self._random,
        )

    def share_workspace(self, turns: AppTurns) -> None:
        """Share a workspace's limit, and the turns of its apps, with other schedulers."""
        if self._store is None and turns is not self.turns:
            turns.workspace.follow(self._schedule)
            turns.workspace.learn_from(self.workspace)
            self.workspace = turns.workspace
            turns.clock.learn_from(self._server_clock, self.now())
            self._server_clock = turns.clock
            for queue in self._dispatcher.queues.values():
                queue.limiter.share_workspace(turns.workspace, self._server_clock)
            self._dispatcher.turns = turns
            turns.join(self._dispatcher)

    @property
    def turns(self) -> AppTurns:
        """Order of the workspace's apps."""
        return self._dispatcher.turns

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
