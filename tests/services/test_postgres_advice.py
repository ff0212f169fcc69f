"""What PostgreSQL refuses is told with what to do, and a role needs no more rights than it uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from secrets import token_hex

import pytest

from intercom_async.sync import PostgresSink, TargetError
from intercom_async.sync.sinks.entries import Gone
from .conftest import PostgresServer
from .postgres_rows import ask, begun, put, run

pytest.importorskip("psycopg", reason="the extra postgres is not installed")


@pytest.fixture
def schema() -> str:
    return f"sync_{token_hex(4)}"


@pytest.fixture
def role(postgres_server: PostgresServer) -> Iterator[str]:
    name = f"role_{token_hex(4)}"
    ask(postgres_server, f"CREATE ROLE {name} LOGIN")
    yield name
    ask(postgres_server, f"DROP OWNED BY {name}")
    ask(postgres_server, f"DROP ROLE {name}")


def sink_of(server: PostgresServer, schema: str, role: str) -> PostgresSink:
    return PostgresSink(server.url.replace("tests@", f"{role}@"), schema=schema)


@pytest.mark.parametrize("right", ["AUTHORIZATION", "GRANT"])
def test_a_role_that_may_make_no_schema_uses_one_that_is_there(
    right: str, postgres_server: PostgresServer, schema: str, role: str
) -> None:
    if right == "GRANT":
        ask(postgres_server, f"CREATE SCHEMA {schema}")
        ask(postgres_server, f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}")
    else:
        ask(postgres_server, f"CREATE SCHEMA {schema} AUTHORIZATION {role}")
    for key in ("1", "2"):
        run(sink_of(postgres_server, schema, role), put(key))
    assert ask(postgres_server, f"SELECT count(*) FROM {schema}.things") == [(2,)]


@pytest.mark.parametrize("before", ["", "CREATE SCHEMA {}", "USAGE", "CREATE"])
def test_a_role_without_rights_is_told_which(
    before: str, postgres_server: PostgresServer, schema: str, role: str
) -> None:
    if before:
        ask(postgres_server, f"CREATE SCHEMA {schema}")
    if before in ("USAGE", "CREATE"):
        ask(postgres_server, f"GRANT {before} ON SCHEMA {schema} TO {role}")
    sink = sink_of(postgres_server, schema, role)
    with pytest.raises(TargetError, match="grant this role USAGE and CREATE"), closing(sink):
        run(sink, put("1"))


REFUSALS = {
    "a column of somebody's own": (
        """ALTER TABLE {0}.things ADD mine int NOT NULL DEFAULT 1;
        ALTER TABLE {0}.things ALTER mine DROP DEFAULT""",
        "of your own",
    ),
    "a constraint": ("ALTER TABLE {0}.things ADD CHECK (id = '1')", "of your own"),
    "an index": ("CREATE UNIQUE INDEX ON {0}.things ((true))", "of your own"),
    "a trigger": (
        """CREATE FUNCTION {0}.refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'hush'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON {0}.things
        FOR EACH ROW EXECUTE FUNCTION {0}.refuse()""",
        "of your own",
    ),
    "no digest": ("ALTER TABLE {0}.things DROP _digest", "drop it, and run with --repair"),
    "a column that is generated": (
        """ALTER TABLE {0}.things DROP name;
        ALTER TABLE {0}.things ADD name text GENERATED ALWAYS AS (upper(id)) STORED""",
        "drop it, and run with --repair",
    ),
    "no whole row": ("ALTER TABLE {0}.things DROP raw", "drop it, and run with --repair"),
    "a sequence of a table's name": (
        "CREATE SEQUENCE {0}.intercom_async_staged_things",
        "choose another schema",
    ),
    "no writes": (
        "ALTER ROLE CURRENT_USER SET default_transaction_read_only = on",
        "takes no writes",
    ),
    "a time limit": ("ALTER ROLE CURRENT_USER SET statement_timeout = 1", "raise it"),
}


@pytest.mark.parametrize(("change", "advice"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_says_what_to_do(
    change: str, advice: str, postgres_server: PostgresServer, schema: str, role: str
) -> None:
    import psycopg  # noqa: PLC0415 (an extra)

    ask(postgres_server, f"CREATE SCHEMA {schema} AUTHORIZATION {role}")
    sink = sink_of(postgres_server, schema, role)
    run(sink, put("1", name="hush"))
    with psycopg.connect(postgres_server.url.replace("tests@", f"{role}@")) as connection:
        connection.execute(change.format(schema).encode())
    with pytest.raises(TargetError) as refused, closing(sink):
        run(sink, put("1", name="hush hush"), *(put(str(n), name="hush") for n in range(2, 900)))
    assert advice in str(refused.value)
    assert "nothing that was committed is lost" in str(refused.value)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("drop", ["TABLE {}.intercom_async_journal", "SCHEMA {} CASCADE"])
def test_a_table_that_goes_while_a_sync_writes_is_told(
    drop: str, postgres_server: PostgresServer, schema: str
) -> None:
    sink = begun(postgres_server, schema, put("1"))
    ask(postgres_server, f"DROP {drop.format(schema)}")
    with closing(sink), pytest.raises(TargetError, match="while it ran: run again"):
        sink.commit([put("2")], b"state")


def test_a_journal_that_goes_with_what_it_held_is_told_by_each_run(
    postgres_server: PostgresServer, schema: str
) -> None:
    """The state says that what was in it is known: to begin an empty one would lose that."""
    run(PostgresSink(postgres_server.url, schema=schema), put("1"), put("2"))
    drop = f"DROP TABLE {schema}.intercom_async_journal"
    ask(postgres_server, drop)
    with closing(begun(postgres_server, schema)) as sink:  # it held nothing
        sink.commit([Gone("things", "1", 5)], b"state")
    ask(postgres_server, drop)
    for _ in range(2):
        with closing(PostgresSink(postgres_server.url, schema=schema)) as sink:
            assert "intercom_async_journal is missing, with what" in sink.open().lost


def test_a_damaged_memory_of_the_sink_is_told(postgres_server: PostgresServer, schema: str) -> None:
    run(PostgresSink(postgres_server.url, schema=schema), put("1"))
    ask(postgres_server, f"UPDATE {schema}.intercom_async_state SET sink = 'nope'")
    with pytest.raises(TargetError, match="damaged; restore it, or choose another schema"):
        PostgresSink(postgres_server.url, schema=schema).open()


def test_a_table_whose_key_somebody_has_dropped_is_told_when_a_row_is_erased(
    postgres_server: PostgresServer, schema: str
) -> None:
    run(PostgresSink(postgres_server.url, schema=schema), put("1"), put("2"))
    ask(postgres_server, f"ALTER TABLE {schema}.things DROP id")
    sink = begun(postgres_server, schema, Gone("things", "1", 5))
    with closing(sink), pytest.raises(TargetError, match="drop it, and run with --repair"):
        sink.publish(b"state", departed="erase")
    assert ask(postgres_server, f"SELECT count(*) FROM {schema}.things") == [(2,)]
