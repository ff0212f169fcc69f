"""A crash at every operation of the disk leaves one whole generation and all that was committed."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from intercom_async.sync import DuckDBSink, JsonlSink, ParquetSink, TargetError
from intercom_async.sync.sinks.base import Table
from intercom_async.sync.sinks.entries import Entry, Gone, Put
from .machine.crashing_disk import CrashingDisk, Keeping, Killed
from .machine.crashing_objects import CrashingObjects
from .machine.steps import Form
from .machine.targets import read

pytestmark = pytest.mark.once
TABLES = (Table("contacts", "id", version_field="updated_at"), Table("tags", "id"))
NAMES = tuple(table.name for table in TABLES)
FORMS: tuple[Form, ...] = ("jsonl", "jsonl.zst", "parquet", "objects")
STRIDE = {"jsonl": 4, "jsonl.zst": 8, "parquet": 23, "objects": 3}
"""Every so many operations, each beginning elsewhere; 1 tries them all, and takes minutes."""
KEEPING: tuple[Keeping, ...] = get_args(Keeping)

Crashing = CrashingDisk | CrashingObjects
FileSink = DuckDBSink | JsonlSink | ParquetSink

Target = dict[str, str]
"""Marks of live rows, by stream and key."""


def put(table: str, key: int, mark: str, version: int) -> Put:
    body = msgspec.json.encode({"id": str(key), "name": mark, "updated_at": version})
    digest = hash((table, key, mark)) & (2**63 - 1) or 1
    return Put(table, str(key), "", body, version, 100 + version, digest)


def steps() -> Iterator[tuple[str, list[Entry], Target]]:
    """Give what a sync does: its state, what it commits or nothing to publish, and the target."""
    target: Target = {}
    for generation in range(3):
        for part in range(2):
            entries: list[Entry] = [
                put("contacts", key, f"g{generation}p{part}", 10 * generation + part + 1)
                for key in range(part, 4 + generation)
            ]
            target |= {f"contacts {one.key}": f"g{generation}p{part}" for one in entries}  # type: ignore[union-attr]
            if part:
                entries.append(put("tags", generation, f"t{generation}", 0))
                target[f"tags {generation}"] = f"t{generation}"
            if generation and part:
                entries.append(Gone("contacts", str(generation), 900 + generation))
                del target[f"contacts {generation}"]
            yield f"g{generation}p{part}", entries, dict(target)
        yield f"g{generation}", [], dict(target)


STEPS = tuple(steps())


def crashing(form: Form, folder: Path, keeping: Keeping = "none", **at: int) -> Crashing:
    """Return a file system, or object storage, that fails at an operation."""
    if form == "objects":
        return CrashingObjects(folder / "target", keeping=keeping, **at)
    return CrashingDisk(folder, **at)


def make(form: Form, folder: Path, disk: Crashing) -> FileSink:
    if isinstance(disk, CrashingObjects):
        return ParquetSink(disk, inline=True)
    if form == "duckdb":
        return DuckDBSink(folder / "target.duckdb", disk=disk, inline=True)
    if form == "parquet":
        return ParquetSink(folder / "target", disk=disk, inline=True)
    compression = "zstd" if form == "jsonl.zst" else None
    return JsonlSink(folder / "target", compression=compression, disk=disk, inline=True)


class Progress:
    """How far a sync came: its last commit, and the last target that readers were given."""

    def __init__(self) -> None:
        self.committed = -1
        """Step whose commit or publication returned."""
        self.begun = -1
        """Step that was begun."""


def work(make_sink: Callable[[], FileSink], progress: Progress) -> None:
    """Sync until all steps are done: each run goes on behind the target's state and publishes."""
    while progress.committed < len(STEPS) - 1:
        sink = make_sink()
        try:
            _run(sink, progress)
        finally:
            sink.close()


def _run(sink: FileSink, progress: Progress) -> None:
    opened, done = sink.open(), -1
    if opened.state is not None:
        done = [name for name, _, _ in STEPS].index(msgspec.json.decode(opened.state))
    progress.committed = max(progress.committed, done)
    assert opened.damaged == ()
    sink.begin(TABLES)
    for place, (name, entries, _) in enumerate(STEPS):
        if place <= done:
            continue
        progress.begun = place
        state = msgspec.json.encode(name)
        if entries:
            sink.commit(entries, state)
            progress.committed = place
        else:
            sink.publish(state)
            progress.committed = place
            return


def seen(form: Form, folder: Path) -> Target:
    return {
        f"{stream} {one.key}": one.record["name"]
        for stream, records in read(form, folder, NAMES).items()
        for one in records
        if one.is_live
    }


GENERATIONS: list[Target] = [{}, *(target for _, entries, target in STEPS if not entries)]


def published(place: int) -> int:
    """Return how many generations were published up to a step."""
    return sum(1 for _, entries, _ in STEPS[: place + 1] if not entries)


def operations(form: Form, folder: Path) -> int:
    disk = crashing(form, folder)
    work(lambda: make(form, folder, disk), Progress())
    assert seen(form, folder) == GENERATIONS[-1]
    return disk.operations


def finish(form: Form, folder: Path) -> None:
    work(lambda: make(form, folder, crashing(form, folder)), Progress())


def interrupted(form: Form, folder: Path, disk: Crashing, wanted: type[BaseException]) -> Progress:
    progress = Progress()
    with pytest.raises(wanted):
        work(lambda: make(form, folder, disk), progress)
    return progress


@pytest.mark.parametrize("keeping", KEEPING)
@pytest.mark.parametrize("form", FORMS)
def test_a_crash_leaves_a_whole_generation_and_every_commit(
    form: Form, keeping: Keeping, tmp_path: Path
) -> None:
    (tmp_path / "whole").mkdir()
    count = operations(form, tmp_path / "whole")
    assert count > 20
    for number in range(1 + KEEPING.index(keeping), count + 1, STRIDE[form]):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        disk = crashing(form, folder, keeping, kill_at=number)

        progress = interrupted(form, folder, disk, Killed)
        disk.crash(keeping, random.Random(number))

        told = f"operation {number}, step {progress.begun}"
        shown = seen(form, folder)
        if form == "parquet" and not shown:
            # Its folders are swapped by two renames: a reader may find nothing in between.
            assert published(progress.begun) > 0 or shown == GENERATIONS[0], told
        else:
            whole = {published(progress.committed), published(progress.begun)}
            assert by_stream(shown) <= {
                (stream, frozenset(rows))
                for one in whole
                for stream, rows in by_stream(GENERATIONS[one])
            } | {(name, frozenset[Any]()) for name in NAMES}, told
        if progress.committed >= 0:
            sink = make(form, folder, crashing(form, folder))
            state = sink.open().state
            sink.close()
            assert state is not None, told
            kept = [name for name, _, _ in STEPS].index(msgspec.json.decode(state))
            assert kept in (progress.committed, progress.begun), told
        finish(form, folder)
        assert seen(form, folder) == GENERATIONS[-1], told


def by_stream(target: Target) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """Return the rows of each stream: each of these must be of one generation."""
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in NAMES}
    for key, mark in target.items():
        found[key.partition(" ")[0]].add((key, mark))
    return {(stream, frozenset(rows)) for stream, rows in found.items()}


@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_loses_nothing_that_was_committed(form: Form, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    count = operations(form, tmp_path / "whole")
    hit = 0
    for number in range(1, count + 1, STRIDE[form]):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        disk = crashing(form, folder, full_at=number)
        progress = Progress()
        try:
            work(partial(make, form, folder, disk), progress)
        except TargetError:
            hit += 1

        before = GENERATIONS[published(progress.committed)]
        assert seen(form, folder) in (before, GENERATIONS[published(progress.begun)])
        finish(form, folder)
        assert seen(form, folder) == GENERATIONS[-1]
    assert hit > 3


class Watched:
    """A connection of DuckDB that tells of each statement when it has run."""

    def __init__(self, connection: Any, tell: Callable[[], None]) -> None:
        self._connection = connection
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if not callable(found):
            return found

        def call(*args: Any, **options: Any) -> Any:
            answer = found(*args, **options)
            self._tell()
            return self if answer is self._connection else answer

        return call


def test_every_copy_of_a_database_under_way_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    duckdb = pytest.importorskip("duckdb")
    connect, original = duckdb.connect, tmp_path / "original"
    original.mkdir()
    progress = Progress()
    copies: list[tuple[Path, int, int]] = []
    contents: set[bytes] = set()

    def copy() -> None:
        files = [one for one in original.rglob("*") if one.is_file()]
        content = b"".join(one.name.encode() + one.read_bytes() for one in sorted(files))
        if content in contents:
            return
        contents.add(content)
        folder = tmp_path / f"copy{len(copies)}"
        shutil.copytree(original, folder)
        copies.append((folder, progress.committed, progress.begun))

    def watched(*args: Any, **options: Any) -> Watched:
        return Watched(connect(*args, **options), copy)

    with monkeypatch.context() as patch:
        patch.setattr(duckdb, "connect", watched)
        work(lambda: make("duckdb", original, CrashingDisk(original)), progress)

    assert len(copies) > 10
    for folder, committed, begun in copies:
        shown = seen("duckdb", folder)
        assert shown in (GENERATIONS[published(committed)], GENERATIONS[published(begun)])
        finish("duckdb", folder)
        assert seen("duckdb", folder) == GENERATIONS[-1]
