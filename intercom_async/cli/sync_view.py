"""Terminal output of ``sync``: progress, report and plan."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from intercom_async.moments import to_datetime
from intercom_async.sync import STREAMS, Failure, Plan, Progress, Report, StreamPlan, StreamReport
from intercom_async.sync.holes import is_left_out, is_unnamed
from intercom_async.sync.outage import Outage
from intercom_async.sync.streams import Children
from .console import counted, is_shown_whole
from .fitted_table import FittedTable

DAY_S = 86_400
"""Seconds of a day."""
SHOWN_OPTIONS = 10
"""Holes for each of which a partial run prints its ``--accept-hole``
(test_sync_findings.py::test_many_holes_are_accepted_as_they_are_named)."""


def progress_view(progress: Progress) -> RenderableType:
    """Return the progress of a sync as a table."""
    table = _table("stream", "rows", "of", "rows/s", "calls", "")
    for stream in progress.streams:
        is_done = stream.phase == "done"
        style = {"done": "dim", "failed": "red", "waiting": "dim"}.get(stream.phase, "")
        table.add_row(
            stream.name,
            f"{stream.rows:,}",
            "" if stream.expected is None or is_done else f"{stream.expected:,}",
            "" if is_done or stream.rows_per_s < 1 else f"{stream.rows_per_s:,.0f}",
            f"{stream.calls:,}",
            stream.phase,
            style=style,
        )
    return Group(FittedTable(table), _totals(progress))


def _totals(progress: Progress) -> str:
    share = "" if progress.utilisation is None else f"{progress.utilisation:.0%} of the limit, "
    left = "" if progress.left_s is None else f", {_left(progress.left_s)}"
    return (
        f"\n{counted(progress.calls, 'call')}, {progress.calls_per_s:,.0f}/s, {share}"
        f"{progress.throttled} × 429, {counted(progress.retries, 'retry', 'retries')}; "
        f"{duration(progress.seconds)}{left}"
    )


def _left(seconds: float) -> str:
    return "nearly done" if seconds < 1 else f"about {duration(seconds)} left"


def progress_line(progress: Progress) -> str:
    """Return the progress of a sync on one line."""
    rows = sum(stream.rows for stream in progress.streams)
    at_work = [stream.name for stream in progress.streams if stream.phase == "reading"]
    names = ", ".join(at_work[:3]) + (", …" if len(at_work) > 3 else "")  # noqa: PLR2004 (a line)
    reading = f"; reading {names}" if names else ""
    return f"{counted(rows, 'row')}; {_totals(progress).strip()}{reading}"


def report_view(report: Report, accepted: int = 0) -> RenderableType:
    """Return the report of a sync as a table.

    Args:
        report: The report.
        accepted: Number of holes that ``--accept-hole`` names.
    """
    table = _table("stream", "rows", "unchanged", "gone", "calls", "time", "")
    for stream in report.streams:
        table.add_row(
            stream.name,
            f"{stream.rows:,}",
            f"{stream.unchanged:,}" if stream.unchanged else "",
            f"{stream.removed:,}" if stream.removed else "",
            f"{stream.calls:,}",
            duration(stream.seconds),
            _note(stream),
            style="" if stream.is_complete else "yellow",
        )
    share = "" if report.utilisation is None else f", {report.utilisation:.0%} of the limit"
    news = counted(report.rows, "row") if report.rows else "nothing new"
    return Group(
        FittedTable(table),
        f"\n{news} in {duration(report.seconds)}: {counted(report.calls, 'call')}{share}, "
        f"{report.throttled} × 429, {counted(report.retries, 'retry', 'retries')}",
        _promise(report, accepted),
    )


def _promise(report: Report, accepted: int) -> str:
    """Return in one sentence what the target holds."""
    gone = (
        ""
        if report.deletions_to is None
        else f"; deletions known up to {_at(report.deletions_to)} UTC"
    )
    if report.was_stopped:
        return "[yellow]stopped[/]: what was read is kept; readers see it when a run has ended"
    if report.is_complete:
        late = "" if not report.lookback_s else _LATE.format(duration(report.lookback_s))
        return f"[green]complete[/]: all changes before {_at(report.complete_from)} UTC{late}{gone}"
    count = len(report.failures)
    if accepted == count:
        return f"[green]complete[/] but for {counted(count, 'accepted hole')}{gone}"
    some = f", {accepted} of them accepted" if accepted else ""
    return f"[yellow]partial[/]: {counted(count, 'hole')}{some}{gone}"


_LATE = ", and later ones as far as search shows them; the next run reads the last {} again"


def _at(moment: int) -> str:
    found = to_datetime(moment)
    return "" if found is None else found.strftime("%Y-%m-%d %H:%M")


def _note(stream: StreamReport) -> str:
    notes = ["" if stream.is_complete else "incomplete"]
    notes.append("resumed" if stream.was_resumed else "")
    notes.append("changes" if stream.kind == "changes" else "")
    notes.append(f"{stream.missing:,} older parts only in exports" if stream.missing else "")
    return ", ".join(filter(None, notes))


def finding(failure: Failure, *, is_accepted: bool = False) -> str:
    """Return one hole on a line, by its name for ``--accept-hole``."""
    word = "[yellow]accepted hole:[/]" if is_accepted else "[red]hole:[/]"
    return f"{word} {failure.stream}:{escape(failure.what)}: {escape(failure.reason)}"


def what_to_do(holes: Sequence[Failure]) -> Iterator[tuple[str, bool]]:
    """Give lines on what to do about holes that are not accepted, and whether each may wrap."""
    those = "the hole" if len(holes) == 1 else "the holes"
    again = "without --since" if any(is_left_out(hole.what) for hole in holes) else "again"
    yield f"run the same command {again} to fill {those}; everything else is in the target", True
    names = [
        hole.stream if is_unnamed(hole.what) else f"{hole.stream}:{hole.what}" for hole in holes
    ]
    # A name that a terminal cannot show as it is would be copied as another.
    if len(holes) > SHOWN_OPTIONS or not all(map(is_shown_whole, names)):
        yield "to accept a hole and end with 0, add --accept-hole 'STREAM:WHAT'", True
        yield "to accept whatever a stream lacks, add --accept-hole STREAM", True
        return
    yield f"to accept {those} and end with 0, add", True
    for name in names:
        yield f"  --accept-hole {shlex.quote(name)}", False


def outage_line(outage: Outage) -> str:
    """Return on a line when the server did not answer."""
    began, reason = _at(outage.began), f"({outage.error})" if outage.error else ""
    if outage.ended is None:
        return (
            f"[yellow]outage:[/] no answer from {began} UTC to the end of the run {reason}; "
            "--patience SECONDS waits longer"
        )
    took = duration(outage.ended - outage.began)
    return f"[yellow]outage:[/] no answer from {began} UTC, for {took} {reason}"


def plan_view(plan: Plan) -> RenderableType:
    """Return the plan of a sync as a table."""
    since = f"{to_datetime(plan.since):%Y-%m-%d %H:%M}"
    table = _table("stream", "rows", "ranges", "calls", "changed", "calls for these")
    for stream in plan.streams:
        table.add_row(
            stream.name,
            _rows(stream, stream.rows),
            _parts(stream),
            _count(stream.calls),
            _rows(stream, stream.changed_rows),
            _count(stream.changed_calls),
        )
    return Group(
        FittedTable(table),
        f"\nin full: {counted(plan.calls, 'call')}, {duration(plan.seconds)} at "
        f"{plan.calls_per_minute:,.0f} calls a minute",
        f"changes since {since} UTC: {counted(plan.changed_calls, 'call')}, "
        f"{duration(plan.changed_seconds)}",
        f"of those in full, for lists inside rows, which the API cuts after ten entries: about "
        f"{counted(plan.list_calls, 'call')}",
        f"beside the changes, a sweep for deleted rows where the API does not list them: "
        f"{counted(plan.sweep_calls, 'call')}",
        f"once a week, a sweep for rows that the API's lists of deleted rows leave out: "
        f"{counted(plan.weekly_calls, 'call')}",
        f"once a week, the parts of conversations and tickets that changed within 30 days: "
        f"{counted(plan.reread_calls, 'call')}",
    )


def _rows(stream: StreamPlan, number: int | None) -> str:
    """Return the number of rows; for children, which are not counted, that of the parents read."""
    source = next((one.source for one in STREAMS if one.name == stream.name), None)
    parents = f" {source.parent}" if isinstance(source, Children) else ""
    return f"{_count(number)}{parents}"


def _parts(stream: StreamPlan) -> str:
    return f"{len(stream.parts):,}" if stream.parts else ""


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        is_text = place in (0, len(headings) - 1) and heading in ("stream", "")
        table.add_column(heading, justify="left" if is_text else "right", no_wrap=True)
    return table


def duration(seconds: float) -> str:
    """Format a time span for people, such as ``3 min 05 s``."""
    if 0 < seconds < 0.1:  # noqa: PLR2004 (the least that is shown)
        return "under 0.1 s"
    if seconds < 60:  # noqa: PLR2004 (a minute)
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < DAY_S // 24:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
