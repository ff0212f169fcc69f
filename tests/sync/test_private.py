"""Rows are personal data: whatever the umask, nobody but their owner can read what a sync makes."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from intercom_async.sync.sinks.disk import OS_DISK, Disk
from intercom_async.sync.sinks.object_store import ObjectStore
from tests.support.failing_calls import Failing, Plan, doubled
from tests.support.file_server import FileServer
from tests.support.folder_objects import FolderObjects
from tests.support.virtual_time import run_virtual
from .machine.steps import Form
from .machine.targets import make_sink
from .test_library_errors import FORMS, MODULES, put, run
from .test_stops_anywhere import Steps, run as run_with_files

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")


@pytest.fixture(autouse=True)
def careless_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def looked_at(folder: Path) -> dict[str, str]:
    """Return the names of all that is in a folder, each with what is wrong with its mode."""
    names: dict[str, str] = {}
    for path in folder.rglob("*"):
        try:
            mode = stat.S_IMODE(path.lstat().st_mode)
        except FileNotFoundError:
            continue
        # DuckDB makes this one as it likes, in a folder that nobody else can enter.
        is_private = path.name == "new.duckdb" or mode == (0o700 if path.is_dir() else 0o600)
        names[path.name] = "" if is_private else oct(mode)
    return names


class Watching(Plan):
    """Looks at a folder before each call."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.names: dict[str, str] = {}
        self.wrong: set[tuple[str, str]] = set()

    def step(self, call: str) -> None:
        super().step(call)
        self.names |= (found := looked_at(self._folder))
        self.wrong |= {(name, mode) for name, mode in found.items() if mode}


@pytest.mark.parametrize("form", [*FORMS, "objects"])
def test_what_a_sink_makes_is_private_at_each_moment(
    form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, storage = tmp_path / "seen", tmp_path / "storage"
    seen.mkdir(0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(seen))
    plan = Watching(seen)
    with monkeypatch.context() as patch:
        if form in MODULES:
            doubled(patch, MODULES[form], plan)
        for number in (1, 2):
            disk = cast("Disk", Failing(OS_DISK, plan, "disk"))
            objects = cast("ObjectStore", Failing(FolderObjects(storage), plan, "objects"))
            sink = make_sink(form, seen, disk, objects)
            run(sink, plan, number, put("contacts", str(number)))
    plan.step("the last")
    assert plan.wrong == set()
    assert len(plan.names) > (2 if form == "objects" else 5)
    assert form != "duckdb" or "target.duckdb.wal" in plan.names


def test_files_of_conversations_are_private(tmp_path: Path) -> None:
    report = run_virtual(run_with_files(FileServer(), tmp_path, Steps()))
    assert report.is_complete
    found = looked_at(tmp_path)
    assert "index.jsonl" in found
    assert {name: mode for name, mode in found.items() if mode} == {}
