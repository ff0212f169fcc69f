"""The budget store on a Redis cluster of three nodes."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from intercom_async.scheduler.stores import RedisStore
from tests.support.servers import (
    REDIS_PROGRAMS,
    MissingServerError,
    free_port,
    redis_program,
    wait_for_port,
)
from .budgets import Budget

cluster_client: Any = pytest.importorskip("redis.asyncio.cluster", reason="redis is not installed")

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=REDIS_PROGRAMS)
def cluster_port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """Run three nodes that share the slots; each node's bus is 10,000 ports above its own."""
    cli = shutil.which("redis-cli")
    if cli is None:
        pytest.skip("there is no redis-cli here: apt-get install redis-tools")
    ports = [port for port in (free_port() for _ in range(50)) if port < 55_000][:3]
    nodes: list[subprocess.Popen[bytes]] = []
    try:
        program = redis_program(request.param)
        for port in ports:
            folder = tmp_path / str(port)
            folder.mkdir()
            settings = ["--cluster-enabled", "yes", "--save", "", "--dir", str(folder)]
            nodes.append(
                subprocess.Popen(
                    [program, "--port", str(port), "--bind", "127.0.0.1", *settings],
                    stdout=subprocess.DEVNULL,
                )
            )
        for port in ports:
            wait_for_port(port)
        addresses = [f"127.0.0.1:{port}" for port in ports]
        subprocess.run(
            [cli, "--cluster", "create", *addresses, "--cluster-yes"],
            check=True, stdout=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip
        for port in ports:
            wait_until_it_serves(cli, port)
        yield ports[0]
    except MissingServerError as error:
        pytest.skip(str(error))
    finally:
        for node in nodes:
            node.kill()
            node.wait()


def wait_until_it_serves(cli: str, port: int) -> None:
    """Wait for a node that answers CLUSTERDOWN for a second or two after the cluster is made.

    On such an answer the client closes all its connections, also those that another task uses.
    """
    for _ in range(600):
        asked = [cli, "-p", str(port), "cluster", "info"]
        told = subprocess.run(asked, check=True, capture_output=True)
        if b"cluster_state:ok" in told.stdout:
            return
        time.sleep(0.05)
    raise AssertionError(f"the node on port {port} does not serve")


async def test_budgets_on_any_node_are_leased_exactly(cluster_port: int) -> None:
    client = cluster_client.RedisCluster(host="127.0.0.1", port=cluster_port)
    try:
        stores = [RedisStore(client, answer_within_s=10.0) for _ in range(2)]
        # Enough names that some lie on each of the nodes.
        for _ in range(6):
            budget = Budget(token_hex(4), RedisStore)
            totals = await asyncio.gather(*map(budget.drain, stores))
            assert sum(totals) == 1667
        for store in stores:
            await store.aclose()
    finally:
        await client.aclose()
