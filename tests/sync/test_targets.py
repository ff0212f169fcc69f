"""A target that cannot be used is said so in one line, and nothing of it is changed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.sync import DuckDBSink, JsonlSink, ParquetSink, TargetError, sync
from tests.support.small_disk import small_disk_in
from .conftest import CONTACTS, make_sink, once, read_target, target_in

pytestmark = pytest.mark.anyio
FORMS = ("jsonl", "duckdb", "parquet")
NAMES = ["tags", "contacts"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_in(tmp_path, "1m") as folder:
        yield folder


def everything_in(folder: Path) -> set[Path]:
    return set(folder.iterdir())


def one_line(error: pytest.ExceptionInfo[TargetError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("form", FORMS)
async def test_a_folder_that_is_not_there(form: str, intercom: Intercom, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="is not there") as error:
        await sync(intercom, NAMES, sink=make_sink(form, tmp_path / "nowhere"))

    assert "nowhere" in one_line(error)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("form", FORMS)
async def test_somebody_elses_files(form: str, intercom: Intercom, tmp_path: Path) -> None:
    if form == "duckdb":
        path = tmp_path / "target.duckdb"
        path.write_text("dear diary")
    else:
        path = tmp_path / "target"
        path.mkdir()
        (path / "diary.txt").write_text("dear diary")

    with pytest.raises(TargetError) as error:
        await sync(intercom, NAMES, sink=make_sink(form, tmp_path))

    assert str(path) in one_line(error)
    assert "committed" not in one_line(error)
    text = path if path.is_file() else path / "diary.txt"
    assert text.read_text() == "dear diary"


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
async def test_what_a_kill_before_the_first_commit_leaves(
    form: str, intercom: Intercom, tmp_path: Path
) -> None:
    folder = tmp_path / "target"
    (folder / "tags").mkdir(parents=True)
    if form == "jsonl":
        (folder / "tags").rmdir()
    (folder / "sync-state.json.new").write_bytes(b"{")
    report = await sync(intercom, ["tags"], sink=make_sink(form, tmp_path))
    assert report.is_complete


async def test_a_file_where_a_folder_should_be(intercom: Intercom, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("x")

    with pytest.raises(TargetError, match="is a file"):
        await sync(intercom, NAMES, sink=JsonlSink(tmp_path / "target"))
    with pytest.raises(TargetError, match="is a folder"):
        await sync(intercom, NAMES, sink=DuckDBSink(tmp_path))


async def test_a_database_with_tables_of_its_own(intercom: Intercom, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(str(tmp_path / "target.duckdb")) as connection:
        connection.execute("CREATE TABLE contacts AS SELECT 1 AS mine")

    with pytest.raises(TargetError, match="tables of its own named contacts"):
        await sync(intercom, NAMES, sink=make_sink("duckdb", tmp_path))

    with duckdb.connect(str(tmp_path / "target.duckdb")) as connection:
        assert connection.execute("SELECT mine FROM contacts").fetchall() == [(1,)]


@pytest.mark.parametrize("form", [*FORMS, "objects"])
async def test_the_target_of_another_workspace(
    form: str, intercom: Intercom, tmp_path: Path
) -> None:
    await sync(intercom, NAMES, sink=make_sink(form, tmp_path))
    before = read_target(form, tmp_path, "contacts")

    async with (
        Simulator(contacts=3, seed=99) as other,
        Intercom(other.token, base_url=other.url) as client,
    ):
        with pytest.raises(TargetError, match="the token is of") as error:
            await sync(client, NAMES, sink=make_sink(form, tmp_path))

    assert "holds workspace" in one_line(error)
    assert read_target(form, tmp_path, "contacts") == before


@pytest.mark.parametrize("form", [*FORMS, "objects"])
async def test_streams_are_added_and_left_out(
    form: str, intercom: Intercom, tmp_path: Path
) -> None:
    await sync(intercom, NAMES, sink=make_sink(form, tmp_path))

    report = await sync(intercom, ["tags", "teams"], sink=make_sink(form, tmp_path))

    assert report.is_complete
    assert [stream.name for stream in report.streams] == ["tags", "teams"]
    assert len(once(read_target(form, tmp_path, "contacts"))) == CONTACTS
    assert once(read_target(form, tmp_path, "teams"))


async def test_a_target_of_another_format(
    intercom: Intercom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named as it is seen from the program's folder."""
    monkeypatch.chdir(tmp_path)
    await sync(intercom, NAMES, sink=make_sink("jsonl", tmp_path))

    with pytest.raises(TargetError, match=r"^[a-z]+ holds jsonl, not parquet: run with --form"):
        await sync(intercom, NAMES, sink=make_sink("parquet", tmp_path))


@pytest.mark.parametrize(
    "damage", [b"", b"{", b'{"format_of_rows":"jsonl","sync":{"format":1}}', b"\xff\xfe"]
)
async def test_a_state_that_is_damaged(damage: bytes, intercom: Intercom, tmp_path: Path) -> None:
    await sync(intercom, NAMES, sink=make_sink("jsonl", tmp_path))
    state = tmp_path / "target" / "sync-state.json"
    state.write_bytes(damage)
    lines = (tmp_path / "target" / "contacts.jsonl").read_bytes()

    with pytest.raises(TargetError, match="damaged") as error:
        await sync(intercom, NAMES, sink=make_sink("jsonl", tmp_path))

    one_line(error)
    assert state.read_bytes() == damage
    assert (tmp_path / "target" / "contacts.jsonl").read_bytes() == lines


async def test_a_state_of_a_later_version(intercom: Intercom, tmp_path: Path) -> None:
    await sync(intercom, NAMES, sink=make_sink("jsonl", tmp_path))
    state = tmp_path / "target" / "sync-state.json"
    state.write_text(state.read_text().replace('"format": 2', '"format": 9'))

    with pytest.raises(TargetError, match="format 9, this version reads 2"):
        await sync(intercom, NAMES, sink=make_sink("jsonl", tmp_path))


async def test_a_target_that_is_being_written_to(intercom: Intercom, tmp_path: Path) -> None:
    first = make_sink("jsonl", tmp_path)
    first.open()
    try:
        with pytest.raises(TargetError, match="another sync"):
            await sync(intercom, NAMES, sink=make_sink("jsonl", tmp_path))
    finally:
        first.close()


@pytest.mark.parametrize("form", FORMS)
async def test_a_full_disk(form: str, intercom: Intercom, small_disk: Path) -> None:
    with pytest.raises(TargetError) as error:
        await sync(intercom, NAMES, sink=make_sink(form, small_disk))

    text = one_line(error)
    assert "space" in text.lower()
    await anyio.run_process(["mount", "-o", "remount,size=400m", str(small_disk)])
    report = await sync(intercom, NAMES, sink=make_sink(form, small_disk))
    assert report.is_complete
    assert len(once(read_target(form, small_disk, "contacts"))) == CONTACTS


@pytest.mark.parametrize(
    ("make", "extra"),
    [("DuckDBSink('x')", "duckdb"), ("ParquetSink('x')", "parquet"),
     ("JsonlSink('x', compression='zstd')", "parquet")],
)  # fmt: skip
def test_a_sink_whose_extra_is_missing(make: str, extra: str) -> None:
    code = (
        "import sys; sys.modules.update(duckdb=None, pyarrow=None)\n"
        f"from intercom_async.sync import *\ntry: {make}\n"
        "except TargetError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip().endswith(f"pip install 'intercom-async[{extra}]'")
    assert len(done.stdout.splitlines()) == 1


def test_no_extra_is_loaded_before_a_sink_needs_it() -> None:
    code = "import sys, intercom_async.sync; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert not {"duckdb", "pyarrow"} & {name.split(".")[0] for name in done.stdout.split()}
    assert ParquetSink.__module__.endswith("parquet")


@pytest.mark.parametrize("form", FORMS)
async def test_a_link_stays_a_link(form: str, intercom: Intercom, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = target_in(form, tmp_path)
    link.symlink_to(elsewhere / link.name)
    if form != "duckdb":
        (elsewhere / link.name).mkdir()

    for _ in range(2):
        assert (await sync(intercom, ["tags"], sink=make_sink(form, tmp_path))).is_complete

    assert link.is_symlink()
    assert everything_in(tmp_path) == {link, elsewhere}
    assert once(read_target(form, elsewhere, "tags"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("to", ["nowhere/target", ""])
async def test_a_link_that_leads_nowhere(
    to: str, form: str, intercom: Intercom, tmp_path: Path
) -> None:
    link = target_in(form, tmp_path)
    link.symlink_to(to or link.name)

    with pytest.raises(TargetError, match=r"is not there|correct|move away") as error:
        await sync(intercom, ["tags"], sink=make_sink(form, tmp_path))

    assert link.name in one_line(error) or "nowhere" in one_line(error)
    assert link.is_symlink()


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
async def test_a_target_that_is_neither_file_nor_folder(
    form: str, intercom: Intercom, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "target")
    with pytest.raises(TargetError, match="is a pipe or a device"):
        await sync(intercom, ["tags"], sink=make_sink(form, tmp_path))


@pytest.mark.parametrize("form", FORMS)
async def test_a_program_that_changes_its_folder(
    form: str, intercom: Intercom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    sink = make_sink(form, Path())
    monkeypatch.chdir(tmp_path)

    assert (await sync(intercom, ["tags"], sink=sink)).is_complete
    assert read_target(form, tmp_path / "here", "tags")
    assert everything_in(tmp_path) == {tmp_path / "here"}


async def test_a_pipe_is_no_database(intercom: Intercom, tmp_path: Path) -> None:
    """DuckDB would wait for somebody to write into it."""
    os.mkfifo(tmp_path / "target.duckdb")

    with pytest.raises(TargetError, match="is a pipe or a device"):
        await sync(intercom, NAMES, sink=make_sink("duckdb", tmp_path))
