"""The store on PostgreSQL alone: races while its tables are made, and connections that end."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from secrets import token_hex
from typing import Any

import anyio
import pytest

from intercom_async.errors import ConfigError
from intercom_async.scheduler.stores import PostgresStore
from .budgets import RESET_MS, Budget
from .conftest import PostgresServer

psycopg: Any = pytest.importorskip("psycopg", reason="the extra postgres is not installed")

pytestmark = pytest.mark.anyio

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "processes.md"


def one(postgres_server: PostgresServer, **options: Any) -> PostgresStore:
    return PostgresStore(postgres_server.url, answer_within_s=5.0, **options)


async def test_processes_that_make_the_tables_at_once_do_not_disturb_each_other(
    postgres_server: PostgresServer,
) -> None:
    schema = f"s{token_hex(4)}"
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    stores = [one(postgres_server, schema=schema) for _ in range(8)]
    await asyncio.gather(*(store.join(budget="b", app="app") for store in stores))
    assert [store.statistics.is_available for store in stores] == [True] * 8
    for store in stores:
        await store.aclose()


async def test_the_documented_permissions_are_enough_and_needed(
    postgres_server: PostgresServer,
) -> None:
    said = re.findall(r"^GRANT .*;$", GUIDE.read_text(), re.MULTILINE)
    rights = ["USAGE", "SELECT", "INSERT", "UPDATE", "DELETE"]
    assert [right for line in said for right in rights if right in line] == rights
    account, budget = f"sdk{token_hex(4)}", Budget(token_hex(4), one)
    async with one(postgres_server) as store:
        await budget.leased(store)
    address = postgres_server.url.replace("//tests@", f"//{account}@")

    async def works(left_out: str = "") -> bool:
        with psycopg.connect(postgres_server.url, autocommit=True) as admin:
            admin.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
            admin.execute(f"CREATE ROLE {account} LOGIN")
            for line in said:
                admin.execute(line.replace("TO intercom;", f"TO {account}"))
            if left_out == "USAGE":
                admin.execute(f"REVOKE USAGE ON SCHEMA public FROM {account}")
            elif left_out:
                admin.execute(f"REVOKE {left_out} ON ALL TABLES IN SCHEMA public FROM {account}")
        try:
            async with PostgresStore(address, answer_within_s=10.0) as store:
                await store.join(budget=budget.name, app="app")
                return await store.lease(budget.ask(clock=(0.0, 1.0))) is not None
        finally:
            with psycopg.connect(postgres_server.url, autocommit=True) as admin:
                admin.execute(f"DROP OWNED BY {account}")
                admin.execute(f"DROP ROLE {account}")
                admin.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")

    assert await works()
    assert [right for right in rights if await works(right)] == []


async def test_a_connection_that_was_ended_is_made_again(postgres_server: PostgresServer) -> None:
    budget = Budget(token_hex(4), one)
    async with one(postgres_server) as store:
        await budget.leased(store)
        with psycopg.connect(postgres_server.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND query LIKE '%intercom_budget_lease%'"
            )
        assert await store.lease(budget.ask()) is None
        with anyio.fail_after(30):
            while await store.lease(budget.ask()) is None:  # noqa: ASYNC110 (the server decides)
                await anyio.sleep(0.1)


async def test_accounts_of_old_windows_are_dropped(postgres_server: PostgresServer) -> None:
    budget = Budget(token_hex(4), one)
    async with one(postgres_server) as store:
        for window in range(10):
            await budget.leased(store, reset_at_ms=RESET_MS + 10_000 * window)
    with psycopg.connect(postgres_server.url) as connection:
        rows = connection.execute(
            "SELECT count(*) FROM intercom_budget_windows WHERE budget = %s", (budget.name,)
        ).fetchone()
    # Four windows, of the app, of its workspace, and of the process that has asked.
    assert rows == (12,)


@pytest.mark.parametrize("schema", ["", "a b", 'a"b', "é", None, 7])
async def test_a_schema_that_is_no_plain_name_is_refused(
    postgres_server: PostgresServer, schema: Any
) -> None:
    with pytest.raises(ConfigError, match="schema"):
        one(postgres_server, schema=schema)
