"""A target in object storage: one sync goes on, whatever is lost and whichever sync is late."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.sync import (
    BusyTargetError,
    JsonlSink,
    ParquetSink,
    Report,
    SyncConfigError,
    TargetError,
    published_files,
    sync,
)
from intercom_async.sync.merging import digest_of
from intercom_async.sync.sinks.base import Departed, Table
from intercom_async.sync.sinks.entries import Entry, Gone, Put
from intercom_async.sync.sinks.object_store import ChangedObjectError, ObjectBody
from intercom_async.transport import Request
from tests.support.folder_objects import FolderObjects
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, world

pytestmark = pytest.mark.once
__all__ = ("anyio_backend",)

pytest.importorskip("pyarrow")

TALKS = Table("talks", "id", None, None, "updated_at")


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path / "bucket")


@pytest.fixture(autouse=True)
def spools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where sinks keep what they have fetched."""
    folder = tmp_path / "spools"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def put(key: str, text: str = "x") -> Put:
    body = msgspec.json.encode({"id": key, "text": text, "updated_at": 5})
    return Put("talks", key, "", body, 5, 6, digest_of(body))


def opened(objects: FolderObjects) -> ParquetSink:
    sink = ParquetSink(objects, inline=True)
    assert sink.open().damaged == ()
    sink.begin([TALKS])
    return sink


def publish(
    objects: FolderObjects, entries: Sequence[Entry], departed: Departed = "keep"
) -> list[str]:
    """Run a sync of some entries; return the names of the files."""
    sink = opened(objects)
    if entries:
        sink.commit(entries, b"{}")
    sink.publish(b"{}", departed=departed)
    sink.close()
    return published_files(objects, "talks")


def texts(objects: FolderObjects) -> dict[str, str]:
    duckdb: Any = pytest.importorskip("duckdb")
    files = published_files(objects, "talks")
    rows = duckdb.execute(
        "SELECT id, record FROM read_parquet($1) WHERE _deleted_at IS NULL", [files]
    ).fetchall()
    assert len(rows) == len({row[0] for row in rows})
    return {key: msgspec.json.decode(record)["text"] for key, record in rows}


def data(objects: FolderObjects) -> list[str]:
    return [f"{objects.where}/{one.name}" for one in objects.objects("data/")]


def test_the_sync_that_opens_last_goes_on_from_the_commits_of_the_one_before(
    objects: FolderObjects,
) -> None:
    first = opened(objects)
    first.commit([put("1")], b'"one"')

    second = ParquetSink(objects, inline=True)
    state = second.open().state
    second.begin([TALKS])

    assert state == b'"one"'
    with pytest.raises(BusyTargetError, match="taken over"):
        first.commit([put("2")], b'"late"')
    with pytest.raises(BusyTargetError, match="taken over"):
        first.publish(b'"late"')
    first.close()
    second.commit([put("3")], b'"two"')
    second.publish(b'"done"')
    second.close()
    assert texts(objects) == {"1": "x", "3": "x"}


def test_what_a_late_sync_adds_to_its_journal_is_void(objects: FolderObjects) -> None:
    class Late(FolderObjects):
        """Storage as a process sees it that is paused between its look and its put."""

        def create(self, name: str, body: bytes) -> str:
            if name.startswith("journal/") and name.endswith("2"):
                opened(objects).close()
            return super().create(name, body)

    late = ParquetSink(Late(objects.folder), inline=True)
    late.open()
    late.begin([TALKS])
    late.commit([put("1")], b'"one"')
    late.commit([put("2")], b'"late"')
    with pytest.raises(BusyTargetError):
        late.commit([put("3")], b'"later"')
    late.close()

    sink = ParquetSink(objects, inline=True)
    assert sink.open().state == b'"one"'
    assert [entry.key for entry in sink.entries() if isinstance(entry, Put)] == ["1"]
    sink.close()


@pytest.mark.anyio
@pytest.mark.parametrize("number", [0, 1, -1])
async def test_a_commit_that_is_missing_is_told_and_read_again(
    number: int, objects: FolderObjects, tmp_path: Path
) -> None:
    """It was called a target that another sync has taken over, for good."""
    async with world(tmp_path, contacts=900, companies=5, latency_s=0.2) as one:

        async def run(at: int = 0, **options: Any) -> Report:
            stop, count = anyio.Event(), 0

            def maybe(_: Request, answer: Answer) -> Answer:
                nonlocal count
                count += 1
                if count == at:
                    stop.set()
                return answer

            one.change = maybe
            sink = ParquetSink(objects, inline=True)
            return await sync(
                one.intercom, ["contacts", "companies"], sink=sink, stop=stop, **options
            )

        assert (await run(at=5)).was_stopped
        opened(objects).close()  # takes the commits over
        frames = sorted(objects.folder.glob("journal/*/*"))
        assert len(frames) > 1
        frames[number].unlink()
        name = str(frames[number].relative_to(objects.folder))
        for _ in range(2):
            with pytest.raises(TargetError, match=rf"{name} is missing.*--repair") as told:
                await run()
            assert not isinstance(told.value, BusyTargetError)
        report = await run(repair=True)

        assert report.is_complete
        assert any(name in note for note in report.notes)
        assert (await run()).is_complete
        for stream, count in (("contacts", 900), ("companies", 5)):
            paths = published_files(objects, stream)
            assert sum(parquet_rows(path) for path in paths) == count


def parquet_rows(path: str) -> int:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    found: int = parquet.read_metadata(path).num_rows
    return found


def test_two_that_open_at_once_are_told_apart(objects: FolderObjects) -> None:
    class Between(FolderObjects):
        """Storage that another sync opens between the look and the put."""

        def create(self, name: str, body: bytes) -> str:
            opened(objects).close()
            return super().create(name, body)

    with pytest.raises(BusyTargetError, match="taken over"):
        ParquetSink(Between(objects.folder), inline=True).open()


def test_a_target_that_another_sync_has_just_made_is_no_foreign_one(
    objects: FolderObjects,
) -> None:
    class Between(FolderObjects):
        """Storage that another sync opens between the look for a manifest and the listing."""

        def get(self, name: str) -> ObjectBody | None:
            found = super().get(name)
            if found is None:
                opened(objects).close()
            return found

    with pytest.raises(BusyTargetError, match="taken over"):
        ParquetSink(Between(objects.folder), inline=True).open()


def test_a_put_whose_answer_is_lost_is_known_again(objects: FolderObjects) -> None:
    class Lossy(FolderObjects):
        """Storage whose client sends a put again, of which the answer was lost."""

        def create(self, name: str, body: bytes) -> str:
            super().create(name, body)
            return super().create(name, body)

        def replace(self, name: str, body: bytes, tag: str) -> str:
            super().replace(name, body, tag)
            return super().replace(name, body, tag)

    lossy = Lossy(objects.folder)
    with pytest.raises(ChangedObjectError):
        lossy.create("probe", b"")
    objects.remove(["probe"])
    publish(lossy, [put("1")])
    publish(lossy, [put("2", "y")])
    assert texts(objects) == {"1": "x", "2": "y"}


@pytest.mark.parametrize("ignored", ["create", "replace"])
def test_storage_without_conditions_is_refused(objects: FolderObjects, ignored: str) -> None:
    class Careless(FolderObjects):
        """Storage that puts whatever is there."""

        def create(self, name: str, body: bytes) -> str:
            return self._put(name, body) if ignored == "create" else super().create(name, body)

        def replace(self, name: str, body: bytes, tag: str) -> str:
            if ignored == "replace":
                return self._put(name, body)
            return super().replace(name, body, tag)

    with pytest.raises(TargetError, match="ignores If-None-Match or If-Match"):
        ParquetSink(Careless(objects.folder), inline=True).open()


def test_files_stay_until_the_generation_after(objects: FolderObjects) -> None:
    first = publish(objects, [put("1")])
    second = publish(objects, [put("1", "new")])
    assert sorted(data(objects)) == sorted(first + second)
    publish(objects, [])
    assert data(objects) == second


@pytest.mark.parametrize("departed", ["erase", "drop"])
def test_erased_rows_are_in_no_object(objects: FolderObjects, departed: Departed) -> None:
    publish(objects, [put("1", "secret"), put("2")])
    publish(objects, [Gone("talks", "1", 9)], departed)
    duckdb: Any = pytest.importorskip("duckdb")
    for one in objects.objects():
        if one.name.endswith(".parquet"):
            path = str(objects.folder / one.name)
            records = duckdb.execute("SELECT record FROM read_parquet($1)", [path]).fetchall()
            assert "secret" not in repr(records)
    assert not list(objects.objects("journal/"))


def test_what_a_killed_run_has_put_goes_with_the_next_opening(objects: FolderObjects) -> None:
    files = publish(objects, [put("1")])

    class Ending(FolderObjects):
        """Storage as a process sees it that ends before its last put."""

        is_ending = False

        def replace(self, name: str, body: bytes, tag: str) -> str:
            if self.is_ending:
                raise TargetError("ended")
            return super().replace(name, body, tag)

    ending = Ending(objects.folder)
    killed = opened(ending)
    killed.commit([put("2")], b'"two"')
    ending.is_ending = True
    with pytest.raises(TargetError):
        killed.publish(b'"two"')
    killed.close()
    assert len(data(objects)) == 2
    sink = ParquetSink(objects, inline=True)
    assert sink.open().state == b'"two"'
    assert data(objects) == files
    sink.close()


def test_a_run_fetches_each_file_once(objects: FolderObjects, spools: Path) -> None:
    [file] = publish(objects, [put("1")])
    objects.fetched.clear()
    sink = opened(objects)
    list(sink.rows("talks"))
    sink.commit([put("2")], b"{}")
    sink.publish(b"{}")
    assert objects.fetched == [file.removeprefix(f"{objects.where}/")]
    assert list(spools.iterdir())
    sink.close()
    assert not list(spools.iterdir())


def test_what_a_killed_process_has_left_here_goes_with_the_next_run(
    objects: FolderObjects, spools: Path
) -> None:
    pytest.importorskip("fcntl")
    left, other = spools / "intercom-async-killed", spools / "intercom-async-is-not-one"
    for folder in (left, other):
        folder.mkdir()
        (folder / "rows").write_text("secret")
    (left / "lock").touch()
    first = opened(objects)
    [kept] = [path for path in spools.iterdir() if path not in (left, other)]
    assert not left.exists()
    assert other.exists()
    second = opened(objects)
    assert kept.exists()
    for sink in (first, second):
        sink.close()
    assert list(spools.iterdir()) == [other]


@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_a_file_that_is_not_as_it_was_put_is_noticed(objects: FolderObjects, damage: str) -> None:
    [file] = map(Path, publish(objects, [put("1")]))
    body = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(body[:-9] if damage == "cut" else body[::-1])
    sink = ParquetSink(objects, inline=True)
    assert [name for name, _ in sink.open().damaged] == ["talks"]
    sink.begin([TALKS], repaired=["talks"])
    sink.commit([put("1", "again")], b"{}")
    sink.publish(b"{}")
    sink.close()
    assert texts(objects) == {"1": "again"}


def test_objects_of_somebody_else_are_left_alone(objects: FolderObjects) -> None:
    objects.create("data/mine.parquet", b"mine")
    with pytest.raises(TargetError, match=r"has objects and no sync-state\.json"):
        ParquetSink(objects, inline=True).open()
    objects.remove(["data/mine.parquet"])
    publish(objects, [put("1")])
    for name in ("notes.txt", "data/mine.parquet", "journal/notes"):
        objects.create(name, b"mine")
    publish(objects, [put("2")])
    for name in ("notes.txt", "data/mine.parquet", "journal/notes"):
        assert objects.get(name) is not None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "is damaged"),
        (b'{"format":9,"format_of_rows":"parquet-objects"}', "has format 9, this version reads 2"),
        (b'{"format":2,"format_of_rows":"parquet"}', "choose another prefix"),
    ],
)
def test_a_manifest_of_something_else_is_refused(
    objects: FolderObjects, body: bytes, told: str
) -> None:
    objects.create("sync-state.json", body)
    with pytest.raises(TargetError, match=told):
        ParquetSink(objects, inline=True).open()
    with pytest.raises(TargetError, match=told):
        published_files(objects, "talks")
    assert [one.name for one in objects.objects()] == ["sync-state.json"]


def test_files_of_a_stream_that_is_not_there_are_refused(objects: FolderObjects) -> None:
    with pytest.raises(TargetError, match="nothing was synced"):
        published_files(objects, "talks")
    publish(objects, [put("1")])
    with pytest.raises(TargetError, match="no stream parts; its streams: talks"):
        published_files(objects, "parts")


@pytest.mark.parametrize(
    "address",
    [
        "gs://bucket/prefix", "az://bucket", "https://user:hush@bucket.example/x", "file:///x",
        "s3://key:hush@bucket/prefix", "s3://bucket/prefix?secret=hush", "s3://", "s3:///prefix",
        "s3://bucket#hush", "://x", "s3://bucket/a//hush", "s3://bucket/.", "s3://bucket/a/../hush",
        "s3://bucket/a\nhush",
    ],
)  # fmt: skip
def test_an_address_that_is_not_supported_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(SyncConfigError, match="path") as refused:
        ParquetSink(address)
    assert "hush" not in str(refused.value)
    with pytest.raises(SyncConfigError, match="path") as refused:
        JsonlSink(address)
    assert "hush" not in str(refused.value)
    assert not list(tmp_path.glob("*bucket*"))
