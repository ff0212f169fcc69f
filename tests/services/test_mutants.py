"""Each defect that is put back breaks the promise in its own history, which the source keeps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.defects import MUTANTS
from tests.mutants.mutant import HISTORIES
from tests.sync.machine.search import broken, load


@pytest.mark.timeout(900)
def test_each_mutant_is_found_by_its_history() -> None:
    pytest.importorskip("duckdb")
    command = [sys.executable, "-m", "tests.mutants", "--kept"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)

    rows = [line.split(" | ") for line in run.stdout.splitlines()[2:]]
    assert [row[0].removeprefix("| ") for row in rows if row[1] != "kept"] == []
    assert len(rows) == sum(one.path.exists() for one in MUTANTS), run.stderr[-2_000:]


@pytest.mark.timeout(900)
def test_each_ordinary_test_fails_under_its_mutant() -> None:
    command = [sys.executable, "-m", "tests.mutants", "--tests"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)

    rows = [line.split(" | ") for line in run.stdout.splitlines()[2:]]
    assert [row[0].removeprefix("| ") for row in rows if row[1] != "test"] == []
    assert len(rows) == sum(bool(one.test) for one in MUTANTS), run.stderr[-2_000:]


@pytest.mark.timeout(900)
def test_the_present_source_keeps_the_promise_in_each(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    for path in sorted(HISTORIES.glob("*.json")):
        assert broken(load(path), tmp_path / "history") == (), path.stem
