"""Views over a DuckDB target: references as rows, and the tables that a dbt package expects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from .arguments import checked_names

_VIEW = re.compile(r"^-- needs: (?P<tables>[\w, ]+)\n(?P<statement>CREATE [^;]*;)", re.MULTILINE)
PATH: Path = Path(__file__).with_name("views.sql")
"""The file with all of them."""


def warehouse_views(tables: Iterable[str]) -> list[str]:
    """Return the statements that make the views which need no other tables than these.

    ::

        connection = duckdb.connect("intercom.duckdb")
        for statement in warehouse_views(["contacts", "companies", "tags"]):
            connection.execute(statement)

    `contact_tags`, `contact_companies`, `company_tags`, `conversation_tags`,
    `conversation_contacts` and `ticket_contacts` have one row for each reference. The others carry
    the names of Fivetran's tables for Intercom, which its dbt package reads.

    Args:
        tables: Streams of the target.

    Raises:
        SyncConfigError: They are no list of names.
    """
    known = set(checked_names("tables", tables, (str,)))
    return [
        found["statement"]
        for found in _VIEW.finditer(PATH.read_text(encoding="utf-8"))
        if known.issuperset(name.strip() for name in found["tables"].split(","))
    ]
