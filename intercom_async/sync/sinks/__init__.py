"""Where rows go."""

from .base import Opened, Sink, Table
from .duckdb import DuckDBSink
from .jsonl import JsonlSink
from .parquet import ParquetSink

__all__ = ["DuckDBSink", "JsonlSink", "Opened", "ParquetSink", "Sink", "Table"]
