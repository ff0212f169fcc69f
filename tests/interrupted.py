"""Work that is cancelled where it waits: once at each point, while it waits and just as it ends.

A point is a moment at which the work gives the loop a turn. Just as the wait ends means: after what
was waited for is there, before the work has seen it. Each attempt has a loop of its own, whose time
is virtual, so that work that would never go on is an error at once.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

from intercom_async.clock import CLOCK

from .virtual import run_virtual

Work = Coroutine[Any, Any, Any]
Case = Callable[[], AbstractAsyncContextManager[Work]]
"""Prepares some work and gives it; then looks at what it has left."""


class Interrupted:
    """Awaits some work and has its task cancelled at one point.

    Args:
        work: The work.
        point: At which point, from 0 on; None leaves it alone.
        late: Whether just as the wait ends.
    """

    def __init__(self, work: Work, point: int | None, *, late: bool = False) -> None:
        self._work = work
        self._point = point
        self._late = late
        self.points: int = 0
        """How many there were."""

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._work.__await__()
        step = partial(steps.send, None)
        while True:
            try:
                awaited = step()
            except StopIteration as end:
                return end.value
            if self.points == self._point:
                self._cancel(awaited)
            self.points += 1
            try:
                step = partial(steps.send, (yield awaited))
            except BaseException as error:  # noqa: BLE001 (goes on into the work)
                step = partial(steps.throw, error)

    def _cancel(self, awaited: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._late and awaited is not None:
            # Called before the task itself is, which waits for the same from now on.
            future: asyncio.Future[Any] = awaited
            future.add_done_callback(lambda _: task.cancel())
        else:
            task.cancel()


def interrupt_everywhere(case: Case, *, by_chance: bool = False) -> int:
    """Run a case undisturbed, then cancel its work at each point; return how many there are.

    Args:
        case: The case.
        by_chance: Whether chance decides how often it waits: then a point need not be reached a
            second time.
    """
    complaints: list[Any] = []
    points = run_virtual(_attempt(case, complaints, None))
    for point in range(points):
        for late in (False, True):
            reached = run_virtual(_attempt(case, complaints, point, late=late))
            assert reached > point or by_chance, f"never came to point {point}"
    # Of failures that nobody has asked for, a loop hears when they are thrown away.
    gc.collect()
    assert not complaints
    return points


async def _attempt(
    case: Case, complaints: list[Any], point: int | None, *, late: bool = False
) -> int:
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    async with case() as work:
        interrupted = Interrupted(work, point, late=late)

        async def wait() -> Any:
            return await interrupted

        task = asyncio.create_task(wait())
        await asyncio.wait([task])
        if point is None:
            task.result()
        elif interrupted.points > point:
            assert task.cancelled(), f"went on after a cancel at point {point}, late: {late}"
    # What was cancelled may take its leave in a turn of its own.
    await CLOCK.sleep(1.0)
    assert asyncio.all_tasks() == {asyncio.current_task()}, f"point {point}, late: {late}"
    return interrupted.points
