"""Calls that wait when the scheduler is closed are told at once, wherever they wait."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from random import Random
from typing import Any

import pytest

from intercom_async.clock import CLOCK
from intercom_async.errors import ClosedError
from intercom_async.priority import Priority
from intercom_async.scheduler import Scheduler
from tests.support.interruption import Points, at_each_point
from tests.support.scheduler.server import Server
from .conftest import EVEN, Desk, turns
from .test_cancellation import SITUATIONS, Situation

REPLY_S = 0.06
"""Longer than any reply takes."""


async def close_amid(situation: Situation, points: Points) -> None:
    random = Random(1)
    server = Server(random, EVEN, **situation.server)
    desk = Desk(server, Scheduler(situation.limits, random=random))
    await situation.prepare(desk)
    granted = 0
    ends: dict[asyncio.Task[Any], float] = {}

    def close() -> None:
        nonlocal granted
        granted = desk.scheduler.statistics().granted
        desk.scheduler.close()

    points.stop = close
    tasks = [desk.start(str(number), priority=lane) for number, lane in enumerate(Priority)]
    await turns(2)
    tasks.append(desk.spawn(points.through(desk.call("target", **situation.asks))))
    await turns(2)
    tasks += [desk.start(priority=lane) for lane in Priority]
    for task in tasks:
        task.add_done_callback(lambda task: ends.update({task: CLOCK.now()}))
    await desk.done()
    # Replies to what had its turn before the others came.
    await CLOCK.sleep(1.0)

    assert desk.is_quiet, desk.scheduler.statistics()
    assert "0 waiting" in repr(desk.scheduler)
    closed_at = points.stopped_at
    if closed_at is None:
        assert [task.exception() for task in tasks] == [None] * len(tasks)
        return
    assert desk.scheduler.statistics().granted == granted
    for task, end in ends.items():
        error = task.exception()
        if error is None:
            # It had its turn already.
            assert end <= closed_at + REPLY_S
        else:
            assert isinstance(error, ClosedError)
            assert end == closed_at
    with pytest.raises(ClosedError):
        await desk.call()


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_every_wait_ends_with_the_error(
    situation: Situation, caplog: pytest.LogCaptureFixture
) -> None:
    assert at_each_point(partial(close_amid, situation)) >= 1
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
