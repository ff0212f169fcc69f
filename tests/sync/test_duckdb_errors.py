"""What DuckDB raises around a transaction: nothing is done twice, and the words are true."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import msgspec
import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed")

import duckdb

from intercom_async.sync import BusyTargetError, DuckDBSink, TargetError
from intercom_async.sync.merging import digest_of
from intercom_async.sync.sinks.base import Sink, Table
from intercom_async.sync.sinks.disk import OS_DISK, Disk, OsDisk
from intercom_async.sync.sinks.duckdb_sql import Database
from intercom_async.sync.sinks.entries import Put

pytestmark = pytest.mark.once
CONTACTS = Table("contacts", "id")


class Named(msgspec.Struct):
    id: str
    name: str | None = None


def put(key: str) -> Put:
    body = msgspec.json.encode({"id": key})
    return Put("contacts", key, "", body, 0, 1_700_000_000, digest_of(body))


def run(path: Path, *keys: str, disk: Disk = OS_DISK) -> list[str]:
    """Bring rows into a database, and return the keys of all."""
    sink: Sink = DuckDBSink(path, disk=disk)
    try:
        assert sink.open(verify=True).damaged == ()
        sink.begin([CONTACTS])
        sink.commit([put(key) for key in keys], b"{}")
        sink.publish(b"{}")
        return sorted(row.key for row in sink.rows("contacts"))
    finally:
        sink.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "target.duckdb"


class ForgetfulConnection:
    """Has no memory left for a checkpoint."""

    def __init__(self, real: duckdb.DuckDBPyConnection) -> None:
        self._real = real

    def execute(self, statement: str, *given: object) -> object:
        if statement == "CHECKPOINT":
            raise duckdb.OutOfMemoryException("Out of Memory Error")
        return self._real.execute(statement, *given)

    def close(self) -> None:
        self._real.close()


def test_a_generation_that_is_committed_is_not_repeated(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = duckdb.connect

    def connect(*args: Any, **options: Any) -> ForgetfulConnection:
        return ForgetfulConnection(real(*args, **options))

    with monkeypatch.context() as patch:
        patch.setattr("duckdb.connect", connect)
        assert run(path, "1") == ["1"]
        assert run(path, "1", "2") == ["1", "2"]
    assert run(path, "3") == ["1", "2", "3"]


def test_what_a_killed_process_committed_gets_the_memory_that_it_needs(
    tmp_path: Path, path: Path
) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE rows AS SELECT repeat('x', 9000) FROM range(500)")
        for file in tmp_path.glob("target.duckdb*"):
            shutil.copy(file, tmp_path / file.name.replace("target", "killed"))
    assert (tmp_path / "killed.duckdb.wal").stat().st_size > 4_000_000
    database = Database(duckdb, tmp_path / "killed.duckdb", tmp_path)
    database.memory_mb = 1
    with database.connected(read_only=True):
        assert database.ask("SELECT count(*) FROM target.main.rows") == [(500,)]


def test_a_commit_gets_the_memory_that_it_needs(path: Path) -> None:
    """It fails as a transaction, and not for want of memory, where that is all that it lacks."""
    sink = DuckDBSink(path)
    sink.open()
    sink.begin([Table("contacts", "id", Named)])
    for first in range(0, 3_000, 500):
        numbers = range(first, first + 500)
        bodies = [
            msgspec.json.encode({"id": str(one), "name": f"{one} " * 5_000}) for one in numbers
        ]
        sink.commit(
            [
                Put("contacts", str(one), "", body, 0, 1_700_000_000, digest_of(body), False, True)
                for one, body in zip(numbers, bodies, strict=True)
            ],
            b"{}",
        )
    sink.publish(b"{}")
    assert len({row.key for row in sink.rows("contacts")}) == 3_000
    sink.close()


def test_a_new_database_does_not_meet_what_stayed_of_a_removed_one(path: Path) -> None:
    wal = path.with_name("target.duckdb.wal")
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE rows AS SELECT 1")
        left = wal.read_bytes()
    path.unlink()
    wal.write_bytes(left)
    assert run(path, "1") == ["1"]
    assert run(path, "2") == ["1", "2"]


@pytest.mark.parametrize("at", [100, 4_096 + 100, 12_288 + 100])
def test_a_damaged_file_is_not_told_as_busy(path: Path, at: int) -> None:
    run(path, "1")
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"garbage!")
    with pytest.raises(TargetError, match=r"damaged \(.*\): move it away and sync again") as told:
        run(path, "2")
    assert not isinstance(told.value, BusyTargetError)
    path.rename(path.with_suffix(".away"))
    assert run(path, "2") == ["2"]


HOLD = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print(flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_a_file_that_is_no_whole_database_is_told_with_what_to_do(path: Path, size: int) -> None:
    run(path, "1")
    os.truncate(path, min(size, path.stat().st_size // 2))

    with pytest.raises(TargetError, match="move it away and sync again"):
        DuckDBSink(path).open()


def test_a_database_that_another_process_has_is_busy(path: Path) -> None:
    run(path, "1")
    with Popen([sys.executable, "-c", HOLD, path], stdin=PIPE, stdout=PIPE) as holding:
        assert holding.stdout is not None
        assert holding.stdout.readline()
        with pytest.raises(BusyTargetError, match="is open in another process"):
            run(path, "2")
        holding.communicate()
    assert run(path, "2") == ["1", "2"]


def test_a_version_without_one_of_its_errors(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 1.2 has no DependencyException: each error was an unexpected AttributeError."""
    monkeypatch.delattr("duckdb.DependencyException", raising=False)
    run(path, "1")
    with Popen([sys.executable, "-c", HOLD, path], stdin=PIPE, stdout=PIPE) as holding:
        assert holding.stdout is not None
        assert holding.stdout.readline()
        with pytest.raises(BusyTargetError, match="is open in another process"):
            run(path, "2")
        holding.communicate()


class NotingDisk(OsDisk):
    """Knows whether the name of the database has reached the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_durable: bool = False
        self.noted: list[bool] = []

    def sync_folder(self, path: Path) -> None:
        super().sync_folder(path)
        self.is_durable = self.is_durable or (path == self._path.parent and self._path.exists())

    def remove(self, path: Path) -> None:
        if path.name == "journal":
            self.noted.append(self.is_durable)
        super().remove(path)


def test_the_journal_is_cleared_when_the_new_database_is_on_the_disk(path: Path) -> None:
    disk = NotingDisk(path)
    run(path, "1", disk=disk)
    assert disk.noted[-1]
