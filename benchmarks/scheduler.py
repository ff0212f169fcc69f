"""What the scheduler costs: microseconds a call, and bytes a call that waits.

    python benchmarks/scheduler.py [--quick] [--json FILE]

uncontended     an admit with its acknowledgement, when nobody waits: 10 µs wanted in each lane.
                The scheduler has seen four windows, of 2 s here, and knows when they end
first           the same in a scheduler's first window, of which it does not know when it ends
contended       a call let go while so many wait, its task included: 20 µs wanted, and as much with
                100,000 waiting as with 1,000
storm           what a cancelled call costs when all, or every second one, of those that wait are
                cancelled at once, its task included. Those that are left must all be granted
                afterwards, or the benchmark fails
a waiter        bytes that a waiting call holds, without its task; 1 KB wanted

Microseconds are CPU time of the process; the best of several rounds is taken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import tracemalloc
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec

from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Permit, Scheduler

MANY = 900_000
WINDOW_S = 2
WINDOWS = 4
"""So many a scheduler has seen when it knows what there is to know."""
LIMITS = Limits(app_per_minute=6 * MANY, workspace_per_minute=60 * MANY, max_in_flight=10_000_000)


class Headers:
    """Headers as the server would write them, ready before the clock runs."""

    def __init__(self, window_s: int = 10) -> None:
        self._window_s = window_s
        self._used = 0
        self.reset_at: int = 0
        """When the window of the last one ends."""

    def next(self) -> dict[str, str]:
        """Return those of the next reply."""
        reset_at = int((time.time() // self._window_s + 1) * self._window_s)
        if reset_at != self.reset_at:
            self.reset_at, self._used = reset_at, 0
        self._used = (self._used + 1) % (MANY - 1)
        return {
            "X-RateLimit-Limit": str(MANY),
            "X-RateLimit-Remaining": str(MANY - self._used),
            "X-RateLimit-Reset": str(reset_at),
        }


async def experienced() -> tuple[Scheduler, Headers]:
    """Return a scheduler that has worked for some windows."""
    scheduler = Scheduler(msgspec.structs.replace(LIMITS, window_s=WINDOW_S))
    headers = Headers(WINDOW_S)
    ends: set[int] = set()
    while len(ends) <= WINDOWS:
        async with scheduler.admit() as permit:
            permit.observe(status=200, headers=headers.next())
        ends.add(headers.reset_at)
        await asyncio.sleep(0.002)
    return scheduler, headers


async def uncontended_us(
    scheduler: Scheduler, headers: Headers, calls: int, lane: Priority
) -> float:
    """Admit and observe, one call after the other."""
    best = float("inf")
    for _ in range(5):
        said = [headers.next() for _ in range(calls)]
        begun = time.process_time()
        for each in said:
            async with scheduler.admit(priority=lane) as permit:
                permit.observe(status=200, headers=each)
        best = min(best, time.process_time() - begun)
    return 1e6 * best / calls


async def contended_us(waiting: int, grants: int) -> float:
    """Let calls go one by one while so many wait; the part of entering and of tasks included."""
    scheduler = Scheduler(
        Limits(app_per_minute=6 * MANY, workspace_per_minute=60 * MANY, max_in_flight=1)
    )
    headers = Headers()
    gone = 0
    done = asyncio.Event()
    said = [headers.next() for _ in range(grants + 1)]

    async def call() -> None:
        nonlocal gone
        async with scheduler.admit(priority=Priority.INTERACTIVE) as permit:
            permit.observe(status=200, headers=said[min(gone, grants)])
            gone += 1
            if gone == grants:
                done.set()

    holder = scheduler.admit(priority=Priority.INTERACTIVE)
    await holder.__aenter__()
    holder.observe(status=200, headers=said[0])
    tasks = [asyncio.ensure_future(call()) for _ in range(waiting)]
    await asyncio.sleep(0)
    begun = time.process_time()
    await holder.__aexit__(None, None, None)
    await done.wait()
    spent_s = time.process_time() - begun
    scheduler.close()
    await asyncio.gather(*tasks, return_exceptions=True)
    return 1e6 * spent_s / grants


async def storm_us(waiting: int, one_of: int) -> float:
    """Cancel one of so many waiting calls, all at one moment; return what each of them costs.

    Raises:
        RuntimeError: A call that was not cancelled was not granted, or one that was, was.
    """
    scheduler = Scheduler(
        Limits(app_per_minute=6 * MANY, workspace_per_minute=60 * MANY, max_in_flight=1)
    )
    said = Headers().next()
    granted: list[int] = []

    async def call(number: int) -> None:
        async with scheduler.admit() as permit:
            permit.observe(status=200, headers=said)
            granted.append(number)

    holder = scheduler.admit()
    await holder.__aenter__()
    holder.observe(status=200, headers=said)
    tasks = [asyncio.ensure_future(call(number)) for number in range(waiting)]
    await asyncio.sleep(0)
    struck = tasks[::one_of]
    begun = time.process_time()
    for task in struck:
        task.cancel()
    await asyncio.wait(struck)
    spent_s = time.process_time() - begun
    await holder.__aexit__(None, None, None)
    await asyncio.gather(*tasks, return_exceptions=True)
    scheduler.close()
    if sorted(granted) != [number for number in range(waiting) if number % one_of]:
        raise RuntimeError(f"{len(granted)} of {waiting - len(struck)} survivors were granted")
    return 1e6 * spent_s / len(struck)


async def bare_storm_us(waiting: int) -> float:
    """Cancel so many tasks that wait for a future and nothing else; return what each costs."""
    loop = asyncio.get_running_loop()

    async def wait(future: asyncio.Future[None]) -> None:
        await future

    tasks = [asyncio.ensure_future(wait(loop.create_future())) for _ in range(waiting)]
    await asyncio.sleep(0)
    begun = time.process_time()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return 1e6 * (time.process_time() - begun) / waiting


async def bytes_a_waiter(waiting: int) -> float:
    """Measure what a waiting call holds: the permit, its future, its place; not its task."""
    scheduler = Scheduler(Limits(max_in_flight=1))
    holder = scheduler.admit()
    await holder.__aenter__()
    entering: list[Coroutine[Any, Any, Permit]] = []

    def begin() -> None:
        # Driven by hand, so that no task is weighed.
        coroutine = scheduler.admit(priority=Priority.BULK).__aenter__()
        coroutine.send(None)
        entering.append(coroutine)

    begin()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(waiting):
        begin()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    for coroutine in entering:
        coroutine.close()
    return (after - before) / waiting


async def measure(*, quick: bool) -> dict[str, float]:
    """Run everything."""
    calls = 500 if quick else 5000
    few, many = (100, 2000) if quick else (1000, 100_000)
    grants = 100 if quick else 1000
    figures: dict[str, float] = {}
    scheduler, headers = await experienced()
    for lane in (Priority.INTERACTIVE, Priority.NORMAL, Priority.BULK):
        name = lane.name.lower()
        figures[f"uncontended {name}, us"] = await uncontended_us(scheduler, headers, calls, lane)
        figures[f"first {name}, us"] = await uncontended_us(
            Scheduler(LIMITS), Headers(), calls, lane
        )
    for waiting in (few, many):
        rounds = [await contended_us(waiting, grants) for _ in range(1 if quick else 3)]
        figures[f"contended, {waiting} waiting, us"] = min(rounds)
        for label, one_of in (("all", 1), ("half", 2)):
            costs = [await storm_us(waiting, one_of) for _ in range(1 if quick else 3)]
            figures[f"storm, {label} of {waiting}, us"] = min(costs)
        bare = [await bare_storm_us(waiting) for _ in range(1 if quick else 3)]
        figures[f"storm, bare asyncio, {waiting}, us"] = min(bare)
    figures["contended, many to few"] = (
        figures[f"contended, {many} waiting, us"] / figures[f"contended, {few} waiting, us"]
    )
    figures["a waiter, bytes"] = await bytes_a_waiter(few * 10)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What a scheduled call costs.")
    parser.add_argument("--quick", action="store_true", help="fewer calls, fewer that wait")
    parser.add_argument("--json", type=Path, help="write the results here")
    arguments = parser.parse_args()
    figures = asyncio.run(measure(quick=arguments.quick))
    for name, value in figures.items():
        print(f"{name:34} {value:10.2f}")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
