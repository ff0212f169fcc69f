"""A bounded queue inside the process, for apps without a queue of their own.

What it holds is lost when the process is killed: Intercom has its 200 already. A queue outside the
process (`Webhooks(queue=…)`) loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

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
        self._places = anyio.Semaphore(max_queued, fast_acquire=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_running = False
        self.waiting: int = 0
        """Notifications that were accepted and not handled yet."""

    @property
    def is_running(self) -> bool:
        """Whether `put` takes notifications."""
        return self._is_running

    async def start(self) -> None:
        """Begin to take notifications, in the running event loop.

        Raises:
            ConfigError: It is running already.
        """
        if self._is_running:
            raise ConfigError("the webhooks are running already; enter running() once")
        self._is_running = True

    async def stop(self) -> None:
        """Take no more notifications, and wait for what was accepted."""
        self._is_running = False
        tasks = {*self._tasks}
        if not tasks:
            return
        try:
            await asyncio.wait(tasks, timeout=self._drain_s)
        finally:
            late = {task for task in tasks if not task.done()}
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
            lost, self.waiting = self.waiting, 0
            if lost:
                _LOG.error(
                    "%d accepted notifications were not handled within %g s of the shutdown and "
                    "are lost; a queue outside the process would have kept them",
                    lost,
                    self._drain_s,
                )

    def offer(self, event: Notification[Any]) -> bool:
        """Accept a notification if it is running and has a place; say whether it did."""
        if not self.is_running:
            return False
        try:
            self._places.acquire_nowait()
        except anyio.WouldBlock:
            return False
        self._begin(event)
        return True

    async def put(self, event: Notification[Any]) -> None:
        """Accept a notification; wait while the queue is full.

        Raises:
            ClosedError: It is not running.
        """
        self._check()
        await self._places.acquire()
        try:
            self._check()
        except ClosedError:
            self._places.release()
            raise
        self._begin(event)

    def _check(self) -> None:
        if not self._is_running:
            raise ClosedError(_NOT_RUNNING)

    def _begin(self, event: Notification[Any]) -> None:
        self.waiting += 1
        task = asyncio.get_running_loop().create_task(self._work(event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, event: Notification[Any]) -> None:
        try:
            await self._run(event)
            self.waiting -= 1
        finally:
            self._places.release()
