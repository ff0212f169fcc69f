"""Targets in PostgreSQL: a server of the machine's own, a schema for one history after the other.

There is no disk to crash: a kill closes the connection before the n-th statement, and a full disk
is an error of the server's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar, cast

from intercom_async.sync import PostgresSink
from intercom_async.sync.sinks.entries import Entry
from intercom_async.sync.sinks.postgres_schema import PostgresSchema
from tests.support.servers import running_postgres
from .crashing_disk import CrashingDisk

S = TypeVar("S", bound=PostgresSchema)

SCHEMA = "machine"
URL = "INTERCOM_MACHINE_POSTGRES"
"""Environment variable with the server's address; without it a server is started."""

_serving: list[Any] = []


def url() -> str:
    """Return the address of the server; it runs until the process ends."""
    known = os.environ.get(URL)
    if known is None:
        context = running_postgres()
        server = context.__enter__()
        _serving.append(context)
        known = os.environ[URL] = server.url
    return known


def stop() -> None:
    """End the server that was started here."""
    while _serving:
        _serving.pop().__exit__(None, None, None)
        del os.environ[URL]


def ask(statement: str, values: Sequence[Any] = ()) -> list[Any]:
    """Execute a statement and return its rows."""
    import psycopg  # noqa: PLC0415 (only histories of this form need it)

    with psycopg.connect(url(), autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return list(cursor.fetchall()) if cursor.description else []


def clear() -> None:
    """Drop the schema of the history before."""
    ask(f"SET client_min_messages = error; DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def wait_for_end() -> None:
    """Wait until the server has noticed that the sync before has gone."""
    for _ in range(500):
        if not ask(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = %s",
            [f"intercom-async {SCHEMA}"],
        ):
            return
        time.sleep(0.002)


def tables() -> set[str]:
    """Return the names of the tables in the schema."""
    found = ask(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [SCHEMA]
    )
    return {str(row[0]) for row in found}


def read(streams: Iterable[str]) -> Iterator[tuple[str, list[Any]]]:
    """Give the rows of each stream: id, whole row, when it came, when it was found gone."""
    there = tables()
    for name in streams:
        if name in there:
            yield (
                name,
                ask(f'SELECT id, raw, _synced_at, _deleted_at FROM {SCHEMA}."{name}"'),
            )


def damage(kind: str, number: int) -> Callable[[], object] | None:
    """Damage the schema; return what puts it back, and None where there is nothing to damage."""
    there = sorted(name for name in tables() if not name.startswith("intercom_async"))
    state = f"{SCHEMA}.intercom_async_state"
    if not there:
        return None
    if kind in ("stateless", "garbled"):
        saved = ask(f"SELECT epoch, state, journal_state, sink FROM {state}")
        ask(f"DELETE FROM {state}" if kind == "stateless" else f"UPDATE {state} SET state = '{{'")

        def put_back() -> None:
            ask(f"DELETE FROM {state}")
            ask(
                f"INSERT INTO {state} (epoch, state, journal_state, sink) VALUES (%s, %s, %s, %s)",
                saved[0],
            )

        return put_back
    name = f'{SCHEMA}."{there[number % len(there)]}"'
    if kind == "remove":
        ask(f"DROP TABLE {name}")
    elif kind == "cut" and ask(f"SELECT count(*) FROM {name}")[0][0]:
        ask(f"DELETE FROM {name} WHERE ctid IN (SELECT ctid FROM {name} LIMIT 1)")
    else:
        return None
    return bool


class _Counted(PostgresSchema):
    """A sink that ends, or finds its disk full, at the n-th statement."""

    disk: CrashingDisk

    def another(self, kind: type[S]) -> S:
        """Return a sink of another kind, of the same process."""
        made: Any = type(kind.__name__, (_Counted, kind), {})(url(), schema=SCHEMA, inline=True)
        made.disk = self.disk
        return cast("S", made)

    def _ask(self, statement: str, values: Sequence[Any] | None = None) -> list[Any]:
        self._step()
        return super()._ask(statement, values)

    def _copy(
        self, into: str, types: list[str], before: list[Any], entries: Sequence[Entry]
    ) -> int:
        self._step()
        return super()._copy(into, types, before, entries)

    def _step(self) -> None:
        try:
            self.disk.before_write(bool)
        except OSError:
            raise self._psycopg.errors.DiskFull("no space left") from None


class CrashingPostgres(_Counted, PostgresSink):
    """The target of a process that may crash.

    Args:
        disk: Counts the statements.
    """

    def __init__(self, disk: CrashingDisk) -> None:
        super().__init__(url(), schema=SCHEMA, inline=True)
        self.disk = disk

    def _put_lines(self, statement: str, values: Sequence[Any]) -> list[tuple[str | None, int]]:
        self._step()
        return super()._put_lines(statement, values)
