"""Failures that users of other connectors met, and that no other file of tests is about."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.simulator.virtual_loop import run_virtual
from intercom_async.sync import BusyTargetError, JsonlSink, Report, Sink, sync
from intercom_async.transport import MemoryTransport
from tests.mutants.defects import MUTANTS
from .conftest import make_sink
from .machine.history import play
from .machine.steps import Change, Failure, Form, History, Run, Settings
from .machine.targets import read

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("form", ["jsonl", "jsonl.zst", "parquet", "duckdb", "objects"])
def test_a_byte_that_is_not_utf_8_makes_no_file_that_nobody_can_read(
    form: Form, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow")
    sent = Run(failures=(Failure("utf8", "/contacts/search", times=0),))
    steps = (Change("create", count=4), sent, Change("create", count=2), sent)

    story = play(History(steps, Settings(form=form, streams=("contacts",))), tmp_path / "history")

    assert story.broken == []
    assert len(read(form, tmp_path / "history", ("contacts",))["contacts"]) == 6


@pytest.mark.parametrize("form", ["jsonl", "duckdb", "parquet"])
async def test_a_stream_without_rows_has_its_columns(form: str, tmp_path: Path) -> None:
    async with (
        Simulator(contacts=0, conversations=0, companies=0, tickets=0) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as client,
    ):
        await sync(client, ["contacts"], sink=make_sink(form, tmp_path))

    if form == "jsonl":
        assert (tmp_path / "target" / "contacts.jsonl").read_bytes() == b""
        return
    assert {"id", "email", "created_at", "_synced_at", "_deleted_at"} <= columns(form, tmp_path)


def columns(form: str, folder: Path) -> set[str]:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(str(folder / "target.duckdb") if form == "duckdb" else ":memory:") as open_:
        rows = "contacts" if form == "duckdb" else f"'{folder}/target/contacts/*.parquet'"
        return {str(row[0]) for row in open_.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()}  # noqa: S608


def test_a_target_that_another_sync_holds_is_waited_for(tmp_path: Path) -> None:
    first = make_sink("jsonl", tmp_path)
    first.open()

    async def wait() -> Report:
        simulator = Simulator(contacts=0, conversations=0, companies=0, tickets=0)
        transport = MemoryTransport(simulator.answer)
        async with Intercom(simulator.token, transport=transport) as client:
            with pytest.raises(BusyTargetError):
                await sync(client, ["tags"], sink=sink(), wait_s=60)
            asyncio.get_running_loop().call_later(60, first.close)
            return await sync(client, ["tags"], sink=sink(), wait_s=120)

    def sink() -> Sink:
        return JsonlSink(tmp_path / "target", inline=True)

    assert run_virtual(wait()).is_complete


README = Path(__file__).with_name("README.md")
NAMES = {one.name for one in MUTANTS}
SHOWN = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]


def places(name: str) -> tuple[Path, Path]:
    """Return where a file of tests may be: beside the table, or as the repository names it."""
    return README.parent / name, README.parents[2] / name


@pytest.mark.parametrize("line", SHOWN[1:], ids=[line.split("|")[1].strip() for line in SHOWN[1:]])
def test_what_the_table_names_is_there(line: str) -> None:
    shown = line.split("|")[2]
    names = re.findall(r"[\w./]*test_\w+\.py", shown)
    files = [next(path for path in places(name) if path.exists()) for name in names]
    texts = "".join(path.read_text(encoding="utf-8") for path in files)
    named = re.findall(r"\btest_\w+\b(?!\.py)", shown)
    mutants = re.findall(r"mutants? ((?:`\w+`(?:, )?)+)", shown)
    histories = re.findall(r"(?<![\w-])[a-z]+(?:-[a-z]+)+", shown)

    assert [name for name in named if f"def {name}(" not in texts] == []
    assert {name for some in mutants for name in re.findall(r"\w+", some)} <= NAMES
    assert {*histories} <= {path.stem for path in (README.parent / "histories").iterdir()}
