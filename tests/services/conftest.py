"""Real services, started for the session on loopback and stopped after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.servers import (
    MissingServerError,
    PostgresServer,
    RedisServer,
    free_port,
    redis_program,
    running_postgres,
    wait_for_port,
)
from .node import Node

__all__ = ["PostgresServer", "RedisServer", "free_port", "redis_program", "wait_for_port"]


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """Node with the packages that judge what is sent; they are installed once."""
    return Node(tmp_path_factory.mktemp("node"))


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    try:
        server.start()
    except MissingServerError as error:
        pytest.skip(str(error))
    yield server
    server.kill()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    try:
        with running_postgres() as server:
            yield server
    except MissingServerError as error:
        pytest.skip(str(error))
