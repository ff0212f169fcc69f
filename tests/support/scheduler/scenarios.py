"""What the scheduler has to master, each with what it must reach there.

A scenario is a server, somebody who sends, and whatever goes wrong. It runs on virtual time; what
counts is read from the server's own records, of the windows in which there was work throughout.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from tests.support.virtual_time import run_virtual
from .clients import MakeSender, Sender, scheduled
from .neighbours import Neighbour, at_the_edge, bursts, changing, late, steady
from .server import USUAL, Network, Record, Server

Script = Callable[[Server], Awaitable[None]]

SETTLED_S = 12.0
"""Seconds after which silence is measured: what begins has to find out where it is."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What must be reached; shares from 0 to 1."""

    utilisation: float
    throttled: float = 0.0
    worst_window: float = 0.0
    jain: float = 0.0
    wait_p99_s: float = math.inf
    longest_waits_s: tuple[float, ...] = (math.inf,) * 4
    """The longest wait of each lane, from the most urgent one on."""
    silence_s: float = math.inf
    """The longest time in which nothing was sent."""


class Waits:
    """How long calls of each lane waited; those that wait at the end count as well."""

    def __init__(self) -> None:
        self.interactive_s: list[float] = []
        self._longest_s = [0.0] * len(Priority)
        self._waiting: dict[int, tuple[Priority, float]] = {}
        self._count = 0

    async def call(self, sender: Sender, lane: Priority) -> None:
        self._count += 1
        number, begun = self._count, CLOCK.now()
        self._waiting[number] = lane, begun
        self._note(lane, await sender.call(lane))
        del self._waiting[number]

    def _note(self, lane: Priority, waited_s: float) -> None:
        self._longest_s[lane] = max(self._longest_s[lane], waited_s)
        if lane is Priority.INTERACTIVE:
            self.interactive_s.append(waited_s)

    def longest(self) -> tuple[float, ...]:
        for lane, begun in self._waiting.values():
            self._note(lane, CLOCK.now() - begun)
        return tuple(self._longest_s)


Guest = Callable[[Sender, Server, Random, Waits], Awaitable[None]]
"""Somebody who calls through a process, besides its workers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One situation."""

    name: str
    goal: Goal
    span_s: float = 65.0
    network: Network = USUAL
    server: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """How the server differs from the usual one."""
    processes: int = 1
    workers: int = 100
    """Calls that each process always has to make."""
    apps: Sequence[str] = ("",)
    """Tokens among which each process divides its workers."""
    neighbours: Sequence[Neighbour] = ()
    script: Script | None = None
    has_interactive_calls: bool = False
    """Whether interactive calls come, steadily and in bursts."""
    skip: int = 1
    """Windows at the beginning that are not counted."""
    guests: Sequence[Guest] = ()
    settings: Limits | None = None
    """Settings of the scheduler; None: the defaults."""
    work_lane: Priority = Priority.BULK
    """Lane of the workers' calls."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was reached."""

    utilisation: float
    worst_window: float
    throttled: float
    jain: float
    wait_p99_s: float
    sends: int
    longest_waits_s: tuple[float, ...] = (0.0,) * 4
    silence_s: float = 0.0

    def misses(self, goal: Goal) -> list[str]:
        """Say what was not reached."""
        pairs = (
            ("utilisation", self.utilisation >= goal.utilisation),
            ("throttled", self.throttled <= goal.throttled),
            ("worst_window", self.worst_window >= goal.worst_window),
            ("jain", self.jain >= goal.jain),
            ("wait_p99_s", self.wait_p99_s <= goal.wait_p99_s),
            ("silence_s", self.silence_s <= goal.silence_s),
        )
        missed = [f"{name} {getattr(self, name):.5f}" for name, is_met in pairs if not is_met]
        pairs_of_lanes = zip(Priority, self.longest_waits_s, goal.longest_waits_s, strict=True)
        missed += [
            f"{lane.name} waits {is_:.1f} s" for lane, is_, may in pairs_of_lanes if is_ > may
        ]
        return missed


def run(scenario: Scenario, seed: int, make: MakeSender | None = None) -> Outcome:
    """Run a scenario with one seed; `make` makes each process, by default with a scheduler."""
    return run_virtual(_play(scenario, seed, make or scheduled(scenario.settings)))


async def _play(scenario: Scenario, seed: int, make: MakeSender) -> Outcome:
    random = Random(f"{scenario.name} {seed}")
    server = Server(random, scenario.network, **scenario.server)
    waits: list[float] = []
    lane_waits = Waits()
    first = server.index() + scenario.skip
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_run(neighbour(server, random))) for neighbour in scenario.neighbours
        ]
        for number in range(scenario.processes):
            sender = make(server, f"process {number}", Random(random.random()))
            tasks += [
                group.create_task(
                    _work(sender, scenario.apps[worker % len(scenario.apps)], scenario.work_lane)
                )
                for worker in range(scenario.workers)
            ]
            tasks += [
                group.create_task(_run(guest(sender, server, random, lane_waits)))
                for guest in scenario.guests
            ]
            if scenario.has_interactive_calls:
                tasks.append(group.create_task(_hurry(group, sender, server, random, waits)))
        if scenario.script:
            tasks.append(group.create_task(_run(scenario.script(server))))
        await CLOCK.sleep(min(SETTLED_S, scenario.span_s))
        server.watch_silence()
        await CLOCK.sleep(max(0.0, scenario.span_s - SETTLED_S))
        longest_waits_s = lane_waits.longest()
        waits += lane_waits.interactive_s
        for task in tasks:
            task.cancel()
    outcome = _outcome(scenario, server, first, waits)
    return replace(outcome, longest_waits_s=longest_waits_s, silence_s=server.silence_s)


async def _run(work: Awaitable[None]) -> None:
    await work


async def _work(sender: Sender, app: str, lane: Priority) -> None:
    while True:
        await sender.call(lane, app=app)


async def _hurry(
    group: asyncio.TaskGroup, sender: Sender, server: Server, random: Random, waits: list[float]
) -> None:
    """Send 5 interactive calls a second, and 30 at once every now and then."""

    async def call() -> None:
        had_budget = server.remaining() > server.coming
        waited_s = await sender.call(Priority.INTERACTIVE)
        if had_budget:
            waits.append(waited_s)

    while True:
        await CLOCK.sleep(random.expovariate(5.0))
        is_burst = random.random() < 0.03
        for _ in range(30 if is_burst else 1):
            group.create_task(call())


def _outcome(scenario: Scenario, server: Server, first: int, waits: list[float]) -> Outcome:
    shares: list[tuple[int, int]] = []
    by_client: dict[str, int] = {}
    for index, record in server.records.items():
        if not first <= index < server.index():
            continue
        ours = sum(record.ours(app) for app in scenario.apps)
        shares.append((ours, max(ours, _allowed(scenario, record))))
        for (_, client), served in record.served.items():
            by_client[client] = by_client.get(client, 0) + served
    processes = [by_client.get(f"process {number}", 0) for number in range(scenario.processes)]
    waits.sort()
    return Outcome(
        utilisation=sum(ours for ours, _ in shares) / max(1, sum(most for _, most in shares)),
        worst_window=min((ours / allowed for ours, allowed in shares if allowed), default=1.0),
        throttled=server.turned_away / max(1, server.sends),
        jain=_jain(processes),
        wait_p99_s=waits[int(0.99 * len(waits))] if waits else 0.0,
        sends=server.sends,
    )


def _allowed(scenario: Scenario, record: Record) -> int:
    """Return what the window would have let us send, after what others took."""
    by_app = sum(
        record.limits.get(app, record.limit) - record.external(app) for app in scenario.apps
    )
    others = record.used.total() - sum(record.ours(app) for app in scenario.apps)
    return min(by_app, record.workspace - others)


def _jain(served: list[int]) -> float:
    squares = sum(count * count for count in served)
    return sum(served) ** 2 / (len(served) * squares) if squares else 1.0


# Scripts ---------------------------------------------------------------------------------------


def limits(*steps: tuple[float, int]) -> Script:
    """Set the limit after so many seconds each."""

    async def play(server: Server) -> None:
        for pause_s, limit in steps:
            await CLOCK.sleep(pause_s)
            server.set_limit(limit)

    return play


def clock_steps(*steps: tuple[float, float]) -> Script:
    """Set the server's clock forward or back after so many seconds each."""

    async def play(server: Server) -> None:
        for pause_s, step_s in steps:
            await CLOCK.sleep(pause_s)
            server.step(step_s)

    return play


async def nearly_used_up(server: Server) -> None:
    """Begin in the middle of a window of which 95 % is used."""
    server.take(round(0.95 * server.limit()))


EXACT = Goal(0.999, worst_window=0.99)
ROUGH = Goal(0.98, 0.0005)
SHARED = Goal(0.97, 0.002)
SPLIT = Goal(0.99, 0.005, jain=0.97)
SQUEEZED = Goal(0.95, 0.003)
L = 1667
W = 4167

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(name="alone", goal=EXACT, span_s=125),
    Scenario(name="slow answers", goal=EXACT, network=Network(0.05, 0.8, 0.05), workers=400),
    Scenario(name="cold at 95 %", goal=ROUGH, script=nearly_used_up, skip=0),
    Scenario(name="limit halved", goal=ROUGH, script=limits((24.0, L // 2)), span_s=305),
    Scenario(name="limit doubled", goal=ROUGH, script=limits((24.0, L * 2))),
    Scenario(
        name="limit up and down",
        # Three times it falls while a dozen calls are on their way: no reply could have told yet.
        goal=Goal(0.98, 0.003),
        script=limits(*[(17.0, 800), (17.0, L)] * 3),
        span_s=125,
    ),
    Scenario(name="date +7 s", goal=ROUGH, server={"date_skew_s": 7.0}),
    Scenario(name="date -7 s", goal=ROUGH, server={"date_skew_s": -7.0}),
    Scenario(name="no date", goal=ROUGH, server={"date_skew_s": None}),
    Scenario(name="drift +500 ppm", goal=ROUGH, server={"drift": 5e-4}, span_s=185),
    Scenario(name="drift -500 ppm", goal=ROUGH, server={"drift": -5e-4}, span_s=185),
    Scenario(
        name="clock steps", goal=ROUGH, script=clock_steps((33.0, 4.0), (60.0, -3.0)), span_s=185
    ),
    Scenario(name="windows at odd seconds", goal=ROUGH, server={"phase_s": 3.0}),
    Scenario(name="remaining before", goal=EXACT, server={"counts_itself": False}),
    Scenario(name="reordered", goal=ROUGH, network=Network(0.02, 0.1, 0.02, spread=1.2)),
    Scenario(name="1 % lost", goal=ROUGH, network=Network(lost=0.01)),
    Scenario(name="1 % 30 s late", goal=ROUGH, network=Network(late=0.01), workers=200),
    *(
        Scenario(name=f"neighbour {share} %", goal=SHARED, neighbours=(steady(L * share // 100),))
        for share in (3, 20, 50, 80)
    ),
    *(
        Scenario(
            name=f"bursts {share} %",
            goal=SHARED,
            neighbours=(bursts(L * share // 100),),
            span_s=125,
        )
        for share in (3, 20, 50, 80)
    ),
    *(
        Scenario(
            name=f"early edge {share} %",
            goal=SHARED,
            neighbours=(at_the_edge(L * share // 100),),
            span_s=125,
        )
        for share in (3, 20, 50, 80)
    ),
    *(
        Scenario(
            name=f"late edge {share} %",
            goal=SHARED,
            neighbours=(late(L * share // 100),),
            span_s=125,
        )
        for share in (3, 20, 50, 80)
    ),
    *(
        Scenario(
            name=f"{count} processes", goal=SPLIT, processes=count, workers=max(8, 128 // count)
        )
        for count in (2, 8, 32)
    ),
    Scenario(
        name="workspace squeezed",
        goal=SQUEEZED,
        neighbours=(steady(W - 1200, "other"),),
        span_s=185,
        server={"limits": {"other": W}},
    ),
    Scenario(
        name="workspace moving",
        goal=SQUEEZED,
        neighbours=(changing(W - 1200, W - 900, "other", every_s=60),),
        span_s=185,
        server={"limits": {"other": W}},
    ),
    *(
        Scenario(
            name=f"workspace full, {window_s:g} s",
            goal=goal,
            neighbours=(steady(3 * limit // 10, "other"),),
            span_s=18.5 * window_s,
            workers=200,
            server={
                "limits": {"other": limit},
                "limit": limit,
                "workspace": limit,
                "window_s": window_s,
            },
            skip=3,
        )
        for window_s, limit, goal in ((10.0, L, SQUEEZED), (2.0, L // 5, Goal(0.95, 0.006)))
    ),
    Scenario(name="three apps", goal=SQUEEZED, apps=("a", "b", "c"), workers=300),
    Scenario(
        name="interactive on bulk",
        goal=Goal(0.99, 0.0, wait_p99_s=0.02),
        has_interactive_calls=True,
        span_s=125,
    ),
)


def scenario(name: str) -> Scenario:
    """Return a scenario by its name."""
    return next(found for found in SCENARIOS if found.name == name)


HOUR = Scenario(name="alone for an hour", goal=EXACT, span_s=3615)
