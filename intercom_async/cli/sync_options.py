"""The options of ``sync`` that say how it reads, writes and ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from cyclopts import Parameter

from intercom_async.errors import ConfigError
from intercom_async.moments import to_datetime
from intercom_async.sync import STREAMS, Failure, Sink
from intercom_async.sync.hole_names import why_of_no_hole
from intercom_async.sync.holes import accepts
from intercom_async.sync.sinks.new_target import is_inside, path_of
from intercom_async.sync.streams import resolve
from .options import Count, Flag, Many, Place, Seconds, check_folder, check_new_file


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SyncOptions:
    """How a sync reads, writes and ends."""

    lookback: Count = 3600
    """Seconds that search may take to find a changed row."""
    reconcile: Flag = False
    """Look for deleted rows in this run, whatever it costs."""
    patience: Seconds = 600.0
    """Seconds to wait for the server during an outage."""
    wait: Seconds = 0.0
    """Seconds to wait for a target that another process has locked."""
    repair: Flag = False
    """Read streams with damaged files or tables again."""
    verify: Flag = False
    """Verify the digests of everything that is stored first."""
    drop_stream: Many = None
    """Streams to remove from the target."""
    hard_delete: Flag = False
    """Remove deleted rows instead of setting `_deleted_at`."""
    erase_deleted: Flag = False
    """Keep only ids and times of deleted rows; with --hard-delete, not even these stay."""
    accept_hole: Many = None
    """Hole that does not lead to exit code 3: STREAM for all of a stream, or 'STREAM:WHAT' as
    the run and the report name it; once for each hole, or several after one another."""
    attachments: Place | None = None
    """Folder to save attachments of conversations and tickets to."""
    json_lines: Flag = False
    """Print progress, findings and the report as JSON lines on stdout."""
    report: Place | None = None
    """File for the report: JSON, or HTML with charts if its name ends in .html."""

    def accepts(self, failure: Failure) -> bool:
        """Say whether a hole is accepted."""
        names = [dated(name) for name in self.accept_hole or ()]
        return failure.stream in names or any(
            stream == failure.stream and accepts(what, failure.what)
            for stream, _, what in (name.partition(":") for name in names)
        )


_MOMENT = re.compile(r"\b(from|to|before|since) (-?\d{1,11})(?![-\w])")
"""A moment as UNIX seconds, as names had it before they had dates."""


def dated(what: str) -> str:
    """Return a name with its moments as dates in UTC, as reports have them."""

    def date(found: re.Match[str]) -> str:
        try:
            moment = to_datetime(int(found[2]))
        except ValueError:
            return found[0]  # reports have one outside the years 1 to 9999 as a number, too
        return f"{found[1]} {moment:%Y-%m-%dT%H:%M:%SZ}"

    return _MOMENT.sub(date, what)


def check_streams(names: list[str] | None, options: SyncOptions) -> None:
    """Refuse names of streams that there are not, and a report that cannot be written.

    Raises:
        ConfigError: One is wrong.
    """
    if names is not None:
        resolve(names, STREAMS)
    if options.drop_stream is not None and not "".join(options.drop_stream).strip(", "):
        raise ConfigError("--drop-stream takes the name of a stream")
    for hole in options.accept_hole or ():
        _check_hole(hole)
    check_new_file("--report", options.report)
    check_folder("--attachments", options.attachments)


def _check_hole(hole: str) -> None:
    """Refuse a name that no hole has.

    Raises:
        ConfigError: It is one.
    """
    stream, has_more, what = hole.partition(":")
    names = [each.name for each in STREAMS]
    if stream not in names:
        near = get_close_matches(stream.strip().casefold(), names, 1) or ["contacts"]
        raise ConfigError(
            f"--accept-hole takes STREAM or STREAM:WHAT, such as {near[0]} or '{near[0]}:all of "
            f"it'; {hole!r} begins with no stream"
        )
    why = why_of_no_hole(stream, dated(what)) if has_more else None
    if why is not None:
        raise ConfigError(f"--accept-hole {hole!r} {why}")


def check_report_is_apart(report: Path | None, sink: Sink) -> None:
    """Refuse a report within a target: it would take the place of a file of it.

    Raises:
        ConfigError: It is there.
    """
    target = path_of(sink)
    if report is not None and target is not None and is_inside(report, target):
        raise ConfigError(f"--report must be a file apart from the target {sink.where}")
