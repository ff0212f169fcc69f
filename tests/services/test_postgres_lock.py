"""Two syncs into one PostgreSQL schema: the second is refused, or takes the schema over."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_hex
from typing import Any

import pytest

from intercom_async.sync import PostgresSink
from intercom_async.sync.errors import BusyTargetError
from intercom_async.sync.sinks.postgres import LOCK_TRIES
from .conftest import PostgresServer
from .postgres_rows import TABLE, ask, put

pytest.importorskip("psycopg", reason="the extra postgres is not installed")


@pytest.fixture
def schema() -> str:
    return f"sync_{token_hex(4)}"


class AskedWhileHeld(PostgresSink):
    """A sink that may close the sync in its way once it has been refused the lock."""

    def __init__(self, conninfo: str, *, schema: str, held: PostgresSink | None) -> None:
        super().__init__(conninfo, schema=schema)
        self._held = held
        self.refused = 0

    def _ask(self, statement: str, values: Sequence[Any] | None = None) -> list[Any]:
        if "pg_sleep" in statement:
            self.refused += 1
            if self._held is not None:
                self._held.close()
        return super()._ask(statement, values)


def test_a_lock_is_asked_for_until_the_sync_before_has_let_go(
    postgres_server: PostgresServer, schema: str
) -> None:
    first = PostgresSink(postgres_server.url, schema=schema)
    first.open()
    second = AskedWhileHeld(postgres_server.url, schema=schema, held=first)
    second.open()
    second.close()

    assert 1 <= second.refused < LOCK_TRIES


def test_a_lock_that_stays_held_is_asked_for_half_a_second(
    postgres_server: PostgresServer, schema: str
) -> None:
    first = PostgresSink(postgres_server.url, schema=schema)
    first.open()
    second = AskedWhileHeld(postgres_server.url, schema=schema, held=None)
    with pytest.raises(BusyTargetError, match="--wait SECONDS"):
        second.open()
    first.close()

    assert second.refused == LOCK_TRIES


def test_a_sync_that_was_taken_over_changes_nothing(
    postgres_server: PostgresServer, schema: str
) -> None:
    first = PostgresSink(postgres_server.url, schema=schema)
    first.open()
    first.begin([TABLE])
    with pytest.raises(BusyTargetError):
        PostgresSink(postgres_server.url, schema=schema).open()
    # As behind a pooler, where the session's lock is nobody's.
    ask(postgres_server, f"UPDATE {schema}.intercom_async_state SET epoch = epoch + 1")
    with pytest.raises(BusyTargetError, match="taken over"):
        first.commit([put("1")], b"one")
    with pytest.raises(BusyTargetError, match="taken over"):
        first.publish(b"one")
    first.close()
