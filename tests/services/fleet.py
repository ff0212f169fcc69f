"""Simulated workspaces, workers on them that are killed, and what their targets hold then."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Any

import anyio
import psycopg

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.sync import PostgresSink, sync
from tests.support.servers import PostgresServer
from .sync_worker import STREAMS


class Fleet:
    """Workspaces, each with a simulator and a schema.

    Args:
        simulators: The simulators, by workspace; a workspace's name is that of its schema.
        postgres: Where the targets are.
        redis_url: The workers' store and queue; empty: they have none.
        budget_s: Seconds that a task of the workers takes at most.
    """

    def __init__(
        self,
        simulators: dict[str, Simulator],
        postgres: PostgresServer,
        redis_url: str,
        *,
        budget_s: float = 2.0,
    ) -> None:
        self.simulators = simulators
        self._postgres = postgres
        self._workers: list[subprocess.Popen[bytes]] = []
        self.killed: int = 0
        known = {name: (one.token, one.url) for name, one in simulators.items()}
        self.environment = os.environ | {
            "SYNC_WORKSPACES": json.dumps(known),
            "SYNC_POSTGRES": postgres.url,
            "SYNC_REDIS": redis_url,
            "SYNC_BUDGET_S": str(budget_s),
        }

    def work(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a worker."""
        worker = subprocess.Popen(
            [sys.executable, "-m", *command], env=self.environment, start_new_session=True
        )
        self._workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """Kill a worker and its children, as the kernel does."""
        os.killpg(worker.pid, 9)
        worker.wait()
        self.killed += 1

    def stop(self) -> None:
        for worker in self._workers:
            if worker.poll() is None:
                self.kill(worker)

    def is_published(self, schema: str) -> bool:
        """Say whether a workspace was read to the end of a run."""
        with psycopg.connect(self._postgres.url) as connection:
            try:
                row = connection.execute(
                    f"SELECT state, journal_state FROM {schema}.intercom_async_state".encode()
                ).fetchone()
            except psycopg.errors.UndefinedTable:
                return False
        return row is not None and row[0] is not None and row[1] is None

    async def check_after_a_kill(self, command: Sequence[str]) -> None:
        """Kill a worker in the middle of its work, let two others finish, and compare."""
        doomed = self.work(command)
        with anyio.fail_after(60):
            while not any(one.ledger() for one in self.simulators.values()):  # noqa: ASYNC110
                await anyio.sleep(0.1)
        await anyio.sleep(0.7)
        self.kill(doomed)
        assert not all(map(self.is_published, self.simulators))
        for _ in range(2):
            self.work(command)
        await self.until_published()
        await self.check()

    async def until_published(self, within_s: float = 90.0) -> None:
        with anyio.fail_after(within_s):
            while not all(map(self.is_published, self.simulators)):  # noqa: ASYNC110 (others decide)
                await anyio.sleep(0.25)

    async def keep_killing(self, command: Sequence[str], every_s: float) -> None:
        """Kill the oldest worker again and again, and start another one for it."""
        while True:
            await anyio.sleep(every_s)
            self.kill(self._workers.pop(0))
            self.work(command)

    def rows(self, schema: str) -> dict[str, list[Any]]:
        """Return ids and contents of a workspace's rows, by stream."""
        found: dict[str, list[Any]] = {}
        with psycopg.connect(self._postgres.url) as connection:
            for stream in STREAMS:
                statement = f"SELECT id, raw::text FROM {schema}.{stream} ORDER BY 1, 2"
                found[stream] = connection.execute(statement.encode()).fetchall()
        return found

    def calls(self) -> tuple[int, int]:
        """Return how many calls were served, and how many refused."""
        rows = [row for one in self.simulators.values() for row in one.ledger()]
        return sum(row.served for row in rows), sum(row.rejected for row in rows)

    async def check(self) -> None:
        """Compare each target with a sync of one process, and the ledgers with what is allowed."""
        served, refused = self.calls()
        # A worker that the machine halts across a window's end may have a call or two refused.
        assert refused <= served // 100
        await self.compare()

    async def compare(self) -> None:
        """Compare each target with that of a sync of one process."""
        async with anyio.create_task_group() as group:
            for name in self.simulators:
                group.start_soon(self._compare, name)

    async def _compare(self, name: str) -> None:
        simulator = self.simulators[name]
        async with Intercom(simulator.token, base_url=simulator.url) as intercom:
            sink = PostgresSink(self._postgres.url, schema=f"{name}_alone")
            report = await sync(intercom, STREAMS, sink=sink)
            assert report.is_complete
        rows = self.rows(name)
        assert all(rows.values())
        for found in rows.values():
            assert len(found) == len({row[0] for row in found})
        assert rows == self.rows(f"{name}_alone")


@asynccontextmanager
async def running_fleet(
    count: int,
    postgres: PostgresServer,
    redis_url: str = "",
    *,
    budget_s: float = 2.0,
    **settings: Any,
) -> AsyncGenerator[Fleet]:
    """Run simulators for the length of a block, and end the workers after it."""
    usual: dict[str, Any] = {
        "contacts": 400,
        "conversations": 200,
        "latency_s": 0.03,
        "app_per_minute": 3_000,
        "window_s": 1.0,
    }
    async with anyio.create_task_group():
        simulators = {
            f"fleet_{token_hex(4)}": Simulator(seed=number, **{**usual, **settings})
            for number in range(count)
        }
        for simulator in simulators.values():
            await simulator.start()
        fleet = Fleet(simulators, postgres, redis_url, budget_s=budget_s)
        try:
            yield fleet
        finally:
            fleet.stop()
            for simulator in simulators.values():
                await simulator.close()
