"""One of several processes on a token: it always has bulk work, and now and then a person's call.

    python _sharer.py URL TOKEN STORE TASKS PERSONS_PER_S

STORE is `none`, `null` (a store whose lease is always None), or the address of a Redis or a
PostgreSQL. It opens at once and begins when it is told to with any line. Told `{"requests": true}`
it answers how many requests it has sent to the store; told anything else, it answers with all that
it has counted and ends.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from typing import Any

from intercom_async import Intercom, IntercomError, Priority
from intercom_async.request.observer import CallOutcome, ObservedCall, Observer
from intercom_async.scheduler.stores import (
    Ask,
    Known,
    Lease,
    PostgresStore,
    RedisStore,
    StoreStatistics,
)


class NullStore:
    """A store that never leases anything."""

    async def join(self, *, budget: str, app: str) -> Known | None:
        """Know nothing."""

    async def lease(self, ask: Ask) -> Lease | None:
        """Lease nothing."""

    async def give_back(self, ask: Ask) -> None:
        """Take nothing back."""

    async def freeze(self, ask: Ask) -> None:
        """Close nothing."""

    @property
    def statistics(self) -> StoreStatistics:
        """Return that nothing was done."""
        return StoreStatistics(
            members=1, leased=0, returned=0, left=0, requests=0, is_available=False,
            unavailable_s=0.0,
        )  # fmt: skip

    async def aclose(self) -> None:
        """Close nothing."""


def make_store(address: str) -> Any:
    """Return the store at an address; None where there is none."""
    if address == "none":
        return None
    if address == "null":
        return NullStore()
    return RedisStore.from_url(address) if address.startswith("redis") else PostgresStore(address)


class WaitsByCall(Observer):
    """Counts calls served by the server's window, and how long each waited for its permit."""

    def __init__(self) -> None:
        self.served: Counter[float] = Counter()
        self.interactive: list[tuple[float, float]] = []
        """When each interactive call got its permit, UNIX seconds, and how long it waited."""
        self.longest: dict[float, float] = {}
        """The longest wait of a call that was served in a window, by the window's end."""

    def call_ended(self, call: ObservedCall, outcome: CallOutcome) -> None:
        """Count a call."""
        window = outcome.window
        if window is not None and window.reset_at is not None:
            end = window.reset_at
            self.served[end] += 1
            self.longest[end] = max(self.longest.get(end, 0.0), outcome.wait_s)
        if call.priority is Priority.INTERACTIVE:
            at = time.time() - outcome.elapsed_s + outcome.wait_s
            self.interactive.append((round(at, 4), round(outcome.wait_s, 4)))


async def press(bulk: Intercom) -> None:
    """Call for ever, one call after the other."""
    while True:
        try:
            await bulk.admins.me()
        except IntercomError:
            await asyncio.sleep(0)


async def call_now_and_then(person: Intercom, per_s: float) -> None:
    """Call at random moments for ever, whether the last call has ended or not."""

    async def one() -> None:
        with suppress(IntercomError):
            await person.admins.me()

    async with asyncio.TaskGroup() as group:
        while True:
            await asyncio.sleep(random.expovariate(per_s))
            group.create_task(one())


def requests_of(intercom: Intercom) -> int:
    """Return how many requests were sent to the store."""
    known = intercom.statistics().store
    return 0 if known is None else known.requests


async def main(url: str, token: str, store: str, tasks: str, persons_per_s: str) -> None:
    """Press until told to stop."""
    tally = WaitsByCall()
    async with AsyncExitStack() as stack:
        shared = make_store(store)
        if shared is not None:
            stack.push_async_callback(shared.aclose)
        intercom = await stack.enter_async_context(
            Intercom(token, base_url=url, store=shared, observer=tally)
        )
        bulk = intercom.with_options(priority=Priority.BULK)
        person = intercom.with_options(priority=Priority.INTERACTIVE)
        print("{}", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(press(bulk)) for _ in range(int(tasks))]
            running.append(group.create_task(call_now_and_then(person, float(persons_per_s))))
            while json.loads(await asyncio.to_thread(sys.stdin.readline)).get("requests"):
                print(json.dumps({"requests": requests_of(intercom)}), flush=True)
            requests = requests_of(intercom)
            for task in running:
                task.cancel()
    answer = {
        "served": dict(tally.served),
        "longest": tally.longest,
        "interactive": tally.interactive,
        "requests": requests,
    }
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
