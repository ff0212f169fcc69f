"""The disk of the machine: what a crash drops, and what it must not."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from .machine.crashing_disk import CrashingDisk, Killed


def write(disk: CrashingDisk, path: Path, body: bytes, *, is_synced: bool) -> None:
    with disk.create(path) as file:
        file.write(body)
        if is_synced:
            disk.sync(file)


def crash(disk: CrashingDisk) -> None:
    disk.crash("none", random.Random(0))


def test_bytes_and_names_that_were_synced_survive(tmp_path: Path) -> None:
    disk = CrashingDisk(tmp_path)
    disk.make_folder(tmp_path / "inner")
    disk.sync_folder(tmp_path)
    write(disk, tmp_path / "inner" / "a", b"one", is_synced=True)
    disk.sync_folder(tmp_path / "inner")

    crash(disk)

    assert (tmp_path / "inner" / "a").read_bytes() == b"one"


def test_a_name_that_was_not_synced_is_lost(tmp_path: Path) -> None:
    disk = CrashingDisk(tmp_path)
    write(disk, tmp_path / "a", b"one", is_synced=True)

    crash(disk)

    assert list(tmp_path.iterdir()) == []


def test_bytes_that_were_not_synced_are_lost(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    disk = CrashingDisk(tmp_path)
    with disk.append(tmp_path / "a", 3) as file:
        file.write(b" two")

    crash(disk)

    assert (tmp_path / "a").read_bytes() == b"one"


def test_what_is_in_a_folder_that_was_not_synced_is_lost(tmp_path: Path) -> None:
    disk = CrashingDisk(tmp_path)
    disk.make_folder(tmp_path / "inner")
    write(disk, tmp_path / "inner" / "a", b"one", is_synced=True)
    disk.sync_folder(tmp_path / "inner")

    crash(disk)

    assert list(tmp_path.iterdir()) == []


def test_a_rename_is_undone_until_its_folder_is_synced(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    disk = CrashingDisk(tmp_path)
    write(disk, tmp_path / "new", b"new", is_synced=True)
    disk.rename(tmp_path / "new", tmp_path / "old")

    crash(disk)

    assert (tmp_path / "old").read_bytes() == b"old"


def test_a_rename_of_a_new_file_survives_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    disk = CrashingDisk(tmp_path)
    write(disk, tmp_path / "new", b"new", is_synced=True)
    disk.rename(tmp_path / "new", tmp_path / "old")
    disk.sync_folder(tmp_path)

    crash(disk)

    assert (tmp_path / "old").read_bytes() == b"new"
    assert not (tmp_path / "new").exists()


def test_a_removal_is_undone_until_its_folder_is_synced(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    disk = CrashingDisk(tmp_path)
    disk.remove(tmp_path / "a")

    crash(disk)

    assert (tmp_path / "a").read_bytes() == b"one"


def test_a_renamed_folder_keeps_what_was_synced_in_it(tmp_path: Path) -> None:
    disk = CrashingDisk(tmp_path)
    disk.make_folder(tmp_path / "staged")
    write(disk, tmp_path / "staged" / "a", b"one", is_synced=True)
    disk.sync_folder(tmp_path / "staged")
    write(disk, tmp_path / "staged" / "b", b"two", is_synced=True)
    disk.rename(tmp_path / "staged", tmp_path / "final")
    disk.sync_folder(tmp_path)

    crash(disk)

    assert (tmp_path / "final" / "a").read_bytes() == b"one"
    assert not (tmp_path / "final" / "b").exists()


def test_after_the_kill_nothing_is_done_any_more(tmp_path: Path) -> None:
    disk = CrashingDisk(tmp_path, kill_at=2)
    file = disk.create(tmp_path / "a")
    with pytest.raises(Killed):
        file.write(b"123456")
    with pytest.raises(Killed):
        disk.remove(tmp_path / "a")
    file.close()

    disk.crash("all", random.Random(0))

    assert (tmp_path / "a").read_bytes() == b"123"


def test_a_full_disk_stays_full(tmp_path: Path) -> None:
    disk = CrashingDisk(tmp_path, full_at=3)
    with disk.create(tmp_path / "a") as file:
        file.write(b"one")
        for _ in range(2):
            with pytest.raises(OSError, match="No space left"):
                file.write(b"two")


def test_some_of_the_rest_may_survive(tmp_path: Path) -> None:
    found: set[bytes] = set()
    for seed in range(40):
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / "a").write_bytes(b"one")
        disk = CrashingDisk(folder)
        with disk.append(folder / "a", 3) as file:
            file.write(b"23")
        disk.crash("some", random.Random(seed))
        found.add((folder / "a").read_bytes())

    assert found == {b"one", b"one2", b"one23"}
