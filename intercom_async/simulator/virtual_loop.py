"""An event loop whose time is virtual: hours of traffic in seconds, and a deadlock is an error.

It is asyncio's own loop with another selector. When nothing is ready, time jumps to the next timer;
when there is no timer either, nothing can ever happen again, and that is raised instead of waited
for. While it runs, `intercom_async.clock` reads UNIX time from it as well, so that the windows of a
simulator in the same loop and the waiting of a client agree::

    async def main() -> None:
        simulator = Simulator(contacts=50)
        async with Intercom(simulator.token, transport=MemoryTransport(simulator.answer)) as client:
            await nightly_job(client)

    run_virtual(main())

Work that waits for something outside the loop does not belong here: no sockets and no processes.
Threads of `run_in_executor` and of anyio may be used: time stands still while one is at work.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

import anyio.to_thread

from intercom_async.clock import WALL_TIME

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

STEP_S = 1e-6
"""Seconds that a jump goes beyond its timer. After some months a float cannot tell the two apart,
and time stands still at the timer: test_virtual.py::test_a_timer_is_reached_after_years."""

START_AT = 1_767_225_600.0
"""UNIX seconds at which virtual time begins: the newest record of a seeded workspace."""


class DeadlockError(Exception):
    """Every task waits, and no timer is set."""


class _JumpingSelector(selectors.SelectSelector):
    """Finds what is ready, or moves time on instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.threads: Callable[[], int] = int
        """Returns how many threads are at work; time does not pass before they are done."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout == 0:
            return []
        if self.threads():
            return super().select(None)
        if timeout is None:
            raise DeadlockError("every task waits, and no timer is set")
        self.now += max(timeout, 0.0) + STEP_S
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop with a clock that jumps; what runs on it must not wait for a network.

    Args:
        start_at: UNIX seconds when its time is 0.
    """

    def __init__(self, start_at: float = START_AT) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        self.start_at: float = start_at
        """UNIX seconds at its time 0; a change is a step of the machine's clock."""

    def time(self) -> float:
        """Return the loop's time in seconds since it was made."""
        return self._jumping.now

    def unix(self) -> float:
        """Return UNIX seconds of the machine."""
        return self.start_at + self._jumping.now

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once, without running the timers in between one by one."""
        self._jumping.now += seconds

    def run_forever(self) -> None:
        """Run until `stop`; meanwhile `intercom_async.clock` tells this loop's time."""
        before, WALL_TIME.read = WALL_TIME.read, self.unix
        try:
            super().run_forever()
        finally:
            WALL_TIME.read = before

    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[Unpack[Ts]], T],
        *args: *Ts,
    ) -> asyncio.Future[T]:
        """Call the function here and now: an executor's threads would outrun virtual time."""
        del executor
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 (the awaiting side raises it)
            future.set_exception(error)
        return future

    def watch_threads(self) -> None:
        """Let time stand still while anyio's worker threads are at work; call it from a task."""
        limiter = anyio.to_thread.current_default_thread_limiter()
        self._jumping.threads = lambda: int(limiter.borrowed_tokens)


async def _watched(loop: VirtualLoop, main: Coroutine[Any, Any, T]) -> T:
    loop.watch_threads()
    return await main


def run_virtual(main: Coroutine[Any, Any, T], *, start_at: float = START_AT) -> T:
    """Run a coroutine on a loop whose time is virtual, as `asyncio.run` does on a real one.

    Raises:
        DeadlockError: Every task waits, and nothing can wake one.
    """
    loop = VirtualLoop(start_at)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(_watched(loop, main))
