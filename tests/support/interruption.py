"""Work that is stopped where it waits: once at each point, while it waits and just as it ends.

A point is a moment at which the work, or a task that it has begun, gives the loop a turn. Just as
the wait ends means: after what was waited for is there, before anybody has seen it. Each attempt
has a loop of its own, whose time is virtual, so that work that would never go on is an error at
once.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, Self

import anyio

from intercom_async.clock import CLOCK
from .new_objects import set_aside_what_is_there
from .thoroughness import IS_THOROUGH
from .virtual_time import run_virtual

Work = Coroutine[Any, Any, Any]
Case = Callable[[], AbstractAsyncContextManager[Work]]
"""Prepares some work and gives it; then looks at what it has left."""


class Points:
    """Counts points, and stops something at one of them.

    Args:
        chosen: At which point, from 0 on; None stops nothing.
        late: Whether just as the wait ends.
    """

    def __init__(self, chosen: int | None, *, late: bool = False) -> None:
        self._chosen = chosen
        self._late = late
        self.count: int = 0
        """How many there were."""
        self.stop: Callable[[], object] | None = None
        """What is done at the point chosen; None cancels the task that has come to it."""
        self.stopped_at: float | None = None
        """When that was done."""

    def __repr__(self) -> str:
        return f"<point {self._chosen}, late: {self._late}>"

    def through(self, work: Work) -> Work:
        """Return some work as one, all of whose waits are points."""
        return _Waits(work, self)

    def spawn(self, loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> Any:
        """Make a task, all of whose waits are points, and the moment before it begins, too.

        A task factory, see `asyncio.loop.set_task_factory`.
        """
        task: asyncio.Task[Any] = asyncio.Task(self.through(work), loop=loop, **options)
        self._reach(task)
        return task

    def come(self, awaited: Any) -> None:
        """Count the point at which `awaited` is waited for, and stop what is to be stopped."""
        task = asyncio.current_task()
        assert task is not None
        if self._late and awaited is not None and self.count == self._chosen:
            # Called before the task itself is, which waits for the same from now on.
            future: asyncio.Future[Any] = awaited
            future.add_done_callback(lambda _: self._stop(task))
            self.count += 1
        else:
            self._reach(task)

    def _reach(self, task: asyncio.Task[Any]) -> None:
        if self.count == self._chosen:
            self._stop(task)
        self.count += 1

    def _stop(self, task: asyncio.Task[Any]) -> None:
        self.stopped_at = CLOCK.now()
        (self.stop or task.cancel)()


class _Waits(Coroutine[Any, Any, Any]):
    """Some work that tells of each wait."""

    def __init__(self, work: Work, points: Points) -> None:
        self._work = work
        self._points = points

    def send(self, value: Any, /) -> Any:
        return self._told(self._work.send(value))

    def throw(self, *error: Any) -> Any:
        return self._told(self._work.throw(*error))

    def close(self) -> None:
        self._work.close()

    def _told(self, awaited: Any) -> Any:
        self._points.come(awaited)
        return awaited

    def __await__(self) -> Self:
        return self

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        return self.send(None)


class Way(NamedTuple):
    """A way in which work is stopped."""

    name: str
    run: Callable[[Points, Work], Coroutine[Any, Any, bool]]
    """Does the work; says, or is cancelled to say, that it was stopped."""
    is_exact: bool = True
    """Whether the work goes not one step further; else it may be over before the stop arrives."""


async def _cancelled(points: Points, work: Work) -> bool:
    await points.through(work)
    return False


async def _timed_out(points: Points, work: Work) -> bool:
    loop = asyncio.get_running_loop()
    timeout = asyncio.timeout(None)
    points.stop = lambda: timeout.reschedule(loop.time())
    try:
        async with timeout:
            await points.through(work)
    except TimeoutError:
        assert timeout.expired()
        return await _goes_on()
    return False


async def _left(points: Points, work: Work) -> bool:
    with anyio.CancelScope() as scope:
        points.stop = scope.cancel
        await points.through(work)
    return scope.cancelled_caught and await _goes_on()


async def _left_from_within(points: Points, work: Work) -> bool:
    with anyio.CancelScope() as outer:
        points.stop = outer.cancel
        with anyio.move_on_after(1e6) as inner, anyio.CancelScope() as innermost:
            await points.through(work)
        assert not inner.cancelled_caught
        assert not innermost.cancelled_caught
    return outer.cancelled_caught and await _goes_on()


async def _moved_on(points: Points, work: Work) -> bool:
    inner = anyio.move_on_after(1e6)
    points.stop = inner.cancel
    with anyio.CancelScope() as outer:
        with inner:
            await points.through(work)
        if inner.cancelled_caught:
            await _goes_on()
    assert not outer.cancelled_caught
    return inner.cancelled_caught


async def _goes_on() -> bool:
    """Wait for something once more: what was stopped is over, and nothing else was."""
    await CLOCK.sleep(0.01)
    return True


async def _child_cancelled(points: Points, work: Work) -> bool:
    loop = asyncio.get_running_loop()
    loop.set_task_factory(points.spawn)
    try:
        await work
    finally:
        loop.set_task_factory(None)
    return False


async def _cancelled_meanwhile(points: Points, work: Work) -> bool:
    task = asyncio.current_task()
    assert task is not None
    points.stop = task.cancel
    return await _child_cancelled(points, work)


CANCELLED = Way("cancelled", _cancelled)
# A timeout and a scope cancel a turn of the loop later, and the work may be over by then.
TIMED_OUT = Way("timed out", _timed_out, is_exact=False)
LEFT = Way("scope left", _left, is_exact=False)
LEFT_FROM_WITHIN = Way("outer scope left", _left_from_within, is_exact=False)
MOVED_ON = Way("moved on", _moved_on, is_exact=False)
FROM_OUTSIDE = (CANCELLED, TIMED_OUT, LEFT_FROM_WITHIN, MOVED_ON)
CHILD_CANCELLED = Way("child cancelled", _child_cancelled)
CANCELLED_MEANWHILE = Way("cancelled while a child waits", _cancelled_meanwhile)


THIRD = sys.version_info.minor % 3


def interrupt_everywhere(case: Case, way: Way = CANCELLED, *, by_chance: bool = False) -> int:
    """Run a case undisturbed, then stop its work at each point; return how many there are.

    Each of three Python versions in a row takes every third stop, so that together they take all:
    while it waits and just as the wait ends, at each point. `nox -s chaos` takes all on one.

    Args:
        case: The case.
        way: How it is stopped.
        by_chance: Whether chance decides how often it waits: then a point need not be reached a
            second time.
    """
    return at_each_point(lambda points: _attempt(case, way, points), by_chance=by_chance)


def at_each_point(attempt: Callable[[Points], Work], *, by_chance: bool = False) -> int:
    """Make an attempt undisturbed, then once for each point that it counts; return how many.

    No attempt may leave a task behind, or a failure that nobody has asked for.
    """
    complaints: list[Any] = []
    undisturbed = Points(None)
    set_aside_what_is_there()
    run_virtual(_alone(attempt(undisturbed), complaints))
    stops = [(point, late) for point in range(undisturbed.count) for late in (False, True)]
    for point, late in stops if IS_THOROUGH else stops[THIRD::3]:
        points = Points(point, late=late)
        run_virtual(_alone(attempt(points), complaints))
        assert points.count > point or by_chance, f"never came to point {point}"
    # A loop hears of failures that nobody has asked for when they are thrown away.
    gc.collect()
    assert not complaints
    return undisturbed.count


async def _alone(work: Work, complaints: list[Any]) -> None:
    """Do some work and see that it leaves no task behind."""
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    await work
    # What was stopped may take its leave in a turn of its own.
    await CLOCK.sleep(1.0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def _attempt(case: Case, way: Way, points: Points) -> None:
    async with case() as work:
        task = asyncio.create_task(way.run(points, work))
        await asyncio.wait([task])
        was_stopped = task.cancelled() or task.result()
        if points.stopped_at is None:
            assert not was_stopped
        elif not was_stopped:
            is_over = not way.is_exact and CLOCK.now() == points.stopped_at
            assert is_over, f"went on after a stop at {points}"
