"""The one task through which a store talks to its server, and what it knows of its health.

A request that is cancelled in the middle leaves its answer in the connection, where the next one
would read it. So no caller awaits the server: the store's own task does, one request after another,
and a caller that is cancelled abandons its future only. Each request is bounded in time; after one
that failed, the server is left alone for `PAUSE_S`, in which requests are answered with None.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

from intercom_async.clock import CLOCK, Clock
from intercom_async.errors import ClosedError
from ._reasons import reason_of

T = TypeVar("T")

log: logging.Logger = logging.getLogger("intercom_async.scheduler")

LINGER_S = 1.0
"""Seconds for which a request whose answer is late may go on, with nobody waiting for it: its
connection stays, and a server that was only slow is not asked for new ones by all processes at once
(test_store_failures.py::test_a_late_answer_does_not_cost_the_connection)."""
PAUSE_S = 1.0
"""Seconds between two tries while the server does not answer
(test_redis_store.py::test_a_paused_server_costs_one_bounded_wait_and_the_next_lease_works)."""


class _Entry(NamedTuple):
    """A request that waits for the store's task."""

    request: Callable[[], Awaitable[Any]]
    within_s: float
    future: asyncio.Future[Any]


class StoreRequests:
    """Sends a store's requests from one task, bounded in time.

    Args:
        within_s: Seconds after which an answer is given up.
        clock: The source of time.
    """

    def __init__(self, within_s: float, *, clock: Clock = CLOCK) -> None:
        self._within_s = within_s
        self._clock = clock
        self._queue: asyncio.Queue[_Entry] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._failed_at: float | None = None
        self._retry_at = 0.0
        self._lost_s = 0.0
        self._is_ending = False
        """Whether a request that was given up has not ended yet."""
        self.answered: int = 0
        """Requests that were answered in time."""
        self.reason: str = ""
        """Why the server could not be used last, without an address or a password."""

    @property
    def is_available(self) -> bool:
        """Whether the last request was answered in time, and the task has not ended."""
        return self._failed_at is None and not (self._task is not None and self._task.done())

    @property
    def unavailable_s(self) -> float:
        """Seconds in which the server did not answer, all times together."""
        since = self._failed_at
        return self._lost_s + (0.0 if since is None else self._clock.now() - since)

    async def send(
        self, request: Callable[[], Awaitable[T]], *, within_s: float | None = None
    ) -> T | None:
        """Run a request in the store's task; None if the server did not answer in time.

        Args:
            request: Makes the request; it is awaited in the store's task.
            within_s: Seconds for this request instead of those of all.

        Raises:
            ClosedError: The store was closed.
        """
        loop = asyncio.get_running_loop()
        if self._task is None:
            # It lives as long as the store, which is closed explicitly, and outlives any caller.
            self._task = loop.create_task(self._run(), name="intercom-async budget store")
        elif self._task.done() or self._task.get_loop() is not loop:
            raise ClosedError("the budget store is closed, or belongs to another event loop")
        if self._is_ending or (self._failed_at is not None and self._clock.now() < self._retry_at):
            return None
        future: asyncio.Future[Any] = loop.create_future()
        self._queue.put_nowait(_Entry(request, within_s or self._within_s, future))
        answer: T | None = await future
        return answer

    async def _run(self) -> None:
        while True:
            request, within_s, future = await self._queue.get()
            if future.cancelled():
                continue
            work = asyncio.ensure_future(request())
            try:
                answer = await self._answer(work, within_s)
                if not future.done():
                    future.set_result(answer)
                if not work.done():
                    await self._end(work)
            finally:
                work.cancel()

    async def _answer(self, work: asyncio.Future[Any], within_s: float) -> Any:
        """Return what a request answers; None if it fails, or does not in time."""
        await asyncio.wait([work], timeout=within_s)
        try:
            if not work.done():
                raise TimeoutError  # noqa: TRY301 (as what the request itself may raise)
            answer = work.result()
        except Exception as error:  # noqa: BLE001 (each client library has errors of its own)
            self._fail(error)
            return None
        self._recover()
        return answer

    async def _end(self, work: asyncio.Future[Any]) -> None:
        """Wait for the end of a request that is late; meanwhile nobody waits for the server.

        It may still be answered for a while. A client may take seconds to cancel it then, and its
        connection is not free before.
        """
        self._is_ending = True
        self._abandon_waiting()
        await asyncio.wait([work], timeout=LINGER_S)
        work.cancel()
        await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # it was given up: what it says is no news
        self._is_ending = False
        self._retry_at = self._clock.now() + PAUSE_S

    def _fail(self, error: Exception) -> None:
        now = self._clock.now()
        self._retry_at = now + PAUSE_S
        if self._failed_at is None:
            self._failed_at = now
            self.reason = reason_of(error)
            log.warning("the budget store cannot be used (%s)", self.reason)

    def _recover(self) -> None:
        self.answered += 1
        if self._failed_at is not None:
            self._lost_s += self._clock.now() - self._failed_at
            self._failed_at = None
            log.info("the budget store answers again")

    async def aclose(self) -> None:
        """End the task; who still waits for an answer gets None."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        # It was not lost: what it is without from here on is meant.
        self._lost_s, self._failed_at = self.unavailable_s, None
        self._abandon_waiting()

    def _abandon_waiting(self) -> None:
        while not self._queue.empty():
            future = self._queue.get_nowait().future
            if not future.done():
                future.set_result(None)
