"""What a stopped run has committed to PostgreSQL is there as a whole, or is read again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import closing
from secrets import token_hex
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async import Intercom
from intercom_async.errors import TransportError
from intercom_async.simulator import Simulator
from intercom_async.sync import PostgresSink, TargetError, sync
from intercom_async.sync.sinks.entries import Gone
from intercom_async.transport import MemoryTransport, Reply, Request
from .conftest import PostgresServer
from .postgres_rows import TABLE, ask, begun, put

pytest.importorskip("psycopg", reason="the extra postgres is not installed")

pytestmark = pytest.mark.anyio

STREAMS = ["contacts", "companies", "conversations", "conversation_parts"]
CONTACTS = 1_500
STAGED, JOURNAL = "intercom_async_staged_contacts", "intercom_async_journal"
LOSSES = {
    "rows": f"DELETE FROM {{}}.{STAGED} WHERE id IN (SELECT id FROM {{}}.{STAGED} LIMIT 3)",
    "all rows": f"TRUNCATE {{}}.{STAGED}",
    "a table": f"DROP TABLE {{}}.{STAGED}",
    "an entry": f"DELETE FROM {{}}.{JOURNAL} "
    f"WHERE number IN (SELECT max(number) FROM {{}}.{JOURNAL})",
    "all entries": f"TRUNCATE {{}}.{JOURNAL}",
    "the journal": f"DROP TABLE {{}}.{JOURNAL}",
}


class Stopping:
    """A workspace in which a run is stopped after some calls, if it is to be."""

    def __init__(self) -> None:
        settings: dict[str, Any] = {"app_per_minute": 10**7, "workspace_per_minute": 10**7}
        self.simulator = Simulator(
            contacts=CONTACTS, companies=60, conversations=80, tickets=0, **settings
        )
        self.stop: anyio.Event | None = None
        self.left = 0
        """Calls that are answered before the run is stopped."""

    async def __call__(self, request: Request) -> Reply | TransportError:
        self.left -= 1
        if self.stop is not None and self.left < 0:
            self.stop.set()
        return await self.simulator.answer(request)


@pytest.fixture
def server() -> Stopping:
    return Stopping()


@pytest.fixture
async def intercom(server: Stopping) -> AsyncIterator[Intercom]:
    async with Intercom(server.simulator.token, transport=MemoryTransport(server)) as client:
        yield client


@pytest.fixture
def schema() -> str:
    return f"lost_{token_hex(4)}"


async def stopped(server: Stopping, intercom: Intercom, sink: PostgresSink, **options: Any) -> None:
    server.stop, server.left = anyio.Event(), 8
    report = await sync(intercom, STREAMS, sink=sink, stop=server.stop, **options)
    server.stop = None
    assert report.was_stopped


def lose(server: PostgresServer, schema: str, what: str) -> None:
    ask(server, LOSSES[what].replace("{}", schema))


@pytest.mark.parametrize("what", LOSSES)
async def test_what_a_stopped_run_lacks_is_read_again(
    what: str,
    server: Stopping,
    intercom: Intercom,
    postgres_server: PostgresServer,
    schema: str,
) -> None:
    sink = PostgresSink(postgres_server.url, schema=schema)
    await stopped(server, intercom, sink)
    lose(postgres_server, schema, what)
    for _ in range(2):
        with pytest.raises(TargetError, match=r"is damaged.*--repair reads what that run has read"):
            await sync(intercom, STREAMS, sink=sink)
    report = await sync(intercom, STREAMS, sink=sink, repair=True)

    assert report.is_complete
    assert any(note.startswith("given up and read again: ") for note in report.notes)
    assert ask(postgres_server, f"SELECT count(*) FROM {schema}.contacts") == [(CONTACTS,)]
    again = await sync(intercom, STREAMS, sink=sink)
    assert again.is_complete
    assert (again.rows, again.notes) == (0, ())


async def test_what_was_published_before_stays(
    server: Stopping, intercom: Intercom, postgres_server: PostgresServer, schema: str
) -> None:
    sink = PostgresSink(postgres_server.url, schema=schema)
    assert (await sync(intercom, STREAMS, sink=sink)).is_complete
    keys = [key for (key,) in ask(postgres_server, f"SELECT id FROM {schema}.contacts LIMIT 40")]
    for key in keys:
        server.simulator.call("PUT", f"/contacts/{key}", {"name": "changed"})
    await stopped(server, intercom, sink, full=True)
    ask(postgres_server, f"DROP TABLE {schema}.{JOURNAL}")
    mended = await sync(intercom, STREAMS, sink=sink, repair=True)

    assert mended.is_complete
    named = f"SELECT count(*), count(*) FILTER (WHERE name = 'changed') FROM {schema}.contacts"
    assert ask(postgres_server, named) == [(CONTACTS, len(keys))]


def test_rows_that_take_the_place_of_others_are_counted_once(
    postgres_server: PostgresServer, schema: str
) -> None:
    first = msgspec.structs.replace(put("1"), is_first=True)
    with closing(begun(postgres_server, schema, first, put("1", name="a"), put("2"))) as sink:
        sink.commit([put("2", name="b"), put("3")], b"state")
        sink.commit([Gone("things", "1", 1_700_000_100)], b"state")
    with closing(PostgresSink(postgres_server.url, schema=schema)) as again:
        assert again.open().lost == ""
        again.begin([TABLE])
        again.commit([put("4")], b"state")
    ask(postgres_server, f"DELETE FROM {schema}.intercom_async_staged_things WHERE id = '3'")
    with closing(PostgresSink(postgres_server.url, schema=schema)) as again:
        lost = "intercom_async_staged_things, of a stopped run, has 3 rows instead of 4"
        assert again.open().lost == lost
