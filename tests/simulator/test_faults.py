"""Faults strike as they were asked for, and the same way each time."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from intercom_async.simulator import Simulator

pytestmark = pytest.mark.anyio


async def statuses(http: aiohttp.ClientSession, count: int) -> list[int]:
    got: list[int] = []
    for _ in range(count):
        async with http.get("/tags") as reply:
            await reply.read()
            got.append(reply.status)
    return got


async def test_a_rate_strikes_some_and_the_same_ones_each_time(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.faults.add(rate=0.2, status=503)
    first = await statuses(http, 100)
    simulator.reset()
    simulator.faults.add(rate=0.2, status=503)

    assert await statuses(http, 100) == first
    assert 5 <= first.count(503) <= 40
    assert set(first) == {200, 503}


async def test_a_schedule_strikes_when_it_says(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.faults.add(after=1, every=2, times=2, status=500)

    assert await statuses(http, 8) == [200, 200, 500, 200, 500, 200, 200, 200]
    assert simulator.faults.struck() == 2


async def test_faults_keep_to_their_method_and_path(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.faults.add(method="POST", path="/tags", status=502)

    assert await statuses(http, 2) == [200, 200]
    async with http.post("/tags", json={"name": "x"}) as reply:
        assert reply.status == 502


async def names(http: aiohttp.ClientSession) -> list[str]:
    async with http.get("/tags") as reply:
        return [one["name"] for one in (await reply.json())["data"]]


@pytest.mark.parametrize(("drop", "is_done"), [("before", False), ("after", True)])
async def test_a_dropped_connection_comes_before_or_after_the_work(
    simulator: Simulator,
    http: aiohttp.ClientSession,
    drop: Any,
    is_done: bool,  # noqa: FBT001 (a case)
) -> None:
    simulator.faults.add(method="POST", drop=drop)

    with pytest.raises(aiohttp.ClientError):
        await http.post("/tags", json={"name": "dropped"})

    assert ("dropped" in await names(http)) is is_done


async def test_a_failure_is_answered_instead_of_the_work(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.faults.add(method="POST", status=503)

    await http.post("/tags", json={"name": "refused"})

    assert "refused" not in await names(http)


async def test_bodies_are_garbled_truncated_emptied_and_slow(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.faults.add(times=1, garble=True)
    async with http.get("/tags") as reply:
        assert reply.status == 200
        assert (await reply.text()).startswith("<html>")
    simulator.faults.clear()

    simulator.faults.add(times=1, truncate=True)
    with pytest.raises(aiohttp.ClientPayloadError):
        async with http.get("/tags") as reply:
            await reply.read()
    simulator.faults.clear()

    simulator.faults.add(times=1, empty=True)
    async with http.get("/tags") as reply:
        assert (reply.status, await reply.read()) == (200, b"")
    simulator.faults.clear()

    simulator.faults.add(times=1, slow_body_s=0.05, delay_s=0.01)
    assert len(await names(http)) == 12


async def test_headers_go_missing(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    simulator.faults.add(no_headers=True)

    async with http.get("/tags") as reply:
        assert "X-RateLimit-Limit" not in reply.headers
        assert "X-Request-Id" not in reply.headers
        assert reply.status == 200


async def test_a_field_comes_with_another_type(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.faults.add(drift="created_at")

    async with http.get("/contacts?per_page=2") as reply:
        rows = (await reply.json())["data"]

    assert all(isinstance(row["created_at"], str) for row in rows)
    assert all(isinstance(row["updated_at"], int) for row in rows)


def test_faults_that_make_no_sense_are_refused() -> None:
    simulator = Simulator(contacts=1)
    with pytest.raises(ValueError, match="rate"):
        simulator.faults.add(rate=2)
    with pytest.raises(ValueError, match="unknown field"):
        simulator.faults.add(rte=1)


@pytest.mark.parametrize("path", ["contacts", "/contacts/{id}", ""])
def test_a_path_that_no_request_has_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path must begin with /"):
        Simulator().faults.add(path=path, status=500)
