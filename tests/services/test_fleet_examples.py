"""The examples of many workspaces run as their first lines say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

import anyio.to_thread
import pytest

from intercom_async.simulator import Simulator
from .conftest import PostgresServer, RedisServer

psycopg: Any = pytest.importorskip("psycopg", reason="the extra postgres is not installed")

EXAMPLES = Path(__file__).parents[2] / "examples"
ROOT = EXAMPLES.parent

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples are not part of an sdist"),
]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": path} | environment,
        capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip


@pytest.mark.usefixtures("redis_server")
@pytest.mark.parametrize("target", ["JSON lines", "PostgreSQL"])
async def test_the_fleet_syncs_all_workspaces_while_workers_are_killed(
    target: str, request: pytest.FixtureRequest
) -> None:
    for name in ("taskiq_redis", "uvicorn", "starlette", "httpx", "rich"):
        pytest.importorskip(name)
    small = ("--workspaces=3", "--workers=2", "--conversations=40", "--budget-s=4")
    to: tuple[str, ...] = ()
    if target == "PostgreSQL":  # in shards, which several workers read
        server: PostgresServer = request.getfixturevalue("postgres_server")
        to = (f"--postgres={server.url}",)
    done = await anyio.to_thread.run_sync(
        partial(run, str(EXAMPLES / "fleet"), *small, "--kill-every=6", *to)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3" in done.stdout


async def test_docket_runs_the_shards_of_workspaces(
    redis_server: RedisServer, postgres_server: PostgresServer
) -> None:
    pytest.importorskip("docket", reason="pydocket is not installed")
    workspace = token_hex(4)
    async with Simulator(contacts=300, conversations=20, app_per_minute=10**6) as simulator:
        done = await anyio.to_thread.run_sync(
            partial(
                run,
                str(EXAMPLES / "docket_tasks.py"),
                REDIS=redis_server.url,
                WAREHOUSE=postgres_server.url,
                TOKENS=json.dumps({workspace: [simulator.token, simulator.url]}),
            )
        )
    assert done.returncode == 0, done.stdout + done.stderr
    with psycopg.connect(postgres_server.url) as connection:
        statement = f"SELECT count(*) FROM intercom_{workspace}.contacts"  # noqa: S608 (our name)
        assert connection.execute(statement).fetchone() == (300,)
