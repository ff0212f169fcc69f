"""Same seed, same bytes; and pages that neither lose nor repeat a row."""

from __future__ import annotations

import hashlib
from typing import Any

import aiohttp
import pytest

from intercom_async.simulator import Quirks, Simulator

pytestmark = pytest.mark.anyio

REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", "/contacts?per_page=150", None),
    ("POST", "/contacts", {"email": "new@b.c", "name": "New"}),
    ("GET", "/conversations?per_page=50", None),
    ("GET", "/companies/scroll", None),
    ("POST", "/companies", {"company_id": "c", "name": "C"}),
    ("POST", "/tickets/search", {"query": {"field": "open", "operator": "=", "value": True}}),
    ("GET", "/macros", None),
    ("GET", "/nowhere", None),
    ("POST", "/contacts/search", {"query": {"field": "role", "operator": "=", "value": "user"}}),
]


DRAWN = Quirks(search_lag_s=60, moving_orders=2, short_pages=0.5, lying_counts=0.5, max_embedded=1)


async def transcript(seed: int, quirks: Quirks | None = None) -> str:
    """Return a digest of all answers, headers included."""
    digest = hashlib.sha256()
    async with Simulator(
        contacts=200, conversations=60, companies=30, seed=seed, quirks=quirks
    ) as simulator:
        simulator.clock.freeze(1_780_000_000)
        simulator.clock.jitter_s = 5 if quirks else 0
        if quirks:
            simulator.faults.add(rate=0.5, drift="created_at")
        headers = {
            "Authorization": f"Bearer {simulator.token}",
            "Accept": "application/json",
            "Intercom-Version": "2.16",
        }
        async with aiohttp.ClientSession(simulator.url, headers=headers) as http:
            for method, path, body in REQUESTS:
                async with http.request(method, path, json=body) as reply:
                    digest.update(repr(sorted(reply.headers.items())).encode())
                    digest.update(await reply.read())
    return digest.hexdigest()


async def test_the_same_requests_get_the_same_bytes() -> None:
    assert await transcript(7) == await transcript(7)
    assert await transcript(7) != await transcript(8)


async def test_the_same_requests_meet_the_same_quirks_and_faults() -> None:
    first, second, other = [await transcript(seed, DRAWN) for seed in (7, 7, 8)]
    assert first == second
    assert len({first, other, await transcript(7)}) == 3


async def test_reset_brings_the_first_state_back(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    async def contacts() -> bytes:
        async with http.get("/contacts?per_page=150") as reply:
            return await reply.read()

    before = await contacts()
    async with http.post("/contacts", json={"email": "new@b.c"}) as reply:
        assert reply.status == 200
    assert await contacts() != before

    simulator.reset()

    assert await contacts() == before


@pytest.mark.parametrize("per_page", [1, 7, 60, 150])
async def test_pages_have_each_row_once(http: aiohttp.ClientSession, per_page: int) -> None:
    for number in range(5):
        await http.post("/contacts", json={"email": f"new{number}@b.c"})
    ids: list[str] = []
    query: dict[str, str] = {"per_page": str(per_page)}
    while True:
        async with http.get("/contacts", params=query) as reply:
            page = await reply.json()
        ids += [one["id"] for one in page["data"]]
        if "next" not in page["pages"]:
            break
        query["starting_after"] = page["pages"]["next"]["starting_after"]

    assert len(ids) == len(set(ids)) == page["total_count"] == 125


async def test_a_row_that_changes_on_the_way_moves_in_a_list_by_change(
    http: aiohttp.ClientSession,
) -> None:
    path = "/conversations?per_page=10&sort=updated_at&order=asc"
    async with http.get(path) as reply:
        first = await reply.json()
    seen = first["conversations"][0]["id"]
    async with http.put(f"/conversations/{seen}", json={"read": True}) as reply:
        assert reply.status == 200

    cursor = first["pages"]["next"]["starting_after"]
    ids: list[str] = []
    while cursor:
        async with http.get(path, params={"starting_after": cursor}) as reply:
            page = await reply.json()
        ids += [one["id"] for one in page["conversations"]]
        cursor = page["pages"].get("next", {}).get("starting_after")

    assert ids[-1] == seen
