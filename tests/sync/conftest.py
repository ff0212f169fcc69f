"""A small workspace, and what is said of it by other ways than a sync."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.sync import DuckDBSink, JsonlSink, ParquetSink, Sink, published_files
from tests.support.folder_objects import FolderObjects

FORMATS = ("jsonl", "jsonl.zst", "duckdb", "parquet", "objects")
CONTACTS, TALKS, COMPANIES, TICKETS = 900, 60, 70, 15

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave formats that a library reads and writes to one Python; JSON lines are on each."""
    for item in items:
        values = getattr(item, "callspec", None)
        if values is not None and HERE in item.path.parents:
            given = [each for each in values.params.values() if isinstance(each, str)]
            if not set(FORMATS[1:]).isdisjoint(given):
                item.add_marker("once")


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """A small workspace without limits that matter."""
    async with Simulator(
        contacts=CONTACTS,
        conversations=TALKS,
        companies=COMPANIES,
        tickets=TICKETS,
        app_per_minute=10**7,
        workspace_per_minute=10**7,
        timezone="America/New_York",
    ) as running:
        yield running


@pytest.fixture
async def intercom(simulator: Simulator) -> AsyncIterator[Intercom]:
    async with Intercom(simulator.token, base_url=simulator.url) as client:
        yield client


def target_in(form: str, folder: Path) -> Path:
    """Return where the target of a format stands in a folder."""
    return folder / ("target.duckdb" if form == "duckdb" else "target")


def make_sink(form: str, folder: Path) -> Sink:
    target = target_in(form, folder)
    if form == "duckdb":
        pytest.importorskip("duckdb")
        return DuckDBSink(target)
    if form in ("parquet", "objects"):
        pytest.importorskip("pyarrow")
        # Small files, so that there are several.
        place = target if form == "parquet" else FolderObjects(target)
        return ParquetSink(place, file_bytes=400_000)
    if form == "jsonl.zst":
        pytest.importorskip("pyarrow")
        return JsonlSink(target, compression="zstd")
    return JsonlSink(target)


def read_target(form: str, folder: Path, name: str, key: str = "id") -> list[tuple[str, bytes]]:
    """Return keys and records of live rows, as somebody who was given the target reads them."""
    duckdb: Any = pytest.importorskip("duckdb")
    target = target_in(form, folder)
    if form in ("jsonl", "jsonl.zst"):
        path = target / f"{name}.{form}"
        body = path.read_bytes()
        if form == "jsonl.zst":
            arrow: Any = pytest.importorskip("pyarrow")
            body = arrow.input_stream(str(path), compression="zstd").read()
        rows = [msgspec.json.decode(line) for line in body.splitlines()]
        assert all(row.pop("_synced_at") for row in rows)
        return [
            (str(row[key]), msgspec.json.encode(row))
            for row in rows
            if row.pop("_deleted_at") is None
        ]
    database = str(target) if form == "duckdb" else ":memory:"
    source = name if form == "duckdb" else f"'{target}/{name}/*.parquet'"
    if form == "objects":
        source = f"read_parquet({published_files(FolderObjects(target), name)})"
    with duckdb.connect(database) as connection:
        rows = connection.execute(
            f"SELECT {key}, record FROM {source} WHERE _deleted_at IS NULL"  # noqa: S608 (a test's own names)
        ).fetchall()
    return [(str(row[0]), row[1].encode()) for row in rows]


def once(rows: list[tuple[str, bytes]]) -> dict[str, Any]:
    """Return records by key; no key may come twice."""
    found = dict(rows)
    assert len(found) == len(rows)
    return {key: msgspec.json.decode(body) for key, body in found.items()}


async def listed(pager: Any) -> dict[str, Any]:
    """Return what a list gives, by key."""
    raw: list[msgspec.Raw] = await pager.raw().collect()
    return {str(row["id"]): row for row in (msgspec.json.decode(one) for one in raw)}
