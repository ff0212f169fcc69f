"""A whole workspace, as fast as its limit allows, into files or a database.

    report = await sync(intercom, ["contacts", "conversations"], sink=DuckDBSink("intercom.duckdb"))

What is read is a `Stream`. A `Ranged` one is cut into parts (`planner`, `partitions`) that chains
of pages read side by side, as many as the limit can use (`engine`). Rows go, as the bytes that
came, through one bounded queue to one writer, which commits them to the `Sink` together with the
state that describes them (`checkpoint`). So a run can be killed at any moment: the next one resumes
from the last commit. Later runs read what has changed since, with an overlap, and write only what
is new.
"""

from .builtin_streams import STREAMS
from .errors import BusyTargetError, SyncConfigError, SyncError, TargetError
from .plan import Plan, PlannedPart, StreamPlan, plan
from .report import Failure, Progress, Report, StreamProgress, StreamReport
from .run import sync
from .sinks import DuckDBSink, JsonlSink, ParquetSink, PostgresSink, Sink, published_files
from .streams import (
    Children,
    ChildRows,
    DeletionList,
    Listing,
    ParentGone,
    Ranged,
    Selection,
    Stream,
)
from .views import warehouse_views

__all__ = [
    "STREAMS",
    "BusyTargetError",
    "ChildRows",
    "Children",
    "DeletionList",
    "DuckDBSink",
    "Failure",
    "JsonlSink",
    "Listing",
    "ParentGone",
    "ParquetSink",
    "Plan",
    "PlannedPart",
    "PostgresSink",
    "Progress",
    "Ranged",
    "Report",
    "Selection",
    "Sink",
    "Stream",
    "StreamPlan",
    "StreamProgress",
    "StreamReport",
    "SyncConfigError",
    "SyncError",
    "TargetError",
    "plan",
    "published_files",
    "sync",
    "warehouse_views",
]
