"""Columns of a DuckDB target that somebody has dropped, renamed, or that no version had yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("duckdb")

from intercom_async.models.base import Timestamp
from intercom_async.sync import DuckDBSink, TargetError
from intercom_async.sync.merging import digest_of
from intercom_async.sync.sinks.base import Table
from intercom_async.sync.sinks.columns import DELETED_AT, DIGEST, RECORD, SYNCED_AT
from intercom_async.sync.sinks.entries import Put

pytestmark = pytest.mark.once


class Thing(msgspec.Struct):
    """A column of each kind."""

    id: str
    name: str | None = None
    size: int | None = None
    rate: float | None = None
    is_open: bool | None = None
    tags: list[Any] | None = None
    updated_at: Timestamp | None = None


THINGS = Table("things", "id", Thing, "box", "updated_at")
ROWS = (
    (
        rb'{"id":"1","box":"b","name":"n","size":3,"rate":1.5,"is_open":true,"tags":[1],'
        rb'"updated_at":1700000000,"more":{"a":null},"odd \"name":1}'
    ),
    b'{"id":"2","box":"b","name":3,"size":"x","updated_at":"2023-11-14T22:13:20Z"}',
)
CONTENT = "SELECT * FROM things ORDER BY things.record"


def run(path: Path, *bodies: bytes, is_repair: bool = False) -> list[str]:
    """Publish rows; return what is damaged."""
    sink = DuckDBSink(path)
    try:
        damaged = sink.open(verify=is_repair).damaged
        sink.begin([THINGS], repaired=[name for name, _ in damaged])
        list(sink.rows("things"))
        puts = [
            Put("things", msgspec.json.decode(one)["id"], "b", one, 0, 5, digest_of(one))
            for one in bodies
        ]
        sink.commit(puts, b"{}")
        sink.publish(b"{}")
        return [reason for _, reason in damaged]
    finally:
        sink.close()


def content(path: Path) -> list[dict[str, Any]]:
    import duckdb  # noqa: PLC0415 (an extra)

    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(CONTENT)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def change(path: Path, statement: str) -> None:
    import duckdb  # noqa: PLC0415 (an extra)

    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)


@pytest.mark.parametrize("how", ["DROP {}", "RENAME {} TO mine"])
def test_a_column_that_somebody_has_dropped_is_filled_again(how: str, tmp_path: Path) -> None:
    path = tmp_path / "target.duckdb"
    run(path, *ROWS)
    before = content(path)
    own = {RECORD, DIGEST, SYNCED_AT, DELETED_AT, "id", "box"}
    columns = before[0].keys() - own
    assert len(columns) == len(Thing.__struct_fields__) - 1 + len(["more", "odd name"])
    for column in columns:
        quoted = column.replace('"', '""')
        change(path, "ALTER TABLE things " + how.format(f'"{quoted}"'))
        run(path)
        found = content(path)
        if "RENAME" in how:
            change(path, "ALTER TABLE things DROP mine")
        assert [{name: row[name] for name in before[0]} for row in found] == before, column


@pytest.mark.parametrize("column", [RECORD, DIGEST, "id", "box"])
def test_a_table_without_what_tells_its_rows_is_refused(column: str, tmp_path: Path) -> None:
    path = tmp_path / "target.duckdb"
    run(path, *ROWS)
    change(path, f"ALTER TABLE things DROP {column}")
    with pytest.raises(TargetError, match=f"no column {column}; drop the table, and run with"):
        run(path)


@pytest.mark.parametrize("column", [RECORD, DIGEST])
def test_a_repair_makes_a_table_again_that_lacks_what_tells_its_rows(
    column: str, tmp_path: Path
) -> None:
    path = tmp_path / "target.duckdb"
    run(path, *ROWS)
    before = content(path)
    change(path, f"ALTER TABLE things DROP {column}")
    damaged = run(path, *ROWS, is_repair=True)
    assert damaged == [f"the table things has no column {column}"]
    assert content(path) == before


@pytest.mark.parametrize("column", ["rowid", "RowId"])
def test_a_column_of_an_earlier_version_that_hides_places_of_rows_is_made_again(
    column: str, tmp_path: Path
) -> None:
    path = tmp_path / "target.duckdb"
    rows = [b'{"id":"%d","box":"b","%s":%d}' % (n, column.encode(), 5 - n) for n in range(4)]
    run(path, *rows)
    before = content(path)
    change(path, f'ALTER TABLE things RENAME "{column}_2" TO "{column}"')
    assert column in content(path)[0]
    for _ in range(2):
        changed = b'{"id":"3","box":"b","%s":9}' % column.encode()
        run(path, changed)
        found = {row["id"]: row for row in content(path)}

        assert found.keys() == {row["id"] for row in before}
        assert {key: row[f"{column}_2"] for key, row in found.items()} == {
            "0": "5", "1": "4", "2": "3", "3": "9"
        }  # fmt: skip
        assert column not in found["3"]
        assert found["3"][RECORD] == changed.decode()
