"""PostgreSQL keeps strange rows as well as it can, and none ends a commit."""

from __future__ import annotations

from secrets import token_hex, token_urlsafe
from typing import Any

import msgspec
import pytest

from intercom_async.sync import PostgresSink
from intercom_async.sync.raw_rows import MAX_KEY_BYTES
from intercom_async.sync.sinks import Table
from intercom_async.sync.sinks.entries import Put
from intercom_async.sync.sinks.postgres_limits import within_limits
from tests.support.strange_rows import StrangeRow, strange_rows
from tests.sync.test_strange_rows import TABLE, commits
from .conftest import PostgresServer
from .postgres_rows import ask

pytest.importorskip("psycopg", reason="the extra postgres is not installed")


def test_strange_rows_are_rows(postgres_server: PostgresServer) -> None:
    schema = f"sync_{token_hex(4)}"
    for entries in commits():
        sink = PostgresSink(postgres_server.url, schema=schema)
        assert sink.open(verify=True).damaged == ()
        sink.begin([TABLE])
        sink.commit(entries, b"{}")
        sink.publish(b"{}")
        sink.close()

    sink = PostgresSink(postgres_server.url, schema=schema)
    assert sink.open(verify=True).damaged == ()
    sink.begin([TABLE])
    found = {row.key: row.digest for row in sink.rows("things")}
    sink.close()
    assert found == {entry.key: entry.digest for one in commits() for entry in one}
    rows = dict(ask(postgres_server, f"SELECT id, raw::text FROM {schema}.things"))  # noqa: S608 (a test's own names)
    names = {what: str(number) for number, what in enumerate(strange_rows())}
    texts = {
        "a number that no database holds in json": "1e140000",
        "one next to zero in unknown": "1e-140000",
        "a million digits in number": "7" * 1_000_000,
    }
    for what, text in texts.items():
        row: dict[str, Any] = msgspec.json.decode(rows[names[what]])
        assert row[what.split()[-1]] == text
    columns = ask(
        postgres_server,
        f"SELECT integer, text FROM {schema}.things WHERE id = 'plain'",  # noqa: S608 (as above)
    )
    assert columns == [(8, "x")]


def test_the_longest_ids_fit_its_index(postgres_server: PostgresServer) -> None:
    """The index holds the id of a child and that of its parent; longer ones end a commit."""
    schema = f"sync_{token_hex(4)}"
    # Random, as what repeats itself is compressed.
    key, parent = (token_urlsafe(MAX_KEY_BYTES)[:MAX_KEY_BYTES] for _ in range(2))
    body = msgspec.json.encode({"id": key, "text": parent})
    sink = PostgresSink(postgres_server.url, schema=schema)
    sink.open()
    sink.begin([Table("things", "id", StrangeRow, "text")])
    sink.commit([Put("things", key, parent, body, 0, 1_700_000_000, 1)], b"{}")
    sink.publish(b"{}")
    sink.close()

    assert ask(postgres_server, f"SELECT id, text FROM {schema}.things") == [(key, parent)]  # noqa: S608 (as above)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"a":1e131071,"b":-1e-16383}', b'{"a":1e131071,"b":-1e-16383}'),
        (b'{"a":1e131072,"b":-1e-16384}', b'{"a":"1e131072","b":"-1e-16384"}'),
        (b'{"a":"1e999999 \\" 2e999999"}', b'{"a":"1e999999 \\" 2e999999"}'),
        (b"[1.5e+1,0.1e-99999999999]", b'[1.5e+1,"0.1e-99999999999"]'),
        (b'{"a":' + b"[" * 1_000 + b"1" + b"]" * 1_000 + b"}",
         b'{"a":' + b"[" * 999 + b'"[1]"' + b"]" * 999 + b"}"),
    ],
)  # fmt: skip
def test_what_postgresql_has_no_room_for_is_a_text(body: bytes, kept: bytes) -> None:
    assert within_limits(body) == kept
