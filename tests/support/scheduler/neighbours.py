"""Others that use the same budget: steadily, in bursts, at the edges of a window."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from intercom_async.clock import CLOCK
from .server import Server

Neighbour = Callable[[Server, Random], Awaitable[None]]

_STEP_S = 0.02


def steady(per_window: int, app: str = "") -> Neighbour:
    """Use so many calls a window, evenly."""

    async def run(server: Server, random: Random) -> None:
        rate, debt = per_window / server.window_s, random.random()
        while True:
            await CLOCK.sleep(_STEP_S)
            debt += rate * _STEP_S * random.uniform(0.5, 1.5)
            server.take(int(debt), app)
            debt -= int(debt)

    return run


def bursts(per_window: int, app: str = "", *, apart_s: float = 3.0) -> Neighbour:
    """Use the same number in bursts that come when they like and last half a second."""

    async def run(server: Server, random: Random) -> None:
        size = per_window * apart_s / server.window_s
        while True:
            await CLOCK.sleep(random.expovariate(1.0 / apart_s))
            for _ in range(25):
                server.take(round(size / 25), app)
                await CLOCK.sleep(_STEP_S)

    return run


def at_the_edge(per_window: int, app: str = "", *, from_s: float = 0.3) -> Neighbour:
    """Use all of it in the first moments of each window, as a job on a timer does."""

    async def run(server: Server, random: Random) -> None:
        while True:
            await CLOCK.sleep(server.ends_in_s() + random.uniform(0.0, from_s))
            for _ in range(10):
                server.take(per_window // 10, app)
                await CLOCK.sleep(_STEP_S)

    return run


def late(per_window: int, app: str = "", *, before_s: float = 1.0) -> Neighbour:
    """Use it in the last second of each window."""

    async def run(server: Server, _random: Random) -> None:
        while True:
            pause_s = server.ends_in_s() - before_s
            await CLOCK.sleep(pause_s if pause_s > 0 else pause_s + server.window_s)
            for _ in range(10):
                server.take(per_window // 10, app)
                await CLOCK.sleep(before_s / 20)

    return run


def changing(few: int, many: int, app: str = "", *, every_s: float = 30.0) -> Neighbour:
    """Use few calls a window, then many, and few again."""

    async def run(server: Server, random: Random) -> None:
        for per_window in (few, many) * 1000:
            task = asyncio.ensure_future(steady(per_window, app)(server, random))
            try:
                await CLOCK.sleep(every_s)
            finally:
                task.cancel()

    return run
