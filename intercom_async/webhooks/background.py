"""A bounded queue inside the process, for apps without a queue of their own.

What it holds is lost when the process is killed: Intercom was told 200 already. A queue outside the
process (`Webhooks(queue=…)`) loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from anyio.abc import TaskGroup

from intercom_async.errors import ClosedError, ConfigError
from .notification import Notification

_LOG = logging.getLogger("intercom_async.webhooks")

_NOT_RUNNING = "the webhooks are not running"

Run = Callable[[Notification[Any]], Awaitable[None]]


class BackgroundQueue:
    """Runs accepted notifications in tasks of its own, which outlive the requests.

    Args:
        run: Handles one notification; it does not raise.
        max_queued: Notifications that may wait or be handled at once; a further one waits for a
            place.
        drain_s: Seconds that `stop` waits for what was accepted.
    """

    def __init__(self, run: Run, *, max_queued: int, drain_s: float) -> None:
        self._run = run
        self._drain_s = drain_s
        self._places = anyio.Semaphore(max_queued)
        self._group: TaskGroup | None = None
        self._stopping: asyncio.Event = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None
        self.waiting: int = 0
        """Notifications that were accepted and not handled yet."""

    @property
    def is_running(self) -> bool:
        """Whether `put` takes notifications."""
        return self._group is not None and not self._stopping.is_set()

    async def start(self) -> None:
        """Begin to take notifications, in the running event loop.

        Raises:
            ConfigError: It is running already.
        """
        if self._supervisor is not None:
            raise ConfigError("the webhooks are running already; enter running() once")
        self._stopping = asyncio.Event()
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # A task of its own, because frameworks start and stop an app in different tasks.
        self._supervisor = asyncio.create_task(self._supervise(started))
        await started

    async def stop(self) -> None:
        """Take no more notifications, and wait for what was accepted."""
        supervisor, self._supervisor = self._supervisor, None
        self._stopping.set()
        if supervisor is not None:
            await supervisor

    async def put(self, event: Notification[Any]) -> None:
        """Accept a notification; wait while the queue is full.

        Raises:
            ClosedError: It is not running.
        """
        if not self.is_running:
            raise ClosedError(_NOT_RUNNING)
        await self._places.acquire()
        group = self._group
        if group is None or not self.is_running:
            self._places.release()
            raise ClosedError(_NOT_RUNNING)
        self.waiting += 1
        group.start_soon(self._work, event)

    async def _work(self, event: Notification[Any]) -> None:
        try:
            await self._run(event)
            self.waiting -= 1
        finally:
            self._places.release()

    async def _supervise(self, started: asyncio.Future[None]) -> None:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as group:
                self._group = group
                started.set_result(None)
                await self._stopping.wait()
                scope.deadline = anyio.current_time() + self._drain_s
        self._group = None
        lost, self.waiting = self.waiting, 0
        if lost:
            _LOG.error(
                "%d accepted notifications were not handled within %g s of the shutdown and are "
                "lost; a queue outside the process would have kept them",
                lost,
                self._drain_s,
            )
