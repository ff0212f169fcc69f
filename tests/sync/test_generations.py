"""A journal and stored rows become the next generation: the same in every format as in a dict."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from intercom_async.sync import BusyTargetError, Sink, TargetError
from intercom_async.sync.merging import digest_of
from intercom_async.sync.sinks import Table
from intercom_async.sync.sinks.base import Departed
from intercom_async.sync.sinks.disk import OS_DISK, OsDisk
from intercom_async.sync.sinks.entries import Entry, Family, Gone, Put, SeenKeys
from intercom_async.sync.sinks.journal import Journal
from .conftest import FORMATS, make_sink, read_target

PARTS = Table("parts", "id", None, "parent_id", "created_at")
TALKS = Table("talks", "id", None, None, "updated_at")
PARENTS, KEYS = ("a", "b"), ("1", "2", "3")


def put(table: Table, key: str, parent: str, text: str, at: int) -> Put:
    fields: dict[str, Any] = {"id": key, "text": text, "created_at": int(key) * 10}
    if table is PARTS:
        fields["parent_id"] = parent
    body = msgspec.json.encode(fields)
    return Put(table.name, key, parent, body, int(key) * 10, at, digest_of(body))


class Model:
    """What a target should hold, in a dict."""

    def __init__(self) -> None:
        self.live: dict[tuple[str, str, str], str] = {}

    def apply(self, entry: Entry) -> None:
        if isinstance(entry, Put):
            text = msgspec.json.decode(entry.body)["text"]
            self.live[entry.table, entry.parent, entry.key] = text
        elif isinstance(entry, Gone):
            self.live.pop((entry.table, "", entry.key), None)
        elif isinstance(entry, Family):
            for table, parent, key in list(self.live):
                if (table, parent) == (entry.table, entry.parent) and (
                    entry.is_gone or int(key) * 10 >= entry.kept_before
                ):
                    del self.live[table, parent, key]


texts = st.sampled_from(["x", "y"])
keys = st.sampled_from(KEYS)


def a_talk(key: str, text: str) -> list[Entry]:
    return [put(TALKS, key, "", text, 5)]


def a_goodbye(key: str) -> list[Entry]:
    return [Gone("talks", key, 7)]


talks = st.builds(a_talk, keys, texts)
gone = st.builds(a_goodbye, keys)
seen = st.just([SeenKeys("talks", ["1"])])


@st.composite
def families(draw: Any) -> list[Entry]:
    parent = draw(st.sampled_from(PARENTS))
    is_gone = draw(st.booleans())
    kept = draw(st.sampled_from([0, 0, 20]))
    entries: list[Entry] = [
        Family("parts", parent, 6, 1, 0, 0 if is_gone else kept, is_gone=is_gone)
    ]
    if not is_gone:
        keys = [key for key in draw(st.sets(st.sampled_from(KEYS))) if int(key) * 10 >= kept]
        entries += [put(PARTS, key, parent, draw(texts), 6) for key in sorted(keys)]
    return entries


commits = st.lists(st.one_of(talks, gone, seen, families()), min_size=1, max_size=6)


@pytest.mark.parametrize("form", FORMATS)
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(commits, min_size=1, max_size=3))
def test_generations_are_what_a_dict_holds(
    form: str, tmp_path_factory: pytest.TempPathFactory, runs: list[list[list[Entry]]]
) -> None:
    folder = tmp_path_factory.mktemp("target")
    model = Model()
    for run in runs:
        sink = opened(form, folder)
        for entries in run:
            sink.commit(entries, b'{"n":1}')
            for entry in entries:
                model.apply(entry)
        # A run that is killed here is continued by the next one.
        sink.close()
        sink = opened(form, folder)
        sink.publish(b'{"n":2}')
        sink.close()
    assert live(form, folder) == model.live
    sink = opened(form, folder)
    rows = {row.id for name in ("parts", "talks") for row in sink.rows(name) if not row.is_deleted}
    assert len(rows) == len(model.live)
    sink.close()


@pytest.mark.parametrize("is_stored", [False, True])
def test_children_that_are_gone_stay_so_after_a_truncated_answer(
    tmp_path: Path, *, is_stored: bool
) -> None:
    """An answer that was cut says nothing of older children, nor that they are back."""
    child: list[Entry] = [Family("parts", "a", 6, 1, 1), put(PARTS, "1", "a", "x", 6)]
    is_gone: list[Entry] = [Family("parts", "a", 7, 1, 0, is_gone=True)]
    cut: list[Entry] = [
        Family("parts", "a", 8, 2, 600, kept_before=20),
        put(PARTS, "3", "a", "y", 8),
    ]
    cut_more: list[Entry] = [
        Family("parts", "a", 9, 3, 600, kept_before=40),
        put(PARTS, "5", "a", "z", 9),
    ]
    sink = opened("jsonl", tmp_path)
    sink.commit(child, b'{"n":1}')
    if is_stored:
        sink.publish(b'{"n":1}')
    for entries in (is_gone, cut, cut_more):
        sink.commit(entries, b'{"n":2}')
    sink.publish(b'{"n":2}')
    rows = {row.key: row.deleted_at for row in sink.rows("parts")}
    assert rows == {"1": 7, "3": 0, "5": 0}
    sink.close()


def opened(form: str, folder: Path) -> Sink:
    sink = make_sink(form, folder)
    assert sink.open().damaged == ()
    sink.begin([PARTS, TALKS])
    return sink


def live(form: str, folder: Path) -> dict[tuple[str, str, str], str]:
    found: dict[tuple[str, str, str], str] = {}
    for name in ("parts", "talks"):
        for key, body in read_target(form, folder, name):
            row = msgspec.json.decode(body)
            place = (name, row.get("parent_id", ""), key)
            assert place not in found
            found[place] = row["text"]
    return found


@pytest.mark.parametrize("departed", ["keep", "erase", "drop"])
@pytest.mark.parametrize("form", ["jsonl", "duckdb", "parquet", "objects"])
def test_what_becomes_of_rows_that_are_gone(form: str, departed: Departed, tmp_path: Path) -> None:
    sink = opened(form, tmp_path)
    sink.commit([put(TALKS, "1", "", "secret", 5), put(TALKS, "2", "", "stays", 5)], b"{}")
    sink.publish(b"{}")
    sink.commit([Gone("talks", "1", 9)], b"{}")
    sink.publish(b"{}", departed=departed)
    rows = {row.key: row.deleted_at for row in sink.rows("talks")}
    sink.close()

    assert rows == ({"2": 0} if departed == "drop" else {"1": 9, "2": 0})
    secrets = [path for path in tmp_path.rglob("*") if path.is_file() and holds(path, b"secret")]
    if form == "jsonl":
        assert bool(secrets) is (departed == "keep")


def holds(path: Path, text: bytes) -> bool:
    return text in path.read_bytes()


def test_a_compressed_file_without_rows_can_be_decompressed(tmp_path: Path) -> None:
    """The command zstd refuses a file of no bytes: it has to hold one empty frame."""
    sink = opened("jsonl.zst", tmp_path)
    sink.commit([put(TALKS, "1", "", "x", 5)], b"{}")
    sink.publish(b"{}")
    sink.commit([Gone("talks", "1", 9)], b"{}")
    sink.publish(b"{}", departed="drop")
    sink.close()
    for name in ("parts", "talks"):
        path = tmp_path / "target" / f"{name}.jsonl.zst"
        assert path.read_bytes().startswith(b"\x28\xb5\x2f\xfd")
    assert live("jsonl.zst", tmp_path) == {}


def test_a_frame_that_is_cut_or_changed_was_never_committed(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(OS_DISK, path)
    journal.open(3)
    for number in range(3):
        journal.append([Gone("talks", str(number), 1)], b"state %d" % number)
    journal.close()
    whole = path.read_bytes()
    for body in (whole[:-1], whole[:-1] + b"\0", whole + bytes(512)):
        path.write_bytes(body)
        again = Journal(OS_DISK, path)
        again.open(3)
        wanted = 3 if body.startswith(whole) else 2
        assert len(list(again.entries())) == wanted
        assert again.state == b"state %d" % (wanted - 1)
        again.close()
    path.write_bytes(whole)
    published = Journal(OS_DISK, path)
    published.open(4)
    assert published.state is None
    assert not path.exists()


class FullOnce(OsDisk):
    """A disk that is full when the second frame is brought to it, and has room again after that."""

    syncs = 0

    def sync(self, file: BinaryIO) -> None:
        super().sync(file)
        self.syncs += 1
        if self.syncs == 2:
            raise OSError(errno.ENOSPC, "No space left on device")


def test_a_frame_that_failed_is_not_before_the_next_one(tmp_path: Path) -> None:
    journal = Journal(FullOnce(), tmp_path / "journal")
    journal.open(0)
    journal.append([Gone("talks", "1", 1)], b"1")
    with pytest.raises(OSError, match="space"):
        journal.append([Gone("talks", "2", 1)], b"2")
    journal.append([Gone("talks", "3", 1)], b"3")
    journal.close()

    again = Journal(OS_DISK, tmp_path / "journal")
    again.open(0)
    assert [entry.key for entry in again.entries() if isinstance(entry, Gone)] == ["1", "3"]
    assert again.state == b"3"
    again.close()


def test_a_frame_that_was_changed_since_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(OS_DISK, path)
    journal.open(0)
    journal.append([Gone("talks", "hello", 1)], b"1")
    path.write_bytes(path.read_bytes().replace(b"hello", b"jello"))
    with pytest.raises(TargetError, match="changed by somebody else"):
        list(journal.entries())
    journal.close()


def test_a_journal_gives_one_table_without_reading_the_others(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(OS_DISK, path)
    journal.open(0)
    written = [Gone(table, str(number), 1) for number in range(6) for table in ("talks", "tags")]
    journal.append(written[:4], b"1")
    journal.append([one for one in written[4:] if one.table == "talks"], b"2")
    only_tags = path.stat().st_size
    journal.append([one for one in written[4:] if one.table == "tags"], b"3")
    again = Journal(OS_DISK, path)
    again.open(0)
    for one in (journal, again):
        for table in ("talks", "tags"):
            assert list(one.entries(table)) == [each for each in written if each.table == table]
        assert list(one.entries("nothing")) == []
        assert len(list(one.entries())) == len(written)
    # The last frame is of tags alone: who asks for talks does not look at it.
    path.write_bytes(path.read_bytes()[:only_tags])
    assert len(list(journal.entries("talks"))) == 6
    with pytest.raises(TargetError, match="changed by somebody else"):
        list(journal.entries("tags"))
    journal.clear(1)
    assert list(journal.entries()) == []


def test_a_sync_that_lost_its_target_writes_nothing(tmp_path: Path) -> None:
    sink = opened("jsonl", tmp_path)
    (tmp_path / "target" / ".sync" / "epoch").write_text("another")
    with pytest.raises(TargetError, match="taken over"):
        sink.commit([put(TALKS, "1", "", "x", 5)], b"{}")
    with pytest.raises(TargetError, match="taken over"):
        sink.publish(b"{}")
    sink.close()


WIDE = msgspec.json.encode({"id": "1", **{f"key {number}": number for number in range(1_500)}})
DEEP = b'{"deep":' + b"[" * 1_500 + b"]" * 1_500 + b',"id":"1"}'
ODD = msgspec.json.encode(
    {
        "id": "1", "": "empty", "Name": 1, "name": 2, "record": 3, "_run": 4, '"; drop': 5,
        "it's": 6, "_synced_at": "mine", "_digest": 1,
    }
)  # fmt: skip


@pytest.mark.parametrize("form", ["jsonl", "duckdb", "parquet", "objects"])
@pytest.mark.parametrize("body", [WIDE, DEEP, ODD], ids=["1500 keys", "1500 deep", "odd names"])
def test_a_strange_row_is_a_row(form: str, body: bytes, tmp_path: Path) -> None:
    for _ in range(2):
        sink = opened(form, tmp_path)
        sink.commit([Put("talks", "1", "", body, 0, 5, digest_of(body))], b"{}")
        sink.publish(b"{}")
        assert [row.key for row in sink.rows("talks")] == ["1"]
        sink.close()


def test_a_publication_that_is_refused_and_tried_again_leaves_the_files(tmp_path: Path) -> None:
    """Another sync has taken the folder over, where locks do not work; `--wait` tries it again."""
    table = Table("things", "id")
    sink = make_sink("parquet", tmp_path)
    for key in ("1", "2"):
        sink.open()
        sink.begin([table])
        sink.commit([put(table, key, "", "x", 1)], b"{}")
        if key == "1":
            sink.publish(b"{}")
            sink.close()
    (tmp_path / "target" / ".sync" / "epoch").write_bytes(b"another's")
    for _ in range(2):
        with pytest.raises(BusyTargetError):
            sink.publish(b"{}")
    sink.close()
    assert [path.stat().st_size > 0 for path in (tmp_path / "target" / "things").iterdir()] == [
        True
    ]
