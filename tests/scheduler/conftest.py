"""A server and a scheduler on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.scheduler import Hooks, Permit, Scheduler
from tests.support.scheduler.clients import Scheduled
from tests.support.scheduler.server import Network, Reply, Server
from tests.support.virtual_time import anyio_backend

__all__ = ["EVEN", "Desk", "MakeDesk", "anyio_backend", "turns"]

EVEN = Network(0.01, 0.03, 0.01, spread=0.0)
"""Every reply after 50 ms, so that an order of arrival is an order of sending."""


class Desk:
    """A scheduler before a strict server, and who went when."""

    def __init__(self, server: Server, scheduler: Scheduler) -> None:
        self.server = server
        self.scheduler = scheduler
        self.client = Scheduled(server, "client", scheduler)
        self.went: list[str] = []
        self._tasks: list[asyncio.Task[Any]] = []

    async def call(self, name: str = "", *, cost: int = 1, **options: Any) -> Permit:
        """Send one request; `options` are those of `admit`."""
        async with self.scheduler.admit(cost=cost, **options) as permit:
            self.went.append(name)
            reply = await self.exchange(**options)
            permit.observe(status=reply.status, headers=reply.headers, message=reply.message)
        return permit

    async def exchange(self, *, app: str = "", **_: Any) -> Reply:
        return await self.server.exchange(app=app)

    def start(self, name: str = "", **options: Any) -> asyncio.Task[Permit]:
        """Begin a call; give the loop a turn to have it stand in its queue."""
        return self.spawn(self.call(name, **options))

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.append(task)
        return task

    async def fill_window(self) -> None:
        """Learn the windows, then let others use up what is left of the present one.

        What follows is early in a window, so that a test can tell this one from the next.
        """
        await CLOCK.sleep(self.server.ends_in_s() + 0.5)
        await self.call()
        self.server.take(self.server.limit())
        await self.call_until_known()

    async def call_until_known(self) -> None:
        """Be turned away once, so that the scheduler knows the window to be full."""
        async with self.scheduler.admit() as permit:
            reply = await self.server.exchange()
            permit.observe(status=reply.status, headers=reply.headers, message=reply.message)

    async def done(self) -> None:
        """Wait for all that was begun, whatever becomes of it."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing waits or flies, and all that was let go was sent or given back."""
        seen = self.scheduler.statistics()
        return (
            not any(seen.queued.values())
            and seen.in_flight == 0
            and seen.granted - seen.released == self.server.sends
        )


MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk() -> MakeDesk:
    """Return what makes a desk; for use in a running loop."""

    def make(
        limits: Limits | None = None,
        *,
        hooks: Hooks | None = None,
        network: Network = EVEN,
        seed: int = 1,
        **server: Any,
    ) -> Desk:
        random = Random(seed)
        return Desk(
            Server(random, network, **server), Scheduler(limits, hooks=hooks, random=random)
        )

    return make


async def turns(count: int = 1) -> None:
    """Let the loop turn, without letting time pass."""
    for _ in range(count):
        await CLOCK.sleep(0)
