"""Virtual mode: the same answers as over HTTP, in time that a test moves."""

from __future__ import annotations

import asyncio
import math
import random
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.to_thread
import msgspec
import pytest

from intercom_async import Intercom
from intercom_async.clock import CLOCK, WALL_TIME
from intercom_async.errors import (
    ConnectionLostError,
    DecodeError,
    RequestTimeoutError,
    TransportError,
)
from intercom_async.simulator import DeadlockError, Simulator, VirtualLoop, run_virtual
from intercom_async.transport import HttpTransport, MemoryTransport
from intercom_async.transport.base import Reply, Request, Transport

NOW = 1_780_000_000
Answer = tuple[int, list[tuple[str, str]], bytes] | str
"""Status, headers and body; or the name of the error that came instead."""


def nothing() -> None:
    """Take note of nothing when a request leaves."""


def small(**settings: Any) -> Simulator:
    counts: dict[str, Any] = {"contacts": 40, "conversations": 20, "companies": 8, "tickets": 10}
    return Simulator(**(counts | settings))


# The same bytes -----------------------------------------------------------------------------

HEADERS_OF_HTTP = {"content-length", "server", "connection", "transfer-encoding"}
"""What a connection adds to a response."""

ID = re.compile(rb'"id":"([^"]+)"')

READS = (
    "/me",
    "/admins",
    "/contacts?per_page=7",
    "/contacts/{id}",
    "/contacts/{id}/tags",
    "/conversations?per_page=5&order=asc",
    "/conversations/{id}?display_as=plaintext",
    "/tickets/{id}",
    "/companies?page=2&per_page=3",
    "/companies/{id}/contacts",
    "/companies/scroll",
    "/articles",
    "/tags",
    "/segments?include_count=true",
    "/macros",
    "/nowhere/at%20all",
    "/_simulator/ledger",
)
WRITES: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/contacts", {"email": "{n}@example.com", "name": "Nadia"}),
    ("POST", "/contacts", {"name": "nobody"}),
    ("PUT", "/contacts/{id}", {"name": "n{n}"}),
    ("DELETE", "/contacts/{id}", None),
    ("POST", "/contacts/{id}/archive", None),
    ("POST", "/tags", {"name": "tag {n}"}),
    ("POST", "/contacts/{id}/tags", {"id": "101"}),
    ("POST", "/companies", {"company_id": "c{n}", "name": "C"}),
    ("POST", "/conversations/{id}/reply", {"message_type": "comment", "body": "b"}),
    ("DELETE", "/conversations/{id}", None),
    (
        "POST",
        "/contacts/search",
        {
            "query": {"field": "created_at", "operator": ">", "value": 1_700_000_000},
            "pagination": {"per_page": 4},
        },
    ),
    ("POST", "/tickets/search", {"query": {"field": "open", "operator": "=", "value": True}}),
    ("POST", "/conversations/search", {"query": {"field": "no", "operator": "=", "value": 1}}),
    ("POST", "/_simulator/clock", {"move_s": 3}),
    ("POST", "/_simulator/faults", {"times": 1, "garble": True}),
    ("POST", "/_simulator/faults", {"times": 1, "empty": True}),
    ("POST", "/_simulator/faults", {"times": 1, "no_headers": True}),
    ("POST", "/_simulator/faults", {"times": 1, "drift": "id"}),
    ("POST", "/_simulator/faults", {"times": 1, "status": 503}),
    ("POST", "/_simulator/faults", {"times": 1, "drop": "before"}),
    ("POST", "/_simulator/faults", {"times": 1, "drop": "after"}),
    ("POST", "/_simulator/faults", {"times": 1, "truncate": True}),
    ("POST", "/_simulator/faults", {"what": 1}),
)


class Client:
    """Sends a history of requests; which ones depends on the seed and on the answers so far."""

    def __init__(self, transport: Transport, origin: str, token: str, seed: int) -> None:
        self._transport = transport
        self._origin = origin
        self._token = token
        self._dice = random.Random(seed)
        self._ids: list[str] = ["1"]
        self.answers: list[Answer] = []

    async def play(self, calls: int) -> None:
        for number in range(calls):
            if self._dice.random() < 0.5:
                await self.send("GET", self._dice.choice(READS), None, number)
            else:
                method, path, body = self._dice.choice(WRITES)
                await self.send(method, path, body, number)

    async def send(self, method: str, path: str, body: Any, number: int) -> None:
        raw = None if body is None else msgspec.json.encode(body).replace(b"{n}", b"%d" % number)
        request = Request(
            method=method,
            url=self._origin + path.replace("{id}", self._dice.choice(self._ids)),
            name=path,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Accept": self._dice.choice(("application/json",) * 9 + ("text/html",)),
                "Content-Type": "application/json",
                "Intercom-Version": self._dice.choice(("2.14", "2.16", "Preview")),
            },
            body=raw,
        )
        try:
            reply = await self._transport.exchange(request, nothing)
        except TransportError as error:
            self.answers.append(type(error).__name__)
            return
        headers = sorted((name.lower(), text) for name, text in reply.headers.items())
        # The control API has no Date of its own; a server adds one.
        added = HEADERS_OF_HTTP | ({"date"} if path.startswith("/_simulator") else set[str]())
        kept = [one for one in headers if one[0] not in added]
        self.answers.append((reply.status, kept, reply.body))
        self._ids += [one.decode() for one in ID.findall(reply.body)][:5]


async def over_http(seed: int, calls: int) -> list[Answer]:
    async with small(app_per_minute=180) as simulator:
        simulator.clock.freeze(NOW)
        transport = HttpTransport()
        await transport.open()
        try:
            client = Client(transport, simulator.url, simulator.token, seed)
            await client.play(calls)
        finally:
            await transport.close()
    return client.answers


async def in_virtual_mode(seed: int, calls: int) -> list[Answer]:
    simulator = small(app_per_minute=180)
    simulator.clock.freeze(NOW)
    transport = MemoryTransport(simulator.answer)
    client = Client(transport, "http://127.0.0.1", simulator.token, seed)
    await client.play(calls)
    return client.answers


@pytest.mark.parametrize("seed", range(4))
def test_one_history_gives_the_same_bytes_over_http_and_in_virtual_mode(seed: int) -> None:
    real = asyncio.run(over_http(seed, 150))
    virtual = run_virtual(in_virtual_mode(seed, 150))

    for number, (left, right) in enumerate(zip(real, virtual, strict=True)):
        assert left == right, number
    statuses = {answer[0] for answer in real if not isinstance(answer, str)}
    assert {200, 400, 404, 429} <= statuses


# Faults are the errors of a network ---------------------------------------------------------


async def exchange(simulator: Simulator, timeout_s: float = 60.0, max_bytes: int = 2**20) -> Reply:
    headers = {"Authorization": f"Bearer {simulator.token}", "Accept": "application/json"}
    request = Request(
        method="GET",
        url="http://127.0.0.1/tags",
        name="GET /tags",
        headers=headers,
        timeout_s=timeout_s,
        max_bytes=max_bytes,
    )
    return await MemoryTransport(simulator.answer).exchange(request, nothing)


def test_a_late_answer_is_a_time_out_after_the_time_that_was_given() -> None:
    async def main() -> tuple[float, float]:
        simulator = small(latency_s=20.0)
        with pytest.raises(RequestTimeoutError, match="within 5 s"):
            await exchange(simulator, timeout_s=5.0)
        gave_up_at = CLOCK.now()
        await exchange(simulator, timeout_s=30.0)
        return gave_up_at, CLOCK.now()

    gave_up_at, ended_at = run_virtual(main())

    assert gave_up_at == pytest.approx(5.0, abs=1e-3)
    assert ended_at == pytest.approx(25.0, abs=1e-3)


def test_a_slow_body_takes_its_time_or_times_out() -> None:
    async def main() -> float:
        simulator = small()
        simulator.faults.add(slow_body_s=8.0)
        with pytest.raises(RequestTimeoutError):
            await exchange(simulator, timeout_s=5.0)
        await exchange(simulator, timeout_s=10.0)
        return CLOCK.now()

    assert run_virtual(main()) == pytest.approx(13.0, abs=1e-3)


def test_work_that_nobody_waits_for_is_done_all_the_same() -> None:
    async def main() -> tuple[int, int]:
        simulator = small(latency_s=20.0)
        with pytest.raises(RequestTimeoutError):
            await exchange(simulator, timeout_s=5.0)
        before = simulator.statuses.get(200, 0)
        await CLOCK.sleep(16.0)
        return before, simulator.statuses.get(200, 0)

    assert run_virtual(main()) == (0, 1)


@pytest.mark.parametrize("fault", [{"drop": "before"}, {"drop": "after"}, {"truncate": True}])
def test_a_broken_connection_is_a_lost_one(fault: dict[str, Any]) -> None:
    async def main() -> None:
        simulator = small()
        simulator.faults.add(**fault)
        with pytest.raises(ConnectionLostError):
            await exchange(simulator)

    run_virtual(main())


def test_a_body_beyond_the_bound_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(DecodeError, match="larger than 10 bytes"):
            await exchange(small(), max_bytes=10)

    run_virtual(main())


# Time ---------------------------------------------------------------------------------------


def test_a_client_waits_for_the_next_window_in_no_time() -> None:
    async def main() -> tuple[float, int]:
        simulator = small(app_per_minute=60, latency_s=0.05)
        transport = MemoryTransport(simulator.answer)
        async with Intercom(
            simulator.token, base_url="http://127.0.0.1", transport=transport
        ) as intercom:
            for _ in range(120):
                await intercom.tags.list().collect()
        return CLOCK.now(), simulator.statuses.get(429, 0)

    seconds, refused = run_virtual(main())

    assert 110 <= seconds <= 150
    assert refused <= 2


def test_unix_time_is_the_loops_while_it_runs() -> None:
    async def main() -> tuple[float, float]:
        before = CLOCK.unix()
        await CLOCK.sleep(86_400)
        return before, CLOCK.unix()

    real = WALL_TIME.read
    before, after = run_virtual(main(), start_at=1_000.0)

    assert before == pytest.approx(1_000.0)
    assert after == pytest.approx(87_400.0, abs=1e-3)
    assert WALL_TIME.read is real
    assert real is time.time  # noqa: TID251 (what is put back)


def test_the_clock_of_the_machine_can_step_without_the_loops() -> None:
    async def main() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.start_at += 3_600
        return CLOCK.unix(), CLOCK.now()

    assert run_virtual(main(), start_at=0.0) == (3_600.0, 0.0)


def test_time_can_be_moved_past_a_timer() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        task = asyncio.create_task(CLOCK.sleep(5.0))
        await CLOCK.sleep(0)
        loop.advance(1_000.0)
        await task
        return CLOCK.now()

    assert run_virtual(main()) == pytest.approx(1_000.0, abs=1e-3)


def test_a_timer_is_reached_after_years() -> None:
    """Without the step beyond, a time that large is at the timer and never after it."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.advance(1e8)
        for number in range(100):
            await CLOCK.sleep(0.1 + number / 7_919)
        return loop.time() - 1e8

    assert 10 < run_virtual(main()) < 11


def test_waiting_for_what_never_comes_is_an_error() -> None:
    async def main() -> None:
        await anyio.Event().wait()

    with pytest.raises(DeadlockError):
        run_virtual(main())


def by_anyio(work: Callable[[], int]) -> Awaitable[int]:
    return anyio.to_thread.run_sync(work)


def by_asyncio(work: Callable[[], int]) -> Awaitable[int]:
    return asyncio.to_thread(work)


@pytest.mark.parametrize("in_thread", [by_anyio, by_asyncio])
def test_time_stands_still_while_a_thread_works(
    in_thread: Callable[[Callable[[], int]], Awaitable[int]],
) -> None:
    async def main() -> tuple[int, float]:
        found, at = 0, math.nan
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 50)
            found = await in_thread(lambda: sum(range(2_000_000)))
            at = CLOCK.now()
            group.cancel_scope.cancel()
        return found, at

    assert run_virtual(main()) == (1_999_999_000_000, 0.0)


def test_what_a_thread_raises_arrives() -> None:
    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 // 0)

    run_virtual(main())
