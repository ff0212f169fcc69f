"""A field that the API sends before its model has it: one column of one kind in a generation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from intercom_async.models.base import Timestamp
from intercom_async.sync import published_files
from intercom_async.sync.raw_rows import RowReader
from intercom_async.sync.sinks.base import Table
from intercom_async.sync.sinks.entries import Put
from tests.support.folder_objects import FolderObjects
from .conftest import make_sink, target_in

pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

FORMS = ("parquet", "objects", "duckdb")


class Older(msgspec.Struct):
    id: str
    name: str | None = None


class Newer(msgspec.Struct):
    id: str
    name: str | None = None
    plan: str | None = None
    seats: int | None = None
    at: Timestamp | None = None
    is_new: bool | None = None
    nothing_yet: int | None = None


def row(key: int, *, has_more: bool = True) -> bytes:
    more = {"plan": "pro", "seats": 3, "at": 1_700_000_000, "is_new": True} if has_more else {}
    return msgspec.json.encode({"id": str(key), "name": "n", **more})


def publish(form: str, folder: Path, model: Any, *bodies: bytes) -> None:
    """Bring rows into a target by a version that has this model."""
    sink = make_sink(form, folder)
    try:
        assert sink.open(verify=True).damaged == ()
        sink.begin([Table("things", "id", model)])
        list(sink.rows("things"))
        read = [RowReader("id").read(body) for body in bodies]
        puts = [
            Put("things", one.key, "", one.body, 0, 1_700_000_000, one.digest)
            for one in read
            if one is not None
        ]
        sink.commit(puts, b"{}")
        sink.publish(b"{}")
    finally:
        sink.close()


def files(form: str, folder: Path) -> Sequence[str]:
    target = target_in(form, folder)
    if form == "objects":
        return published_files(FolderObjects(target), "things")
    return sorted(map(str, (target / "things").glob("*.parquet")))


def select(form: str, folder: Path, columns: str) -> list[tuple[Any, ...]]:
    """Return what a reader finds, who knows nothing of versions."""
    import duckdb  # noqa: PLC0415 (an extra)

    source = "things" if form == "duckdb" else f"read_parquet({files(form, folder)})"
    database = str(target_in(form, folder)) if form == "duckdb" else ":memory:"
    with duckdb.connect(database) as connection:
        found: list[tuple[Any, ...]] = connection.execute(
            f"SELECT {columns} FROM {source} ORDER BY id"  # noqa: S608 (a test's own names)
        ).fetchall()
    return found


def shapes(form: str, folder: Path) -> set[tuple[str, ...]]:
    """Return the columns of the files, with their types."""
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    schemas = [parquet.read_schema(path) for path in files(form, folder)]
    return {tuple(f"{one.name} {one.type}" for one in schema) for schema in schemas}


@pytest.mark.parametrize("has_more", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_a_later_version_knows_the_field(form: str, tmp_path: Path, *, has_more: bool) -> None:
    """The rows of before had JSON in the column, and the new ones what the field says."""
    publish(form, tmp_path, Older, row(1, has_more=has_more))
    publish(form, tmp_path, Newer, row(2))

    told = ("pro", 3, 1_700_000_000, True, None)
    found = select(form, tmp_path, 'plan, seats, epoch("at")::BIGINT, is_new, nothing_yet')
    assert found == [told if has_more else (None,) * 5, told]
    assert form == "duckdb" or len(shapes(form, tmp_path)) == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_run_without_news_brings_the_column(form: str, tmp_path: Path) -> None:
    publish(form, tmp_path, Older, row(1))
    publish(form, tmp_path, Newer)

    found = select(form, tmp_path, 'plan, seats, epoch("at")::BIGINT, is_new, nothing_yet')
    assert found == [("pro", 3, 1_700_000_000, True, None)]


@pytest.mark.parametrize("form", FORMS)
def test_an_earlier_version_keeps_the_columns(form: str, tmp_path: Path) -> None:
    publish(form, tmp_path, Newer, row(1))
    publish(form, tmp_path, Older)
    assert len(select(form, tmp_path, "plan, seats, nothing_yet")) == 1
    publish(form, tmp_path, Older, row(2))

    first, second = select(form, tmp_path, "name, plan, seats, is_new, nothing_yet")
    assert first == second
    assert form == "duckdb" or len(shapes(form, tmp_path)) == 1


@pytest.mark.parametrize("form", ["parquet", "objects"])
def test_files_that_are_alike_are_taken_over(form: str, tmp_path: Path) -> None:
    publish(form, tmp_path, Newer, row(1))
    before = files(form, tmp_path)
    publish(form, tmp_path, Newer, row(2))
    assert set(before) < set(files(form, tmp_path))
    publish(form, tmp_path, Newer)
    assert set(before) < set(files(form, tmp_path))


@pytest.mark.parametrize("form", ["parquet", "objects"])
def test_files_of_which_no_manifest_says_what_they_have(form: str, tmp_path: Path) -> None:
    """Those of an earlier version, some of which had the field before its model."""
    publish(form, tmp_path, Newer, row(1))
    manifest = target_in(form, tmp_path) / "sync-state.json"
    stored = msgspec.json.decode(manifest.read_bytes())
    del stored["streams"]["things"]["columns"]
    manifest.write_bytes(msgspec.json.encode(stored))
    before = files(form, tmp_path)
    publish(form, tmp_path, Newer)

    assert set(before).isdisjoint(files(form, tmp_path))
    assert select(form, tmp_path, "id, plan") == [("1", "pro")]
