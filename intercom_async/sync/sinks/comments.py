"""What a database says of a stream's columns: the docstrings of its model, and of columns of ours.

They are written where they are missing or other ones, so a run without news writes none.
"""

from __future__ import annotations

from collections.abc import Mapping

from intercom_async.models._descriptions import descriptions_of
from .base import Table
from .columns import DELETED_AT, DIGEST, SYNCED_AT, TableColumns

OF_OURS = {
    SYNCED_AT: "When this content came, in UTC.",
    DELETED_AT: "When the row was found to be gone from the workspace, in UTC; null of a live row.",
    DIGEST: "64 bits of the content, by which damage shows.",
}
OF_RECORD = "The whole row as the API sent it, with fields that have no column."


def comments_of(table: Table, columns: TableColumns, record: str) -> dict[str, str]:
    """Return the comment of each column that has one.

    Args:
        table: The stream.
        columns: Its columns.
        record: What the column of whole rows is called.
    """
    nothing: Mapping[str, str] = {}
    told = nothing if table.model is None else descriptions_of(table.model)
    of_fields = {one.name: told[one.field] for one in columns.all if one.field in told}
    return {**of_fields, **OF_OURS, record: OF_RECORD}
