"""The only reader of time and the only sleeper.

Everything that waits asks a `Clock`. The default reads the running event loop, so a loop whose
time is virtual makes the whole package virtual; nothing else is needed to test hours of traffic in
seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

from intercom_async.errors import ConfigError


class TimerHandle(Protocol):
    """A timer that can be called off."""

    def cancel(self) -> None:
        """Call the timer off; a timer that has fired is left alone."""


class Clock(Protocol):
    """A source of monotonic and UNIX time, of sleep and of timers."""

    def now(self) -> float:
        """Return monotonic seconds; only differences mean anything."""
        ...

    def unix(self) -> float:
        """Return UNIX seconds of this machine, which may be wrong or jump."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; at least one turn of the loop, also for zero seconds."""

    def call_at(self, when: float, callback: Callable[[], Any]) -> TimerHandle:
        """Call `callback` once `now()` has reached `when`."""
        ...


def running_loop() -> asyncio.AbstractEventLoop:
    """Return the loop of the running task.

    Raises:
        ConfigError: No loop of asyncio runs.
    """
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigError(
            "no event loop of asyncio runs here: call it from a coroutine under asyncio.run(…); "
            "with trio, start by anyio.run(main, backend='asyncio')"
        ) from None


class WallTime:
    """Where UNIX time comes from: `read` is replaced by a loop whose time is virtual."""

    __slots__ = ("read",)

    def __init__(self) -> None:
        self.read: Callable[[], float] = time.time  # noqa: TID251 (this module is the one place)


WALL_TIME = WallTime()
"""UNIX time of this machine, for the whole process."""


class LoopClock:
    """The clock of the running event loop."""

    __slots__ = ()

    def now(self) -> float:
        """Return the loop's own time in seconds."""
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return running_loop().time()

    def unix(self) -> float:
        """Return UNIX seconds of this machine."""
        return WALL_TIME.read()

    async def sleep(self, seconds: float) -> None:
        """Wait on the running loop."""
        await asyncio.sleep(seconds)  # noqa: TID251 (this module is the one place)

    def call_at(self, when: float, callback: Callable[[], Any]) -> TimerHandle:
        """Set a timer on the running loop."""
        return running_loop().call_at(when, callback)


def give_way(seconds: float) -> None:
    """Let other threads run for a moment: called by a thread that computes beside an event loop.

    A loop whose turn begins waits for the interpreter's lock, 5 ms for each look at a socket if the
    thread that has it only computes.
    """
    time.sleep(seconds)


CLOCK: Clock = LoopClock()
"""What is used where no other clock is given."""


def reader(clock: Clock, loop: asyncio.AbstractEventLoop) -> Callable[[], float]:
    """Return what tells a clock's time in a loop: the loop itself where it is asked anyhow."""
    return loop.time if clock is CLOCK else clock.now
