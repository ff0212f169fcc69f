"""Which target ``--to`` and ``--format`` of ``sync`` mean."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from intercom_async.errors import ConfigError
from intercom_async.sync import DuckDBSink, JsonlSink, ParquetSink, PostgresSink, Sink
from intercom_async.sync.addresses import DATABASE_SUFFIXES, instead_of

Format = Literal["jsonl", "jsonl.zst", "duckdb", "parquet"]
SUFFIXES: dict[str, Format] = dict.fromkeys(DATABASE_SUFFIXES, "duckdb")
"""Format that the suffix of a path stands for where there is no ``--format``."""
OTHER_SUFFIXES = frozenset(
    {".csv", ".tsv", ".xlsx", ".json", ".jsonl", ".ndjson", ".zst", ".gz", ".parquet", ".sqlite"}
)
"""Suffixes of files; no new folder is given such a name."""


def sink_of(to: str, form: Format | None) -> Sink:
    """Return the target of a path or an address, and a format.

    Raises:
        ConfigError: It is an address of something that is not supported, or not in this format; or
            it is no name of what the format is written into.
    """
    scheme, is_address, rest = to.partition("://")
    if is_address and (sink := _sink_at(scheme.lower(), rest, form)) is not None:
        return sink
    meant = instead_of(to)
    if meant is not None:
        raise ConfigError(
            f"--to takes a path, postgresql://… or s3://bucket/prefix: {meant}; a path of such a "
            "name begins with ./"
        )
    if to == "-":
        raise ConfigError("--to - is no target: rows are not written to stdout; give a path")
    path = Path(to)
    if path.parts[:1] and path.parts[0].startswith("~") and not Path(path.parts[0]).exists():
        raise ConfigError(
            f"--to {to!r} begins with ~, which the shell has left as it is: write the path without "
            "quotes, and with a space instead of ="
        )
    suffix = path.suffix.lower()
    form = form or SUFFIXES.get(suffix, "jsonl")
    if form == "duckdb":
        return DuckDBSink(path)
    if not to or (suffix in SUFFIXES.keys() | OTHER_SUFFIXES and not path.exists()):
        raise ConfigError(
            f"--to {to!r} is no folder's name: jsonl and parquet are written into a folder, "
            "duckdb into a file that ends in .duckdb, .ddb or .db"
        )
    if form == "parquet":
        return ParquetSink(path)
    return JsonlSink(path, compression="zstd" if form == "jsonl.zst" else None)


def _sink_at(scheme: str, rest: str, form: Format | None) -> Sink | None:
    """Return the target of an address; None of one that is not supported."""
    if scheme in ("postgresql", "postgres"):
        if form is not None:
            raise ConfigError(f"a database has its own format: leave out --format {form}")
        return PostgresSink(f"{scheme}://{rest}")
    if scheme == "s3":
        if form not in (None, "parquet"):
            raise ConfigError(f"object storage takes --format parquet, not {form}")
        return ParquetSink(f"{scheme}://{rest}")
    return None
