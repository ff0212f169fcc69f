"""``simulate``: run a local Intercom to develop against."""

from __future__ import annotations

import asyncio
import webbrowser
from functools import partial
from typing import Annotated

from anyio.lowlevel import checkpoint
from cyclopts import Parameter
from rich.live import Live

from intercom_async.config import is_host
from intercom_async.errors import ConfigError
from intercom_async.simulator import Simulator, Status
from intercom_async.simulator.standalone import Options, interrupted, run
from .console import console, say
from .options import Count, Place, Port, Seconds, Seed, check_new_file

REFRESH_S = 0.25
"""Seconds between two updates of the line that shows how the simulator stands."""


async def simulate(  # noqa: PLR0913 (one option each)
    *,
    host: str = "127.0.0.1",
    port: Port = 8080,
    contacts: Count = 10_000,
    conversations: Count = 5_000,
    companies: Count = 500,
    tickets: Count = 500,
    seed: Seed = 7,
    latency_ms: Seconds = 50.0,
    app_per_minute: Count = 10_000,
    workspace_per_minute: Count = 25_000,
    data: Place | None = None,
    snapshot: Place | None = None,
    allow_host: Annotated[list[str] | None, Parameter(negative=())] = None,
    quirk: Annotated[list[str] | None, Parameter(negative=())] = None,
    open_console: Annotated[bool, Parameter(name="--open", negative=())] = False,
) -> None:
    """Run a local simulator of Intercom until interrupted.

    Parameters
    ----------
    host:
        Address to listen on; 0.0.0.0 for all interfaces.
    port:
        Port to listen on; 0 for a free one.
    contacts:
        Number of contacts.
    conversations:
        Number of conversations.
    companies:
        Number of companies.
    tickets:
        Number of tickets.
    seed:
        Seed of the random data.
    latency_ms:
        Latency of every response, in milliseconds.
    app_per_minute:
        Rate limit of the app, in calls a minute.
    workspace_per_minute:
        Rate limit of all apps together, in calls a minute.
    data:
        JSON lines with records to create in addition, such as people.jsonl, or a folder of such
        files.
    snapshot:
        File to load the records from, if it exists, and to save them to at the end.
    allow_host:
        Host name that the console at /_simulator/ accepts, beside localhost and IP addresses.
    quirk:
        Quirk of the real API to switch on, as NAME=VALUE.
    open_console:
        Open the console in a browser.
    """
    options = Options(
        host=host,
        port=port,
        contacts=contacts,
        conversations=conversations,
        companies=companies,
        tickets=tickets,
        seed=seed,
        latency_ms=latency_ms,
        app_per_minute=app_per_minute,
        workspace_per_minute=workspace_per_minute,
        data=None if data is None else str(data),
        snapshot=None if snapshot is None else str(snapshot),
        allow_host=tuple(allow_host or ()),
        quirk=tuple(quirk or ()),
    )
    check_new_file("--snapshot", snapshot)
    for name in options.allow_host:
        if not is_host(name):
            raise ConfigError(f"--allow-host takes the name of a host, not {name!r}")
    try:
        simulator = await run(options, partial(_show, is_opening=open_console))
    except ValueError as error:
        raise ConfigError(str(error)) from error
    say(describe(simulator.status()))


async def _show(simulator: Simulator, *, is_opening: bool) -> None:
    """Show how it stands until it is interrupted."""
    stop = asyncio.create_task(interrupted())
    await checkpoint()  # Ctrl-C is listened to before anybody is told of it
    if is_opening:
        webbrowser.open(simulator.console_url)
    say(f"A local Intercom; look at it at {simulator.console_url}, Ctrl-C ends it.")
    say("For webhooks, Canvas Kit and OAuth:")
    say(f"INTERCOM_CLIENT_ID={simulator.client_id}")
    say(f"INTERCOM_CLIENT_SECRET={simulator.client_secret}")
    with Live(console=console, transient=True) as live:
        while not stop.done():
            if console.is_terminal:
                live.update(describe(simulator.status()))
            await asyncio.wait([stop], timeout=REFRESH_S)


def describe(status: Status) -> str:
    """Say on one line what has been asked and what is left of the limits."""
    answers = ", ".join(f"{count:,} × {code}" for code, count in sorted(status.statuses.items()))
    used = ", ".join(f"{app.name} {app.limit - app.remaining}/{app.limit}" for app in status.apps)
    return (
        f"{status.requests:,} requests ({answers or 'none yet'}) | this window: {used}, "
        f"workspace {status.workspace_used}/{status.workspace_limit}"
    )
