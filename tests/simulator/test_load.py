"""Many connections at once, and a million records at no cost."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import Generator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest

from intercom_async.simulator import Simulator
from intercom_async.simulator.backend import Backend
from intercom_async.simulator.journal import KEPT_REQUESTS
from intercom_async.simulator.messages import Request
from intercom_async.simulator.settings import Settings

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


SPAN = {"created_at_after": 0, "created_at_before": 2_000_000_000}
QUERY = {"field": "user_count", "operator": ">", "value": 1}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/download/content/data/{job}", None),
        ("GET", "/export/content/data/{job}", None),
        ("GET", "/companies", None),
        ("GET", "/companies/scroll", None),
        ("GET", "/companies?tag_id=101", None),
        ("POST", "/companies/list", {}),
        ("POST", "/companies/search", {"query": QUERY}),
    ],
)
def test_what_reads_all_records_does_it_in_steps(method: str, path: str, body: Any) -> None:
    backend = large(contacts=6_000, companies=5_500, conversations=5_500)
    job = backend.call("POST", "/export/content/data", SPAN)
    backend.clock.move(10)

    answer = begin(backend, method, path.format(job=job["job_identifier"]), body)

    assert len(list(answer)) > 10
    assert backend.statuses == {200: 1}


def test_writes_that_overtake_a_scan_cannot_keep_it_waiting() -> None:
    backend = large(contacts=10, companies=6_000)

    answer = begin(backend, "POST", "/companies/search", {"query": QUERY})
    for place, _ in enumerate(answer):
        backend.call("POST", "/companies", {"company_id": "busy", "name": f"busy {place}"})
        assert place < 3_000

    assert backend.statuses == {200: 1}


def large(*, contacts: int, companies: int, conversations: int = 0) -> Backend:
    return Backend(
        Settings(contacts=contacts, companies=companies, conversations=conversations, tickets=0)
    )


def begin(backend: Backend, method: str, path: str, body: Any) -> Generator[None, None, Any]:
    """Receive a request, and return the steps of its answer."""
    parts = urlsplit(path)
    token = f"Bearer {backend.app.token}"
    headers = {"Authorization": token, "Accept": "*/*", "Intercom-Version": "Preview"}
    sent = b"" if body is None else json.dumps(body).encode()
    request = Request(method, parts.path, dict(parse_qsl(parts.query)), headers, sent)
    return backend.respond_in_steps(backend.receive(request))
