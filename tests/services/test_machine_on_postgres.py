"""No history breaks the promise on a real PostgreSQL; `nox -s chaos` plays them for hours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sync.machine import postgres
from tests.sync.machine.generate import draw
from tests.sync.machine.search import broken
from .conftest import PostgresServer

pytest.importorskip("psycopg", reason="the extra postgres is not installed")

SEEDS = range(500, 504)


@pytest.fixture(autouse=True)
def served(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(postgres.URL, postgres_server.url)
    yield
    postgres.clear()


@pytest.mark.parametrize("seed", SEEDS)
def test_no_history_breaks_the_promise(seed: int, tmp_path: Path) -> None:
    folder = tmp_path / "history"
    assert broken(draw(seed, "postgres"), folder) == ()
    shutil.rmtree(folder, ignore_errors=True)
