"""``doctor``: what works for a token, and how the API behaves where no documentation says so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from intercom_async.doctor import CheckResult, Examination, examine, read_log, save_settings
from intercom_async.errors import ConfigError
from intercom_async.redaction import printable
from .connection import Connection, trusting
from .console import console, put_json, put_raw, say
from .options import Flag, check_new_file

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
    save: Path | None = None,
    connection: Connection | None = None,
) -> int:
    """Look at a workspace and say what works and what does not; it only reads, in 200 calls.

    It checks token, permissions, region, default version, proxy, TLS and clock, and measures how
    windows end and how search cuts days. It takes about a minute.

    Parameters
    ----------
    share:
        Print what may be pasted into a public issue: no id, no name, no address, no token.
    json:
        Print the findings as JSON.
    make_contact:
        Make one contact, measure how late a search finds it, and delete it.
    from_log:
        A log of normal use to learn about 429s from; none is provoked.
    save:
        A file for the settings that were found, for intercom_async.doctor.read_settings.
    """
    check_new_file("--save", save)
    logged = [_read(path) for path in from_log or ()]
    chosen = connection or Connection()
    done = await examine(
        chosen.token,
        region=chosen.region,
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
        Console(highlight=False).print(view(done))
    if save is not None:
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
    """Say on stderr how far it is, where a person waits for the table."""
    if console.is_terminal:
        console.print(f"[dim]{finding.check} …[/]")


def view(done: Examination) -> Table:
    """Lay the findings out for a person."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for finding in done.findings:
        lines = [escape(finding.text)]
        lines += [f"[dim]{escape(printable(finding.private))}[/]"] if finding.private else []
        lines += [f"→ {escape(finding.advice)}"] if finding.advice else []
        table.add_row(MARKS[finding.outcome], finding.check, "\n".join(lines))
    table.caption = f"{done.calls} calls; --share prints it without ids, names and addresses"
    table.caption_justify = "left"
    return table
