"""Time limits of requests under way: one timer for all that have the same limit.

aiohttp sets a timer of its own for each request and takes it back with the answer. Requests of one
client have the same limit, so the one that began first is the first to be over, and a single timer
for it is enough. It is set again when it fires, not when a request ends: a client that sends a
thousand requests a second sets one timer in `timeout_s`.
"""

from __future__ import annotations

import asyncio
from typing import Any


class Deadline:
    """The limit of one request; the task that began it is cancelled when it is over."""

    __slots__ = ("cancelling", "is_over", "limit", "task", "when")

    def __init__(self, limit: _Limit, task: asyncio.Task[Any], when: float) -> None:
        self.limit: _Limit = limit
        self.task: asyncio.Task[Any] = task
        self.when: float = when
        self.cancelling: int = task.cancelling()
        self.is_over: bool = False
        """Whether the task was cancelled for it, and that was not taken back."""

    def end(self) -> None:
        """Let go of a request that has ended, however it has."""
        self.limit.running.pop(self, None)
        if self.is_over:  # something else was raised in place of the cancellation
            self.is_over = False
            self.task.uncancel()

    def has_cancelled(self) -> bool:
        """Take back the cancellation of the task; False if somebody else has cancelled it too."""
        if not self.is_over:
            return False
        self.is_over = False
        return self.task.uncancel() <= self.cancelling


class _Limit:
    """Requests that have the same number of seconds, the first one first."""

    __slots__ = ("running", "timer")

    def __init__(self) -> None:
        self.running: dict[Deadline, None] = {}
        self.timer: asyncio.TimerHandle | None = None


class Deadlines:
    """Deadlines of the requests of one loop.

    Args:
        loop: The loop that sends them.
    """

    __slots__ = ("_limits", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._limits: dict[float, _Limit] = {}

    def begin(self, seconds: float) -> Deadline:
        """Return the deadline of a request that begins now in the running task; `end` must follow.

        Raises:
            RuntimeError: No task is running.
        """
        loop = self._loop
        limit = self._limits.get(seconds)
        if limit is None:
            limit = self._limits[seconds] = _Limit()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a request is sent within a task")
        deadline = Deadline(limit, task, loop.time() + seconds)
        limit.running[deadline] = None
        if limit.timer is None:
            limit.timer = loop.call_at(deadline.when, self._expire, seconds)
        return deadline

    def _expire(self, seconds: float) -> None:
        """Cancel what is over, and set the timer for the next one."""
        limit = self._limits[seconds]
        limit.timer = None
        # A loop's timer may fire early by as much as its clock is exact.
        now = self._loop.time() + 1e-3
        while limit.running:
            deadline = next(iter(limit.running))
            if deadline.when > now:
                limit.timer = self._loop.call_at(deadline.when, self._expire, seconds)
                return
            del limit.running[deadline]
            deadline.is_over = True
            deadline.task.cancel()
        del self._limits[seconds]

    def close(self) -> None:
        """Set no timer any more; requests under way have no limit from now on."""
        for limit in self._limits.values():
            if limit.timer is not None:
                limit.timer.cancel()
        self._limits.clear()
