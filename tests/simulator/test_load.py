"""Many connections at once, and a million records at no cost."""

from __future__ import annotations

import asyncio
import tracemalloc
from typing import Any

import aiohttp
import pytest

from intercom_async.simulator import Simulator
from intercom_async.simulator.journal import KEPT_REQUESTS

resource: Any = pytest.importorskip("resource")
pytestmark = pytest.mark.anyio

CONNECTIONS = 1_000


@pytest.fixture(autouse=True)
def enough_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 3 * CONNECTIONS:
        pytest.skip(f"only {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3 * CONNECTIONS), hard))


async def test_a_thousand_connections_are_all_served(simulator: Simulator) -> None:
    simulator.latency_s = 0.2
    headers = {"Authorization": f"Bearer {simulator.token}", "Accept": "application/json"}
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(simulator.url, headers=headers, connector=connector) as http:

        async def one() -> int:
            async with http.get("/tags") as reply:
                await reply.read()
                return reply.status

        statuses = await asyncio.gather(*(one() for _ in range(CONNECTIONS)))

    assert statuses == [200] * CONNECTIONS
    assert simulator.statuses == {200: CONNECTIONS}


async def test_a_million_contacts_cost_what_is_asked_of_them() -> None:
    tracemalloc.start()
    simulator = Simulator(contacts=1_000_000, conversations=1_000_000)
    table = simulator.workspace.contacts
    for number in range(0, 1_000_000, 10_000):
        assert table.number_of(table.value_at(number, "id")) == number
        table.encoded(number, "2.14")
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(table) == 1_000_000
    assert peak_bytes < 20 * 1024 * 1024


ONE = {"per_page": 1}


async def test_memory_stays_flat_under_load(http: aiohttp.ClientSession) -> None:
    async def round_of_requests() -> None:
        for at in range(18):
            value = 1_700_000_000 + at * 2 * 86_400
            query = {"field": "created_at", "operator": ">", "value": value}
            roles = {"field": "role", "operator": "=", "value": "user"}
            both = {"operator": "AND", "value": [query, roles]}
            async with http.post(
                "/contacts/search", json={"query": both, "pagination": ONE}
            ) as reply:
                await reply.read()
            async with http.put("/conversations/1", json={"read": True}) as reply:
                await reply.read()

    tracemalloc.start()
    for _ in range(KEPT_REQUESTS // 36 + 1):  # as many as the journal keeps
        await round_of_requests()
    first_bytes, _ = tracemalloc.get_traced_memory()
    for _ in range(3):
        await round_of_requests()
    last_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert last_bytes - first_bytes < 200_000
