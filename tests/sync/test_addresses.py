"""A text that is an address, and stands where a path is needed, is told with what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from intercom_async.errors import ConfigError
from intercom_async.sync import DuckDBSink, JsonlSink, ParquetSink, published_files
from intercom_async.sync.addresses import instead_of

POSTGRES = "postgresql://user@host/database"
MEANT = {
    ":memory:": "intercom.duckdb",
    "postgresql:x": POSTGRES,
    "postgres:/x": POSTGRES,
    "postgresql+asyncpg://me:hush@host/x": POSTGRES,
    "jdbc:postgresql://host/x?password=hush": POSTGRES,
    "PG:x": POSTGRES,
    "host=localhost dbname=x password=hush": POSTGRES,
    "user=me password=hush": POSTGRES,
    "s3:x": "is s3://x",
    "s3:/bucket/x": "is s3://bucket/x",
    "S3A://bucket/x": "is s3://bucket/x",
    "s3:?key=hush": "s3://bucket/prefix",
    "http:/x": "AWS_ENDPOINT_URL",
    "https://me:hush@storage/x": "AWS_ENDPOINT_URL",
    "gs://bucket/x": "gs:// is not supported",
    "mysql:hush": "mysql:// is not supported",
    "other:/x": "other:// is not supported",
    "file:///data/a%20b": "alone: /data/a b",
    "file:/data/x": "alone: /data/x",
    "FILE://localhost/data/x": "alone: /data/x",
    "file:x": "alone: x",
    "duckdb:///x": "file: x.duckdb",
    "duckdb:////data/x.db": "file: /data/x.db",
    "duckdb:x.duckdb": "file: x.duckdb",
    "duckdb://?hush": "file: intercom.duckdb",
    "md:x": "md:// is not supported",
}
PATHS = (
    "x",
    "./s3:x",
    "/data/s3:x",
    "C:\\x",
    "C:/x",
    "2026:01",
    "backup:2026",
    "a=b",
    "service=a/b",
)


@pytest.mark.parametrize(("text", "meant"), MEANT.items())
def test_what_was_meant_is_told_without_a_password(
    text: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in (JsonlSink, ParquetSink, DuckDBSink):
        with pytest.raises(ConfigError) as refused:
            kind(text)
        assert meant in str(refused.value)
        assert "hush" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", PATHS)
def test_a_path_is_a_path(text: str) -> None:
    assert instead_of(text) is None


def test_a_scheme_in_upper_case_is_a_scheme() -> None:
    pytest.importorskip("obstore")
    assert ParquetSink("S3://bucket/x").where == "s3://bucket/x"


@pytest.mark.parametrize("target", ["intercom", "./intercom", "/data/x.duckdb", Path("intercom")])
def test_the_files_of_a_folder_are_read_in_the_folder(target: str | Path) -> None:
    with pytest.raises(ConfigError, match="read all files in FOLDER/STREAM"):
        published_files(target, "contacts")  # type: ignore[arg-type]
