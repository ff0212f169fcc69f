"""``doctor``: check a token and measure what the API's documentation leaves open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from intercom_async.doctor import CheckResult, Examination, examine, read_log, save_settings
from intercom_async.errors import ConfigError
from intercom_async.redaction import printable
from .connection import Connection, trusting
from .console import console, put_json, put_raw, put_view, say
from .options import Flag, Place, check_new_file
from .os_errors import naming

MARKS = {
    "good": "[green]✓[/]",
    "note": "[yellow]![/]",
    "bad": "[red]✗[/]",
    "unknown": "[dim]?[/]",
}


async def doctor(
    *,
    share: Flag = False,
    json: Flag = False,
    make_contact: Flag = False,
    from_log: Annotated[list[Path] | None, Parameter(negative=())] = None,
    save: Place | None = None,
    connection: Connection | None = None,
) -> int:
    """Check a token and its workspace and report what works; read-only, at most 200 calls.

    Checks token, permissions, region, default version, proxy, TLS and clock, and measures when
    rate-limit windows end and how contact search rounds times. Takes about a minute.

    Parameters
    ----------
    share:
        Print a report for a public issue, without ids, names, addresses and tokens.
    json:
        Print the report as JSON.
    make_contact:
        Create a contact, measure how long search takes to find it, and delete it.
    from_log:
        Log file to read about 429s from; none is provoked.
    save:
        File to save region and limits to, for --settings and doctor.read_settings.
    """
    check_new_file("--save", save)
    logged = [_read(path) for path in from_log or ()]
    chosen = connection or Connection()
    done = await examine(
        chosen.token,
        region=chosen.saved().get("region"),
        base_url=chosen.base_url,
        version=chosen.version,
        proxy=chosen.proxy,
        ssl=None if chosen.ca_file is None else trusting(chosen.ca_file),
        make_contact=make_contact,
        on_finding=_tell,
    )
    done = msgspec.structs.replace(done, findings=(*done.findings, *logged))
    if share:
        put_raw(done.shareable().encode())
    elif json:
        put_json(msgspec.json.encode(done))
    else:
        put_view(view(done))
    if save is not None:
        with naming(save):
            save_settings(done, save)
        say(f"Saved in {escape(str(save))}.")
    return 0 if done.is_well else 1


def _read(path: Path) -> CheckResult:
    """Read a log.

    Raises:
        ConfigError: It is not there.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return read_log(lines)
    except OSError as error:
        raise ConfigError(f"--from-log: {path} cannot be read ({error.strerror})") from None


def _tell(finding: CheckResult) -> None:
    """Show the check that has just ended, on stderr in a terminal."""
    if console.is_terminal:
        console.print(f"[dim]{finding.check} …[/]")


def view(done: Examination) -> Table:
    """Return the findings as a table for a terminal."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for finding in done.findings:
        lines = [escape(finding.text)]
        lines += [f"[dim]{escape(printable(finding.private))}[/]"] if finding.private else []
        lines += [f"→ {escape(finding.advice)}"] if finding.advice else []
        table.add_row(MARKS[finding.outcome], finding.check, "\n".join(lines))
    table.caption = (
        f"{done.calls} call{'s' * (done.calls != 1)}; --share omits ids, names and addresses"
    )
    table.caption_justify = "left"
    return table
