"""A database or a schema that cannot be a target is refused, and nothing is left in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from secrets import token_hex

import pytest

from intercom_async import Intercom, IntercomError
from intercom_async.simulator import Simulator
from intercom_async.sync import PostgresSink, SyncConfigError, TargetError, sync
from .conftest import PostgresServer
from .postgres_rows import ask, put, run, tables

pytest.importorskip("psycopg", reason="the extra postgres is not installed")

pytestmark = pytest.mark.anyio
MADE = (
    "SELECT nspname FROM pg_namespace WHERE nspname = %s UNION ALL "
    "SELECT proname FROM pg_proc WHERE pronamespace = to_regnamespace(%s) UNION ALL "
    "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s)"
)


@pytest.fixture
def schema() -> str:
    return f"sync_{token_hex(4)}"


@pytest.fixture
def other_letters(postgres_server: PostgresServer, encoding: str) -> Iterator[str]:
    """The address of a database of another encoding."""
    name = f"letters_{token_hex(4)}"
    ask(
        postgres_server,
        f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0",
    )
    yield postgres_server.url.rpartition("/")[0] + f"/{name}"
    ask(postgres_server, f"DROP DATABASE {name}")


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "EUC_JP"])
def test_a_database_of_other_letters_is_refused_before_anything(
    encoding: str, other_letters: str
) -> None:
    import psycopg  # noqa: PLC0415 (an extra)

    sink = PostgresSink(other_letters)
    for use in (sink.open, sink.is_new):
        with closing(sink), pytest.raises(TargetError, match=f"{encoding}.*ENCODING 'UTF8'"):
            use()
    with psycopg.connect(other_letters) as connection:
        assert connection.execute("SELECT to_regnamespace('intercom')").fetchone() == (None,)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("per%cent", "percent sign"),
        ("per%scent", "percent sign"),
        ("a" * 64, "at most 63 bytes"),
        ("ä" * 32, "at most 63 bytes"),
        ("pg_mine", "keeps this name"),
        ("information_schema", "keeps this name"),
    ],
)
def test_a_name_that_is_of_no_schema_is_refused(name: str, words: str) -> None:
    with pytest.raises(SyncConfigError, match=words):
        PostgresSink("postgresql://localhost/nowhere", schema=name)


@pytest.mark.parametrize(
    "name", ["a" * 54 + "_", 'quo"ted', "it's", "with space", "UPPER", "ä" * 26, "$1", "{x}", "a.b"]
)
def test_a_strange_name_is_a_schema(name: str, postgres_server: PostgresServer) -> None:
    schema = f"{name}{token_hex(4)}"
    for key in ("1", "2"):
        run(PostgresSink(postgres_server.url, schema=schema), put(key, name="x"))
    assert "things" in tables(postgres_server, schema)
    with closing(PostgresSink(postgres_server.url, schema=schema)) as sink:
        assert sink.open(verify=True).damaged == ()


def made(server: PostgresServer, schema: str) -> list[str]:
    name = '"' + schema + '"'
    return sorted(row[0] for row in ask(server, MADE, schema, name, name))


@pytest.mark.parametrize("is_there", [False, True])
async def test_a_refused_run_leaves_nothing(
    is_there: bool,  # noqa: FBT001 (of the table)
    postgres_server: PostgresServer,
    schema: str,
) -> None:
    if is_there:
        ask(postgres_server, f"CREATE SCHEMA {schema}")
        ask(postgres_server, f"CREATE TABLE {schema}.tags (mine int)")
    before = made(postgres_server, schema)
    async with Simulator(contacts=1, conversations=0, companies=0, tickets=0) as simulator:
        token = simulator.token if is_there else "nobody"
        async with Intercom(token, base_url=simulator.url) as intercom:
            words = "tables of its own named tags" if is_there else "401"
            for _ in range(2):
                sink = PostgresSink(postgres_server.url, schema=schema)
                with pytest.raises(IntercomError, match=words):
                    await sync(intercom, ["tags"], sink=sink)
                assert made(postgres_server, schema) == before


def test_what_is_in_use_stays(postgres_server: PostgresServer, schema: str) -> None:
    first, second = (PostgresSink(postgres_server.url, schema=schema) for _ in range(2))
    first.open()
    with pytest.raises(TargetError, match="another sync"), closing(second):
        second.open()
    first.begin([])
    first.commit([], b"state")
    first.close()
    assert "intercom_async_state" in tables(postgres_server, schema)
    with closing(PostgresSink(postgres_server.url, schema=schema)) as third:
        assert third.open().state == b"state"
    assert "intercom_async_state" in tables(postgres_server, schema)


def test_a_table_of_a_users_that_came_meanwhile_stays(
    postgres_server: PostgresServer, schema: str
) -> None:
    sink = PostgresSink(postgres_server.url, schema=schema)
    sink.open()
    ask(postgres_server, f"CREATE TABLE {schema}.mine (a int)")
    sink.close()
    assert tables(postgres_server, schema) == {"mine"}


def test_what_another_sync_has_taken_over_stays(
    postgres_server: PostgresServer, schema: str
) -> None:
    """As behind a pooler, where no lock is of a session."""
    sink = PostgresSink(postgres_server.url, schema=schema)
    sink.open()
    update = f"UPDATE {schema}.intercom_async_state SET epoch = epoch + 1"  # noqa: S608 (a test's own)
    ask(postgres_server, update)
    sink.close()
    assert "intercom_async_state" in tables(postgres_server, schema)
