"""A field or an id that comes twice has its last value in all targets, as Python's JSON has it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from intercom_async.models.base import Timestamp
from intercom_async.sync import sync
from intercom_async.sync.raw_rows import RowReader
from intercom_async.sync.sinks.base import StoredRow, Table
from intercom_async.sync.sinks.entries import Put
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .conftest import FORMATS, make_sink, read_target, target_in
from .machine import targets
from .machine.steps import Form
from .test_sync_model import Answer, world

__all__ = ("anyio_backend",)


class Thing(msgspec.Struct):
    id: str
    talk: str | None = None
    name: str | None = None
    size: int | None = None
    updated_at: Timestamp | None = None


TABLE = Table("things", "id", Thing, "talk", "updated_at")
ROWS = {
    "an id": b'{"id":"1","talk":"a","name":"x","id":"2"}',
    "an id, with spaces": b'{ "id": "1", "talk": "a", "name": "x", "id": "2" }',
    "an id as an escape": rb'{"id":"1","talk":"a","name":"x","\u0069d":"2"}',
    "a parent": b'{"talk":"a","id":"1","talk":"b"}',
    "a time": b'{"updated_at":1700000000,"id":"1","talk":"a","updated_at":1700000500}',
    "a time that is none": b'{"updated_at":1700000000,"id":"1","talk":"a","updated_at":null}',
    "a name": b'{"name":"x","id":"1","name":"y","talk":"a","size":1,"size":2}',
    "a field that is not known": b'{"id":"1","talk":"a","more":{"a":1},"more":{"b":2}}',
    "a number of many digits": b'{"id":1,"talk":"a","id":98765432109876543210}',
    "a name behind spaces": b'{"id":"1","talk":"a","more":[1,            2],"name":"x","name":"y"}',
    "an id behind spaces": b'{"id":"1","talk":"a","more":[1,            2],"id":"2"}',
    "nothing": b'{"id":"1","talk":"a","name":null}',
}
BESIDE = b'{"id":"0","talk":"a","name":"n","size":0,"updated_at":1700000000,"more":[null]}'


def put(body: bytes) -> Put:
    row = RowReader("id", version="updated_at", parent="talk").read(body)
    assert row is not None
    return Put("things", row.key, row.parent, row.body, row.version, 1_700_001_000, row.digest)


def publish(form: str, folder: Path, bodies: Sequence[bytes]) -> list[StoredRow]:
    """Bring rows into a target; return those that it held before."""
    sink = make_sink(form, folder)
    try:
        assert sink.open(verify=True).damaged == ()
        sink.begin([TABLE])
        held = list(sink.rows("things"))
        sink.commit([put(body) for body in bodies], b"{}")
        sink.publish(b"{}")
    finally:
        sink.close()
    return held


@pytest.mark.parametrize("body", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("form", FORMATS)
def test_the_last_value_of_a_field_counts(form: str, body: bytes, tmp_path: Path) -> None:
    publish(form, tmp_path, [BESIDE, body, BESIDE.replace(b'"0"', b'"3"')])
    publish(form, tmp_path, [body])
    held = publish(form, tmp_path, [body.replace(b"}", b',"new":1}')])

    wanted = put(body)
    found = [row for row in held if row.key not in ("0", "3")]
    assert [(row.key, row.parent, row.version) for row in found] == [
        (wanted.key, wanted.parent, wanted.version)
    ]
    assert len(publish(form, tmp_path, [])) == 3


@pytest.mark.parametrize("body", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("form", ["parquet", "duckdb"])
def test_so_it_is_in_its_column(form: str, body: bytes, tmp_path: Path) -> None:
    duckdb: Any = pytest.importorskip("duckdb")
    publish(form, tmp_path, [BESIDE, body])
    target = target_in(form, tmp_path)
    with duckdb.connect(str(target) if form == "duckdb" else ":memory:") as connection:
        source = "things" if form == "duckdb" else f"'{target}/things/*.parquet'"
        ((name, size, more),) = connection.execute(
            f"SELECT name, size, more FROM {source} WHERE id <> '0'"  # noqa: S608 (a test's own names)
        ).fetchall()
    told = json.loads(body)
    assert (name, size) == (told.get("name"), told.get("size"))
    assert (more and json.loads(more)) == told.get("more")


@pytest.mark.parametrize("form", FORMATS)
def test_a_row_that_comes_twice_has_its_last_content(form: str, tmp_path: Path) -> None:
    first, last = b'{"id":"1","talk":"a","name":"x"}', b'{"id":"1","talk":"a","name":"y"}'
    for _ in range(2):
        publish(form, tmp_path, [first, last])
        ((_, record),) = read_target(form, tmp_path, "things")
        assert json.loads(record)["name"] == "y"


def twice_in_a_page(_: Request, answer: Answer) -> Answer:
    """Put one row of each page behind the others once more, with another name."""
    if not isinstance(answer, Reply) or b'"type":"contact"' not in answer.body:
        return answer
    body = msgspec.json.decode(answer.body)
    if "data" in body:
        body["data"] = [*body["data"], {**body["data"][0], "name": "the last"}]
    return Reply(answer.status, answer.headers, msgspec.json.encode(body))


def with_two_ids(_: Request, answer: Answer) -> Answer:
    """Let each contact have an id before the one that counts."""
    if not isinstance(answer, Reply):
        return answer
    body = answer.body.replace(b'{"type":"contact",', b'{"id":"other","type":"contact",')
    return Reply(answer.status, answer.headers, body)


@pytest.mark.anyio
@pytest.mark.parametrize("change", [twice_in_a_page, with_two_ids])
@pytest.mark.parametrize("form", FORMATS)
async def test_no_sweep_adds_a_row(form: Form, change: Any, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=5) as one:
        one.change = change
        for _ in range(3):
            sink = targets.make_sink(form, tmp_path)
            report = await sync(one.intercom, ["contacts"], sink=sink, full=True)
            assert report.is_complete
            rows = targets.read(form, tmp_path, ["contacts"])["contacts"]
            assert len(rows) == len({row.key for row in rows}) == 5
            assert all(row.is_live for row in rows)
            if change is twice_in_a_page:
                assert "the last" in {row.record["name"] for row in rows}
            else:
                assert "other" not in {row.key for row in rows}
