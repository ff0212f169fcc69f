"""What of a database and a schema is refused before anything is done with them."""

from __future__ import annotations

from typing import Any

from intercom_async.sync.errors import SyncConfigError, TargetError
from .postgres_sql import MAX_NAME_BYTES


def check_schema(schema: str) -> None:
    """Refuse a schema that PostgreSQL would call otherwise, or keeps for itself.

    Raises:
        SyncConfigError: It is one.
    """
    if len(schema.encode(errors="replace")) > MAX_NAME_BYTES:
        raise SyncConfigError(
            f"schema must have at most {MAX_NAME_BYTES} bytes: PostgreSQL cuts longer names"
        )
    if "%" in schema:
        raise SyncConfigError("schema must have no percent sign")
    if schema.startswith("pg_") or schema == "information_schema":
        raise SyncConfigError("schema must be another one: PostgreSQL keeps this name for itself")


def check_encoding(where: str, connection: Any) -> None:
    """Refuse a database that cannot hold every letter.

    Raises:
        TargetError: It is not encoded in UTF-8.
    """
    encoding = connection.info.parameter_status("server_encoding")
    if encoding not in (None, "UTF8"):
        raise TargetError(
            f"{where}: the database is encoded in {encoding}, which lacks letters of the rows: "
            "make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )
