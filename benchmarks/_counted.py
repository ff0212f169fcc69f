"""The calls whose instructions `instructions.py` counts; run by it under valgrind.

Nothing here depends on the machine: time is virtual and advances by `STEP_S` a call, replies are
fixed bytes, and a loop that would wait jumps to its next timer instead. `os.getppid` marks where a
count begins and ends: valgrind can watch for it, and nothing else calls it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import math
import os
import random
import selectors
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from intercom_async import Intercom
from intercom_async.scheduler import Scheduler
from intercom_async.scheduler.stores import Ask, Known, Lease, StoreStatistics
from intercom_async.transport import MemoryTransport, Reply

STEP_S = 0.01
WINDOW_S = 10
WINDOW_CALLS = 1_667
"""Calls that a window allows; `WINDOW_S / STEP_S`, 1,000 of them, are made."""
EPOCH = 1_750_000_000
ROWS = 150

Call = Callable[[int], Awaitable[object]]
"""Makes call number `n`, counted from 0 in its workload."""


class Workload(NamedTuple):
    """One kind of call and how often it is made."""

    make: Callable[[list[dict[str, str]]], Awaitable[Call]]
    """Prepares the call; is given the rate-limit headers of every reply."""
    warm_up: int
    """Calls before the count begins; after four windows a scheduler knows the server's clock."""
    times: int
    """Calls that are counted."""


class VirtualClock:
    """Seconds since the program began; calls and timers move it."""

    now = 0.0


class JumpingSelector(selectors.SelectSelector):
    """Moves the clock to the next timer where the loop would wait."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready without waiting."""
        if timeout:
            VirtualClock.now += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on the virtual clock."""

    def __init__(self) -> None:
        super().__init__(JumpingSelector())

    def time(self) -> float:
        """Return virtual seconds."""
        return VirtualClock.now


def headers_of(number: int, begin_s: int) -> dict[str, str]:
    """Return the rate-limit headers of the reply to call `number` of a workload."""
    window, used = divmod(number, int(WINDOW_S / STEP_S))
    return {
        "X-RateLimit-Limit": str(WINDOW_CALLS),
        "X-RateLimit-Remaining": str(WINDOW_CALLS - used - 1),
        "X-RateLimit-Reset": str(EPOCH + begin_s + (window + 1) * WINDOW_S),
        "Content-Type": "application/json; charset=utf-8",
        "X-Request-Id": f"request{number:08}",
    }


def contact(number: int) -> dict[str, object]:
    """Return a contact of ordinary size; every value is as a client declares it."""
    link = {"type": "list", "data": [], "url": f"/contacts/{number}/tags", "total_count": 0}
    return {
        "type": "contact",
        "id": f"{number:024x}",
        "workspace_id": "abc12345",
        "external_id": f"user-{number}",
        "role": "user",
        "email": f"person{number}@example.com",
        "phone": None,
        "name": f"Person {number}",
        "avatar": None,
        "owner_id": None,
        "social_profiles": {"type": "list", "data": []},
        "has_hard_bounced": False,
        "marked_email_as_spam": False,
        "unsubscribed_from_emails": False,
        "created_at": 1_700_000_000 + number,
        "updated_at": 1_710_000_000 + number,
        "signed_up_at": 1_700_000_000 + number,
        "last_seen_at": 1_712_000_000 + number,
        "last_replied_at": None,
        "last_contacted_at": None,
        "language_override": None,
        "browser": "chrome",
        "browser_version": "120.0",
        "browser_language": "en",
        "os": "Linux",
        "location": {"type": "location", "country": "Ireland", "region": "Leinster", "city": "D"},
        "custom_attributes": {"plan": "pro", "seats": 12, "is_paying": True, "score": 0.75},
        "tags": link,
        "notes": link,
        "companies": link,
    }


async def make_admit(headers: list[dict[str, str]]) -> Call:
    """Return a call that passes the scheduler and does nothing else."""
    scheduler = Scheduler()

    async def admit(number: int) -> None:
        async with scheduler.admit() as permit:
            permit.observe(status=200, headers=headers[number])

    return admit


class WholeWindows:
    """A store that grants a whole window at once: what is left are the costs of each call."""

    def __init__(self) -> None:
        self._granted: set[int] = set()

    async def join(self, *, budget: str, app: str) -> Known | None:
        """Know nothing."""

    async def lease(self, ask: Ask) -> Lease | None:
        """Grant a window, once."""
        count = 0 if ask.reset_at_ms in self._granted else ask.limit
        self._granted.add(ask.reset_at_ms)
        return Lease(count=count, left=0, members=1)

    async def give_back(self, ask: Ask) -> None:
        """Take nothing back."""

    async def freeze(self, ask: Ask) -> None:
        """Close nothing."""

    @property
    def statistics(self) -> StoreStatistics:
        """Return that nothing was done."""
        return StoreStatistics(
            members=1, leased=0, returned=0, left=0, requests=0, is_available=True,
            unavailable_s=0.0,
        )  # fmt: skip

    async def aclose(self) -> None:
        """Close nothing."""


async def make_leased(headers: list[dict[str, str]]) -> Call:
    """Return a call that passes the scheduler with a budget store and does nothing else."""
    scheduler = Scheduler(store=WholeWindows(), budget_key="workspace")

    async def admit(number: int) -> None:
        async with scheduler.admit() as permit:
            permit.observe(status=200, headers=headers[number])

    return admit


async def make_client(
    body: object, headers: list[dict[str, str]]
) -> tuple[Intercom, MemoryTransport]:
    """Return an open client whose every request is answered with this body."""
    content = json.dumps(body).encode()
    replies = iter([Reply(200, each, content) for each in headers])
    memory = MemoryTransport(lambda _: next(replies))
    return await Intercom("token", transport=memory).open(), memory


async def make_read(headers: list[dict[str, str]]) -> Call:
    """Return a call that reads one contact."""
    intercom, memory = await make_client(contact(1), headers)

    async def read(_: int) -> None:
        await intercom.contacts.get("7")
        memory.requests.clear()

    return read


async def make_page(headers: list[dict[str, str]]) -> Call:
    """Return a call that reads a list of one page."""
    rows = [contact(number) for number in range(ROWS)]
    pages = {"type": "pages", "page": 1, "per_page": ROWS, "total_pages": 1}
    body = {"type": "list", "data": rows, "total_count": ROWS, "pages": pages}
    intercom, memory = await make_client(body, headers)

    async def page(_: int) -> None:
        await intercom.contacts.list(per_page=ROWS).collect()
        memory.requests.clear()

    return page


WORKLOADS = {
    "admit": Workload(make_admit, warm_up=4_200, times=3_000),
    "leased": Workload(make_leased, warm_up=4_200, times=3_000),
    "read": Workload(make_read, warm_up=4_200, times=1_000),
    # Its client shares the scheduler of the one before, which is warm.
    "page": Workload(make_page, warm_up=10, times=20),
}


async def main() -> None:
    """Make the calls of each workload, and say how many are counted."""
    for name, workload in WORKLOADS.items():
        begin_s = WINDOW_S * math.ceil(VirtualClock.now / WINDOW_S)
        VirtualClock.now = float(begin_s)
        total = workload.warm_up + workload.times
        call = await workload.make([headers_of(number, begin_s) for number in range(total)])
        gc.collect()
        gc.freeze()
        for number in range(total):
            if number == workload.warm_up:
                os.getppid()
            await call(number)
            VirtualClock.now = max(VirtualClock.now, begin_s + (number + 1) * STEP_S)
        os.getppid()
        print(name, workload.times, flush=True)


if __name__ == "__main__":
    random.seed(0)
    time.time = lambda: EPOCH + VirtualClock.now
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())
