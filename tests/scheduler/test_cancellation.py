"""A call that is cancelled gives everything back, wherever it is, and holds up no other."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any, NamedTuple

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Scheduler
from tests.support.interruption import FROM_OUTSIDE, Way, Work, interrupt_everywhere
from tests.support.scheduler.server import Server, Storm
from .conftest import EVEN, Desk, turns


async def at_once(desk: Desk) -> None:
    """Nothing is known, and nobody waits."""


async def known(desk: Desk) -> None:
    await desk.call()


async def full(desk: Desk) -> None:
    await desk.fill_window()


async def stormy(desk: Desk) -> None:
    """Not one call is served, until a window later."""
    desk.server.storm = Storm.WINDOW
    await desk.call()
    desk.server.storm = None


async def overloaded(desk: Desk) -> None:
    """Several calls in a row are turned away without a window."""
    desk.server.storm = Storm.EDGE
    for _ in range(3):
        await desk.call()
    desk.server.storm = None


async def spent(desk: Desk) -> None:
    """One app has used up the workspace."""
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    for _ in range(SMALL // 6):
        await desk.call()


SMALL = 24
"""Calls a minute: four in a window."""


def none(headers: dict[str, str]) -> dict[str, str]:
    """Strip the headers, as some proxies do."""
    return {} if headers else headers


class Situation(NamedTuple):
    """What a call comes into, and how it asks."""

    name: str
    prepare: Callable[[Desk], Awaitable[None]] = known
    limits: Limits | None = None
    asks: dict[str, Any] = {}  # noqa: RUF012 (read only)
    server: dict[str, Any] = {"limit": 30}  # noqa: RUF012 (read only)


ONE_AT_A_TIME = Limits(max_in_flight=1)
SITUATIONS = (
    Situation("nothing known", at_once),
    Situation("room for all"),
    *(
        Situation(f"one by one, {lane.name}", known, ONE_AT_A_TIME, {"priority": lane})
        for lane in Priority
    ),
    *(
        Situation(f"window full, {lane.name}", full, None, {"priority": lane, "max_wait_s": 60.0})
        for lane in (Priority.INTERACTIVE, Priority.BULK)
    ),
    Situation("sent again", full, None, {"is_repeat": True}),
    Situation("several calls' worth", full, None, {"cost": 5}),
    Situation("after a storm", stormy),
    Situation("after an overload", overloaded),
    Situation("ceiling", known, Limits(max_per_second=2.0)),
    Situation("ceiling of a class", known, Limits(search_per_minute=120), {"kind": "search"}),
    Situation("two apps", spent, Limits(workspace_per_minute=SMALL), {"app": "another"}),
    Situation("no headers", known, Limits(app_per_minute=600), {}, {"garble": none}),
)


@asynccontextmanager
async def come_into(situation: Situation) -> AsyncGenerator[Work, None]:
    random = Random(1)
    server = Server(random, EVEN, **situation.server)
    desk = Desk(server, Scheduler(situation.limits, random=random))
    await situation.prepare(desk)
    for number, lane in enumerate(Priority):
        desk.start(str(number), priority=lane)
    await turns(2)

    yield desk.call("target", **situation.asks)

    for number, lane in enumerate(Priority):
        desk.start(f"after {number}", priority=lane)
    await desk.done()
    await CLOCK.sleep(1.0)
    assert desk.is_quiet, desk.scheduler.statistics()
    assert "0 waiting" in repr(desk.scheduler)
    assert {"0", "1", "2", "3", "after 0", "after 1", "after 2", "after 3"} <= {*desk.went}


@pytest.mark.parametrize("way", FROM_OUTSIDE, ids=lambda way: way.name)
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_a_stop_at_any_point_gives_everything_back(situation: Situation, way: Way) -> None:
    points = interrupt_everywhere(lambda: come_into(situation), way)
    # The answer is waited for in any case.
    assert points >= 1
