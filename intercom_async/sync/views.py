"""Views over a database target: references as rows, and the tables that a dbt package expects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

from .arguments import checked_names
from .errors import SyncConfigError

Dialect = Literal["duckdb", "postgres"]
"""Whose SQL a view is written in."""

_VIEW = re.compile(r"^-- needs: (?P<tables>[\w, ]+)\n(?P<statement>CREATE [^;]*;)", re.MULTILINE)


def views_file(dialect: Dialect) -> Path:
    """Return the file with all views in a dialect."""
    return Path(__file__).with_name(f"views_{dialect}.sql")


def warehouse_views(tables: Iterable[str], dialect: Dialect = "duckdb") -> list[str]:
    """Return the statements that make the views which need no other tables than these.

    ::

        connection = duckdb.connect("intercom.duckdb")
        for statement in warehouse_views(["contacts", "companies", "tags"]):
            connection.execute(statement)

    `contact_tags`, `contact_companies`, `company_tags`, `conversation_tags`,
    `conversation_contacts` and `ticket_contacts` have one row for each reference. The others carry
    the names of Fivetran's tables for Intercom, which its dbt package reads. A statement that is
    executed again does no harm.

    Args:
        tables: Streams of the target.
        dialect: ``duckdb``, also for views of the same names over other files that DuckDB reads,
            or ``postgres``, where `search_path` has to name the schema of the target.

    Raises:
        SyncConfigError: They are no list of names, or the dialect is another.
    """
    if dialect not in get_args(Dialect):
        raise SyncConfigError("dialect must be 'duckdb' or 'postgres'")
    known = set(checked_names("tables", tables, (str,)))
    return [
        found["statement"]
        for found in _VIEW.finditer(views_file(dialect).read_text(encoding="utf-8"))
        if known.issuperset(name.strip() for name in found["tables"].split(","))
    ]
