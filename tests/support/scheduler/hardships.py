"""What real use does to a scheduler: overload, short places, odd clocks, headers that lie.

Waits count until the call was sent for the last time, and calls that still wait at the end count as
well, so that neither refusals nor starvation are flattered.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from random import Random

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from .clients import Scheduled, Sender
from .scenarios import Goal, Guest, Scenario, Script, Waits, clock_steps
from .server import Headers, Network, Server

LIMIT = 400
SHORT_LIMIT = 200
STEADY = Limits(app_per_minute=6 * LIMIT)
EVENT_S = 33.0
"""When something happens: windows and clock are known by then."""
WEEK_S = 7 * 86_400.0
ANY = math.inf


def asking(lane: Priority, per_s: float) -> Guest:
    """Call as people do, at any moment, so many times a second."""

    async def run(sender: Sender, _server: Server, random: Random, waits: Waits) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                await CLOCK.sleep(random.expovariate(per_s))
                group.create_task(waits.call(sender, lane))

    return run


def demand(share: float, *flooding: Priority, trickle: float = 0.25) -> Sequence[Guest]:
    """Ask for so many times the limit in some lanes together, and a little in the others."""
    each = share * SHORT_LIMIT / 10 / len(flooding)
    return [asking(lane, each if lane in flooding else trickle) for lane in Priority]


def slewed(drift: float) -> Script:
    """Let the server's clock run faster or slower by so much."""

    async def play(server: Server) -> None:
        await CLOCK.sleep(EVENT_S)
        server.slew(drift)

    return play


def constant_reset(headers: Headers) -> Headers:
    """Name one end of a window for ever, as a team's fake server does."""
    return headers | {"X-RateLimit-Reset": "1700000300"}


def constant_all(headers: Headers) -> Headers:
    """Name the same numbers for ever."""
    return constant_reset(headers) | {"X-RateLimit-Remaining": "150"}


def stripped(headers: Headers) -> Headers:
    """Lose the rate-limit headers, as some proxies do."""
    return {"Date": headers["Date"]}


async def slow_call_and_full_window(
    sender: Sender, server: Server, _random: Random, waits: Waits
) -> None:
    """Let an unrelated slow call be under way while others fill window after window."""
    await waits.call(sender, Priority.NORMAL)
    async with asyncio.TaskGroup() as group:
        server.pause_s = 50.0
        group.create_task(sender.call(Priority.BULK))
        await CLOCK.sleep(0.5)
        server.pause_s = 0.0
        for _ in range(4):
            await CLOCK.sleep(server.ends_in_s() + 0.5)
            server.take(server.limit())
            await waits.call(sender, Priority.INTERACTIVE)


async def failure_then_crowd(
    sender: Sender, _server: Server, _random: Random, waits: Waits
) -> None:
    """Find no connection at first, and come with 500 calls a minute later."""
    if isinstance(sender, Scheduled):
        async with sender.scheduler.admit() as permit:
            permit.release()
    await CLOCK.sleep(60.0)
    async with asyncio.TaskGroup() as group:
        for _ in range(500):
            group.create_task(waits.call(sender, Priority.NORMAL))


async def a_week_apart(sender: Sender, server: Server, _random: Random, waits: Waits) -> None:
    """Send a few windows of calls, nothing for a week, and as many again."""

    async def work(until: float) -> None:
        while CLOCK.now() < until:
            await waits.call(sender, Priority.BULK)

    for pause_s in (0.0, WEEK_S):
        await CLOCK.sleep(pause_s)
        server.watch_silence()
        async with asyncio.TaskGroup() as group:
            for _ in range(60):
                group.create_task(work(CLOCK.now() + 45.0))


LANES = (
    ("interactive", (Priority.INTERACTIVE,)),
    ("even", tuple(Priority)),
    ("bulk", (Priority.BULK,)),
)
OVERLOAD = Goal(0.99, longest_waits_s=(ANY, 10.5, 15.0, 70.0))
"""Waits where a lane's own share suffices: slack, and what may overtake it."""


def after(script: Script, name: str, goal: Goal) -> Scenario:
    """Return two minutes after something has happened to the server's clock."""
    return Scenario(
        name=name,
        goal=goal,
        script=script,
        span_s=EVENT_S + 120.0,
        settings=STEADY,
        server={"limit": LIMIT},
    )


def overload(share: float, name: str, lanes: tuple[Priority, ...]) -> Scenario:
    """Return a situation of more demand than the limit, or nearly as much."""
    goal = Goal(0.0, longest_waits_s=(2.0, 10.5, 15.0, 70.0))
    if share > 1.0:
        waits = OVERLOAD.longest_waits_s if name == "interactive" else (2.0, 10.5, 15.0, ANY)
        goal = Goal(0.99, longest_waits_s=(ANY, ANY, ANY, ANY) if name == "even" else waits)
    return Scenario(
        name=f"demand {round(100 * share)} %, {name}",
        goal=goal,
        span_s=205.0,
        workers=0,
        guests=demand(share, *lanes),
        settings=Limits(app_per_minute=6 * SHORT_LIMIT),
        network=Network(0.01, 0.05, 0.01),
        server={"limit": SHORT_LIMIT},
        skip=4,
    )


HARDSHIPS: tuple[Scenario, ...] = (
    *(overload(share, *mix) for mix in LANES for share in (0.8, 1.05, 1.3, 3.0)),
    *(
        Scenario(
            name=f"{count} processes, interactive",
            goal=Goal(0.99, throttled, jain=0.95, wait_p99_s=0.3),
            processes=count,
            workers=60,
            guests=[asking(Priority.INTERACTIVE, 2.0)],
        )
        for count, throttled in ((4, 0.0002), (8, 0.0005), (16, 0.001))
    ),
    Scenario(
        name="short places",
        goal=Goal(0.0, longest_waits_s=(55.0, ANY, ANY, ANY)),
        span_s=2000.0,
        workers=600,
        work_lane=Priority.NORMAL,
        guests=[asking(Priority.INTERACTIVE, 0.015)],
        settings=Limits(max_in_flight=10),
        network=Network(0.02, 50.0, 0.02, spread=0.0),
    ),
    *(
        after(
            clock_steps((EVENT_S, step_s)),
            f"clock {step_s:+g} s",
            Goal(0.96 if step_s > 0.5 else 0.99, throttled, silence_s=silence_s),
        )
        for step_s, throttled, silence_s in (
            (-0.3, 0.0015, 0.4),
            (-1, 0.0021, 0.8),
            (-3, 0.0025, 1.2),
            (-5, 0.0031, 1.2),
            (0.3, 0.0002, 0.53),
            (1, 0.0002, 0.53),
            (5, 0.0002, 0.53),
        )
    ),
    *(
        after(slewed(drift), f"slew {100 * drift:+g} %", Goal(0.97, 0.011, silence_s=0.9))
        for drift in (-0.08, 0.08)
    ),
    Scenario(
        name="constant reset",
        goal=Goal(0.98, 0.001, silence_s=0.5),
        span_s=125.0,
        server={"garble": constant_reset},
    ),
    Scenario(
        name="constant headers",
        goal=Goal(0.98, 0.001, silence_s=0.5),
        span_s=125.0,
        server={"garble": constant_all},
    ),
    Scenario(
        name="windows of 60 s, unset",
        goal=Goal(0.95, 0.0, silence_s=0.7),
        span_s=305.0,
        server={"window_s": 60.0, "limit": 10_000, "workspace": 25_000},
        skip=2,
    ),
    Scenario(
        # All of it is used before the length is known, so a guess of the end would be long.
        name="few in 60 s, unset",
        goal=Goal(0.97, 0.01, silence_s=2.5),
        span_s=245.0,
        workers=30,
        settings=Limits(app_per_minute=1000),
        server={"window_s": 60.0, "limit": 1000},
    ),
    Scenario(
        name="stripped headers",
        # The settings allow ten times as much as the server, so the calls that are on their way
        # when the first one is refused, about 20 of 3,100, are refused with it: 0.6 %, once.
        goal=Goal(0.98, 0.001),
        span_s=185.0,
        workers=60,
        server={"garble": stripped, "limit": 167},
        skip=3,
    ),
    Scenario(
        name="slow call at a probe",
        # Few calls are sent at all, and the probes among them are turned away.
        goal=Goal(0.0, 1.0, longest_waits_s=(10.2, ANY, ANY, ANY)),
        span_s=75.0,
        workers=0,
        guests=[slow_call_and_full_window],
        settings=STEADY,
        network=Network(0.01, 0.05, 0.01, spread=0.2),
        server={"limit": LIMIT},
    ),
    Scenario(
        name="cold failure",
        goal=Goal(0.0, 0.0, longest_waits_s=(ANY, 21.0, ANY, ANY)),
        span_s=95.0,
        workers=0,
        guests=[failure_then_crowd],
        settings=STEADY,
        server={"limit": LIMIT},
    ),
    *(
        Scenario(
            name=f"a week idle, {1e6 * drift:+g} ppm",
            goal=Goal(0.0, 0.0, silence_s=0.9),
            span_s=WEEK_S + 100.0,
            workers=0,
            guests=[a_week_apart],
            settings=STEADY,
            server={"limit": LIMIT, "drift": drift},
        )
        for drift in (-2e-4, 2e-4)
    ),
)
