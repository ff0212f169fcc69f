"""A background task whose lifetime is a block, for asynchronous generators.

A task group cannot stand open across a `yield`: its cancel scope would become the caller's. So an
asynchronous generator that works ahead of its caller owns one task instead::

    async with BackgroundTask(read(), on_end=queue.close) as task:
        while ...:
            yield ...
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any

from intercom_async.clock import running_loop
from intercom_async.errors import ConfigError


class BackgroundTask:
    """Runs a coroutine as a task that ends with the block, whichever way the block ends.

    At the regular end of the block the task is awaited and its error raised. When the block is left
    early (an error, a cancel, `aclose` of the generator) the task is cancelled and its end awaited.

    Args:
        work: What the task runs.
        on_end: Called when the task has ended, even if it is cancelled before its first step, in
            which case nothing of `work` runs; closes what hands results to the block.
    """

    __slots__ = ("_on_end", "_task", "_work")

    def __init__(self, work: Coroutine[Any, Any, None], *, on_end: Callable[[], object]) -> None:
        self._work = work
        self._on_end = on_end

    async def __aenter__(self) -> asyncio.Task[None]:
        """Begin the work.

        Raises:
            ConfigError: No loop of asyncio runs.
        """
        try:
            self._task = running_loop().create_task(self._work)
        except ConfigError:
            self._work.close()
            self._on_end()
            raise
        self._task.add_done_callback(self._ended)
        return self._task

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                await self._task
        finally:
            self._task.cancel()
            await asyncio.wait((self._task,))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._on_end()
        if not task.cancelled():
            # Marks the error as seen, should the block be left before it is raised there.
            task.exception()
