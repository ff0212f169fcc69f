"""A process holds a target alone, also while others that are refused remove what they made."""

from __future__ import annotations

from pathlib import Path

import pytest

from intercom_async.sync.errors import BusyTargetError
from intercom_async.sync.sinks.disk import OS_DISK, OsDisk
from intercom_async.sync.sinks.files import LOCK_NAME, TargetLock

fcntl = pytest.importorskip("fcntl")


def test_a_lock_that_is_removed_before_it_is_taken_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a third process would make another one, and there would be two holders."""
    folder, flock = tmp_path / ".sync", fcntl.flock
    first, second, third = (TargetLock(OS_DISK, folder, "target") for _ in range(3))
    first.take()

    def late(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        first.release()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    second.take()
    with pytest.raises(BusyTargetError):
        third.take()
    second.check()
    third.release()
    second.release()
    assert (folder / LOCK_NAME).exists()


def test_a_folder_that_goes_before_the_lock_is_made_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / ".sync"
    first = TargetLock(OS_DISK, folder, "target")
    first.take()

    class Interrupted(OsDisk):
        def sync_folder(self, path: Path) -> None:
            first.release()
            super().sync_folder(path)

    second = TargetLock(Interrupted(), folder, "target")
    second.take()
    second.check()
    second.release()
    assert (folder / LOCK_NAME).exists()
