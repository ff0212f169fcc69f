"""``--to`` and ``--format``: what is no target is told with what was meant, and makes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Run

pytest.importorskip("cyclopts")
pytest.importorskip("duckdb")

from intercom_async.cli.sync import sync
from intercom_async.cli.sync_target import OTHER_SUFFIXES, SUFFIXES, sink_of
from intercom_async.sync import ParquetSink, PostgresSink

pytestmark = pytest.mark.anyio

NO_TARGETS = {
    ":memory:": "such as intercom.duckdb",
    "postgresql:x": "postgresql://user@host/database",
    "postgres:/x": "postgresql://user@host/database",
    "jdbc:postgresql://me:hush@host/x": "postgresql://user@host/database",
    "dbname=x password=hush": "postgresql://user@host/database",
    "s3:x/y": "s3://x/y",
    "s3:/x": "s3://x",
    "gs://bucket/x": "gs:// is not supported",
    "file:///data/x": "/data/x",
    "duckdb:///x": "x.duckdb",
    "http:/x": "AWS_ENDPOINT_URL",
    "-": "stdout",
    "~": "the shell",
    "~/x": "the shell",
}


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("form", [(), ("--format", "duckdb"), ("--format", "jsonl")])
@pytest.mark.parametrize(("to", "meant"), NO_TARGETS.items())
async def test_what_is_no_target_is_told_with_what_was_meant(
    to: str, meant: str, form: tuple[str, ...], run_here: Run, tmp_path: Path
) -> None:
    done = await run_here("sync", f"--to={to}", *form)

    assert done.returncode == 2, done.stderr
    assert meant in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1
    assert b"hush" not in done.stderr
    assert names(tmp_path) == []


@pytest.mark.parametrize("option", ["--report", "--attachments", "--settings", "--ca-file"])
async def test_a_file_is_at_no_address(option: str, run_here: Run, tmp_path: Path) -> None:
    for address in ("s3:x.json", "s3://bucket/x.json", "file:///x.json"):
        done = await run_here("sync", "--to", "target", option, address)

        assert done.returncode == 2
        assert b"a path is needed, not an address" in done.stderr
    assert names(tmp_path) == []


async def test_a_scheme_in_upper_case_is_a_scheme() -> None:
    pytest.importorskip("psycopg")
    pytest.importorskip("obstore")
    assert isinstance(sink_of("POSTGRESQL://host/x", None), PostgresSink)
    assert isinstance(sink_of("S3://bucket/x", None), ParquetSink)


async def test_help_and_guide_name_each_suffix_of_a_database() -> None:
    guide = Path(__file__).parents[2] / "docs" / "guides" / "sync.md"
    line = next(one for one in guide.read_text().splitlines() if one.startswith("| DuckDB |"))
    for suffix in SUFFIXES:
        assert f"{suffix}" in (sync.__doc__ or "").partition("format:")[2].partition("streams:")[0]
        assert f"`{suffix}`" in line
    assert OTHER_SUFFIXES.isdisjoint(SUFFIXES)
