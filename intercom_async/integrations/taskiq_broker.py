"""A taskiq broker on a Redis stream for tasks of some minutes, which are neither lost nor doubled.

With the library's settings a task that takes longer than ten minutes runs twice, one killed worker
stops the recovery of tasks for good, what killed workers leave is found only when the next task is
sent, tasks sent before the first worker are missed, and the stream is never trimmed.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from taskiq import BrokerMessage
from taskiq_redis import RedisStreamBroker

from intercom_async.clock import CLOCK
from intercom_async.config import check_count, check_text, is_positive_number, shown
from intercom_async.errors import ConfigError, IntercomError

IDLE_TIMES = 1.9
"""Multiple of a task's budget after which its worker counts as dead
(test_taskiq.py::test_the_broker_waits_longer_than_a_task_takes)."""
TICKS = 4
"""Ticks in that time: how soon what a dead worker left is taken up, when nothing else is sent."""
LOCK_S = 60.0
"""Seconds after which the lock of a worker that died while it looked for tasks is void."""
LONGEST_BUDGET_S = 86_400.0
"""Seconds that a task may take: what a dead worker had waits for nearly twice as long
(test_adapter_arguments.py::test_an_odd_argument_is_refused_by_name_when_it_is_given)."""
TICK = "intercom.tick"


def check_url(url: str) -> str:
    """Return the address of a Redis server; a message does not show it.

    Raises:
        ConfigError: It is none.
    """
    if not check_text("url", url).startswith(("redis://", "rediss://", "unix://")):
        raise ConfigError("url must be that of a Redis server, such as redis://localhost:6379/0")
    return url


class SyncBroker(RedisStreamBroker):
    """A broker for tasks of some minutes.

    Args:
        url: The Redis server.
        budget_s: Seconds that a task takes at most.
        max_backlog: Tasks that may wait; sending more is refused.
        **options: As of `RedisStreamBroker`.

    Raises:
        ConfigError: A number is invalid.
    """

    def __init__(self, url: str, *, budget_s: float, max_backlog: int, **options: Any) -> None:
        check_url(url)
        if not is_positive_number(budget_s) or budget_s > LONGEST_BUDGET_S:
            raise ConfigError(
                f"shard_budget_s must be more than 0 seconds and at most {LONGEST_BUDGET_S:g}, not "
                f"{shown(budget_s)}"
            )
        check_count("max_backlog", max_backlog)
        idle_s = IDLE_TIMES * budget_s
        settings: dict[str, Any] = {
            "idle_timeout": int(1000 * idle_s),
            "unacknowledged_lock_timeout": LOCK_S,
            "xread_count": 1,
            "consumer_id": "0",
            **options,
        }
        super().__init__(url, **settings)
        self._max_backlog = max_backlog
        self._tick_s = idle_s / TICKS
        self._ticks: asyncio.Task[None] | None = None
        self.register_task(_tick, task_name=TICK)

    async def startup(self) -> None:
        """Connect; a worker begins to tick."""
        await super().startup()
        if self.is_worker_process:
            # It ends with `shutdown`.
            self._ticks = asyncio.get_running_loop().create_task(self._keep_ticking())

    async def shutdown(self) -> None:
        """Disconnect."""
        if self._ticks is not None:
            self._ticks.cancel()
            await asyncio.wait([self._ticks])
        await super().shutdown()

    async def kick(self, message: BrokerMessage) -> None:
        """Send a task.

        Raises:
            IntercomError: So many wait that it is refused: a stream drops nothing silently.
        """
        async with Redis(connection_pool=self.connection_pool) as client:
            if await client.xlen(self.queue_name) >= self._max_backlog:
                raise IntercomError(f"{self._max_backlog} tasks wait already; send it again later")
        await super().kick(message)

    async def trim(self) -> None:
        """Remove from the stream what is done; what waits or is at work stays."""
        async with Redis(connection_pool=self.connection_pool) as client:
            # In this order: what is delivered meanwhile has a greater id than the first.
            groups = await client.xinfo_groups(self.queue_name)
            pending = await client.xpending(self.queue_name, self.consumer_group_name)
            name = self.consumer_group_name.encode()
            ids = [group["last-delivered-id"] for group in groups if group["name"] == name]
            ids += [pending["min"]] if pending["min"] else []
            if ids:
                least = min(ids, key=lambda one: tuple(map(int, one.split(b"-"))))
                await client.xtrim(self.queue_name, minid=least, approximate=False)

    async def _keep_ticking(self) -> None:
        while True:
            await CLOCK.sleep(self._tick_s)
            with suppress(Exception):  # the broker's own calls show that Redis is down
                await self.trim()
                await self.find_task(TICK).kiq()  # type: ignore[union-attr]


async def _tick() -> None:
    """Do nothing: a message behind which a worker looks for what dead ones left."""
