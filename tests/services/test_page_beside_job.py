"""A page of a FastAPI app beside a bulk job of the same process, on one rate limit."""

from __future__ import annotations

import asyncio
import random
from typing import Annotated, Any

import pytest

from intercom_async import Intercom, Priority
from intercom_async.clock import CLOCK
from intercom_async.models import Contact
from intercom_async.simulator import Simulator
from intercom_async.transport import MemoryTransport
from tests.support.virtual_time import run_virtual

pytest.importorskip("fastapi", reason="fastapi is not installed")
httpx: Any = pytest.importorskip("httpx", reason="httpx is not installed")

from fastapi import Depends, FastAPI  # noqa: E402 (skipped without it)

from intercom_async.integrations.fastapi import Client, client, error_handlers  # noqa: E402

VISITS = 1_000
VISITS_PER_S = 10
LATENCY_S = 0.05
Bulk = Annotated[Intercom, Depends(client(priority=Priority.BULK, max_wait_s=None))]


def app_of(intercom: Intercom) -> Any:
    app = FastAPI(exception_handlers=error_handlers)

    @app.get("/contacts/{contact_id}")
    async def contact(contact_id: str, intercom: Client) -> Contact:
        return await intercom.contacts.get(contact_id)

    @app.post("/job")
    async def job(intercom: Bulk) -> int:
        count = 0
        for _ in range(100):
            changes: Any = [
                {"id": one.id, "name": "N"}
                async for one in intercom.contacts.list(per_page=150).prefetch(1)
            ]
            async for _result in intercom.contacts.update_many(changes, concurrency=64):
                count += 1
        return count

    async def with_client(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": {"intercom": intercom}}, receive, send)

    return with_client


async def visited(browser: Any, ids: list[str]) -> list[float]:
    """Return how long each of many visits at random moments took, the longest last."""
    chance = random.Random(3)
    taken_s: list[float] = []

    async def visit() -> None:
        begun_s = CLOCK.now()
        answer = await browser.get(f"/contacts/{chance.choice(ids)}")
        assert answer.status_code == 200, answer.text
        taken_s.append(CLOCK.now() - begun_s)

    async with asyncio.TaskGroup() as group:
        for _ in range(VISITS):
            group.create_task(visit())
            await CLOCK.sleep(chance.expovariate(VISITS_PER_S))
    return sorted(taken_s)


async def measured() -> tuple[list[float], list[float], float]:
    simulator = Simulator(contacts=600, latency_s=LATENCY_S, app_per_minute=3_000)
    intercom = Intercom(
        simulator.token,
        transport=MemoryTransport(simulator.answer),
        priority=Priority.INTERACTIVE,
        max_wait_s=1.0,
    )
    async with intercom:
        ids = [one.id for one in await intercom.contacts.list(per_page=150).collect()]
        transport = httpx.ASGITransport(app=app_of(intercom))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as browser:
            await visited(browser, ids)  # the scheduler learns how often somebody comes
            idle = await visited(browser, ids)
            job = asyncio.create_task(browser.post("/job"))
            await CLOCK.sleep(20)
            busy = await visited(browser, ids)
            used = intercom.statistics().utilisation
            assert not job.done()
            job.cancel()
            await asyncio.wait([job])
    return idle, busy, used or 0.0


def p99(seconds: list[float]) -> float:
    return seconds[int(0.99 * len(seconds))]


def test_a_page_takes_little_longer_beside_a_job_that_uses_the_limit_up() -> None:
    idle, busy, used = run_virtual(measured())
    assert p99(idle) >= LATENCY_S
    # Over sockets it is to be twice as long at most; here no time is spent but by waiting.
    assert p99(busy) <= 1.5 * p99(idle)
    # The job takes what is left.
    assert used >= 0.95
