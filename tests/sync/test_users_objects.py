"""What a user has made in a DuckDB target does no harm, or is told with what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from intercom_async import Intercom
from intercom_async.sync import DuckDBSink, TargetError, sync
from .conftest import once, read_target

duckdb: Any = pytest.importorskip("duckdb")

pytestmark = [pytest.mark.anyio, pytest.mark.once]

MACROS = """
CREATE MACRO epoch(a) AS 42;
CREATE MACRO make_timestamp(a) AS TIMESTAMP '2001-01-01';
CREATE MACRO floor(a) AS 7;
CREATE MACRO trim(a, b) AS 'x';
CREATE MACRO regexp_full_match(a, b) AS false;
CREATE MACRO regexp_replace(a, b, c) AS 'x';
CREATE MACRO json_extract(a, b) AS '"x"';
CREATE MACRO from_json(a, b) AS NULL;
CREATE MACRO json_keys(a) AS ['x'];
CREATE MACRO len(a) AS 3;
CREATE MACRO list_unique(a) AS 4;
CREATE MACRO strlen(a) AS 5;
CREATE MACRO sum(a) AS 6;
CREATE MACRO count(a) AS 8;
CREATE MACRO unnest(a) AS 9;
CREATE MACRO read_csv(a) AS TABLE SELECT 1;
CREATE MACRO duckdb_tables() AS TABLE SELECT 1;
CREATE TYPE JSON AS VARCHAR;
"""


def execute(path: Path, statements: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path)) as connection:
        found: list[tuple[Any, ...]] = connection.execute(statements).fetchall()
    return found


async def test_macros_and_types_of_a_users_are_not_ours(intercom: Intercom, tmp_path: Path) -> None:
    for name in ("target", "plain"):
        (tmp_path / name).mkdir()
    mine, plain = (tmp_path / name / "target.duckdb" for name in ("target", "plain"))
    execute(mine, MACROS)
    for path in (mine, plain):
        for _ in range(2):
            report = await sync(intercom, ["tags", "contacts"], sink=DuckDBSink(path), verify=True)
            assert report.is_complete
            contact = await intercom.contacts.list().collect(limit=1)
            await intercom.contacts.update(contact[0].id, name="changed")
    rows = "SELECT id, created_at, updated_at, _deleted_at FROM contacts ORDER BY id LIMIT 800"
    assert once(read_target("duckdb", mine.parent, "tags"))
    first, second = execute(mine, rows), execute(plain, rows)
    assert [row[:2] for row in first] == [row[:2] for row in second]
    assert {row[1].year for row in first} != {2001}


REFUSALS = {
    "a foreign key": (
        """ALTER TABLE tags ADD PRIMARY KEY (id);
        CREATE TABLE mine (tag VARCHAR REFERENCES tags (id));
        INSERT INTO mine SELECT id FROM tags""",
        "a rule of your own refuses what the sync writes: drop it",
    ),
    "a column that may not be null": (
        """ALTER TABLE tags ADD COLUMN mine INTEGER DEFAULT 1;
        ALTER TABLE tags ALTER mine DROP DEFAULT; ALTER TABLE tags ALTER mine SET NOT NULL""",
        "the column mine, or another rule of your own refuses",
    ),
    "an index": (
        """CREATE UNIQUE INDEX mine
        ON tags ((CASE WHEN name LIKE 'hush%' THEN 'x' ELSE id END))""",
        "a rule of your own refuses what the sync writes: drop it",
    ),
    "an index of a column that is changed": (
        "ALTER TABLE tags ALTER name TYPE INTEGER USING 1; CREATE INDEX mine ON tags (name)",
        "an index, view or table of your own depends on it: drop that, run again",
    ),
}


@pytest.mark.parametrize(("statements", "words"), REFUSALS.values(), ids=REFUSALS)
async def test_what_stands_in_the_way_is_told_with_its_table(
    statements: str, words: str, intercom: Intercom, tmp_path: Path
) -> None:
    path = tmp_path / "target.duckdb"
    rows = "SELECT id, record FROM tags ORDER BY id"
    tags = await intercom.tags.list().collect()
    assert (await sync(intercom, ["tags"], sink=DuckDBSink(path))).is_complete
    execute(path, statements)
    before = execute(path, rows)
    for name in ("hush", "hush again"):
        await intercom.tags.create(name=name)
    await intercom.tags.delete(tags[0].id)
    for _ in range(2):
        with pytest.raises(TargetError, match="table tags: ") as refused:
            await sync(intercom, ["tags"], sink=DuckDBSink(path), hard_delete=True, reconcile="now")
        assert words in str(refused.value)
        assert "hush" not in str(refused.value)
        assert execute(path, rows) == before


async def test_a_table_that_is_referred_to_and_repaired_is_told(
    intercom: Intercom, tmp_path: Path
) -> None:
    path = tmp_path / "target.duckdb"
    assert (await sync(intercom, ["tags"], sink=DuckDBSink(path))).is_complete
    execute(path, "ALTER TABLE tags RENAME record TO other")
    execute(path, REFUSALS["a foreign key"][0])
    with pytest.raises(TargetError, match=r"table tags: .* of your own depends on it: drop that"):
        await sync(intercom, ["tags"], sink=DuckDBSink(path), repair=True)
