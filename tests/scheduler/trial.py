"""One measured run: processes with a backlog, neighbours, events, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from intercom_async.clock import CLOCK
from intercom_async.priority import Priority
from tests.virtual import run_virtual

from .clients import MakeSender, Sender
from .neighbours import Neighbour
from .server import NEIGHBOUR, Network, Record, Server

Event = Callable[[Server, Random], Awaitable[None]]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one run came to."""

    utilisation: float
    """Share of what was allowed and others left, over whole windows with a backlog."""
    worst_window: float
    throttled: float
    """Share of all requests that were answered 429."""
    rejected: int
    sends: int
    jain: float
    """Fairness between processes: 1 is equal, 1/n is one for all."""
    waits_s: tuple[float, float, float] | None = None
    """50 %, 99 % and all of the interactive calls that found budget waited no longer than these."""
    makespan_s: float | None = None
    """How long a finite job took."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent, and what it meets.

    Args:
        span_s: Seconds of virtual time.
        processes: Senders that know nothing of each other.
        workers: Calls that are wanted at once, over all processes.
        apps: Each process sends for all of these.
        network: The way to the server.
        server: Options of the server.
        neighbours: Others that use the same budget.
        events: What happens on the way; ended with the run.
        hurried: Arrivals a second of interactive calls.
        hurried_burst: Interactive calls that come at once, every 7 s.
        priority: The lane of the backlog.
    """

    span_s: float = 60.0
    processes: int = 1
    workers: int = 256
    apps: tuple[str, ...] = ("",)
    network: Network = Network()
    server: dict[str, Any] = field(default_factory=dict[str, Any])
    neighbours: Sequence[Neighbour] = ()
    events: Sequence[Event] = ()
    hurried: float = 0.0
    hurried_burst: int = 0
    priority: Priority = Priority.BULK


def measure(load: Load, make: MakeSender, seed: int) -> Outcome:
    """Run a load once, on virtual time."""
    return run_virtual(_run(load, make, seed))


async def _run(load: Load, make: MakeSender, seed: int) -> Outcome:
    random = Random(seed)
    server = Server(Random(random.random()), load.network, **load.server)
    senders = [
        make(server, f"process {number}", Random(random.random()))
        for number in range(load.processes)
    ]
    waits: list[float] = []
    jobs: list[Awaitable[None]] = [
        run(server, Random(random.random())) for run in (*load.neighbours, *load.events)
    ]
    each = max(1, load.workers // (load.processes * len(load.apps)))
    jobs += [
        _work(sender, app, load.priority)
        for sender in senders
        for app in load.apps
        for _ in range(each)
    ]
    if load.hurried:
        jobs.append(_arrive(senders[0], server, Random(random.random()), load.hurried, waits))
    if load.hurried_burst:
        jobs.append(_burst(senders[0], server, load.hurried_burst, waits))
    tasks = [asyncio.ensure_future(job) for job in jobs]
    await CLOCK.sleep(load.span_s)
    outcome = summarize(server, load.apps, [f"process {n}" for n in range(load.processes)], waits)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result()
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return outcome


async def _work(sender: Sender, app: str, priority: Priority) -> None:
    while True:
        await sender.call(priority, app=app)


async def _arrive(
    sender: Sender, server: Server, random: Random, rate: float, waits: list[float]
) -> None:
    async with asyncio.TaskGroup() as group:
        while True:
            await CLOCK.sleep(random.expovariate(rate))
            group.create_task(_hurry(sender, server, waits))


async def _burst(sender: Sender, server: Server, size: int, waits: list[float]) -> None:
    async with asyncio.TaskGroup() as group:
        while True:
            await CLOCK.sleep(7.0)
            for _ in range(size):
                group.create_task(_hurry(sender, server, waits))


async def _hurry(sender: Sender, server: Server, waits: list[float]) -> None:
    found_budget = server.remaining() > 0
    waited_s = await sender.call(Priority.INTERACTIVE)
    if found_budget:
        waits.append(waited_s)


def summarize(
    server: Server, apps: Sequence[str], names: Sequence[str], waits: Iterable[float] = ()
) -> Outcome:
    """Put together what the server has seen in its whole windows."""
    whole = [server.records[index] for index in sorted(server.records)[1:-1]]
    shares: list[tuple[int, int]] = []
    for record in whole:
        ours = sum(record.ours(app) for app in apps)
        shares.append((ours, max(ours, _allowed(server, record, apps))))
    allowed = sum(most for _, most in shares)
    by_name = [sum(record.served[app, n] for record in whole for app in apps) for n in names]
    squares = sum(count * count for count in by_name)
    return Outcome(
        utilisation=sum(ours for ours, _ in shares) / allowed if allowed else 1.0,
        worst_window=min((ours / most for ours, most in shares if most), default=1.0),
        throttled=server.turned_away / max(1, server.sends),
        rejected=server.turned_away,
        sends=server.sends,
        jain=sum(by_name) ** 2 / (len(by_name) * squares) if squares else 1.0,
        waits_s=_quantiles(sorted(waits)),
    )


def _allowed(server: Server, record: Record, apps: Sequence[str]) -> int:
    """Return what others have left of a window to these apps."""
    mine = sum(record.limits.get(app, server.limit(app)) - record.foreign(app) for app in apps)
    others = sum(count for (app, who), count in record.served.items() if who == NEIGHBOUR)
    return max(0, min(mine, record.workspace - others))


def _quantiles(waits: list[float]) -> tuple[float, float, float] | None:
    if not waits:
        return None
    return waits[len(waits) // 2], waits[int(len(waits) * 0.99)], waits[-1]
