"""Notifications of one object in the order in which things happened.

Deliveries come in any order. A sequencer holds each notification for a short time, so that an
earlier one that is late can overtake it, and then lets those of one object through one by one, the
oldest `created_at` first. What is later than the hold comes out of order: nothing is ever dropped.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from intercom_async.clock import CLOCK, Clock
from intercom_async.codec.coercion import is_object
from .notification import Notification


class _Waiter:
    """A notification that waits until its predecessors have been handled."""

    __slots__ = ("admitted", "is_admitted", "is_held", "position")

    def __init__(self, position: tuple[float, int]) -> None:
        self.position = position
        """When it happened, and the order of arrival among equals."""
        self.is_held = True
        self.is_admitted = False
        self.admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def __lt__(self, other: _Waiter) -> bool:
        return self.position < other.position


class _ObjectQueue:
    """The notifications of one object, at most one of them being handled."""

    __slots__ = ("is_busy", "waiters")

    def __init__(self) -> None:
        self.waiters: list[_Waiter] = []
        self.is_busy = False

    def admit_next(self) -> None:
        """Admit the oldest notification, unless it is held or another one is being handled."""
        while not self.is_busy and self.waiters and not self.waiters[0].is_held:
            oldest = heapq.heappop(self.waiters)
            if not oldest.admitted.done():
                self.is_busy = oldest.is_admitted = True
                oldest.admitted.set_result(None)

    def discard(self, waiter: _Waiter) -> None:
        """Take out a notification that gave up, wherever it has come to."""
        if waiter in self.waiters:
            self.waiters.remove(waiter)
            heapq.heapify(self.waiters)
        elif waiter.is_admitted:
            self.is_busy = False


class Sequencer:
    """Admits the notifications of one object in order, those of different objects concurrently.

    Args:
        hold_s: Seconds to hold a notification for earlier ones that are still on their way.
        clock: Another clock, for tests.
    """

    def __init__(self, hold_s: float, *, clock: Clock = CLOCK) -> None:
        self._hold_s = hold_s
        self._clock = clock
        self._queues: dict[str, _ObjectQueue] = {}
        self._arrivals = itertools.count()

    def __len__(self) -> int:
        """Return how many objects have notifications that wait or are being handled."""
        return len(self._queues)

    @asynccontextmanager
    async def in_order(self, event: Notification[Any]) -> AsyncGenerator[None]:
        """Wait until every earlier notification of the same object has been handled."""
        name = object_of(event)
        queue = self._queues.setdefault(name, _ObjectQueue())
        waiter = _Waiter((event.created_at or 0, next(self._arrivals)))
        heapq.heappush(queue.waiters, waiter)
        try:
            await self._clock.sleep(self._hold_s)
            waiter.is_held = False
            queue.admit_next()
            await waiter.admitted
            yield
        finally:
            queue.discard(waiter)
            queue.admit_next()
            if not queue.waiters and not queue.is_busy:
                self._queues.pop(name, None)


def object_of(event: Notification[Any]) -> str:
    """Return what tells one object from another: its kind and id, else the workspace."""
    item = event.item
    parts = (getattr(item, name, None) for name in ("conversation", "ticket", "contact"))
    for one in (item, *parts):
        found = one.get("id") if is_object(one) else getattr(one, "id", None)
        if found is not None:
            return f"{event.app_id}:{type(one).__name__}:{found}"
    return str(event.app_id)
