"""A page of a FastAPI app, idle and beside a bulk job of the same process: its latency.

    python benchmarks/web_page.py --visits 2000

Simulator, app (uvicorn) and visitors are processes of their own, on loopback. Visitors come at
random moments, `RATE` a second. The job changes contacts as fast as the limit allows.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

ROOT = Path(__file__).resolve().parent.parent
RATE = 10
LATENCY_MS = 50
SETTLED_S = 20
"""Two windows, after which the job is paced as it stays."""
APP = """
import asyncio, sys
from typing import Annotated
import uvicorn
from fastapi import Depends, FastAPI
from intercom_async import Intercom, Priority
from intercom_async.integrations.fastapi import Client, client, error_handlers, lifespan
from intercom_async.models import Contact

app = FastAPI(lifespan=lifespan(), exception_handlers=error_handlers)
bulk = client(priority=Priority.BULK, max_wait_s=None, deadline_s=None)
Bulk = Annotated[Intercom, Depends(bulk)]

async def change(intercom: Intercom) -> None:
    while True:
        listed = intercom.contacts.list(per_page=150)
        changes = [{"id": one.id, "name": "N"} async for one in listed]
        async for _ in intercom.contacts.update_many(changes, concurrency=64):
            pass

@app.get("/contacts/{contact_id}")
async def contact(contact_id: str, intercom: Client) -> Contact:
    return await intercom.contacts.get(contact_id)

@app.get("/ids")
async def ids(intercom: Bulk) -> list[str]:
    return [one.id for one in await intercom.contacts.list(per_page=150).collect(limit=500)]

@app.get("/used")
async def used(intercom: Client) -> float | None:
    if app.state.job.done():
        app.state.job.result()
    return intercom.statistics().utilisation

@app.post("/job")
async def job(intercom: Bulk) -> None:
    app.state.job = asyncio.create_task(change(intercom))

uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
"""


@asynccontextmanager
async def running(*command: str, **environment: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run a program for as long as the block."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=env, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def told(simulator: asyncio.subprocess.Process) -> dict[str, str]:
    """Read the two settings that the simulator prints."""
    found: dict[str, str] = {}
    while simulator.stdout is not None and len(found) < 2:  # noqa: PLR2004 (address and token)
        name, _, value = (await simulator.stdout.readline()).decode().strip().partition("=")
        if value:
            found[name] = value
    return found


async def visit(session: aiohttp.ClientSession, ids: list[str], count: int) -> list[float]:
    """Return the milliseconds of each visit, sorted."""
    chance = random.Random(3)
    taken: list[float] = []

    async def once() -> None:
        begun = time.perf_counter()
        async with session.get(f"/contacts/{chance.choice(ids)}") as answer:
            await answer.read()
            answer.raise_for_status()
        taken.append(1000 * (time.perf_counter() - begun))

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(once())
            await asyncio.sleep(chance.expovariate(RATE))
    return sorted(taken)


def line(name: str, taken: list[float]) -> str:
    """Return median, p99 and longest of some visits."""
    return (
        f"{name:18} p50 {taken[len(taken) // 2]:6.1f} ms   "
        f"p99 {taken[int(0.99 * len(taken))]:6.1f} ms   longest {taken[-1]:6.1f} ms"
    )


async def main(visits: int, port: int) -> None:
    """Measure, and print."""
    simulate = ("-m", "intercom_async", "simulate", "--port=0", "--contacts=600")
    limit = ("--app-per-minute=3000", f"--latency-ms={LATENCY_MS}")
    async with running(*simulate, *limit) as simulator:
        environment = await told(simulator)
        async with (
            running("-c", APP, str(port), **environment) as app,
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
        ):
            ids: list[str] = []
            while not ids:
                await asyncio.sleep(0.3)
                if app.returncode is not None:
                    sys.exit("the app has ended: is fastapi installed, and the port free?")
                try:
                    ids = await (await session.get("/ids")).json()
                except aiohttp.ClientConnectionError:
                    continue
            await visit(session, ids, visits // 4)
            idle = await visit(session, ids, visits)
            (await session.post("/job")).raise_for_status()
            await asyncio.sleep(SETTLED_S)
            busy = await visit(session, ids, visits)
            answer = await session.get("/used")
            answer.raise_for_status()  # the job has failed
            used = await answer.json()
    print(f"{visits} visits each, {RATE} a second, latency of the network {LATENCY_MS} ms")
    print(line("idle", idle))
    print(line("beside the job", busy))
    ratio = busy[int(0.99 * visits)] / idle[int(0.99 * visits)]
    print(f"p99 beside the job / idle: {ratio:.2f}; limit used {used:.1%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=1_000)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--quick", action="store_true", help="200 visits each")
    arguments = parser.parse_args()
    asyncio.run(main(200 if arguments.quick else arguments.visits, arguments.port))
