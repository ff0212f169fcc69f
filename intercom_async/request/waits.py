"""What waits in a client, so that closing the client can end it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Hashable, Sequence
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from intercom_async.clock import CLOCK
from intercom_async.errors import ClosedError
from intercom_async.scheduler import Permit, Scheduler

ENDED_A_TURN = 500
"""Calls that a closing client ends in one turn of the loop: each takes some 10 µs to fail
(test_close.py::test_many_waits_end_in_several_turns)."""

_locks: WeakKeyDictionary[Scheduler, dict[tuple[Hashable, str], asyncio.Lock]] = WeakKeyDictionary()


def shared_lock(scheduler: Scheduler, app: Hashable, name: str) -> asyncio.Lock:
    """Return the lock of this name that all clients of an app share."""
    return _locks.setdefault(scheduler, {}).setdefault((app, name), asyncio.Lock())


async def end_waits(permits: Sequence[Permit]) -> None:
    """Raise `ClosedError` in calls that wait for their permit, some in each turn of the loop.

    One that has its permit, or has ended, is not affected. If this is cancelled it ends the rest at
    once.
    """
    try:
        for begin in range(0, len(permits), ENDED_A_TURN):
            if begin:
                await CLOCK.sleep(0)
            _abandon(permits[begin : begin + ENDED_A_TURN])
    except asyncio.CancelledError:
        _abandon(permits)
        raise


def _abandon(permits: Sequence[Permit]) -> None:
    for permit in permits:
        permit.abandon(ClosedError("the client was closed while the call waited for its permit"))


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
