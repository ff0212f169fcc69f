"""``sync``: a whole workspace into files or a database."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import anyio
import msgspec
from cyclopts import Parameter
from rich.live import Live

from intercom_async.clock import CLOCK
from intercom_async.errors import ConfigError
from intercom_async.moments import from_iso
from intercom_async.sync import (
    DuckDBSink,
    JsonlSink,
    ParquetSink,
    Progress,
    Sink,
    plan as make_plan,
    sync as run_sync,
)
from .connection import Connection
from .console import console, put_json, say
from .sync_view import finding, plan_view, progress_line, progress_view, report_view

INTERRUPTED, FAILED = 130, 1
LINE_EVERY_S = 5.0

Flag = Annotated[bool, Parameter(negative=())]
Format = Literal["jsonl", "jsonl.zst", "duckdb", "parquet"]


async def sync(
    *,
    to: Path | None = None,
    format: Format = "jsonl",  # noqa: A002 (the option's name)
    streams: Annotated[list[str] | None, Parameter(consume_multiple=True, negative=())] = None,
    since: str | None = None,
    full: Flag = False,
    plan: Flag = False,
    json: Flag = False,
    connection: Connection | None = None,
) -> int:
    """Bring a workspace to files or a database, as fast as its limit allows.

    The first run reads everything, later ones what has changed. An interrupted run, however it
    ended, is gone on with by the next.

    Parameters
    ----------
    to:
        Where: a folder for jsonl and parquet, a file for duckdb.
    format:
        How rows are written; duckdb and parquet need their extras.
    streams:
        Which: contacts, conversations, … with spaces or commas between; all by default.
    since:
        Read what has changed since this date (2026-01-31, or with a time and a zone).
    full:
        Read everything anew; what is gone from the workspace leaves the target.
    plan:
        Say what it would cost, in calls and time, and read nothing.
    json:
        Print the result, or the plan, as JSON on stdout; no table.
    """
    names = None if streams is None else [one for text in streams for one in text.split(",") if one]
    moment = None if since is None else read_moment(since)
    if plan:
        async with (connection or Connection()).client() as intercom:
            found = await make_plan(intercom, names, since=moment)
        if json:
            put_json(msgspec.json.encode(found))
        else:
            console.print(plan_view(found))
        return 0
    if to is None:
        raise ConfigError("sync needs --to PATH, or --plan")
    stop = anyio.Event()
    async with (connection or Connection()).client() as intercom:
        with stopping(stop), _shown(is_quiet=json) as tell:
            report = await run_sync(
                intercom, names, sink=sink_of(to, format), since=moment, full=full,
                on_progress=tell, stop=stop,
            )  # fmt: skip
    if json:
        put_json(msgspec.json.encode(report))
    else:
        console.print(report_view(report))
    for failure in report.failures:
        say(finding(failure))
    if report.was_stopped:
        say(f"stopped; the same command goes on from here: {to}")
        return INTERRUPTED
    return 0 if report.is_complete else FAILED


def sink_of(path: Path, form: Format) -> Sink:
    """Return the target of a format."""
    if form == "duckdb":
        return DuckDBSink(path)
    if form == "parquet":
        return ParquetSink(path)
    return JsonlSink(path, compression="zstd" if form == "jsonl.zst" else None)


def read_moment(text: str) -> datetime:
    """Read a date, or a moment; without a zone it is UTC.

    Raises:
        ConfigError: It is neither.
    """
    moment = from_iso(text)
    if moment is None:
        raise ConfigError(f"--since takes a date such as 2026-01-31, not {text!r}")
    return moment


@contextmanager
def stopping(stop: anyio.Event) -> Generator[None]:
    """Let the first signal ask for an end, and the second one be it."""
    loop = asyncio.get_running_loop()

    def ask() -> None:
        if stop.is_set():
            # What was committed is safe; nothing else is worth a moment more.
            os._exit(INTERRUPTED)
        stop.set()
        say("finishing the pages in hand and saving; once more ends at once")

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        with suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends the run there
            loop.add_signal_handler(number, ask)
    try:
        yield
    finally:
        for number in numbers:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)


@contextmanager
def _shown(*, is_quiet: bool) -> Generator[ProgressReporter]:
    """Show progress: a table that is alive, or a line now and then where nobody looks."""
    if is_quiet or not console.is_terminal:
        yield ProgressReporter(None)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield ProgressReporter(live)


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
