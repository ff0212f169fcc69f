"""Rate limits of the user's own, such as `Limits.max_per_second`: over all calls, or for a class.

They stand before the windows, since a call that has a place in a window must not wait any longer.
Each has a queue with the same four lanes, so that an interactive call does not wait behind a bulk
job here either. The rate is kept by one timestamp, the moment from which the next call conforms, so
how long a call would wait is known before it waits. (`aiolimiter` cannot say that, and serves its
callers in the order of the event loop.)
"""

from __future__ import annotations

import asyncio
from functools import partial

from intercom_async.clock import Clock, TimerHandle
from intercom_async.config import Limits
from intercom_async.errors import ClosedError, WaitTooLongError
from intercom_async.priority import Priority
from .lanes import Lanes
from .limits.token_bucket import TokenBucket
from .permit import Permit
from .wait_estimate import least_wait

BURST_S = 0.06
"""Seconds of calls that may go at once: ten calls at 167 a second, one call at 16 or fewer
(test_client_rate.py::test_a_rate_is_kept)."""


class ClientRateLimits:
    """Rate limits that a call has to pass before it may ask for a window.

    Args:
        limits: The user's settings.
        clock: Tells time and sets timers.
    """

    __slots__ = ("_by_kind", "_clock", "_over_all", "are_set")

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._clock = clock
        self._by_kind = {
            kind: RateLimitQueue(per_minute / 60, clock)
            for kind, per_minute in (
                ("search", limits.search_per_minute),
                ("scroll", limits.scroll_per_minute),
            )
            if per_minute is not None
        }
        per_s = limits.max_per_second
        self._over_all = None if per_s is None else RateLimitQueue(per_s, clock)
        self.are_set: bool = bool(self._by_kind) or self._over_all is not None
        """Whether there is any rate limit."""

    def apply_to(self, kind: str | None) -> bool:
        """Return whether a call of this class has to pass a rate limit."""
        return self._over_all is not None or (kind is not None and kind in self._by_kind)

    async def wait(self, permit: Permit) -> None:
        """Wait until all rates allow the call; its wait for windows goes on from here.

        Raises:
            ClosedError: The scheduler was closed meanwhile.
            WaitTooLongError: The wait would be, or has become, too long.
        """
        permit.since = permit.since or self._clock.now()
        if permit.kind is not None and permit.kind in self._by_kind:
            await self._by_kind[permit.kind].wait(permit)
        if self._over_all is not None:
            await self._over_all.wait(permit)

    def close(self) -> None:
        """End every wait with `ClosedError`."""
        for queue in (*self._by_kind.values(), *filter(None, (self._over_all,))):
            queue.close()


class _Entry:
    """A call that waits for a rate."""

    __slots__ = ("cost", "future", "is_repeat", "key", "priority", "since")

    def __init__(self, permit: Permit, now: float) -> None:
        self.priority: Priority = permit.priority
        self.key: str = permit.key
        self.cost = 1
        self.is_repeat: bool = permit.is_repeat
        self.since = now
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def is_waiting(self) -> bool:
        return not self.future.done()


class RateLimitQueue:
    """Lets calls pass at a rate, in the order of the lanes.

    Args:
        per_s: Calls a second.
        clock: Tells time and sets timers.
    """

    __slots__ = ("_bucket", "_clock", "_is_closed", "_lanes", "_per_s", "_timer")

    def __init__(self, per_s: float, clock: Clock) -> None:
        self._per_s = per_s
        self._clock = clock
        self._bucket = TokenBucket(max(0.0, BURST_S - 1.0 / per_s))
        self._lanes: Lanes[_Entry] = Lanes()
        self._timer: TimerHandle | None = None
        self._is_closed = False

    async def wait(self, permit: Permit) -> None:
        """Wait until the rate and the calls ahead allow this one.

        Args:
            permit: The call, whose wait has begun.

        Raises:
            ClosedError: The scheduler was closed.
            WaitTooLongError: The wait would be, or has become, too long.
        """
        if self._is_closed:
            raise ClosedError("the scheduler is closed")
        now = self._clock.now()
        if not self._lanes.waiting and self._bucket.next_at <= now:
            self._bucket.take(now, self._per_s, 1)
            return
        since = permit.since
        limit_s = permit.wait_limit_s(since)
        entry = _Entry(permit, now)
        self._lanes.push(entry)
        expiry = None
        if limit_s is not None:
            wait_s = least_wait(self._lanes, entry, now, partial(self._wait_behind, now))
            error = WaitTooLongError(wait_s=wait_s, limit_s=limit_s, call=permit.call)
            if now - since + wait_s > limit_s:
                entry.future.cancel()
                self._lanes.discard(entry)
                raise error
            expiry = self._clock.call_at(since + limit_s, partial(self._fail, entry, error))
        await self._turn(permit, entry, expiry)

    def _wait_behind(self, now: float, ahead: int) -> float:
        return self._bucket.next_at - now + ahead / self._per_s

    async def _turn(self, permit: Permit, entry: _Entry, expiry: TimerHandle | None) -> None:
        self._set_timer()
        permit.future = entry.future
        try:
            await entry.future
        except BaseException:
            if entry.future.cancelled() or entry.future.exception() is not None:
                self._lanes.discard(entry)
            else:
                # Let through and cancelled in the same iteration of the loop: the next may go.
                self._bucket.give_back(self._per_s, 1)
                self._set_timer()
            raise
        finally:
            permit.future = None
            if expiry is not None:
                expiry.cancel()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._lanes.waiting:
            self._timer = self._clock.call_at(self._bucket.next_at, self._let_pass)

    def _let_pass(self) -> None:
        """Let the calls pass that conform now, and set the timer for the next one."""
        self._timer = None
        now = self._clock.now()
        while self._lanes.waiting and self._bucket.next_at <= now:
            entry, _ = self._lanes.heads(now)[0]
            self._lanes.pop(entry, now)
            self._bucket.take(now, self._per_s, 1)
            entry.future.set_result(None)
        self._set_timer()

    @staticmethod
    def _fail(entry: _Entry, error: Exception) -> None:
        if not entry.future.done():
            entry.future.set_exception(error)

    def close(self) -> None:
        """End every wait with `ClosedError`; no call passes any more."""
        self._is_closed = True
        for entry in self._lanes:
            self._fail(entry, ClosedError("the scheduler was closed"))
