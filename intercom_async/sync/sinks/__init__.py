"""Where rows go."""

from .base import Opened, Sink, Table
from .duckdb import DuckDBSink
from .jsonl import JsonlSink
from .parquet import ParquetSink
from .postgres import PostgresSink

__all__ = ["DuckDBSink", "JsonlSink", "Opened", "ParquetSink", "PostgresSink", "Sink", "Table"]
