"""Columns of a DuckDB target that are there already, though neither model nor state has them."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from .test_dropped_columns import ROWS, change, content, run

pytestmark = pytest.mark.once
NEW = b'{"id":"3","box":"b","name":"m","color":"red"}'


@pytest.mark.parametrize("kind", ["VARCHAR", "INTEGER", "JSON"])
@pytest.mark.parametrize("name", ["color", "Color"])
def test_a_column_that_nobody_noted_is_taken_over(kind: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "target.duckdb"
    run(path, *ROWS)
    change(path, f'ALTER TABLE things ADD COLUMN "{name}" {kind}')
    run(path, NEW)
    assert [row[name] for row in content(path)] == [None, None, '"red"']


@pytest.mark.parametrize(
    "statement",
    [
        'RENAME "name" TO mine; ALTER TABLE things RENAME mine TO "Name"',
        "ALTER size TYPE JSON USING NULL",
        "ALTER rate TYPE JSON USING NULL",
        "ALTER updated_at TYPE JSON USING NULL",
        "ALTER tags TYPE VARCHAR USING NULL",
    ],
)
def test_a_column_of_another_case_or_type_is_taken_over(statement: str, tmp_path: Path) -> None:
    path = tmp_path / "target.duckdb"
    run(path, *ROWS)
    before = content(path)
    change(path, f"ALTER TABLE things {statement}")
    run(path)
    assert [list(row.values()) for row in content(path)] == [list(row.values()) for row in before]
