"""A client under everything at once: faults, outages, limits that change, calls that are cancelled.

The same soak runs over HTTP for minutes (`benchmarks/soak.py`) and in virtual time for a test. What
has become of each call is compared with what the simulator holds afterwards.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from intercom_async import ConnectError, Intercom, IntercomError, Priority, WaitTooLongError
from intercom_async.clock import CLOCK
from intercom_async.simulator import Simulator
from .soak_latencies import Latencies

FAULTS: tuple[dict[str, Any], ...] = (
    {"status": 500},
    {"status": 503, "retry_after_s": 0.2},
    {"status": 408},
    {"status": 429, "edge": "cdn"},
    {"drop": "before"},
    {"drop": "after"},
    {"truncate": True},
    {"delay_s": 0.5, "path": "/tags"},
    {"no_headers": True},
    {"drift": "created_at"},
)
FAULT_SHARE = 0.15
"""Share of all requests that meet one of the faults."""
OUTAGES_S = (0.2, 20.0)
LIMITS_PER_MINUTE = (3000, 4500, 6000, 9000)
CANCELLED_SHARE = 0.03
CONTACTS = 40
NETWORK_ERRORS = (ConnectError, WaitTooLongError)
"""What only an outage, or a wait without end, would bring: nothing here may fail with them."""


@dataclass(slots=True)
class SoakCount:
    """What came of all calls."""

    calls: int = 0
    succeeded: int = 0
    cancelled: int = 0
    failed: Counter[str] = field(default_factory=Counter[str])
    """Calls that ended with an error of the package, by class."""
    untyped: Counter[str] = field(default_factory=Counter[str])
    lost_to_outages: int = 0
    """Calls that failed although each outage was shorter than `RetryPolicy.outage_s`."""
    outages: int = 0
    outage_s: float = 0.0
    created: dict[str, bool | None] = field(default_factory=dict[str, "bool | None"])
    """Notes by their text: whether they are there; None where the client cannot know."""
    missing: int = 0
    twice: int = 0
    unasked: int = 0
    """Notes that are there although the client said that nothing was sent."""
    pending: int = 0
    faults: int = 0
    """Requests that met a fault."""

    @property
    def defects(self) -> dict[str, int]:
        """Everything that must be zero."""
        return {
            "lost": self.missing + self.pending,
            "twice": self.twice,
            "unasked": self.unasked,
            "untyped": self.untyped.total(),
            "failed in an outage": self.lost_to_outages,
        }


class Soak:
    """One soak.

    Args:
        simulator: What the client talks to.
        client: The client.
        random: Decides everything.
        go_down: Makes the server unreachable.
        go_up: Makes it reachable again.
    """

    def __init__(
        self,
        simulator: Simulator,
        client: Intercom,
        random: Random,
        *,
        go_down: Callable[[], Awaitable[None]],
        go_up: Callable[[], Awaitable[None]],
    ) -> None:
        self.tally = SoakCount()
        self.latencies = Latencies(simulator)
        self._simulator = simulator
        self._client = client
        self._random = random
        self._go_down, self._go_up = go_down, go_up
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_over = False
        self._name = f"{CLOCK.now():.3f}"
        """Tells its notes from those of another soak of the same simulator."""
        client.observe_with(self.latencies)

    async def run(
        self, span_s: float, *, workers: int, longest_outage_s: float, is_calm: bool = False
    ) -> SoakCount:
        """Call for `span_s` seconds, wait for the last answers, and compare.

        Args:
            span_s: How long.
            workers: Tasks that make one call after the other.
            longest_outage_s: Seconds.
            is_calm: Whether to leave out faults, outages, changes and cancelled calls.
        """
        rows = self._simulator.call("GET", "/contacts", query={"per_page": str(CONTACTS)})["data"]
        self._ids = [row["id"] for row in rows]
        for fault in () if is_calm else FAULTS:
            self._simulator.faults.add(**{"rate": FAULT_SHARE / len(FAULTS), "path": "/", **fault})
        troubles = () if is_calm else (self._cancel(), self._change_limits())
        helpers = [
            asyncio.ensure_future(work)
            for work in (*(self._work() for _ in range(workers)), self._ask(), *troubles)
        ]
        if is_calm:
            await CLOCK.sleep(span_s)
        else:
            await self._fail_now_and_then(CLOCK.now() + span_s, longest_outage_s)
        self._is_over = True
        self.tally.faults = self._simulator.faults.struck()
        self._simulator.faults.clear()
        _, pending = await asyncio.wait(helpers, timeout=120.0)
        # The last of them may just have begun a call.
        if self._tasks:
            pending |= (await asyncio.wait([*self._tasks], timeout=120.0))[1]
        self.tally.pending = len(pending)
        for task in pending:
            task.cancel()
        for helper in helpers:
            if helper not in pending:
                helper.result()
        self._compare()
        return self.tally

    # Who calls -------------------------------------------------------------------------------

    async def _work(self) -> None:
        """Make one call after the other."""
        while not self._is_over:
            task = self._start(self._random.choice([Priority.NORMAL, Priority.BULK]))
            await asyncio.wait([task])
            await CLOCK.sleep(0)

    async def _ask(self) -> None:
        """Ask as people do, three times a second."""
        while not self._is_over:
            await CLOCK.sleep(self._random.expovariate(3.0))
            self._start(Priority.INTERACTIVE)

    def _start(self, lane: Priority) -> asyncio.Task[None]:
        task = asyncio.ensure_future(self._call(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _call(self, lane: Priority) -> None:
        random, tally = self._random, self.tally
        view = self._client.with_options(priority=lane)
        contact_id = random.choice(self._ids)
        tally.calls += 1
        kind, text = random.random(), ""
        try:
            if kind < 0.1:
                text = f"note {tally.calls} of {self._name}"
                tally.created[text] = None
                await view.contacts.create_note(contact_id, body=text)
                tally.created[text] = True
            elif kind < 0.2:
                await view.contacts.update(contact_id, name=f"name {tally.calls}")
            elif kind < 0.3 and lane is not Priority.INTERACTIVE:
                # Some are delayed on purpose, which is no latency of the client's.
                await view.tags.list().collect()
            else:
                await view.contacts.get(contact_id)
            tally.succeeded += 1
        except asyncio.CancelledError:
            tally.cancelled += 1
        except IntercomError as error:
            tally.failed[type(error).__name__] += 1
            tally.lost_to_outages += isinstance(error, NETWORK_ERRORS)
            if text and not getattr(error, "maybe_sent", True):
                tally.created[text] = False
        except Exception as error:  # noqa: BLE001 (counted: there must be none)
            tally.untyped[repr(error)] += 1

    # What happens ----------------------------------------------------------------------------

    async def _cancel(self) -> None:
        while not self._is_over:
            await CLOCK.sleep(self._random.expovariate(2.0))
            for task in list(self._tasks):
                if self._random.random() < CANCELLED_SHARE:
                    task.cancel()

    async def _change_limits(self) -> None:
        while not self._is_over:
            await CLOCK.sleep(self._random.uniform(3.0, 12.0))
            per_minute = self._random.choice(LIMITS_PER_MINUTE)
            self._simulator.set_limits(app_per_minute=per_minute)

    async def _fail_now_and_then(self, until: float, longest_s: float) -> None:
        shortest_s = OUTAGES_S[0]
        while CLOCK.now() < until:
            await CLOCK.sleep(min(self._random.uniform(5.0, 25.0), max(0.0, until - CLOCK.now())))
            outage_s = shortest_s * (longest_s / shortest_s) ** self._random.random()
            self.tally.outages += 1
            self.tally.outage_s += outage_s
            self.latencies.go_down()
            await self._go_down()
            await CLOCK.sleep(outage_s)
            await self._go_up()
            self.latencies.go_up()

    # What came of it -------------------------------------------------------------------------

    def _compare(self) -> None:
        tally, found = self.tally, Counter[str]()
        for contact_id in self._ids:
            found.update(self._notes(contact_id))
        for text, is_there in tally.created.items():
            tally.missing += is_there is True and not found[text]
            tally.unasked += is_there is False and found[text] > 0
            tally.twice += found[text] > 1

    def _notes(self, contact_id: str) -> list[str]:
        texts: list[str] = []
        for number in range(1, 10_000):
            query = {"per_page": "150", "page": str(number)}
            answer = self._simulator.call("GET", f"/contacts/{contact_id}/notes", query=query)
            texts += [
                row["body"].removeprefix("<p>").removesuffix("</p>") for row in answer["data"]
            ]
            if number >= answer["pages"]["total_pages"]:
                break
        return texts
