"""What docs/guides/sync.md says of reading a target is done, with each reader, on each target."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.sync import DuckDBSink, JsonlSink, ParquetSink, Sink, sync

pytestmark = pytest.mark.anyio

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "sync.md"
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "sync-streams.md"
_ROW = re.compile(
    r"^\| (?P<target>[^|]*) ?\| (?P<reader>DuckDB|pandas|polars|jq) \| `(?P<command>.+)` \|$",
    re.MULTILINE,
)
SINKS: dict[str, str] = {
    "`intercom.duckdb`": "duckdb",
    "JSON lines in `intercom`": "jsonl",
    "the same with zstd": "jsonl.zst",
    "Parquet in `intercom`": "parquet",
}


class Reading(NamedTuple):
    form: str
    reader: str
    command: str


def readings() -> list[Reading]:
    found: list[Reading] = []
    for row in _ROW.finditer(GUIDE.read_text(encoding="utf-8")):
        target = row["target"].strip()
        form = SINKS[target] if target else found[-1].form
        found.append(Reading(form, row["reader"], row["command"].replace("\\|", "|")))
    return found


READINGS = readings()


def test_each_target_is_read_by_some() -> None:
    assert {one.form for one in READINGS} == set(SINKS.values())
    assert {one.reader for one in READINGS} == {"DuckDB", "pandas", "polars", "jq"}


def make_sink(form: str, folder: Path) -> Sink:
    if form == "duckdb":
        return DuckDBSink(folder / "intercom.duckdb")
    if form == "parquet":
        return ParquetSink(folder / "intercom")
    return JsonlSink(folder / "intercom", compression="zstd" if form == "jsonl.zst" else None)


def count(reading: Reading, folder: Path) -> int:
    if reading.reader == "jq":
        for program in re.findall(r"(?:^|\| )(jq|zstd) ", reading.command):
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed")
        command = ["sh", "-c", reading.command]  # as the guide's reader types it
        done = subprocess.run(command, check=True, capture_output=True, cwd=folder)
        return int(done.stdout)
    name = reading.reader.lower()
    module: Any = pytest.importorskip(name)
    if reading.reader == "DuckDB":
        with module.connect(
            str(folder / "intercom.duckdb") if reading.form == "duckdb" else ":memory:"
        ) as connection:
            return int(connection.execute(reading.command).fetchone()[0])
    return int(eval(reading.command, {name: importlib.import_module(name)}))  # noqa: S307 (the guide's own)


@pytest.mark.parametrize("contacts", [60, 0])
@pytest.mark.parametrize("form", SINKS.values())
async def test_a_target_is_read_as_the_guide_says(
    form: str, contacts: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it has rows or none."""
    pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    settings: dict[str, Any] = {"app_per_minute": 10**7, "workspace_per_minute": 10**7}
    sizes: dict[str, Any] = {"contacts": contacts, "conversations": 0, "companies": 0, "tickets": 0}
    async with (
        Simulator(**sizes, **settings) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        report = await sync(intercom, ["contacts"], sink=make_sink(form, tmp_path))
        gone = await intercom.contacts.list().first()
        if gone is not None:
            await intercom.contacts.delete(gone.id)
            sink = make_sink(form, tmp_path)
            report = await sync(intercom, ["contacts"], sink=sink, reconcile="now")
        assert report.is_complete
    monkeypatch.chdir(tmp_path)
    live = max(0, contacts - 1)
    for reading in READINGS:
        if reading.form == form:
            assert count(reading, tmp_path) == live, reading.command


async def test_an_object_is_reached_into_as_the_reference_says(tmp_path: Path) -> None:
    duckdb, polars, pandas = map(pytest.importorskip, ("duckdb", "polars", "pandas"))
    pytest.importorskip("pyarrow")
    said = re.findall(r"`([^`]*location[^`]*)`", REFERENCE.read_text(encoding="utf-8"))
    in_sql, in_polars, in_pandas = said
    async with (
        Simulator(contacts=20, conversations=0, companies=0, tickets=0) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        await sync(intercom, ["contacts"], sink=ParquetSink(tmp_path / "parquet"))
        await sync(intercom, ["contacts"], sink=DuckDBSink(tmp_path / "a.duckdb"))
        contacts = await intercom.contacts.list().collect()
    expected = sorted(one.location.country or "" for one in contacts if one.location)
    files = str(tmp_path / "parquet" / "contacts" / "*.parquet")
    with duckdb.connect(str(tmp_path / "a.duckdb")) as base:
        for source in ("contacts", f"'{files}'"):
            found = base.execute(f"SELECT {in_sql} FROM {source} ORDER BY 1").fetchall()  # noqa: S608
            assert [country for (country,) in found] == expected, source
    picked = polars.read_parquet(files).select(eval(in_polars, {"polars": polars}))  # noqa: S307
    assert picked.to_series().sort().to_list() == expected
    rows = pandas.read_parquet(tmp_path / "parquet" / "contacts")
    objects = eval(in_pandas, {"rows": rows, "json": json})  # noqa: S307 (the reference's own)
    assert sorted(one["country"] for one in objects) == expected
