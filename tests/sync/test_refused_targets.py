"""A run that is refused leaves nothing on the disk that was not there before."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from intercom_async import Intercom, IntercomError
from intercom_async.simulator import Simulator
from intercom_async.sync import DuckDBSink, JsonlSink, Sink, TargetError, sync
from intercom_async.sync.sinks.disk import OsDisk
from intercom_async.sync.sinks.files import EPOCH_NAME
from intercom_async.sync.sinks.new_target import private_folder
from .conftest import make_sink, target_in

pytestmark = [pytest.mark.anyio]
FORMS = ("jsonl", "duckdb", "parquet")


def all_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


async def refused(intercom: Intercom, sink: Sink, folder: Path, words: str) -> None:
    """See that a run is refused twice, and that all files and folders stay as they are."""
    before = all_in(folder)
    for _ in range(2):
        with pytest.raises(IntercomError, match=words):
            await sync(intercom, ["tags"], sink=sink, patience_s=0)
        assert all_in(folder) == before


@pytest.mark.parametrize("form", FORMS)
async def test_a_token_that_is_not_accepted(
    form: str, simulator: Simulator, tmp_path: Path
) -> None:
    async with Intercom("nobody", base_url=simulator.url) as intercom:
        await refused(intercom, make_sink(form, tmp_path), tmp_path, "401")


async def test_a_folder_of_attachments_of_a_refused_run(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with Intercom("nobody", base_url=simulator.url) as intercom:
        with pytest.raises(IntercomError, match="401"):
            await sync(
                intercom, ["conversations", "conversation_parts"],
                sink=make_sink("jsonl", tmp_path), attachments=tmp_path / "files",
            )  # fmt: skip
    assert all_in(tmp_path) == []


@pytest.mark.parametrize("form", FORMS)
async def test_another_workspace(form: str, intercom: Intercom, tmp_path: Path) -> None:
    async with (
        Simulator(contacts=1, conversations=0, companies=0, tickets=0, seed=99) as other,
        Intercom(other.token, base_url=other.url) as client,
    ):
        await sync(client, ["tags"], sink=make_sink(form, tmp_path))
    target = target_in(form, tmp_path)
    # As of a target that was copied without what the sync keeps beside it.
    shutil.rmtree(private_folder(target) if form == "duckdb" else target / ".sync")
    await refused(intercom, make_sink(form, tmp_path), tmp_path, "holds workspace")


async def test_what_is_no_database(intercom: Intercom, tmp_path: Path) -> None:
    path = tmp_path / "target.duckdb"
    path.write_text("dear diary")
    await refused(intercom, make_sink("duckdb", tmp_path), tmp_path, "cannot be opened")


async def test_tables_of_a_users(intercom: Intercom, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(str(tmp_path / "target.duckdb")) as connection:
        connection.execute("CREATE TABLE tags (mine INTEGER)")
    await refused(intercom, make_sink("duckdb", tmp_path), tmp_path, "tables of its own")


@pytest.fixture
def held(tmp_path: Path) -> Iterator[int]:
    """The database, in the hands of another process; its id."""
    pytest.importorskip("duckdb")
    path = str(tmp_path / "target.duckdb")
    code = f"import duckdb; c = duckdb.connect({path!r}); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        yield holder.pid
        holder.communicate(b"\n")


async def test_a_database_that_another_process_has(
    held: int, intercom: Intercom, tmp_path: Path
) -> None:
    words = rf"is open in another process \(PID {held}\): end that process, or wait"
    await refused(intercom, make_sink("duckdb", tmp_path), tmp_path, words)


@pytest.mark.parametrize("form", FORMS)
async def test_no_disk_for_an_epoch(form: str, intercom: Intercom, tmp_path: Path) -> None:
    class FullDisk(OsDisk):
        def create(self, path: Path) -> BinaryIO:
            if path.name == EPOCH_NAME:
                super().create(path).close()
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().create(path)

    kinds = {"jsonl": JsonlSink, "duckdb": DuckDBSink}
    if form in kinds:
        sink = kinds[form](target_in(form, tmp_path), disk=FullDisk())
        await refused(intercom, sink, tmp_path, "make room")


LINKS = {"nowhere": "nowhere/x", "circle": "circle", "file": "plain.txt"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("plain.txt/x", "plain.txt is no folder, so nothing can be made in it"),
        ("plain.txt/x/y", "plain.txt is no folder, so nothing can be made in it"),
        ("no/x", "no is not there; make it"),
        ("nowhere", "nowhere"),
        ("nowhere/x", "nowhere is a link that leads nowhere"),
        ("circle", "circle is a link that leads nowhere, or in a circle"),
        ("pipe", "pipe is a pipe or a device, not a"),
        ("/dev/null", "/dev/null is a pipe or a device, not a"),
    ],
)
async def test_a_place_where_no_target_can_be(
    form: str, name: str, words: str, intercom: Intercom, tmp_path: Path
) -> None:
    (tmp_path / "plain.txt").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    for link, to in LINKS.items():
        (tmp_path / link).symlink_to(to)
    sinks = {"jsonl": JsonlSink, "duckdb": DuckDBSink}
    if form in sinks:
        await refused(intercom, sinks[form](tmp_path / name), tmp_path, words)


async def test_a_sync_that_waits_for_another_one_removes_nothing(
    intercom: Intercom, tmp_path: Path
) -> None:
    first = make_sink("jsonl", tmp_path)
    first.open()
    await refused(intercom, make_sink("jsonl", tmp_path), tmp_path, "another sync")
    first.commit([], b"{}")
    first.close()
    assert (tmp_path / "target" / ".sync" / "journal").exists()


async def test_a_run_that_has_lost_its_target_removes_nothing(tmp_path: Path) -> None:
    sink = make_sink("jsonl", tmp_path)
    sink.open()
    epoch = tmp_path / "target" / ".sync" / "epoch"
    epoch.write_bytes(b"another")  # as where locks do not work
    with pytest.raises(TargetError, match="taken over"):
        sink.commit([], b"{}")
    sink.close()
    assert epoch.read_bytes() == b"another"


@pytest.mark.skipif(not hasattr(os, "seteuid") or os.geteuid() != 0, reason="needs another user")
@pytest.mark.parametrize("form", FORMS)
async def test_a_folder_that_this_user_may_not_write_to(
    form: str, intercom: Intercom, tmp_path: Path
) -> None:
    sink = make_sink(form, tmp_path)
    shared = [folder for folder in tmp_path.parents if not folder.stat().st_mode & 0o001]
    modes = {folder: folder.stat().st_mode for folder in (tmp_path, *shared)}
    for folder in modes:
        folder.chmod(0o755)
    os.seteuid(65534)
    try:
        words = f"the right to write to {tmp_path}, or choose another path"
        await refused(intercom, sink, tmp_path, words)
    finally:
        os.seteuid(0)
        for folder, mode in modes.items():
            folder.chmod(mode)
