"""Whatever a library or the system raises, wherever a sink calls it: one typed error, no traceback.

The classes are found by walking the libraries' modules, and the calls by making them once: a new
class, or a new call, is tested without being named here.
"""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any, cast

import anyio
import msgspec
import pytest

from intercom_async.sync import TargetError
from intercom_async.sync.merging import digest_of
from intercom_async.sync.sinks.base import Sink, Table, call
from intercom_async.sync.sinks.disk import OS_DISK, Disk
from intercom_async.sync.sinks.entries import Entry, Gone, Put
from tests.support.failing_calls import (
    QUOTED,
    Failing,
    Plan,
    Point,
    doubled,
    instances,
)
from tests.support.thoroughness import IS_THOROUGH
from .machine.steps import Form
from .machine.targets import make_sink

pytestmark = pytest.mark.once
TABLES = [Table("contacts", "id"), Table("tags", "id")]
FORMS: tuple[Form, ...] = ("jsonl", "jsonl.zst", "parquet", "duckdb")
LIBRARIES: dict[Form, tuple[str, ...]] = {
    "jsonl": (),
    "jsonl.zst": ("pyarrow",),
    "parquet": ("pyarrow", "pyarrow.parquet"),
    "duckdb": ("duckdb",),
}
"""The modules of an extra that a sink calls."""
MODULES: dict[Form, str] = {
    "jsonl.zst": "jsonl",
    "parquet": "parquet",
    "objects": "parquet",
    "duckdb": "duckdb",
}
"""The module of `sync.sinks` that loads them."""

NO_VALUES = {
    *("OperationalError", "CatalogException", "DependencyException", "PermissionException"),
    "FatalException",
}
"""Classes of DuckDB whose words are told: they are about files, names and memory, not of rows."""


def put(table: str, key: str, **fields: Any) -> Put:
    body = msgspec.json.encode({"id": key, "email": QUOTED, **fields})
    return Put(table, key, "", body, 0, 1_700_000_000, digest_of(body))


def run(sink: Sink, plan: Plan, number: int, *more: Entry) -> None:
    """Do all that a sync asks of a sink."""
    anyio.run(partial(_phases, sink, plan, number, *more))


async def _phases(sink: Sink, plan: Plan, number: int, *more: Entry) -> None:
    state = b'{"run":%d}' % number

    def rows() -> None:
        for table in TABLES:
            assert all(row.key for row in sink.rows(table.name))

    async def phase(name: str, work: Callable[..., Any], *args: Any) -> None:
        plan.phase = name
        await call(sink, work, *args)

    try:
        await phase("open", lambda: sink.open(verify=number > 1))
        repaired = ["tags"] if number > 2 else []
        await phase("begin", lambda: sink.begin(TABLES, repaired=repaired))
        await phase("rows", rows)
        entries = [put("contacts", "1", run=number), put("tags", str(number)), *more]
        await phase("commit", sink.commit, entries, state)
        await phase("entries", lambda: list(sink.entries()))
        dropped = ["tags"] if number > 2 else []
        await phase("publish", lambda: sink.publish(state, dropped=dropped))
    finally:
        plan.phase = "close"
        await call(sink, sink.close)


def attempt(form: Form, folder: Path, plan: Plan, patch: pytest.MonkeyPatch) -> str:
    """Run with doubles before the libraries and the file system; return what it is refused with."""
    with patch.context() as context:
        if form in MODULES:
            doubled(context, MODULES[form], plan)
        disk = cast("Disk", Failing(OS_DISK, plan, "disk"))
        try:
            run(make_sink(form, folder, disk), plan, 3, Gone("contacts", "2", 1_700_000_100))
        except TargetError as error:
            shown = "".join(traceback.format_exception(error))
            return f"a value of a row is told: {shown}" if QUOTED in shown else str(error)
    return ""


def prepared(form: Form, folder: Path) -> Path:
    """Return a folder with a target of one generation and a commit on top of it."""
    folder.mkdir()
    run(make_sink(form, folder), Plan(), 1, put("contacts", "2"))
    sink = make_sink(form, folder)
    sink.open()
    sink.begin(TABLES)
    sink.commit([put("contacts", "3")], b'{"run":1.5}')
    sink.close()
    return folder


def kept(form: Form, folder: Path) -> list[str]:
    """Return the keys of all rows of a target."""
    sink = make_sink(form, folder)
    assert sink.open(verify=True).damaged == ()
    sink.begin(TABLES)
    keys = sorted(row.key for row in sink.rows("contacts"))
    sink.close()
    return keys


def errors_of(form: Form) -> list[Exception]:
    """Return an exception of each class that may be raised, and of each number of an `OSError`."""
    for name in (*LIBRARIES[form], "msgspec", "zlib"):
        pytest.importorskip(name)
    roots = {name.split(".")[0] for name in LIBRARIES[form]} | {"msgspec", "zlib"}
    return instances(roots, silent=NO_VALUES)


def jobs(form: Form, points: list[Point]) -> list[tuple[Point, Exception]]:
    """Pair points and errors so that each comes up: once, or each with each where time allows."""
    errors = errors_of(form)
    if IS_THOROUGH:
        return [(point, error) for point in points for error in errors]
    if form == "duckdb":
        # It takes 0.1 s to connect. The same journal as that of others is tested with those.
        errors = [error for error in errors if type(error).__module__ != "builtins"]
        points = [point for point in points if not point.call.startswith("disk")]
    count = max(len(points), len(errors))
    return list(islice(zip(cycle(points), cycle(errors), strict=False), count))


@pytest.mark.parametrize("form", FORMS)
def test_what_a_library_raises_is_a_typed_error_wherever_it_is_raised(
    form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = prepared(form, tmp_path / "original")
    calls = Plan()
    shutil.copytree(original, tmp_path / "calls")
    attempt(form, tmp_path / "calls", calls, monkeypatch)
    assert len(calls.points()) > 25
    refused = 0

    tried = jobs(form, calls.points())
    for number, (point, error) in enumerate(tried):
        folder = tmp_path / f"{number}"
        shutil.copytree(original, folder)
        plan = Plan(point, error)
        told = f"{point}, {error!r}"
        text = attempt(form, folder, plan, monkeypatch)

        assert plan.has_raised, told
        assert "\n" not in text, told
        assert str(folder) in text or not text, told
        refused += bool(text)
        if form != "duckdb" or number % 8 == 0:
            run(make_sink(form, folder), Plan(), 3)
            assert kept(form, folder) == ["1", "2", "3"], told
        shutil.rmtree(folder)
    # Files that fail to close, and calls whose failure the library hides, are no failures.
    assert refused > 0.8 * len(tried)
