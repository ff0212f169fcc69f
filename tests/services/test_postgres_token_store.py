"""Grants in a real PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

import pytest

from intercom_async.errors import OAuthError
from intercom_async.oauth import PostgresTokenStore
from tests.oauth.test_stores import check_a_store, grant
from .conftest import PostgresServer, free_port

psycopg: Any = pytest.importorskip("psycopg", reason="the extra postgres is missing")

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

_NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def ready(postgres_server: PostgresServer) -> None:
    """Wait until the server lets somebody in: it listens before that."""
    for _ in range(500):
        try:
            psycopg.connect(postgres_server.url).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return


@pytest.fixture
def store(postgres_server: PostgresServer) -> PostgresTokenStore:
    return PostgresTokenStore(postgres_server.url, table=f"grants_{next(_NUMBERS)}")


async def test_a_store_keeps_grants(store: PostgresTokenStore) -> None:
    await check_a_store(store)


async def test_two_first_saves_at_once(postgres_server: PostgresServer) -> None:
    for _ in range(5):
        table = f"grants_{next(_NUMBERS)}"
        stores = [PostgresTokenStore(postgres_server.url, table=table) for _ in range(4)]
        await asyncio.gather(
            *(store.save(grant(f"ws{number}")) for number, store in enumerate(stores))
        )
        assert await stores[0].workspace_ids() == ["ws0", "ws1", "ws2", "ws3"]


async def test_an_error_shows_no_token_and_no_password(store: PostgresTokenStore) -> None:
    away = PostgresTokenStore(f"postgresql://me:pass-word@127.0.0.1:{free_port()}/x")
    with pytest.raises(OAuthError) as caught:
        await away.save(grant(token="the-token"))
    assert "pass-word" not in str(caught.value)
    wrong = PostgresTokenStore("no conninfo at all")
    with pytest.raises(OAuthError):
        await wrong.load("ws1")
    assert "the-token" not in repr(store) + str(caught.value)
