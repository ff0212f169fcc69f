"""A moment is the same in PostgreSQL as in every other target, and none ends a commit."""

from __future__ import annotations

import pytest

from intercom_async.sync import PostgresSink
from tests.sync.test_moment_texts import TABLE, differences, puts
from .conftest import PostgresServer
from .postgres_rows import ask, run

pytest.importorskip("psycopg", reason="the extra postgres is not installed")


def test_a_moment_of_every_form_is_the_same(postgres_server: PostgresServer) -> None:
    run(PostgresSink(postgres_server.url, schema="moments"), *puts(), table=TABLE)
    found = ask(
        postgres_server,
        "SELECT id, coalesce(extract(epoch FROM seen_at)::bigint, 0) FROM moments.seen",
    )
    assert differences(dict(found)) == []
