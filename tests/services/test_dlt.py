"""The dlt source, into dlt's own destinations for DuckDB and PostgreSQL, from a simulator."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from intercom_async.errors import ConfigError, ForbiddenError, first_error
from intercom_async.simulator import Simulator
from tests.support.servers import PostgresServer

dlt: Any = pytest.importorskip("dlt")
pytest.importorskip("duckdb")

from intercom_async.integrations.dlt import intercom  # noqa: E402 (needs dlt)

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("default")]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


def pipeline(folder: Path) -> Any:
    return dlt.pipeline(
        "intercom",
        destination=dlt.destinations.duckdb(str(folder / "target.duckdb")),
        dataset_name="workspace",
        pipelines_dir=str(folder / "pipelines"),
    )


def into_postgres(server: PostgresServer, folder: Path) -> Any:
    pytest.importorskip("psycopg2", reason="dlt[postgres] is not installed")
    return dlt.pipeline(
        "intercom",
        # dlt wants a password, and the server takes any.
        destination=dlt.destinations.postgres(server.url.replace("tests@", "tests:any@")),
        dataset_name="workspace",
        pipelines_dir=str(folder / "pipelines"),
    )


def source(simulator: Simulator, *streams: str, **options: Any) -> Any:
    return intercom(simulator.token, list(streams), base_url=simulator.url, **options)


@contextmanager
def opened(line: Any) -> Generator[Any]:
    with line.sql_client() as client:
        yield client


def rows(line: Any, sql: str) -> list[tuple[Any, ...]]:
    with opened(line) as client:
        return [tuple(row) for row in client.execute_sql(sql)]


DESTINATIONS = ("duckdb", "postgres")
TIME = {"duckdb": "TIMESTAMP WITH TIME ZONE", "postgres": "timestamp with time zone"}


@pytest.mark.parametrize("destination", DESTINATIONS)
async def test_a_workspace_comes_whole_and_what_changes_later_is_merged(
    tmp_path: Path, destination: str, request: pytest.FixtureRequest
) -> None:
    if destination == "postgres":
        line = into_postgres(request.getfixturevalue("postgres_server"), tmp_path)
    else:
        line = pipeline(tmp_path)
    async with Simulator(contacts=900, conversations=40, companies=30) as simulator:
        streams = ("contacts", "conversations", "conversation_parts", "companies", "tags")
        await anyio.to_thread.run_sync(lambda: line.run(source(simulator, *streams)))
        assert rows(line, "SELECT count(*), count(DISTINCT id) FROM contacts") == [(900, 900)]
        assert rows(line, "SELECT count(*) FROM conversations") == [(40,)]
        [(parts, parents)] = rows(
            line, "SELECT count(*), count(DISTINCT conversation_id) FROM conversation_parts"
        )
        assert parts > parents > 0
        type_of = "typeof" if destination == "duckdb" else "pg_typeof"
        [(kind,)] = rows(line, f"SELECT {type_of}(updated_at) FROM contacts LIMIT 1")  # noqa: S608 (a name of the test's own)
        assert str(kind) == TIME[destination]

        [(first,)] = rows(line, "SELECT id FROM contacts ORDER BY id LIMIT 1")
        simulator.call("PUT", f"/contacts/{first}", {"name": "Changed"})
        simulator.call("POST", "/contacts", {"email": "new@example.com"})
        before = simulator.requests
        await anyio.to_thread.run_sync(lambda: line.run(source(simulator, "contacts")))
        spent = simulator.requests - before

    assert rows(line, "SELECT count(*), count(DISTINCT id) FROM contacts") == [(901, 901)]
    assert rows(line, "SELECT name FROM contacts ORDER BY id LIMIT 1") == [("Changed",)]
    assert spent <= 12


async def test_what_search_finds_late_comes_with_the_next_run(tmp_path: Path) -> None:
    async with Simulator(contacts=5, conversations=1, index_s=1.0) as simulator:
        line = pipeline(tmp_path)
        simulator.call("POST", "/contacts", {"email": "late@example.com"})
        await anyio.to_thread.run_sync(lambda: line.run(source(simulator, "contacts")))
        early = rows(line, "SELECT count(*) FROM contacts WHERE email = 'late@example.com'")
        simulator.clock.move(60)
        simulator.call("POST", "/contacts", {"email": "later@example.com"})
        simulator.clock.move(60)
        await anyio.to_thread.run_sync(lambda: line.run(source(simulator, "contacts")))
        assert early == [(0,)]
        assert rows(line, "SELECT count(*) FROM contacts") == [(7,)]


async def test_children_alone_bring_no_table_of_their_parents(tmp_path: Path) -> None:
    async with Simulator(contacts=5, conversations=4) as simulator:
        line = pipeline(tmp_path)
        await anyio.to_thread.run_sync(lambda: line.run(source(simulator, "conversation_parts")))
    assert rows(line, "SELECT count(DISTINCT conversation_id) FROM conversation_parts")[0][0] > 0
    assert not [name for name in line.default_schema.data_table_names() if name == "conversations"]


async def test_a_refusal_ends_the_run_with_its_own_error(tmp_path: Path) -> None:
    async with Simulator(contacts=5, conversations=1) as simulator:
        simulator.faults.add(path="/contacts/search", status=403)
        line = pipeline(tmp_path)
        with pytest.raises(Exception, match="403") as raised:
            await anyio.to_thread.run_sync(lambda: line.run(source(simulator, "contacts")))
    chain: BaseException | None = raised.value
    while chain is not None and first_error(chain, ForbiddenError) is None:
        chain = chain.__cause__ or chain.__context__
    assert chain is not None


async def test_a_limit_ends_reading_early_and_closes_the_client(tmp_path: Path) -> None:
    async with Simulator(contacts=2_000, conversations=1, latency_s=0.02) as simulator:
        line = pipeline(tmp_path)
        limited = source(simulator, "contacts").add_limit(1)
        await anyio.to_thread.run_sync(lambda: line.run(limited))
        assert 0 < rows(line, "SELECT count(*) FROM contacts")[0][0] <= 2_000


def test_an_unknown_stream_is_named() -> None:
    with pytest.raises(ConfigError, match="there is no stream 'contcats'"):
        intercom("t", ["contcats"])


def test_the_token_is_a_secret_of_dlt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "SOURCES__INTERCOM__TOKEN", "secret-token")
    made = intercom(streams=["tags"])
    assert list(made.resources) == ["tags"]
    assert "secret-token" not in repr(made)
