"""Ceilings of the user's own: a rate over everything, and rates for classes of operations.

They are leaky buckets (https://aiolimiter.readthedocs.io) and stand before the windows, since a
call that has its turn in a window must not wait any longer. A bucket lets its callers in as they
come, so each has a door with the four lanes before it, through which one goes at a time: a person
does not wait behind a bulk job here, either.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from intercom_async.clock import Clock
from intercom_async.config import Limits
from intercom_async.errors import ClosedError, WaitTooLongError
from intercom_async.priority import Priority
from .lanes import SLACK_S

if TYPE_CHECKING:
    from .permit import Permit

PERIOD_S = 0.06
"""A bucket of one call, or of what fits into this time: the rate is kept without bursts."""


class Ceilings:
    """What a call has to pass before it may ask for its turn."""

    __slots__ = ("_all", "_by_kind", "_clock", "are_set")

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._clock = clock
        self._by_kind = {
            kind: Door(per_minute / 60)
            for kind, per_minute in (
                ("search", limits.search_per_minute),
                ("scroll", limits.scroll_per_minute),
            )
            if per_minute is not None
        }
        self._all = None if limits.max_per_second is None else Door(limits.max_per_second)
        self.are_set: bool = bool(self._by_kind) or self._all is not None
        """Whether there is a ceiling at all."""

    def concern(self, kind: str | None) -> bool:
        """Say whether there is a ceiling for a call of this class."""
        return self._all is not None or (kind is not None and kind in self._by_kind)

    async def wait(self, permit: Permit) -> None:
        """Wait until no ceiling is passed any more; what is waited here is no longer allowed later.

        Raises:
            ClosedError: The scheduler was closed meanwhile.
            WaitTooLongError: The wait would be, or has become, too long.
        """
        begun = self._clock.now()
        if permit.kind is not None and permit.kind in self._by_kind:
            await self._by_kind[permit.kind].enter(permit, self._clock, begun)
        if self._all is not None:
            await self._all.enter(permit, self._clock, begun)
        if permit.max_wait_s is not None:
            permit.max_wait_s = max(0.0, permit.max_wait_s - (self._clock.now() - begun))

    def close(self) -> None:
        """Wake everybody who waits here with `ClosedError`."""
        for door in (*self._by_kind.values(), *filter(None, (self._all,))):
            door.close()


class Door:
    """A leaky bucket and who waits for it.

    Args:
        per_s: Calls a second that go through.
    """

    __slots__ = ("_bucket", "_is_closed", "_is_taken", "_lanes", "_passing", "_per_s", "_waiting")

    def __init__(self, per_s: float) -> None:
        from aiolimiter import AsyncLimiter  # noqa: PLC0415 (most clients have no ceiling)

        calls = per_s * PERIOD_S
        self._per_s = per_s
        self._bucket = AsyncLimiter(calls, PERIOD_S) if calls >= 1 else AsyncLimiter(1, 1 / per_s)
        self._is_closed = False
        self._is_taken = False
        self._passing: asyncio.Future[None] | None = None
        """Ends the wait of who stands in the door."""
        self._lanes: tuple[deque[tuple[float, asyncio.Future[None]]], ...] = tuple(
            deque() for _ in Priority
        )
        self._waiting = [0 for _ in Priority]

    async def enter(self, permit: Permit, clock: Clock, begun: float) -> None:
        """Go through as soon as the rate and those before allow it."""
        if self._is_taken:
            await self._queue(permit, clock, begun)
        self._is_taken = True
        try:
            await self._pass(permit)
        finally:
            self._let_next_in()

    async def _pass(self, permit: Permit) -> None:
        """Wait for the rate, unless that is called off."""
        if self._is_closed:
            raise ClosedError("the scheduler is closed")
        if self._bucket.has_capacity():
            await self._bucket.acquire()
            return
        # The bucket knows no end but a cancel.
        wait = asyncio.timeout(None)
        called_off = permit.future = self._passing = asyncio.get_running_loop().create_future()
        called_off.add_done_callback(partial(_end, wait))
        try:
            async with wait:
                await self._bucket.acquire()
        except TimeoutError:
            pass
        finally:
            permit.future = self._passing = None
            error = called_off.exception() if called_off.done() else None
        if error is not None:
            raise error

    async def _queue(self, permit: Permit, clock: Clock, begun: float) -> None:
        """Wait to be handed the door."""
        lane, now = permit.priority, clock.now()
        limit_s = permit.longest_s(begun)
        wait_s = (1 + sum(self._waiting[: lane + 1])) / self._per_s
        if limit_s is not None and now - begun + wait_s > limit_s:
            raise WaitTooLongError(wait_s=wait_s, limit_s=limit_s, call=permit.call)
        future = permit.future = asyncio.get_running_loop().create_future()
        timer = None
        if limit_s is not None:
            error = WaitTooLongError(wait_s=wait_s, limit_s=limit_s, call=permit.call)
            timer = clock.call_at(begun + limit_s, partial(_fail, future, error))
        self._lanes[lane].append((now, future))
        self._waiting[lane] += 1
        try:
            await future
        except BaseException:
            if future.done() and not future.cancelled() and future.exception() is None:
                # Handed the door and cancelled in the same turn of the loop.
                self._let_next_in()
            raise
        finally:
            self._waiting[lane] -= 1
            permit.future = None
            if timer is not None:
                timer.cancel()

    def _let_next_in(self) -> None:
        """Hand the door to whoever is due first, or leave it open."""
        due: list[tuple[float, Priority]] = []
        for priority, lane in zip(Priority, self._lanes, strict=True):
            while lane and lane[0][1].done():
                lane.popleft()
            if lane:
                due.append((lane[0][0] + SLACK_S[priority], priority))
        self._is_taken = bool(due)
        if due:
            self._lanes[min(due)[1]].popleft()[1].set_result(None)

    def close(self) -> None:
        """Wake everybody who waits; nobody goes through any more."""
        self._is_closed = True
        if self._passing is not None:
            _fail(self._passing, ClosedError("the scheduler was closed"))
        for lane in self._lanes:
            for _, future in lane:
                _fail(future, ClosedError("the scheduler was closed"))
            lane.clear()


def _end(wait: asyncio.Timeout, _: asyncio.Future[None]) -> None:
    # It may be over in the same turn of the loop.
    with suppress(RuntimeError):
        wait.reschedule(0.0)


def _fail(future: asyncio.Future[None], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
