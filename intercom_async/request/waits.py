"""What waits in a client, so that closing the client can end it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from intercom_async.errors import ClosedError
from intercom_async.scheduler import Scheduler

_locks: WeakKeyDictionary[Scheduler, dict[tuple[Hashable, str], asyncio.Lock]] = WeakKeyDictionary()


def shared_lock(scheduler: Scheduler, app: Hashable, name: str) -> asyncio.Lock:
    """Return the lock of this name that all clients of an app share."""
    return _locks.setdefault(scheduler, {}).setdefault((app, name), asyncio.Lock())


class Waits:
    """Every wait of an open client that is not a permit's."""

    def __init__(self) -> None:
        self.is_closed: bool = False
        self._waits: set[asyncio.Timeout] = set()

    def close(self) -> None:
        """End every wait, now and from now on."""
        self.is_closed = True
        for wait in self._waits:
            wait.reschedule(0.0)
        self._waits.clear()

    @asynccontextmanager
    async def while_open(self) -> AsyncGenerator[None, None]:
        """Cancel what the block waits for as soon as the client is closed.

        Raises:
            ClosedError: The client was closed before the block had ended.
        """
        wait = asyncio.timeout(None)
        try:
            async with wait:
                if self.is_closed:
                    raise ClosedError("the client is closed")
                self._waits.add(wait)
                yield
        except TimeoutError:
            if not wait.expired():
                raise
            raise ClosedError("the client was closed while something waited in it") from None
        finally:
            self._waits.discard(wait)
