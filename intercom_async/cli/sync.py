"""``sync``: a whole workspace into files or a database."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime

import anyio
import msgspec
from rich.live import Live
from rich.markup import escape

from intercom_async.clock import CLOCK
from intercom_async.errors import ConfigError
from intercom_async.moments import from_iso
from intercom_async.sync import Failure, Progress, Report, plan as make_plan, sync as run_sync
from .connection import Connection
from .console import console, put_json, put_line, put_view, say
from .options import Flag, Many
from .signals import INTERRUPTED, stopping
from .sync_files import recorder_of, remove_report, write_report
from .sync_options import SyncOptions, check_report_is_apart, check_streams
from .sync_target import Format, sink_of
from .sync_view import (
    finding,
    outage_line,
    plan_view,
    progress_line,
    progress_view,
    report_view,
    what_to_do,
)

PARTIAL = 3
"""Exit code where the target has holes that nobody has accepted."""
LINE_EVERY_S = 5.0
"""Seconds between two lines of progress where stderr is no terminal."""


async def sync(
    *,
    to: str | None = None,
    format: Format | None = None,  # noqa: A002 (the option's name)
    streams: Many = None,
    since: str | None = None,
    full: Flag = False,
    plan: Flag = False,
    json: Flag = False,
    options: SyncOptions | None = None,
    connection: Connection | None = None,
) -> int:
    """Copy a workspace to files or a database, as fast as its rate limit allows.

    The first run reads everything, later runs what was changed or deleted since. A run resumes
    where the previous one ended, even if that was killed. Exit codes: 0 the target is complete,
    1 failed, 2 wrong usage, 3 partial: the holes are named, 130 interrupted.

    Parameters
    ----------
    to:
        Target, needed unless --plan is given: a folder for jsonl and parquet, a file for duckdb,
        postgresql://… or s3://bucket/prefix.
    format:
        How rows are written: jsonl, jsonl.zst, parquet or duckdb; by default duckdb for a path that
        ends in .duckdb, .ddb or .db, parquet for s3://, else jsonl. duckdb and parquet need their
        extras.
    streams:
        Streams to read, separated by spaces or commas: contacts, conversations, …; all by default.
    since:
        Read changes since this date (2026-01-31, or with time and zone), even if earlier runs have
        read them; a new target gets these only, unless --full or --reconcile is given.
    full:
        Read everything again and look for deleted rows.
    plan:
        Print the number of calls and their time, and read no rows. Only --streams, --since, --json
        and --json-lines change what is printed.
    json:
        Print the report, or the plan, as JSON on stdout.
    """
    names = names_of(streams)
    options = options or SyncOptions()
    check_streams(names, options)
    if json and options.json_lines:
        raise ConfigError("--json and --json-lines exclude each other: both print on stdout")
    moment = None if since is None else read_moment(since)
    if plan:
        async with (connection or Connection()).client() as intercom:
            found = await make_plan(intercom, names, since=moment)
        if options.json_lines:
            put_line("plan", found)
        elif json:
            put_json(msgspec.json.encode(found))
        else:
            put_view(plan_view(found))
        return 0
    if to is None:
        raise ConfigError("sync needs --to PATH, or --plan")
    sink = sink_of(to, format)
    check_report_is_apart(options.report, sink)
    remove_report(options.report)
    stop = anyio.Event()
    recorder = recorder_of(options.report)
    async with (connection or Connection()).client() as intercom:
        if recorder is not None:
            intercom.observe_with(recorder)
        with stopping(stop), _shown(is_quiet=json, as_lines=options.json_lines) as tell:
            report = await run_sync(
                intercom,
                names,
                sink=sink,
                since=moment,
                full=full,
                lookback_s=options.lookback,
                reconcile="now" if options.reconcile else "auto",
                patience_s=options.patience,
                wait_s=options.wait,
                repair=options.repair,
                verify=options.verify,
                hard_delete=options.hard_delete,
                erase_deleted=options.erase_deleted,
                attachments=options.attachments,
                drop_streams=names_of(options.drop_stream) or (),
                on_progress=tell if recorder is None else recorder.watching(tell),
                stop=stop,
            )
    accepted = [failure for failure in report.failures if options.accepts(failure)]
    try:
        if options.report is not None:
            write_report(options.report, report, recorder, accepted)
    finally:
        code = _end(report, options, accepted, json=json)
    return code


def names_of(given: list[str] | None) -> list[str] | None:
    """Return names that stand with spaces or commas between them."""
    return None if given is None else " ".join(given).replace(",", " ").split()


def _end(report: Report, options: SyncOptions, accepted: list[Failure], *, json: bool) -> int:
    """Show what a sync has done, and return the exit code."""
    holes = [failure for failure in report.failures if failure not in accepted]
    if options.json_lines:
        _put_lines(report)
    elif json:
        put_json(msgspec.json.encode(report))
    else:
        console.print(report_view(report, len(accepted)))
    if not options.json_lines:
        _say_findings(report, accepted)
    if report.was_stopped:
        say("run the same command again to resume")
        return INTERRUPTED
    if holes:
        for line, wraps in what_to_do(holes):
            say(escape(line), wraps=wraps)
    return PARTIAL if holes else 0


def read_moment(text: str) -> datetime:
    """Read a date, or a moment; without a zone it is UTC.

    Raises:
        ConfigError: It is neither.
    """
    moment = from_iso(text)
    if moment is None:
        raise ConfigError(f"--since takes a date such as 2026-01-31, not {text!r}")
    return moment


def _put_lines(report: Report) -> None:
    for failure in report.failures:
        put_line("hole", failure)
    put_line("report", report)


def _say_findings(report: Report, accepted: list[Failure]) -> None:
    for outage in report.outages:
        say(outage_line(outage))
    for failure in () if report.was_stopped else report.failures:
        say(finding(failure, is_accepted=failure in accepted))
    for note in report.notes:
        say(f"[yellow]note:[/] {escape(note)}")


@contextmanager
def _shown(*, is_quiet: bool, as_lines: bool) -> Generator[Callable[[Progress], None]]:
    """Show progress: a table that is alive, or a line now and then where nobody looks."""
    if as_lines:
        yield _ProgressLines()
        return
    if is_quiet or not console.is_terminal:
        yield ProgressReporter(None)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield ProgressReporter(live)


class _ProgressLines:
    """Prints progress for programs, a line of JSON now and then."""

    def __init__(self) -> None:
        self._told_s = CLOCK.now()

    def __call__(self, progress: Progress) -> None:
        """Print one."""
        if CLOCK.now() - self._told_s >= LINE_EVERY_S:
            self._told_s = CLOCK.now()
            put_line("progress", progress)


class ProgressReporter:
    """Shows each progress.

    Args:
        live: Where the table is; None for lines.
    """

    def __init__(self, live: Live | None) -> None:
        self._live = live
        self._told_s = CLOCK.now()

    def __call__(self, progress: Progress) -> None:
        """Show one."""
        if self._live is not None:
            self._live.update(progress_view(progress), refresh=True)
        elif CLOCK.now() - self._told_s >= LINE_EVERY_S:
            self._told_s = CLOCK.now()
            say(progress_line(progress))
