"""The file of rejected rows takes the place of nothing that is nowhere else."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.importing import simulated, write_csv
from .conftest import Run

pytestmark = pytest.mark.anyio

ROWS = [{"email": "a@example.com", "name": "Ann"}, {"email": "", "name": "Bob"}]
REJECTED = "email,name,_error\r\n,Bob,the row has no email\r\n"


def contents(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


def _link(path: Path) -> None:
    path.symlink_to("people.csv")


def _hard_link(path: Path) -> None:
    os.link(path.parent / "people.csv", path)


def _text(text: str | bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    return write


AT_THE_PATH: dict[str, tuple[str | None, Callable[[Path], None], str]] = {
    "the input": ("people.csv", lambda _: None, "is the file to import"),
    "the input, by another path": ("../{}/people.csv", lambda _: None, "is the file to import"),
    "a link to the input": ("link.csv", _link, "is the file to import"),
    "a hard link to the input": ("link.csv", _hard_link, "is the file to import"),
    "the position": ("people.csv.import.json", lambda _: None, "where import records"),
    "notes": ("keep.txt", _text("buy milk\n"), "is not a file of rejected rows"),
    "bytes": ("keep.txt", _text(b"\xff\0"), "is not a file of"),
    "JSON lines": ("keep.jsonl", _text('{"email": "", "name": "Bob"}\n'), "is not a file of"),
    "a table": (None, _text("email,name\r\n,Bob\r\n"), "is not a file of rejected rows"),
    "a broken table": (None, _text("email,_error\r\n,Bob,x\r\n"), "is not a file of"),
    "corrected rows": (None, _text(REJECTED.replace(",Bob", "b@example.com,Bob")), "corrected"),
    "rows of another file": (None, _text(REJECTED + ",Cleo,no email\r\n"), "corrected"),
    "corrected JSON lines": (
        "keep.jsonl",
        _text('{"email": "b@example.com", "name": "Bob", "_error": "the row has no email"}\n'),
        "corrected",
    ),
}


@pytest.mark.parametrize("case", AT_THE_PATH)
@pytest.mark.parametrize(
    ("rows", "option"),
    [(ROWS, ()), (ROWS[:1], ()), (ROWS, ("--dry-run",))],
    ids=["rejecting", "clean", "dry"],
)
async def test_what_no_import_wrote_is_left_as_it_is(
    run_here: Run, tmp_path: Path, case: str, rows: list[dict[str, str]], option: tuple[str, ...]
) -> None:
    name, make, said = AT_THE_PATH[case]
    write_csv(tmp_path / "people.csv", rows)
    make(tmp_path / (name or "people.rejected.csv").format(tmp_path.name))
    before = contents(tmp_path)
    given = () if name is None else ("--rejected", name.format(tmp_path.name))
    async with simulated() as (simulator, environment):
        people = simulator.call("GET", "/contacts")["total_count"]
        done = await run_here(
            "import", "contacts", "people.csv", *given, *option, environment=environment
        )
        assert simulator.call("GET", "/contacts")["total_count"] == people

    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1), done.stderr
    assert said in done.stderr.decode()
    assert "--rejected" in done.stderr.decode()
    assert contents(tmp_path) == before


async def test_rejected_rows_that_the_file_still_has_are_written_again(
    run_here: Run, tmp_path: Path
) -> None:
    rejected = tmp_path / "people.rejected.csv"
    write_csv(tmp_path / "people.csv", ROWS)
    async with simulated() as (_, environment):
        for _run in range(2):
            done = await run_here("import", "contacts", "people.csv", environment=environment)
            assert done.returncode == 3, done.stderr
            assert rejected.read_bytes() == REJECTED.encode()
        # A file that a script made for them, and has none yet.
        rejected.write_bytes(b"")
        done = await run_here("import", "contacts", "people.csv", environment=environment)
        assert (done.returncode, rejected.read_bytes()) == (3, REJECTED.encode())
        # A file without rows has nothing to lose, and a clean import leaves none.
        rejected.write_text("email,name,_error\r\n", newline="")
        write_csv(tmp_path / "people.csv", ROWS[:1])
        done = await run_here("import", "contacts", "people.csv", environment=environment)

    assert (done.returncode, done.stderr) == (0, b"")
    assert not rejected.exists()


async def test_csv_is_no_place_for_rows_of_json(run_here: Run, tmp_path: Path) -> None:
    (tmp_path / "people.jsonl").write_text('{"email": ""}\n{"name": "no key"}\n')
    async with simulated() as (_, environment):
        done = await run_here(
            *("import", "contacts", "people.jsonl", "--rejected", "people.csv"),
            environment=environment,
        )
    assert done.returncode == 2
    assert b"name a .jsonl file" in done.stderr


def _resumable(folder: Path, rows: int) -> None:
    """Leave what an import that was interrupted leaves."""
    found = (folder / "people.csv").stat()
    state = {"size": found.st_size, "changed_at": found.st_mtime, "rows": rows}
    (folder / "people.csv.import.json").write_text(json.dumps(state))


async def test_a_resumed_import_adds_to_the_rejected_rows_and_counts_them(
    run_here: Run, tmp_path: Path
) -> None:
    write_csv(tmp_path / "people.csv", [*ROWS, {"email": "", "name": "Cleo"}])
    _resumable(tmp_path, 2)
    # As a spreadsheet saves it: other marks, another order, corrected, and no last line break.
    rejected = tmp_path / "people.rejected.csv"
    rejected.write_text("_error;name;email\nthe row has no email;Bob;b@example.com", newline="")
    async with simulated() as (_, environment):
        done = await run_here("import", "contacts", "people.csv", environment=environment)

    assert done.returncode == 3
    assert b"1 row was rejected in this run; people.rejected.csv has 2" in done.stderr
    rows = list(csv.DictReader(rejected.read_text().splitlines(), delimiter=";"))
    assert [(row["name"], row["email"]) for row in rows] == [("Bob", "b@example.com"), ("Cleo", "")]


async def test_a_resumed_import_ends_with_3_for_what_was_rejected_before(
    run_here: Run, tmp_path: Path
) -> None:
    write_csv(tmp_path / "people.csv", [ROWS[1], ROWS[0]])
    _resumable(tmp_path, 1)
    (tmp_path / "people.rejected.csv").write_text(REJECTED, newline="")
    async with simulated() as (_, environment):
        done = await run_here("import", "contacts", "people.csv", environment=environment)

    assert done.returncode == 3
    assert b"0 rows were rejected in this run; people.rejected.csv has 1" in done.stderr
    shown = json.loads(done.stdout)
    assert (shown["rejected"], shown["rejected_file"]) == (0, "people.rejected.csv")


@pytest.mark.parametrize("text", ["email,name\r\n", "email,_error\r\nx,y\r\n"])
async def test_a_resumed_import_adds_rows_to_no_other_file(
    run_here: Run, tmp_path: Path, text: str
) -> None:
    write_csv(tmp_path / "people.csv", ROWS)
    _resumable(tmp_path, 1)
    (tmp_path / "people.rejected.csv").write_text(text, newline="")
    before = contents(tmp_path)
    async with simulated() as (_, environment):
        done = await run_here("import", "contacts", "people.csv", environment=environment)

    assert done.returncode == 2
    assert b"--rejected" in done.stderr
    assert contents(tmp_path) == before
