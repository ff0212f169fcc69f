"""Where rows go."""

from .base import Opened, Sink, Table
from .duckdb import DuckDBSink
from .jsonl import JsonlSink
from .parquet import ParquetSink
from .postgres import PostgresSink
from .published import published_files

__all__ = [
    "DuckDBSink",
    "JsonlSink",
    "Opened",
    "ParquetSink",
    "PostgresSink",
    "Sink",
    "Table",
    "published_files",
]
