"""A schema that no sync has written to is not made to refuse what cannot be meant."""

from __future__ import annotations

from secrets import token_hex

import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.sync import PostgresSink, SyncConfigError, sync
from .conftest import PostgresServer

psycopg = pytest.importorskip("psycopg", reason="the extra postgres is not installed")

pytestmark = pytest.mark.anyio


async def test_a_stream_that_is_nowhere_is_dropped_from_nothing(
    postgres_server: PostgresServer,
) -> None:
    schema = f"new_{token_hex(4)}"
    sink = PostgresSink(postgres_server.url, schema=schema)
    asked = "SELECT to_regnamespace(%s) IS NOT NULL"
    async with (
        Simulator(contacts=2, conversations=0, companies=0, tickets=0) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        with pytest.raises(SyncConfigError, match=r"no stream 'nonsense'.* has none"):
            await sync(intercom, sink=sink, drop_streams=["nonsense"])
        with psycopg.connect(postgres_server.url) as connection:
            assert connection.execute(asked, [schema]).fetchone() == (False,)
        assert (await sync(intercom, ["tags"], sink=sink)).is_complete
        with pytest.raises(SyncConfigError, match=r"no stream 'nonsense'.* has tags"):
            await sync(intercom, sink=sink, drop_streams=["nonsense"])
