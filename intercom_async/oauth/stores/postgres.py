"""Grants in a table of PostgreSQL; extra ``postgres``."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import msgspec

from intercom_async.config import check_text
from intercom_async.errors import ConfigError, OAuthError
from intercom_async.oauth.grant import Grant, check_workspace_id
from .base import TokenStore

TABLE = "intercom_grants"
CONNECT_TIMEOUT_S = 5
"""Seconds for a connection to PostgreSQL."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_UNDEFINED_TABLE = "42P01"
"""SQLSTATE of a query whose table does not exist yet."""
_LOCK = 7_365_091_221
"""Key of the advisory lock under which the table is made: two processes that start together would
fail in PostgreSQL's own catalogue otherwise
(test_postgres_token_store.py::test_two_first_saves_at_once)."""


class PostgresTokenStore(TokenStore):
    """A table with one row for each workspace, made when the first grant is saved.

    Each call has a connection of its own, which works behind any pooler; tokens are asked for when
    a client is opened, not for each request. They stand in the table in the clear.

    Args:
        conninfo: As libpq takes it: ``postgresql://user@host/database``.
        table: Name of the table, found by the connection's search path.

    Raises:
        ConfigError: The table's name is not a plain identifier, or `conninfo` is no text.
    """

    def __init__(self, conninfo: str, *, table: str = TABLE) -> None:
        if not isinstance(table, str) or not _NAME.fullmatch(table):
            raise ConfigError("table must be letters, digits and '_', and not begin with a digit")
        # An empty one is libpq's way to go by PGHOST and its other variables.
        self._conninfo = conninfo if conninfo == "" else check_text("conninfo", conninfo)
        self._table = table

    def __repr__(self) -> str:
        return f"<PostgresTokenStore, table {self._table}>"

    async def save(self, grant: Grant) -> None:
        """Keep a grant.

        Raises:
            OAuthError: The database cannot be reached or refuses.
        """
        name = check_workspace_id(grant.workspace_id)
        text = msgspec.json.encode(grant).decode()
        async with self._connection() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            await connection.execute(
                f"CREATE TABLE IF NOT EXISTS {self._table} (workspace_id text PRIMARY KEY, "
                '"grant" jsonb NOT NULL, saved_at timestamptz NOT NULL DEFAULT now())'
            )
            await connection.execute(
                f'INSERT INTO {self._table} (workspace_id, "grant") VALUES (%s, %s::jsonb) '  # noqa: S608 (the name was checked)
                'ON CONFLICT (workspace_id) DO UPDATE SET "grant" = excluded."grant", '
                "saved_at = now()",
                (name, text),
            )

    async def load(self, workspace_id: str) -> Grant | None:
        """Return a workspace's grant.

        Raises:
            OAuthError: The database cannot be reached or refuses.
        """
        rows = await self._query(
            f'SELECT "grant"::text FROM {self._table} WHERE workspace_id = %s',  # noqa: S608 (the name was checked)
            check_workspace_id(workspace_id),
        )
        return msgspec.json.decode(rows[0][0], type=Grant) if rows else None

    async def delete(self, workspace_id: str) -> bool:
        """Forget a workspace's grant.

        Raises:
            OAuthError: The database cannot be reached or refuses.
        """
        return bool(
            await self._query(
                f"DELETE FROM {self._table} WHERE workspace_id = %s RETURNING workspace_id",  # noqa: S608 (the name was checked)
                check_workspace_id(workspace_id),
            )
        )

    async def workspace_ids(self) -> list[str]:
        """Return every workspace that has a grant.

        Raises:
            OAuthError: The database cannot be reached or refuses.
        """
        rows = await self._query(
            f'SELECT workspace_id FROM {self._table} ORDER BY workspace_id COLLATE "C"'  # noqa: S608 (the name was checked)
        )
        return [row[0] for row in rows]

    async def _query(self, query: str, *values: str) -> list[Any]:
        async with self._connection() as connection:
            try:
                found = await connection.execute(query, values)
            except _psycopg().Error as error:
                if error.sqlstate == _UNDEFINED_TABLE:
                    return []
                raise
            rows: list[Any] = await found.fetchall()
            return rows

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Any]:
        """Open a connection for one transaction; its errors show no row and no password."""
        psycopg = _psycopg()
        try:
            async with await psycopg.AsyncConnection.connect(
                self._conninfo, prepare_threshold=None, connect_timeout=CONNECT_TIMEOUT_S
            ) as connection:
                yield connection
        except psycopg.Error as error:
            state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
            raise OAuthError(
                f"the token table cannot be used: {type(error).__name__}{state}", code="store"
            ) from None


def _psycopg() -> Any:
    """Import psycopg.

    Raises:
        ImportError: It is not installed.
    """
    try:
        return import_module("psycopg")
    except ImportError as error:
        raise ImportError(
            "PostgresTokenStore needs psycopg; install it with: "
            "pip install 'intercom-async[postgres]'"
        ) from error
