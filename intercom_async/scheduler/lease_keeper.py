"""Keeper of the leases of one app: the only part of the scheduler that talks to a store.

It runs while calls come, asks for more before the last leased call is used, gives back what is not
used, and ends when the app is idle. A call waits for it only where nothing is leased any more.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from secrets import token_hex
from typing import TypeVar

from intercom_async.clock import Clock
from intercom_async.errors import ConfigError
from intercom_async.priority import Priority
from .hooks import GuardedHooks
from .lanes import Lanes
from .limits.app_limiter import AppLimiter
from .limits.lease_gate import PROBES
from .limits.leases import DRY_S, PREFETCH_S, Leases, Want
from .limits.window_budget import WindowBudget
from .permit import Permit
from .stores._reasons import reason_of
from .stores.base import Ask, BudgetStore, StoreStatistics

T = TypeVar("T")

log: logging.Logger = logging.getLogger("intercom_async.scheduler")

CLOCK_WIDTH_S = 2.0
"""Seconds of uncertainty above which the server's clock is not worth telling other processes
(test_lease_keeper.py::test_a_vague_clock_is_not_shared)."""
VAGUE_S = 0.3
"""Seconds of uncertainty above which processes ask each other, through the store, whether the next
window has begun (test_lease_keeper.py::test_processes_find_out_when_windows_begin)."""


class LeaseKeeper:
    """Leases calls for one app.

    Args:
        store: Where the budget is.
        budget: Whose budget it is.
        app: Digest of the app.
        limiter: The app's limiter; its `leases` are kept here.
        clock: Tells time.
        lanes: The app's calls that wait.
        on_change: Called when calls that wait may be tried again.
        hooks: Hear when the store fails and when it is back.
    """

    def __init__(
        self,
        store: BudgetStore,
        *,
        budget: str,
        app: str,
        limiter: AppLimiter,
        clock: Clock,
        lanes: Lanes[Permit],
        on_change: Callable[[], None],
        hooks: GuardedHooks,
    ) -> None:
        self._store = store
        self._budget = budget
        self._app = app
        self._limiter = limiter
        self._clock = clock
        self._lanes = lanes
        self._on_change = on_change
        self._hooks = hooks
        self._name = token_hex(4)
        self._is_available = True
        self._asked_at = -math.inf
        self._event = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.leases: Leases = Leases(self.wake)
        limiter.headroom.leases = limiter.pacer.leases = self.leases

    @property
    def statistics(self) -> StoreStatistics:
        """What the store has done for this process."""
        return self._store.statistics

    def wake(self) -> None:
        """Look at once whether anything is to be asked for."""
        self._event.set()
        if self._task is None:
            # It ends by itself once the app is idle, so that no client has to end it.
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def join(self) -> None:
        """Begin with the limit and the server's clock as other processes know them.

        Raises:
            ConfigError: The store is required and does not answer.
        """
        known = await self._store.join(budget=self._budget, app=self._app)
        if known is not None:
            self._limiter.windows.adopt(
                limit=known.limit,
                length_ms=known.window_ms,
                offset=known.clock,
                now=self._clock.now(),
            )

    async def return_leases(self) -> None:
        """Give back what is leased and not used, as when the last client closes."""
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        await self._give_back()

    async def _run(self) -> None:
        try:
            while True:
                self._event.clear()
                for budget in self.leases.take_exhausted():
                    await self._reach(self._store.freeze(self._ask(budget)))
                self.leases.backlog = self._lanes.waiting
                windows = self._windows()
                learns_clock = self._learns_clock()
                for budget in windows:
                    want = self.leases.wanted(
                        budget,
                        self._clock.now(),
                        interactive_waiting=self._lanes.of(Priority.INTERACTIVE).waiting,
                    )
                    is_next = budget is windows[-1] and self.leases.room(budget) is not None
                    if want is None and learns_clock and is_next:
                        want = Want(budget.reset_ms, 0, is_interactive=False)
                    if want is not None:
                        await self._lease(budget, want)
                idle_s = self.leases.idle_at() - self._clock.now()
                if self.leases.backlog == 0 and idle_s <= 0.0:
                    await self._give_back()
                    if not self._event.is_set():
                        return
                await self._wait(DRY_S if learns_clock else max(idle_s, 0.05))
        finally:
            self._task = None

    async def _wait(self, seconds: float) -> None:
        """Wait to be woken, or until the next window is to be prefetched."""
        budget = self._windows()[0] if self._windows() else None
        if budget is not None:
            left_s = self._limiter.windows.left_s(budget, self._clock.now())
            if left_s > PREFETCH_S:
                seconds = min(seconds, left_s - PREFETCH_S + 0.001)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()

    def _learns_clock(self) -> bool:
        """Return whether a window may begin any moment, and other processes may know when."""
        now = self._clock.now()
        if not self.leases.backlog or self.leases.members == 1 or now < self._asked_at + DRY_S:
            return False
        known = self._limiter.windows
        return len(known.candidates(now)) > 1 and known.clock.width_s(now) > VAGUE_S

    def _windows(self) -> list[WindowBudget]:
        """Return the windows that calls are leased for: current ones, and one about to begin."""
        windows, now = self._limiter.windows, self._clock.now()
        if not windows.is_known:
            return []
        found = [*windows.candidates(now)]
        self.leases.forget_before(found[0].reset_ms)
        if windows.left_s(found[-1], now) < PREFETCH_S:
            # Not opened yet: nothing is charged to it.
            next_ms = found[-1].reset_ms + windows.schedule.length_ms
            found.append(WindowBudget(next_ms, windows.limit))
        return found

    async def _lease(self, budget: WindowBudget, want: Want) -> None:
        self._asked_at = self._clock.now()
        ask = self._ask(budget, want=want.calls, is_interactive=want.is_interactive)
        lease = await self._reach(self._store.lease(ask))
        if lease is None:
            self.leases.mark_lost(budget.reset_ms, self._clock.now())
            self._note_availability(is_available=False)
        else:
            if lease.clock is not None:
                self._limiter.windows.clock.narrow(*lease.clock, self._clock.now())
            self.leases.granted(
                want,
                lease.count,
                held=ask.leased,
                left=lease.left,
                kept=lease.kept,
                members=lease.members,
                now=self._clock.now(),
            )
            if lease.is_frozen:
                self.leases.freeze(budget.reset_ms)
                budget.is_exhausted = True
            self._note_availability(is_available=True)
        self._on_change()

    async def _give_back(self) -> None:
        for budget in self._windows():
            unused = self.leases.take_back(budget)
            if unused:
                await self._reach(self._store.give_back(self._ask(budget, returned=unused)))

    async def _reach(self, answer: Awaitable[T]) -> T | None:
        """Return the store's answer; None where it cannot be used, as when it was closed.

        A store of the user's own may raise anything: calls go on by the headers alone.
        """
        try:
            return await answer
        except Exception as error:  # noqa: BLE001
            if self._is_available:
                log.warning("the budget store cannot be used (%s)", reason_of(error))
            return None

    def _ask(
        self,
        budget: WindowBudget,
        *,
        want: int = 0,
        returned: int = 0,
        is_interactive: bool = False,
    ) -> Ask:
        windows, now = self._limiter.windows, self._clock.now()
        clock = windows.clock
        sure_s = windows.sure_s(budget, now)
        is_certain = clock.is_known and clock.width_s(now) < CLOCK_WIDTH_S
        return Ask(
            budget=self._budget,
            app=self._app,
            reset_at_ms=budget.reset_ms,
            window_ms=windows.schedule.length_ms,
            limit=budget.limit,
            workspace_limit=self._limiter.workspace.limit,
            used=budget.highest_used_seen or None,
            want=want,
            leased=self.leases.held(budget),
            holder=self._name,
            returned=returned,
            left_s=sure_s,
            doubt_s=self._doubt_s(budget, sure_s, now),
            is_interactive=is_interactive,
            interactive_per_s=self._limiter.reserve.arrivals_per_s,
            interactive_burst=self._limiter.reserve.burst,
            clock=clock.bounds(now) if is_certain else None,
        )

    def _doubt_s(self, budget: WindowBudget, sure_s: float, now: float) -> float:
        """Return for how long after its earliest end a window may go on, in seconds.

        An interactive call may be counted in it until then, so the store keeps some: with all of it
        leased, the call would wait until the next one has certainly begun. Of many processes, each
        expects its part only.
        """
        latest_s = self._limiter.windows.ends_at(budget, now) - now
        return max(0.0, latest_s - sure_s) * min(1.0, PROBES / self.leases.members)

    def _note_availability(self, *, is_available: bool) -> None:
        if is_available != self._is_available:
            self._is_available = is_available
            if is_available:
                self._hooks.restored("store")
            else:
                self._hooks.degraded("store")


def check_budget(store: object, budget_key: object, app: Hashable = "") -> None:
    """Refuse a store that cannot lease, and a budget that has no name.

    Raises:
        ConfigError: It is one of these.
    """
    if isinstance(store, type) or (
        store is not None and not callable(getattr(store, "lease", None))
    ):
        raise ConfigError(f"store must be a BudgetStore, not {type(store).__name__}")
    if budget_key is not None and (not isinstance(budget_key, str) or not budget_key):
        raise ConfigError("budget_key must be a text that is not empty")
    if budget_key is not None and store is None:
        raise ConfigError("budget_key names a budget in a store, and there is no store")
    if store is not None:
        identify(app, budget_key)


def identify(app: Hashable, budget_key: str | None) -> tuple[str, str]:
    """Return the names of a budget and of an app in a store; they tell nothing about a token.

    Raises:
        ConfigError: The app is a function that returns tokens, and there is no `budget_key`.
    """
    if budget_key is None and not isinstance(app, str):
        raise ConfigError(
            "a token that a function returns has no budget of its own in a store: "
            "give budget_key, such as the workspace's id"
        )
    name = app if isinstance(app, str) else str(budget_key)
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return budget_key or digest, digest
