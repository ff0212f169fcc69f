"""``simulate``: a local Intercom to develop against."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from rich.live import Live

from intercom_async.simulator import Simulator, Status
from .console import console, say

REFRESH_S = 0.25


async def simulate(
    *,
    port: int = 8080,
    contacts: int = 10_000,
    conversations: int = 5_000,
    companies: int = 500,
    tickets: int = 500,
    seed: int = 7,
    latency_ms: float = 50.0,
    app_per_minute: int = 10_000,
    workspace_per_minute: int = 25_000,
) -> None:
    """Run a local Intercom until it is interrupted.

    Parameters
    ----------
    port:
        Where to listen on loopback; 0 takes a free one.
    contacts:
        Seeded contacts.
    conversations:
        Seeded conversations.
    companies:
        Seeded companies.
    tickets:
        Seeded tickets.
    seed:
        The same seed makes the same data.
    latency_ms:
        Added to every answer.
    app_per_minute:
        Limit of the app.
    workspace_per_minute:
        Limit of all apps together.
    """
    simulator = Simulator(
        port=port,
        contacts=contacts,
        conversations=conversations,
        companies=companies,
        tickets=tickets,
        seed=seed,
        latency_s=latency_ms / 1000,
        app_per_minute=app_per_minute,
        workspace_per_minute=workspace_per_minute,
    )
    async with simulator:
        say("A local Intercom; Ctrl-C ends it.")
        say(f"INTERCOM_BASE_URL={simulator.url}")
        say(f"INTERCOM_TOKEN={simulator.token}")
        stop = asyncio.create_task(interrupted())
        with Live(console=console, transient=True) as live:
            while not stop.done():
                if console.is_terminal:
                    live.update(describe(simulator.status()))
                await asyncio.wait([stop], timeout=REFRESH_S)
        say(describe(simulator.status()))


def describe(status: Status) -> str:
    """Say on one line what has been asked and what is left of the limits."""
    answers = ", ".join(f"{count:,} × {code}" for code, count in sorted(status.statuses.items()))
    used = ", ".join(f"{app.name} {app.limit - app.remaining}/{app.limit}" for app in status.apps)
    return (
        f"{status.requests:,} requests ({answers or 'none yet'}) | this window: {used}, "
        f"workspace {status.workspace_used}/{status.workspace_limit}"
    )


async def interrupted() -> None:
    """Wait for SIGINT or SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends the run there
            loop.add_signal_handler(number, stop.set)
    await stop.wait()
