"""Files of conversations and tickets, saved while a sync reads their parts."""

from __future__ import annotations

import itertools
import os
import random
import shutil
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async import Intercom
from intercom_async.sync import (
    DuckDBSink,
    JsonlSink,
    ParquetSink,
    Report,
    SyncConfigError,
    TargetError,
    sync,
)
from intercom_async.sync.attachment_folder import FILES_AT_ONCE, HOLDERS, MAX_NAMED
from intercom_async.sync.sinks.new_target import is_new
from intercom_async.transport import MemoryTransport
from tests.support.file_server import FileServer
from tests.support.virtual_time import anyio_backend, watched_threads
from .conftest import make_sink
from .machine.crashing_disk import CrashingDisk, Killed

__all__ = ("anyio_backend", "watched_threads")

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("watched_threads")]

STREAMS = ["conversations", "conversation_parts"]


async def run(
    server: FileServer, folder: Path, *, streams: list[str] | None = None, **options: Any
) -> Report:
    transport = MemoryTransport(server)
    async with Intercom(server.simulator.token, transport=transport) as intercom:
        options = {"attachments": folder / "files", "sink": JsonlSink(folder / "t"), **options}
        return await sync(intercom, streams or STREAMS, **options)


def saved(folder: Path, whole: str = "conversations") -> dict[str, list[bytes]]:
    """Return the files in the folder, by conversation."""
    return {
        each.name: sorted(file.read_bytes() for file in each.iterdir())
        for each in (folder / "files" / whole).iterdir()
        if each.is_dir()
    }


def names_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def everything_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def keys(folder: Path, whole: str = "conversations") -> list[str]:
    lines = (folder / "t" / f"{whole}.jsonl").read_bytes().splitlines()
    return sorted(msgspec.json.decode(line)["id"] for line in lines)


async def test_each_file_is_saved_once(tmp_path: Path) -> None:
    server = FileServer()
    first = await run(server, tmp_path)
    count = len(server.fetched)
    again = await run(server, tmp_path)

    assert first.is_complete
    assert again.is_complete
    assert saved(tmp_path) == {
        key: [f"{key}-first-0".encode(), f"{key}-part-0".encode()] for key in keys(tmp_path)
    }
    assert count == len({*server.fetched}) == len(server.fetched) == 8
    assert (tmp_path / "files" / "conversations").stat().st_mode & 0o077 == 0


async def test_files_of_tickets_are_saved_as_well(tmp_path: Path) -> None:
    report = await run(FileServer(), tmp_path, streams=["tickets", "ticket_parts"])
    assert report.is_complete
    assert [*saved(tmp_path, "tickets")]
    assert {*saved(tmp_path, "tickets")} <= {*keys(tmp_path, "tickets")}


async def test_files_that_are_asked_for_later_on_come_with_the_next_run(tmp_path: Path) -> None:
    server = FileServer()
    await run(server, tmp_path, attachments=None)
    assert server.fetched == []
    assert (await run(server, tmp_path)).is_complete
    assert {*saved(tmp_path)} == {*keys(tmp_path)}


async def test_a_file_that_a_killed_run_could_not_have_is_not_forgotten(tmp_path: Path) -> None:
    """Killed before each write to the target, while files were asked for later and none came."""
    server = FileServer(conversations=2)
    (tmp_path / "first").mkdir()
    await run(server, tmp_path / "first", attachments=None)
    for kill_at in itertools.count(1):
        folder = tmp_path / str(kill_at)
        shutil.copytree(tmp_path / "first", folder)
        server.status = lambda: 404
        disk = CrashingDisk(folder, kill_at=kill_at)
        was_killed = True
        try:
            report = await run(server, folder, sink=JsonlSink(folder / "t", disk=disk, inline=True))
            assert report.exit_code == 3
            was_killed = False
        except* Killed:
            disk.crash("all", random.Random(1))
        server.status = lambda: 200
        assert (await run(server, folder)).is_complete
        assert {key: len(files) for key, files in saved(folder).items()} == dict.fromkeys(
            keys(folder), 2
        ), kill_at
        if not was_killed:
            break


async def test_a_page_instead_of_a_file_is_a_hole(tmp_path: Path) -> None:
    """A login page may come with the status 200."""
    server = FileServer(conversations=1)
    server.headers = {"Content-Type": "text/html"}
    missing = await run(server, tmp_path)
    [failure] = missing.failures
    server.headers = {}

    assert missing.exit_code == 3
    assert failure.stream == "conversation_parts"
    assert "answered with a page instead of the file" in failure.reason
    assert [*saved(tmp_path).values()] == [[]]
    assert (await run(server, tmp_path)).is_complete
    assert [len(files) for files in saved(tmp_path).values()] == [2]


@pytest.mark.parametrize("sizes", [None, len, dict[str, int]().get])
@pytest.mark.parametrize(
    ("status", "body", "headers", "said"),
    [
        (204, b"", {}, "answered 204"),
        (206, b"half", {"Content-Range": "bytes 0-3/8"}, "answered 206"),
        (203, None, {}, "answered 203"),
        (304, b"", {}, "answered 304"),
        (200, b"", {}, "an empty file"),
        (200, b'{"error":"denied"}', {"Content-Type": "application/json"}, "instead of the file"),
        (200, b"<Error/>", {"Content-Type": "application/xml"}, "instead of the file"),
        (200, b"half", {"Content-Length": "8"}, "4 of 8 bytes"),
    ],
)
async def test_what_is_not_the_file_is_a_hole(
    sizes: Any, status: int, body: bytes | None, headers: dict[str, str], said: str, tmp_path: Path
) -> None:
    server = FileServer(conversations=1)
    server.sizes = sizes
    server.status = lambda: status
    server.body, server.headers = body, headers
    missing = await run(server, tmp_path)
    server.status, server.body, server.headers = lambda: 200, None, {}

    assert missing.exit_code == 3
    [failure] = missing.failures
    assert said in failure.reason
    assert "files.example" not in failure.reason
    assert [*saved(tmp_path).values()] == [[]]
    assert (await run(server, tmp_path)).is_complete
    assert [len(files) for files in saved(tmp_path).values()] == [2]


async def test_a_file_of_another_size_than_its_attachment_says_is_a_hole(tmp_path: Path) -> None:
    server = FileServer(conversations=1)
    server.sizes = len
    server.body = b"denied"
    missing = await run(server, tmp_path)
    server.body = None

    assert missing.exit_code == 3
    [failure] = missing.failures
    assert "sent 6 bytes" in failure.reason
    assert [*saved(tmp_path).values()] == [[]]
    assert (await run(server, tmp_path)).is_complete
    assert [len(files) for files in saved(tmp_path).values()] == [2]


async def test_what_an_earlier_version_saved_instead_of_a_file_is_fetched_again(
    tmp_path: Path,
) -> None:
    """It noted conversations whose files nobody had compared; each is read once more."""
    server = FileServer()
    server.sizes = len
    await run(server, tmp_path)
    whole = saved(tmp_path)
    index = tmp_path / "files" / "conversations" / "index.jsonl"
    index.write_bytes(b"".join(f'"{key}"\n'.encode() for key in keys(tmp_path)))
    wrong, empty, *_ = sorted(index.parent.glob("*/*"))
    wrong.write_bytes(b"denied")
    empty.write_bytes(b"")
    fetched, calls = len(server.fetched), server.calls
    again = await run(server, tmp_path)

    assert again.is_complete
    assert len(server.fetched) == fetched + 2
    assert saved(tmp_path) == whole
    assert {wrong.stat().st_mode & 0o777, empty.stat().st_mode & 0o777} == {0o600}
    calls, quiet = server.calls - calls, server.calls
    assert (await run(server, tmp_path)).is_complete
    assert server.calls - quiet == calls - len(keys(tmp_path))
    assert len(server.fetched) == fetched + 2


async def test_conversations_without_files_are_not_read_again(tmp_path: Path) -> None:
    """The index of an earlier version has them as well, and they are most."""
    server = FileServer()
    await run(server, tmp_path)
    index = tmp_path / "files" / "conversations" / "index.jsonl"
    index.write_bytes(b"".join(f'"{key}"\n'.encode() for key in keys(tmp_path)))
    await run(server, tmp_path)
    quiet = server.calls
    await run(server, tmp_path)
    calls = server.calls - quiet
    index.write_bytes(b"".join(f'"{key}"\n'.encode() for key in keys(tmp_path)))
    for folder in filter(Path.is_dir, [*index.parent.iterdir()]):
        shutil.rmtree(folder)
    quiet = server.calls
    await run(server, tmp_path)
    assert server.calls - quiet == calls


async def test_a_file_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    server = FileServer(conversations=1, files=MAX_NAMED + 2)
    (tmp_path / "other").mkdir()
    await run(server, tmp_path / "other")
    [key] = keys(tmp_path / "other")
    server.gone = {f"{key}-part-{number}" for number in range(MAX_NAMED + 2)}
    missing = await run(server, tmp_path)
    [failure] = missing.failures
    server.gone = {f"{key}-part-0"}
    one = (await run(server, tmp_path)).failures
    server.gone = set()
    filled = await run(server, tmp_path)

    assert missing.exit_code == 3
    assert (failure.stream, failure.what) == ("conversation_parts", key)
    assert f"{MAX_NAMED + 2} files could not be saved" in failure.reason
    assert "answered 404" in failure.reason
    assert "and 2 more" in failure.reason
    assert "files.example" not in failure.reason
    assert "a file could not be saved" in one[0].reason
    assert len(keys(tmp_path)) == 1
    assert filled.is_complete
    assert len(saved(tmp_path)[key]) == MAX_NAMED + 3


async def test_a_stopped_run_is_gone_on_with(tmp_path: Path) -> None:
    server = FileServer(conversations=30)
    server.stop = anyio.Event()
    stopped = await run(server, tmp_path, stop=server.stop)
    count = len({*server.fetched})
    server.stop = None
    done = await run(server, tmp_path)

    assert stopped.was_stopped
    assert count < 60
    assert done.is_complete
    assert all(len(files) == 2 for files in saved(tmp_path).values())
    assert {*saved(tmp_path)} == {*keys(tmp_path)}


async def test_few_files_are_fetched_at_once(tmp_path: Path) -> None:
    server = FileServer(conversations=60, files=3)
    await run(server, tmp_path)
    assert server.most == FILES_AT_ONCE


@pytest.mark.parametrize("departed", ["", "erase_deleted", "hard_delete"])
async def test_files_of_what_is_gone_go_where_its_rows_go(tmp_path: Path, departed: str) -> None:
    server = FileServer()
    await run(server, tmp_path)
    [key, *_] = keys(tmp_path)
    server.simulator.call("DELETE", f"/conversations/{key}")
    options: Any = {departed: True} if departed else {}
    await run(server, tmp_path, full=True, lookback_s=0, **options)
    assert (key in saved(tmp_path)) is (not departed)
    assert len(saved(tmp_path)) == (3 if departed else 4)


async def test_what_a_killed_run_leaves_is_tidied_up(tmp_path: Path) -> None:
    server = FileServer()
    await run(server, tmp_path)
    index = tmp_path / "files" / "conversations" / "index.jsonl"
    index.write_bytes(index.read_bytes()[:-4])
    partial = index.parent / keys(tmp_path)[-1] / ".first.txt.0a1b2c3d.part"
    for folder in filter(Path.is_dir, index.parent.iterdir()):
        (folder / partial.name).write_bytes(b"of a killed run")
        os.utime(folder / partial.name, (0, 0))
    young = partial.with_name(".second.txt.4d3c2b1a.part")
    young.write_bytes(b"of another process, which is at it")
    assert (await run(server, tmp_path)).is_complete
    assert len({*server.fetched}) == len(server.fetched)
    assert young.exists()
    *_, broken, mended = index.read_bytes().splitlines()
    assert mended.startswith(broken)
    left = [each.parent.name for each in index.parent.glob(f"*/{partial.name}")]
    assert len(left) == len(keys(tmp_path)) - 1  # the one that was filled again has none


@pytest.mark.parametrize("streams", [["contacts"], ["conversations"], ["conversation_parts"]])
async def test_streams_without_files_are_refused_before_a_request(
    tmp_path: Path, streams: list[str]
) -> None:
    server = FileServer()
    with pytest.raises(SyncConfigError, match="conversation_parts"):
        await run(server, tmp_path, streams=streams)
    assert server.simulator.requests == 0
    assert not (tmp_path / "files").exists()


@pytest.mark.parametrize("wrong", ["", 7, b"x", "a\0b"])
async def test_what_is_no_folder_is_refused(tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(SyncConfigError, match="attachments"):
        await run(FileServer(), tmp_path, attachments=wrong)


@pytest.mark.parametrize("form", ["jsonl", "parquet", "duckdb"])
@pytest.mark.parametrize("place", [".", "files", ".sync", "conversations", "link"])
async def test_a_folder_in_the_target_is_refused(form: str, place: str, tmp_path: Path) -> None:
    """A target swaps folders as a whole, and files in them would go with the older one."""
    sink = make_sink(form, tmp_path)
    target = Path(sink.where)
    if form == "duckdb":
        target = target.with_name(f".{target.name}.sync")
    (tmp_path / "link").symlink_to(target)
    folder = tmp_path / "link" if place == "link" else target / place
    server = FileServer()
    with pytest.raises(SyncConfigError, match="apart from the target"):
        await run(server, tmp_path, sink=sink, attachments=folder)

    assert not server.fetched
    assert names_in(tmp_path) == ["link"]


@pytest.mark.parametrize("form", ["jsonl", "parquet", "duckdb"])
async def test_a_folder_in_a_target_of_the_programs_folder_is_refused(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages call such a target by a path that does not begin at the root."""
    monkeypatch.chdir(tmp_path)
    sink = make_sink(form, Path())
    folder = Path(sink.where) / "files" if form != "duckdb" else Path(f".{sink.where}.sync")
    with pytest.raises(SyncConfigError, match="apart from the target"):
        await run(FileServer(), tmp_path, sink=sink, attachments=folder)

    assert names_in(tmp_path) == []


class OwnSink(JsonlSink):
    """A sink of somebody's own, which calls something else its path."""

    path: Any = "a text"

    @property
    def where(self) -> str:
        return str(self._path)


async def test_a_folder_in_the_target_of_a_sink_of_ones_own_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SyncConfigError, match="apart from the target"):
        await run(FileServer(), tmp_path, sink=OwnSink(tmp_path), attachments=tmp_path / "files")

    assert names_in(tmp_path) == []


@pytest.mark.parametrize("make", [JsonlSink, ParquetSink, DuckDBSink])
@pytest.mark.parametrize("part", HOLDERS.values())
@pytest.mark.parametrize("is_link", [False, True])
async def test_a_folder_whose_files_would_go_into_the_target_is_refused(
    make: type[JsonlSink | ParquetSink | DuckDBSink], part: str, tmp_path: Path, *, is_link: bool
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    target = tmp_path / "t" if is_link else folder / part
    if is_link:
        private = tmp_path / ".t.sync"
        (folder / part).symlink_to(private if make is DuckDBSink else target)
    before = everything_in(tmp_path)
    server = FileServer()
    with pytest.raises(SyncConfigError, match="apart from the target"):
        await run(server, tmp_path, sink=make(target))

    assert not server.fetched
    assert everything_in(tmp_path) == before


@pytest.mark.parametrize("make", [JsonlSink, ParquetSink, DuckDBSink])
async def test_the_root_of_a_disk_is_a_target_as_another(
    make: type[JsonlSink | ParquetSink | DuckDBSink], tmp_path: Path
) -> None:
    sink = make("/")
    assert not is_new(sink)
    with pytest.raises(SyncConfigError, match="apart from the target"):
        await run(FileServer(), tmp_path, sink=sink)


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file")
    with pytest.raises(TargetError, match="files"):
        await run(FileServer(), tmp_path)
