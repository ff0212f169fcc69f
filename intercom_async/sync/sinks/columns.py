"""The columns of a table: those of its model, its key first.

A field that no model knows gets a column with its JSON when it is first seen. The whole row stands
beside them in ``record``, so nothing that the API sends is lost.
"""

from __future__ import annotations

import msgspec

from intercom_async.models._columns import Column, columns_of

__all__ = ["RECORD", "Column", "table_columns"]

RECORD = "record"
"""The column with the whole row."""


def table_columns(model: type[msgspec.Struct] | None, key: str) -> list[Column]:
    """Return the columns of a model's table, the key first."""
    first = Column(key, "text")
    rest = columns_of(model) if model is not None else ()
    return [first, *(column for column in rest if column.name not in (key, RECORD))]
