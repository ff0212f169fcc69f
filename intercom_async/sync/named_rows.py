"""Fields that are set in a row, such as its parent's key, where it has none or another value."""

from __future__ import annotations

import msgspec

from .errors import UNREADABLE
from .raw_rows import Row


def unnamed(row: bytes, field: bytes, name: str) -> bytes:
    """Return a row's fields, from behind its first bracket, without one that is put before them.

    Else it would have the field twice, and readers take the last: that of a part which names its
    parent, perhaps by another id than the one it was asked for by (a ticket has two).
    """
    if field in row:
        try:
            fields = msgspec.json.decode(row, type=dict[str, msgspec.Raw])
        except UNREADABLE:
            fields = {}
        if fields.pop(name, None) is not None:
            row = msgspec.json.encode(fields)
    return row[1:].lstrip()


def with_parent(row: Row | None, field: str, key: str) -> Row | None:
    """Return a child that names the row that it was read for; None if that cannot be written.

    Targets read from it whose child it is: with another name, it would stand there once more after
    each reading.
    """
    if row is None or row.parent == key:
        return row
    try:
        fields = msgspec.json.decode(row.body, type=dict[str, msgspec.Raw])
    except UNREADABLE:
        return None
    fields.pop(field, None)
    body = msgspec.json.encode({field: key, **fields})
    return msgspec.structs.replace(row, parent=key, body=body)
