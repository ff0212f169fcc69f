"""Waits for a target that another process holds, each time that a run has to look at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from intercom_async.clock import CLOCK
from .errors import BusyTargetError
from .outage import StoppedError

T = TypeVar("T")

BUSY_PAUSE_S = 0.5
"""Between two looks at a target that another process holds."""


class TargetWait:
    """How long a run waits for its target.

    Args:
        stop: Ends the waiting.
        wait_s: Seconds to wait.
    """

    def __init__(self, stop: anyio.Event, wait_s: float = 0.0) -> None:
        self._stop = stop
        self._wait_s = wait_s

    async def until_free(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do something with the target, again for a while if another process holds it.

        Args:
            work: What is to be done; what a try has done before it found the target held is done
                again by the next one.

        Raises:
            BusyTargetError: It is held for longer than the run waits.
            StoppedError: The run was asked to stop while it waited.
        """
        until = CLOCK.now() + self._wait_s
        while True:
            try:
                return await work()
            except BusyTargetError:
                if CLOCK.now() >= until:
                    raise
            if self._stop.is_set():
                raise StoppedError("the run was asked to stop while it waited for the target")
            await CLOCK.sleep(BUSY_PAUSE_S)
