"""Who sends: the scheduler under test, and the usual ways of not being turned away."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Protocol

from aiolimiter import AsyncLimiter

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Scheduler, Throttle
from .server import EPOCH, LostReplyError, Reply, Server

TOO_MANY_REQUESTS = 429


class Sender(Protocol):
    """One process that sends."""

    async def call(self, priority: Priority = Priority.BULK, *, app: str = "") -> float:
        """Make one call until it succeeds; return how long it waited until it was sent last."""
        ...


MakeSender = Callable[[Server, str, Random], Sender]
"""Makes the sender of a process of this name."""


class Scheduled:
    """Sends through a scheduler, as a session does."""

    def __init__(self, server: Server, name: str, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.server = server
        self.name = name

    async def call(
        self,
        priority: Priority = Priority.BULK,
        *,
        app: str = "",
        cost: int = 1,
        max_wait_s: float | None = None,
    ) -> float:
        begun = self.scheduler.now()
        waited: float | None = None
        pause_s = 0.25
        while True:
            async with self.scheduler.admit(
                priority=priority,
                app=app,
                cost=cost,
                max_wait_s=max_wait_s,
                is_repeat=waited is not None,
            ) as permit:
                waited = self.scheduler.now() - begun
                permit.sent()
                try:
                    reply = await self.server.exchange(app=app, client=self.name)
                except LostReplyError:
                    return waited
                permit.observe(status=reply.status, headers=reply.headers, message=reply.message)
            if reply.status != TOO_MANY_REQUESTS or permit.throttle is Throttle.RESOURCE:
                return waited
            if permit.throttle is Throttle.EDGE:
                await CLOCK.sleep(pause_s)
                pause_s = min(2 * pause_s, 8.0)


class SleepsToReset:
    """No throttle: a call that is turned away sleeps until the reply's Reset, and 0 to 20 % more.

    The local clock is taken to be right, which is kind.
    """

    def __init__(self, server: Server, name: str, random: Random) -> None:
        self.server = server
        self.name = name
        self._random = random

    async def call(self, priority: Priority = Priority.BULK, *, app: str = "") -> float:
        del priority
        begun = CLOCK.now()
        while True:
            sent = CLOCK.now()
            reply = await _exchange(self.server, app, self.name)
            if reply is None or reply.status != TOO_MANY_REQUESTS:
                return sent - begun
            reset_at = float(reply.headers.get("X-RateLimit-Reset", EPOCH))
            pause_s = max(0.0, reset_at - self.server.time())
            await CLOCK.sleep(pause_s * self._random.uniform(1.0, 1.2))


class BacksOff:
    """No throttle: exponential backoff with full jitter after each 429."""

    def __init__(self, server: Server, name: str, random: Random) -> None:
        self.server = server
        self.name = name
        self._random = random

    async def call(self, priority: Priority = Priority.BULK, *, app: str = "") -> float:
        del priority
        begun, longest_s = CLOCK.now(), 1.0
        while True:
            sent = CLOCK.now()
            reply = await _exchange(self.server, app, self.name)
            if reply is None or reply.status != TOO_MANY_REQUESTS:
                return sent - begun
            await CLOCK.sleep(self._random.uniform(0.0, longest_s))
            longest_s = min(60.0, 2 * longest_s)


class Leaks:
    """An `AsyncLimiter` before each attempt, and backoff after a 429."""

    def __init__(
        self, server: Server, name: str, random: Random, *, most: float, period_s: float
    ) -> None:
        self.server = server
        self.name = name
        self._random = random
        self._bucket = AsyncLimiter(most, period_s)

    async def call(self, priority: Priority = Priority.BULK, *, app: str = "") -> float:
        del priority
        begun, longest_s = CLOCK.now(), 1.0
        while True:
            await self._bucket.acquire()
            sent = CLOCK.now()
            reply = await _exchange(self.server, app, self.name)
            if reply is None or reply.status != TOO_MANY_REQUESTS:
                return sent - begun
            await CLOCK.sleep(self._random.uniform(0.0, longest_s))
            longest_s = min(60.0, 2 * longest_s)


async def _exchange(server: Server, app: str, name: str) -> Reply | None:
    try:
        return await server.exchange(app=app, client=name)
    except LostReplyError:
        return None


def scheduled(limits: Limits | None = None) -> MakeSender:
    """Return what makes a process with a scheduler of its own."""

    def make(server: Server, name: str, random: Random) -> Scheduled:
        return Scheduled(server, name, Scheduler(limits, random=random))

    return make


def leaks(most: float, period_s: float) -> MakeSender:
    """Return what makes a process with a leaky bucket of its own."""

    def make(server: Server, name: str, random: Random) -> Leaks:
        return Leaks(server, name, random, most=most, period_s=period_s)

    return make


BASELINES: dict[str, MakeSender] = {
    "sleep to Reset": SleepsToReset,
    "exponential backoff": BacksOff,
    "AsyncLimiter(1667, 10)": leaks(1667, 10),
    "AsyncLimiter(833, 10)": leaks(833, 10),
    "AsyncLimiter(10, 0.06)": leaks(10, 0.06),
}
