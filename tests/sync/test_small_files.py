"""Each night adds a small Parquet file to a stream that has changed: many of them become one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from intercom_async.sync import published_files
from intercom_async.sync.merging import digest_of
from intercom_async.sync.sinks.base import Table
from intercom_async.sync.sinks.entries import Entry, Gone, Put
from intercom_async.sync.sinks.parquet import MOST_SMALL, ParquetSink
from tests.support.folder_objects import FolderObjects

pytestmark = pytest.mark.once
pytest.importorskip("pyarrow")

NIGHTS = 36
"""Each changes the first row and adds one; in two of them a row goes."""
GONE = {26: 25, 35: 34}
"""By the night the row that goes, which no later night changes."""


class Thing(msgspec.Struct):
    id: str
    name: str | None = None


def put(key: int, name: str, night: int) -> Put:
    body = msgspec.json.encode({"id": str(key), "name": name})
    return Put("things", str(key), "", body, night + 1, 1_700_000_000 + night, digest_of(body))


def entries_of(night: int) -> list[Entry]:
    entries: list[Entry] = [put(night, "new", night), put(0, f"changed {night}", night)]
    if night in GONE:
        entries.append(Gone("things", str(GONE[night]), 1_700_000_000 + night))
    return entries


@pytest.mark.parametrize("form", ["parquet", "objects"])
def test_many_small_files_become_one(form: str, tmp_path: Path) -> None:
    target = tmp_path / "target"
    numbers: list[int] = []
    for night in range(NIGHTS):
        sink = ParquetSink(FolderObjects(target) if form == "objects" else target, inline=True)
        assert not sink.open(verify=night >= MOST_SMALL).damaged
        sink.begin([Table("things", "id", Thing)])
        sink.commit(entries_of(night), b"{}")
        sink.publish(b"{}")
        if form == "objects":
            numbers.append(len(published_files(FolderObjects(target), "things")))
        else:
            numbers.append(len(list((target / "things").glob("*.parquet"))))
        if night >= MOST_SMALL:
            check(sink, night)
        sink.close()

    assert max(numbers) == MOST_SMALL + 1
    assert numbers[-2:] == [2, 3]


def check(sink: ParquetSink, night: int) -> None:
    """Compare what the target holds with what came."""
    held = {row.key: row for row in sink.rows("things")}
    assert sorted(map(int, held)) == list(range(night + 1))
    gone = [int(key) for key, row in held.items() if row.is_deleted]
    assert sorted(gone) == [key for at, key in GONE.items() if at <= night]
    changed = [each.body for each in sink.fields_of("things", ["name"]) if b"changed" in each.body]
    assert changed == [put(0, f"changed {night}", night).body]
