"""Real time and real HTTP: a strict server in a thread's loop, and the package's own transport."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from aiohttp import web

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Scheduler
from intercom_async.transport import HttpTransport
from intercom_async.transport.base import Request
from tests.support.loopback import serving


@dataclass(slots=True)
class StrictHttp:
    """Counts requests of each app in windows of real time."""

    limit: int
    workspace: int
    window_s: float
    latency_s: float
    used: Counter[tuple[int, str]] = field(default_factory=Counter[tuple[int, str]])
    turned_away: int = 0
    sends: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        """Count one request at its arrival, and answer later."""
        app = request.match_info["app"]
        now = CLOCK.unix()
        index = math.floor(now / self.window_s)
        self.sends += 1
        total = sum(self.used[index, other] for other in ("a", "b"))
        full = self.limit if self.used[index, app] >= self.limit else 0
        if not full and total >= self.workspace:
            full = self.workspace
        if full:
            self.turned_away += 1
        else:
            self.used[index, app] += 1
        end = (index + 1) * self.window_s
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - self.used[index, app]),
            "X-RateLimit-Reset": f"{end:.3f}" if end % 1 else str(int(end)),
        }
        await CLOCK.sleep(self.latency_s)
        if full:
            text = f"Exceeded rate limit of {full} in 10_seconds"
            return web.json_response({"text": text}, status=429, headers=headers)
        return web.json_response({}, headers=headers)


@dataclass(frozen=True, slots=True)
class Run:
    """What to send, and for how long."""

    span_s: float
    limit: int = 1667
    workspace: int = 4167
    window_s: float = 10.0
    latency_s: float = 0.05
    apps: tuple[str, ...] = ("a",)
    workers: int = 100


async def run_http(run: Run) -> tuple[list[int], StrictHttp]:
    """Send as much as is allowed; return what each full window has served, and the server."""
    server = StrictHttp(run.limit, run.workspace, run.window_s, run.latency_s)
    application = web.Application()
    application.router.add_get("/{app}", server.answer)
    async with serving(application) as origin:
        windows = await _use_up(run, origin)
    return [sum(server.used[index, app] for app in run.apps) for index in windows], server


async def _use_up(run: Run, origin: str) -> range:
    """Send as much as is allowed for the length of a run; return its full windows."""
    transport = HttpTransport()
    await transport.open()
    per_minute = 60 / run.window_s
    scheduler = Scheduler(
        Limits(
            app_per_minute=round(run.limit * per_minute),
            workspace_per_minute=round(run.workspace * per_minute),
            window_s=run.window_s,
        ),
        random=Random(1),
    )

    async def work(app: str) -> None:
        request = Request(method="GET", url=f"{origin}/{app}", name="GET", headers={})
        while True:
            async with scheduler.admit(priority=Priority.BULK, app=app) as permit:
                reply = await transport.exchange(request, permit.sent)
                message = reply.body.decode() if reply.status != 200 else None
                permit.observe(status=reply.status, headers=reply.headers, message=message)

    first = math.floor(CLOCK.unix() / run.window_s) + 1
    tasks = [
        asyncio.get_running_loop().create_task(work(app))
        for app in run.apps
        for _ in range(run.workers)
    ]
    await CLOCK.sleep(run.span_s)
    last = math.floor(CLOCK.unix() / run.window_s)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await transport.close()
    return range(first, last)


def measure_http(span_s: float) -> list[dict[str, object]]:
    """Run over HTTP with two latencies, and with two apps whose limits exceed the workspace's."""
    runs = {
        "HTTP, 50 ms": Run(span_s),
        "HTTP, 300 ms": Run(span_s, latency_s=0.3, workers=150),
        "HTTP, two apps": Run(span_s, apps=("a", "b"), workspace=2500),
    }
    rows: list[dict[str, object]] = []
    for name, run in runs.items():
        served, server = asyncio.run(run_http(run))
        allowed = min(run.workspace, run.limit * len(run.apps))
        rows.append(
            {
                "situation": name,
                "utilisation": sum(served) / max(1, allowed * len(served)),
                "worst_window": min(served, default=0) / allowed,
                "windows": len(served),
                "throttled": server.turned_away / max(1, server.sends),
                "sends": server.sends,
            }
        )
    return rows
