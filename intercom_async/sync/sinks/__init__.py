"""Where rows go."""

from .base import Ending, Sink, Table
from .duckdb import DuckDBSink
from .jsonl import JsonlSink
from .parquet import ParquetSink

__all__ = ["DuckDBSink", "Ending", "JsonlSink", "ParquetSink", "Sink", "Table"]
