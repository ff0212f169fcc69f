"""Deliver what an outbox has due, in real time."""

from __future__ import annotations

import asyncio

import aiohttp

from intercom_async.clock import CLOCK
from intercom_async.simulator.backend import Backend
from intercom_async.simulator.webhooks.outbox import TIMEOUT_S, Attempt

LOOK_S = 0.02
"""Seconds between two looks at the outbox while somebody has subscribed."""
CONNECTIONS = 50
"""Deliveries at once."""
USER_AGENT = "intercom-parrot-service-client/1.0"


class Sender:
    """Delivers notifications while the server runs."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for notifications."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop; what is under way is given up."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
            asyncio.TaskGroup() as group,
        ):
            while True:
                for attempt in self._backend.outbox.due(self._backend.clock.now()):
                    group.create_task(self._deliver(session, attempt))
                await CLOCK.sleep(LOOK_S)

    async def _deliver(self, session: aiohttp.ClientSession, attempt: Attempt) -> None:
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "X-Hub-Signature": attempt.signature,
        }
        status: int | None = None
        try:
            async with session.post(
                attempt.url, data=attempt.body, headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            pass
        self._backend.outbox.record(attempt.delivery, status, self._backend.clock.now())
