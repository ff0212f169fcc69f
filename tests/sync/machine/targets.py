"""Reads a target as somebody would who was given it: by DuckDB, not by the sync's own reader."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from intercom_async.sync import (
    DuckDBSink,
    JsonlSink,
    ParquetSink,
    Sink,
    TargetError,
    published_files,
)
from intercom_async.sync.sinks.disk import OS_DISK, Disk
from intercom_async.sync.sinks.object_store import ObjectStore
from tests.support.folder_objects import FolderObjects
from . import postgres
from .crashing_disk import CrashingDisk
from .steps import Form


@dataclass(slots=True)
class Record:
    """One row of a target."""

    key: str
    record: dict[str, Any]
    is_live: bool
    synced_at: Any = None
    columns: dict[str, tuple[Any, str]] = field(default_factory=dict[str, tuple[Any, str]])
    """By the name of each column what it holds and its type; of formats that have columns."""


Rows = dict[str, list[Record]]


def make_sink(
    form: Form, folder: Path, disk: Disk = OS_DISK, objects: ObjectStore | None = None
) -> Sink:
    """Return the sink of a history, which works in the loop's own thread."""
    if form == "postgres":
        counting = disk if isinstance(disk, CrashingDisk) else CrashingDisk(folder)
        return postgres.CrashingPostgres(counting)
    if form == "objects":
        return ParquetSink(objects or FolderObjects(folder / "target"), inline=True)
    if form == "duckdb":
        return DuckDBSink(folder / "target.duckdb", disk=disk, inline=True)
    if form == "parquet":
        return ParquetSink(folder / "target", disk=disk, inline=True)
    compression = "zstd" if form == "jsonl.zst" else None
    return JsonlSink(folder / "target", compression=compression, disk=disk, inline=True)


@cache
def _memory() -> Any:
    connection = duckdb.connect(":memory:")
    connection.execute("SET threads = 1")
    return connection


def read(form: Form, folder: Path, streams: Iterable[str]) -> Rows:
    """Return the rows of each stream that the target has."""
    if form == "duckdb":
        return _read_database(folder / "target.duckdb", streams)
    if form == "postgres":
        return {
            name: [Record(str(key), raw, gone is None, at) for key, raw, at, gone in rows]
            for name, rows in postgres.read(streams)
        }
    if form == "objects":
        return _read_objects(FolderObjects(folder / "target"), streams)
    if form == "parquet":
        return _read_parquet(folder / "target", streams)
    return _read_lines(form, folder / "target", streams)


def _read_lines(form: Form, target: Path, streams: Iterable[str]) -> Rows:
    paths = {str(target / f"{name}.{form}"): name for name in streams}
    found: Rows = {
        name: [] for name, path in zip(paths.values(), paths, strict=True) if Path(path).exists()
    }
    full = [path for path in paths if Path(path).exists() and Path(path).stat().st_size]
    if not full:
        return found
    # The timestamps stay text: what a type would hide is to be seen.
    rows = _memory().execute(
        "SELECT filename, json FROM read_ndjson_objects($1, filename = true)", [full]
    )
    for path, line in rows.fetchall():
        found[paths[path]].append(_record(msgspec.json.decode(line)))
    return found


def _record(row: dict[str, Any]) -> Record:
    return Record(str(row["id"]), row, row.get("_deleted_at") is None, row.get("_synced_at"))


def _read_database(path: Path, streams: Iterable[str]) -> Rows:
    if not path.exists():
        return {}
    # A database of its own would take 30 ms to begin.
    connection = _memory()
    connection.execute(f"ATTACH '{path}' AS target (READ_ONLY)")
    try:
        tables = connection.execute("SHOW TABLES FROM target").fetchall()
        names = {row[0] for row in tables}
        return {
            name: _table(connection.table(f'target.main."{name}"'))
            for name in streams
            if name in names
        }
    finally:
        connection.execute("DETACH target")


def _read_parquet(target: Path, streams: Iterable[str]) -> Rows:
    found: Rows = {}
    for name in streams:
        files = sorted(str(path) for path in (target / name).glob("*.parquet"))
        if files:
            found[name] = _table(
                _memory().execute("SELECT * FROM read_parquet($1, union_by_name = true)", [files])
            )
        elif (target / name).exists():
            found[name] = []
    return found


def _read_objects(target: FolderObjects, streams: Iterable[str]) -> Rows:
    found: Rows = {}
    for name in streams:
        with suppress(TargetError):  # none was published yet
            # One that was removed is read as it is in a folder: what is left counts.
            files = [file for file in published_files(target, name) if Path(file).exists()]
            found[name] = (
                _table(_memory().execute("SELECT * FROM read_parquet($1)", [files]))
                if files
                else []
            )
    return found


def _table(rows: Any) -> list[Record]:
    columns = [column[0] for column in rows.description]
    kinds = [str(column[1]) for column in rows.description]
    place = {name: number for number, name in enumerate(columns)}
    found: list[Record] = []
    for row in rows.fetchall():
        record = msgspec.json.decode(row[place["record"]])
        deleted_at = row[place["_deleted_at"]] if "_deleted_at" in place else None
        synced_at = row[place["_synced_at"]] if "_synced_at" in place else None
        held = dict(zip(columns, zip(row, kinds, strict=True), strict=True))
        found.append(Record(str(row[place["id"]]), record, deleted_at is None, synced_at, held))
    return found
