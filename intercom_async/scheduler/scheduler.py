"""The scheduler as its users see it; the work is done by its parts."""

from __future__ import annotations

from collections.abc import Hashable
from random import Random

from intercom_async.clock import CLOCK, Clock
from intercom_async.config import Limits, is_positive_number
from intercom_async.errors import ConfigError
from intercom_async.priority import Priority, current_fairness_key, current_priority
from .app import App
from .circuit_breaker import Breaker
from .client_rate import Ceilings
from .dispatcher import Turns
from .feedback import Replies
from .hooks import Hooks, SafeHooks
from .limits.app_limiter import Gate
from .limits.server_clock import LimiterClock
from .limits.window_schedule import Grid
from .limits.workspace_limiter import Workspace
from .permit import Permit
from .statistics import Statistics
from .view import Counters, view


class Scheduler:
    """Gives each request its turn, so that no limit is passed and none goes unused.

    One scheduler serves one loop. It may serve several apps (tokens) of one workspace: each has
    windows of its own, and all share the workspace's.

    Args:
        limits: What may be sent, until the server's headers say it.
        store: Where several processes would keep what they share. There is none yet: processes
            share a limit by what the headers tell each of them.
        clock: What tells time.
        hooks: What wants to be told.
        random: Where jitter comes from.

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
        self._grid = Grid(limits.window_s)
        self._server_clock = LimiterClock()
        self._counters = Counters()
        self._turns = Turns(
            limits,
            clock=clock,
            workspace=Workspace(limits.workspace_per_window, self._grid),
            ceilings=Ceilings(limits, clock),
            breaker=Breaker(random),
            counters=self._counters,
            hooks=SafeHooks(hooks),
        )
        self._replies = Replies(self._turns)

    def __repr__(self) -> str:
        return f"<Scheduler {len(self._turns.apps)} apps, {self._turns.waiting} waiting>"

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
        permit = Permit(
            self._turns,
            self._replies,
            app=self._turns.apps.get(app) or self._add(app),
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

    def _add(self, key: Hashable) -> App:
        """Begin to keep windows for an app."""
        gate = Gate(
            self.limits.app_per_window,
            self._turns.workspace,
            self._grid,
            self._server_clock,
            self._random,
        )
        app = self._turns.apps[key] = App(key, gate)
        return app

    def retried(self) -> None:
        """Count a call that is sent again."""
        self._counters.retries += 1

    def statistics(self, app: Hashable = "") -> Statistics:
        """Return what is known of an app and has been done for all of them.

        Without an argument, and with no app of that name, it is the first app's.
        """
        apps = self._turns.apps
        found = apps.get(app)
        if found is None:
            found = next(iter(apps.values())) if app == "" and apps else self._add(app)
        return view(found, self._turns.workspace, self._counters, self.now())

    def close(self) -> None:
        """Wake everybody who waits with `ClosedError`; nothing is admitted any more."""
        self._turns.close()
