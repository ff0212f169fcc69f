"""Addresses where a path is needed, and addresses that are nearly those of a target.

No message has more of an address than what is surely no password.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

POSTGRES = "PostgreSQL is postgresql://user@host/database"
S3 = "object storage is s3://bucket/prefix"
DATABASE_SUFFIXES = (".duckdb", ".ddb", ".db")
"""Suffixes that a DuckDB file has on the command line."""

_ANY = re.compile(r"(?:jdbc:)?(?P<scheme>[A-Za-z][A-Za-z0-9+._-]+):(?P<rest>.*)", re.DOTALL)
"""What may be an address; a drive of Windows has one letter."""
_SETTINGS = re.compile(r"\s*((host|hostaddr|dbname)\s*=|[a-z_]+=\S*\s+[a-z_]+=)")
"""How psycopg takes settings that are no address."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_POSTGRES = ("postgresql", "postgres", "postgre", "pgsql", "psql", "pg")
_KNOWN = {
    *_POSTGRES,
    *(
        "s3",
        "s3a",
        "s3n",
        "http",
        "https",
        "file",
        "duckdb",
        "abfs",
        "abfss",
        "adl",
        "az",
        "azure",
        "bigquery",
        "clickhouse",
        "delta",
        "ducklake",
        "ftp",
    ),
    *(
        "gcs",
        "gs",
        "hdfs",
        "iceberg",
        "jdbc",
        "mariadb",
        "md",
        "mongodb",
        "motherduck",
        "mssql",
        "mysql",
    ),
    *("oracle", "r2", "redis", "redshift", "sftp", "snowflake", "sqlite", "ssh", "wasb", "wasbs"),
}
"""Schemes that make an address also where no slash follows: a folder may be named `a:b`."""


def instead_of(text: str) -> str | None:
    """Say what was probably meant by a text that stands where a path is needed; None of a path."""
    if text == ":memory:":
        return "a target has to stay: give the path of a file, such as intercom.duckdb"
    if _SETTINGS.match(text):
        return POSTGRES
    parts = _parts(text)
    if parts is None:
        return "it is an address" if "://" in text else None
    scheme, rest = parts
    if scheme == "s3" and rest.startswith("//") and rest.strip("/"):
        return "only targets of the format parquet are in object storage"
    meant = _MEANT.get(scheme.partition("+")[0])
    return f"{scheme[:20]}:// is not supported" if meant is None else meant(rest)


def _parts(text: str) -> tuple[str, str] | None:
    """Return scheme and rest of an address; None of a path."""
    found = _ANY.fullmatch(text)
    if found is None:
        return None
    scheme, rest = found["scheme"].lower(), found["rest"]
    is_address = rest.startswith("/") or scheme.partition("+")[0] in _KNOWN
    return (scheme, rest) if is_address else None


def is_path(text: str) -> bool:
    """Say whether a text is a path, and not blank."""
    return bool(text.strip()) and instead_of(text) is None


def _postgres(_: str) -> str:
    return POSTGRES


def _object_storage(rest: str) -> str:
    """Say which address of object storage was meant."""
    place = rest.lstrip("/")
    is_plain = _PLAIN.fullmatch(place) and {"", ".", ".."}.isdisjoint(place.rstrip("/").split("/"))
    return f"object storage is s3://{place}" if is_plain else S3


def _storage_by_web(_: str) -> str:
    return f"the address of a storage goes into AWS_ENDPOINT_URL, and {S3}"


def _path_in(rest: str) -> str:
    """Say which path `file:` is of."""
    path = unquote(re.sub(r"^//[^/]*", "", rest))
    known = path if path.isprintable() and path.strip("/") else "/folder"
    return f"give the path alone: {known}"


def _database_in(rest: str) -> str:
    """Say which path `duckdb:` is of: as in SQLAlchemy, a fourth slash is the root."""
    path = re.sub(r"^///?", "", rest).partition("?")[0]
    if not _PLAIN.fullmatch(path.lstrip("/")):
        path = "intercom"
    path += "" if path.lower().endswith(DATABASE_SUFFIXES) else ".duckdb"
    return f"a DuckDB target is the path of its file: {path}"


_MEANT: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(_POSTGRES, _postgres),
    **dict.fromkeys(("s3", "s3a", "s3n"), _object_storage),
    **dict.fromkeys(("http", "https"), _storage_by_web),
    "file": _path_in,
    "duckdb": _database_in,
}
"""What is said of the rest of an address, by its scheme."""
