"""A row or a column of a database that somebody has changed is seen by a run that verifies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed")

import duckdb

from intercom_async.models.base import Timestamp
from intercom_async.sync import Report, TargetError, sync
from intercom_async.sync.merging import digest_of
from intercom_async.sync.sinks.base import Opened, Table
from intercom_async.sync.sinks.entries import Gone, Put
from tests.support.virtual_time import anyio_backend
from .conftest import make_sink, target_in
from .machine import targets
from .test_sync_model import world

pytestmark = pytest.mark.once
__all__ = ("anyio_backend",)


class Thing(msgspec.Struct):
    id: str
    name: str | None = None
    size: int | None = None
    updated_at: Timestamp | None = None


TABLE = Table("things", "id", Thing, None, "updated_at")
ROWS = (
    b'{"id":"1","name":"n","size":1,"updated_at":1700000000,"more":{"a":[1]}}',
    b'{"id":"2","name":"n","id":"2","name":"m"}',
    b'{"id":"3"}',
)


def put(key: str, body: bytes, table: Table = TABLE) -> Put:
    return Put(table.name, key, "", body, 0, 1_700_000_000, digest_of(body))


def publish(folder: Path) -> None:
    sink = make_sink("duckdb", folder)
    sink.open()
    sink.begin([TABLE])
    rows = [put(str(number), body) for number, body in enumerate(ROWS, 1)]
    sink.commit([*rows, Gone("things", "3", 1_700_000_100)], b"{}")
    sink.publish(b"{}")
    sink.close()


def opened(folder: Path, *, verify: bool) -> Opened:
    sink = make_sink("duckdb", folder)
    try:
        return sink.open(verify=verify)
    finally:
        sink.close()


def execute(folder: Path, *statements: str) -> None:
    with duckdb.connect(str(target_in("duckdb", folder))) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE things SET name = 'changed' WHERE id = '1'",
        "UPDATE things SET name = NULL WHERE id = '1'",
        "UPDATE things SET size = 2 WHERE id = '3'",
        "UPDATE things SET id = '9' WHERE id = '1'",
        "UPDATE things SET updated_at = now()::TIMESTAMP WHERE id = '1'",
        "UPDATE things SET more = '[]' WHERE id = '1'",
        "UPDATE things SET record = '{}' WHERE id = '1'",
        "UPDATE things SET _digest = 0 WHERE id = '1'",
        "UPDATE things SET _digest = NULL WHERE id = '1'",
        "UPDATE things SET _deleted_at = now()::TIMESTAMP WHERE id = '1'",
        "UPDATE things SET _deleted_at = NULL WHERE id = '3'",
        "UPDATE things SET _synced_at = now()::TIMESTAMP",
        "DELETE FROM things WHERE id = '1'; INSERT INTO things FROM things WHERE id = '2'",
        "ALTER TABLE things DROP COLUMN _deleted_at",
    ],
)
def test_what_was_changed_is_seen(statement: str, tmp_path: Path) -> None:
    publish(tmp_path)
    execute(tmp_path, statement)

    ((name, _),) = opened(tmp_path, verify=True).damaged
    assert name == "things"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "ALTER TABLE things ADD COLUMN mine VARCHAR DEFAULT 'mine'",
        "ALTER TABLE things DROP COLUMN name",
        "ALTER TABLE things RENAME name TO NAME",
        "ALTER TABLE things ALTER size TYPE VARCHAR",
    ],
)
def test_what_is_made_again_or_somebody_elses_is_no_damage(statement: str, tmp_path: Path) -> None:
    publish(tmp_path)
    execute(tmp_path, statement)
    for _ in range(2):
        assert opened(tmp_path, verify=True).damaged == ()
        publish(tmp_path)


def test_what_an_earlier_version_has_remembered_is_read(tmp_path: Path) -> None:
    """It knew neither the columns of its tables nor their sums."""
    publish(tmp_path)
    with duckdb.connect(str(target_in("duckdb", tmp_path))) as connection:
        ((stored,),) = connection.execute("SELECT sink FROM intercom_async_state").fetchall()
        known = {
            name: msgspec.json.decode(stored)[name] for name in ("generation", "rows", "extra")
        }
        connection.execute(
            "UPDATE intercom_async_state SET sink = $1", [msgspec.json.encode(known).decode()]
        )
    assert opened(tmp_path, verify=True).damaged == ()
    publish(tmp_path)
    assert opened(tmp_path, verify=True).damaged == ()


def test_large_rows_are_compared_in_the_memory_that_duckdb_is_given(tmp_path: Path) -> None:
    sink = make_sink("duckdb", tmp_path)
    sink.open()
    sink.begin([TABLE])
    rows = [
        put(str(number), msgspec.json.encode({"id": str(number), "name": f"{number} " * 5_000}))
        for number in range(3_000)
    ]
    for first in range(0, len(rows), 500):
        sink.commit(rows[first : first + 500], b"{}")
    sink.publish(b"{}")
    sink.close()
    assert opened(tmp_path, verify=True).damaged == ()
    execute(tmp_path, "UPDATE things SET name = 'changed' WHERE id = '2999'")
    assert len(opened(tmp_path, verify=True).damaged) == 1


@pytest.mark.anyio
async def test_a_repair_reads_it_again(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=5) as one:

        async def run(**options: Any) -> Report:
            sink = targets.make_sink("duckdb", tmp_path)
            return await sync(one.intercom, ["contacts"], sink=sink, **options)

        assert (await run()).is_complete
        execute(tmp_path, "UPDATE contacts SET email = 'changed'")
        with pytest.raises(TargetError, match="not what its records say"):
            await run(verify=True)
        assert (await run(repair=True)).is_complete
        assert (await run(verify=True)).is_complete


@pytest.mark.parametrize("field", ["parsed", "PARSED", "parsed_"])
def test_a_field_with_the_name_of_what_is_compared(field: str, tmp_path: Path) -> None:
    sink = make_sink("duckdb", tmp_path)
    sink.open()
    sink.begin([TABLE])
    body = b'{"id":"1","parsed":1,"%b":"x"}' % field.encode()
    sink.commit([put("1", body)], b"{}")
    sink.publish(b"{}")
    sink.close()
    assert opened(tmp_path, verify=True).damaged == ()
