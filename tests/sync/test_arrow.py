"""Rows as Arrow tables: read together or field by field, they are the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from intercom_async.models.base import Timestamp
from intercom_async.sync.sinks.arrow import Shape, TableRow
from intercom_async.sync.sinks.base import Table
from intercom_async.sync.sinks.columns import TableColumns

arrow = pytest.importorskip("pyarrow")


class Thing(msgspec.Struct):
    """A column of each kind."""

    name: str | None = None
    count: int | None = None
    share: float | None = None
    is_open: bool | None = None
    tags: list[Any] | None = None
    updated_at: Timestamp | None = None


TABLE = Table("things", "id", Thing, version_field="updated_at")
FIELDS = ("name", "count", "share", "is_open", "tags", "updated_at")
VALUES = (
    "null", "true", "false", "0", "-1", "1.5", "7.0", "1e400", "123456789012345678901234567890",
    "9223372036854775807", "9223372036854775808", "1700000000", "1700000000000",
    "200000000000", "253402300800",
    '""', '"text"', '"\\u00e9\xe9"', '"12"', '"2023-11-14T22:13:20Z"', "[]", '[{"a":null}]',
    '{"type":"list","data":[1,2]}',
)  # fmt: skip
"""Each of these may stand in each of the fields."""
BODIES = [
    f'{{"id":"{name} {number}","{name}":{value},"new":{value}}}'.encode()
    for name in FIELDS
    for number, value in enumerate(VALUES)
]


def table(bodies: list[bytes], *extra: str) -> Any:
    columns = TableColumns(TABLE, extra)
    return Shape(arrow, columns).table([TableRow(body, 7, 5, None) for body in bodies])


@pytest.mark.parametrize("field", FIELDS)
def test_rows_that_are_read_together_are_what_they_are_by_themselves(field: str) -> None:
    """A field of a name that no struct can have makes every row be read field by field."""
    for body in [one for one in BODIES if one.startswith(f'{{"id":"{field} '.encode())]:
        slow = table([body], "new", 'strange "name"').to_pylist()
        for row in slow:
            del row['strange "name"']
        assert table([body], "new").to_pylist() == slow


def test_one_row_that_is_not_as_declared_changes_no_other() -> None:
    alone = [row for body in BODIES for row in table([body], "new").to_pylist()]
    assert table(BODIES, "new").to_pylist() == alone
    assert {row["is_open"] for row in alone} == {None, True, False}
    assert {"text", "true", "12", "[]", "é" * 2} <= {row["name"] for row in alone}
