"""``simulate``: a local Intercom to develop against."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from intercom_async.simulator import Simulator

from .console import say


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
        say(f"INTERCOM_BASE_URL={simulator.url}")
        say(f"INTERCOM_TOKEN={simulator.token}")
        say("Ctrl-C ends it")
        await interrupted()
    say(f"{simulator.requests} requests answered")


async def interrupted() -> None:
    """Wait for SIGINT or SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends the run there
            loop.add_signal_handler(number, stop.set)
    await stop.wait()
