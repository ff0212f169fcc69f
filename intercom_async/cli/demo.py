"""``demo``: the main job in small, against a simulator, without an account.

A workspace with thousands of contacts and conversations and a tight limit is read whole, while
somebody keeps asking for single contacts as a web page would. It ends with what the server counted:
the figures are the simulator's own, not what the client thinks of itself.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Annotated

import anyio
import msgspec
from rich.console import Console
from rich.live import Live
from rich.table import Table

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.models import Conversation
from intercom_async.priority import Priority, fairness_key
from intercom_async.simulator import Simulator
from .console import console, say
from .options import Seed, whole

WINDOW_S = 2.0
LATENCY_S = 0.05
INTERACTIVE_PER_S = 5
WORKERS = 64
REFRESH_PER_S = 4


@dataclass
class Tally:
    """What has been done so far."""

    contacts: int = 0
    conversations: int = 0
    parts: int = 0
    interactive_s: list[float] = field(default_factory=list[float])

    @property
    def rows(self) -> int:
        """Contacts, conversations and parts together."""
        return self.contacts + self.conversations + self.parts


class DemoResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the server counted."""

    calls: int
    rejected: int
    seconds: float
    share: float | None
    """Fraction of the allowed calls that were made, over windows that were busy from end to end."""
    windows: int


async def demo(
    *,
    contacts: Annotated[int, whole(least=1, most=1_000_000)] = 6_000,
    conversations: Annotated[int, whole(least=1, most=1_000_000)] = 900,
    per_minute: Annotated[int, whole(least=60, most=1_000_000)] = 3_000,
    seed: Seed = 7,
) -> None:
    """Read a simulated workspace as fast as its limit allows, and show what happened.

    It never touches a real workspace, whatever the environment holds.

    Parameters
    ----------
    contacts:
        Contacts of the simulated workspace.
    conversations:
        Conversations of the simulated workspace, each with its parts.
    per_minute:
        Calls that the simulated app may make in a minute.
    seed:
        The same seed makes the same workspace.
    """
    tally = Tally()
    async with Simulator(
        contacts=contacts,
        conversations=conversations,
        seed=seed,
        app_per_minute=per_minute,
        window_s=WINDOW_S,
        latency_s=LATENCY_S,
    ) as simulator:
        say(
            f"A workspace of {contacts:,} contacts and {conversations:,} conversations; the app "
            f"may make {per_minute:,} calls a minute, in windows of {WINDOW_S:g} s."
        )
        begun_s, begun_at = CLOCK.now(), simulator.clock.now()
        limits = Limits(app_per_minute=per_minute, window_s=WINDOW_S)
        async with Intercom(simulator.token, base_url=simulator.url, limits=limits) as intercom:
            await _show(_run(intercom, tally), intercom, tally)
        result = _result(simulator, begun_at, CLOCK.now() - begun_s)
    _report(tally, result)


async def _run(intercom: Intercom, tally: Tally) -> None:
    """Read everything, and ask for single contacts until that is done."""
    bulk = intercom.with_options(priority=Priority.BULK)
    async with asyncio.TaskGroup() as whole:
        clicks = whole.create_task(_click(intercom, tally))
        async with asyncio.TaskGroup() as jobs:
            jobs.create_task(_read_contacts(bulk, tally))
            jobs.create_task(_read_conversations(bulk, tally))
        clicks.cancel()


async def _read_contacts(intercom: Intercom, tally: Tally) -> None:
    with fairness_key("contacts"):  # takes turns with the many calls for conversations
        async for page in intercom.contacts.list(per_page=150).prefetch(1).pages():
            tally.contacts += len(page.items)


async def _read_conversations(intercom: Intercom, tally: Tally) -> None:
    """List conversations, and fetch each with its parts as it is found."""
    give, take = anyio.create_memory_object_stream[Conversation](WORKERS)

    async def fetch() -> None:
        async for found in take:
            whole = await intercom.conversations.get(found.id)
            tally.conversations += 1
            parts = whole.conversation_parts
            tally.parts += len(parts.conversation_parts) if parts else 0

    async with asyncio.TaskGroup() as group:
        for _ in range(WORKERS):
            group.create_task(fetch())
        with give:
            async for conversation in intercom.conversations.list(per_page=150):
                await give.send(conversation)


async def _click(intercom: Intercom, tally: Tally) -> None:
    """Ask for a contact now and again, as somebody at a web page would."""
    web = intercom.with_options(priority=Priority.INTERACTIVE)
    known = await web.contacts.list(per_page=150).collect(limit=150)
    chance = random.Random(1)  # noqa: S311 (which contact is asked for is no secret)
    async with asyncio.TaskGroup() as group:
        while True:
            group.create_task(_click_once(web, chance.choice(known).id, tally))
            await CLOCK.sleep(chance.expovariate(INTERACTIVE_PER_S))


async def _click_once(web: Intercom, contact_id: str, tally: Tally) -> None:
    answer = await web.send(web.contacts.GET.at(contact_id=contact_id))
    tally.interactive_s.append(answer.elapsed_s)


async def _show(work: Coroutine[None, None, None], intercom: Intercom, tally: Tally) -> None:
    """Show progress while the work goes on: a live line, or a line now and then."""
    is_live = console.is_terminal
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        with Live(console=console, refresh_per_second=REFRESH_PER_S, transient=True) as live:
            while not task.done():
                text = _progress(intercom, tally)
                if is_live:
                    live.update(text)
                else:
                    say(text)
                await asyncio.wait([task], timeout=1 / REFRESH_PER_S if is_live else 3.0)


def _progress(intercom: Intercom, tally: Tally) -> str:
    now = intercom.statistics()
    return (
        f"{tally.contacts:,} contacts  {tally.conversations:,} conversations  "
        f"{tally.parts:,} parts | window {now.app.used} of {now.app.limit} | "
        f"{now.in_flight} in flight, {sum(now.queued.values())} waiting | {now.throttled} × 429"
    )


def _result(simulator: Simulator, begun_at: float, seconds: float) -> DemoResult:
    """Read the server's ledger."""
    rows = simulator.ledger()
    # The first and the last window are begun or left midway: what they allow is not all on offer.
    full = [row for row in rows if begun_at <= row.window_at and row is not rows[-1]]
    allowed = sum(row.limit for row in full)
    return DemoResult(
        calls=sum(row.served + row.rejected for row in rows),
        rejected=sum(row.rejected for row in rows),
        seconds=seconds,
        share=sum(row.served for row in full) / allowed if allowed else None,
        windows=len(full),
    )


def _report(tally: Tally, result: DemoResult) -> None:
    """Show what happened."""
    waits_ms = sorted(1000 * seconds for seconds in tally.interactive_s)
    table = Table(title="What happened, as the server counted it", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(style="dim")
    found = f"{tally.contacts:,} + {tally.conversations:,} + {tally.parts:,}"
    table.add_row("rows", f"{tally.rows:,}", f"contacts, conversations, parts: {found}")
    table.add_row("calls", f"{result.calls:,}", f"in {result.seconds:.1f} s")
    share = "–" if result.share is None else f"{result.share:.1%}"
    table.add_row("of the allowed rate", share, f"over {result.windows} full windows")
    table.add_row("answers of 429", str(result.rejected), "")
    if waits_ms:
        p50, p99 = waits_ms[len(waits_ms) // 2], waits_ms[int(len(waits_ms) * 0.99)]
        table.add_row(
            "interactive answers",
            f"{p50:.0f} ms",
            f"median; 99 % within {p99:.0f} ms, of which {1000 * LATENCY_S:.0f} ms are the "
            f"simulated network ({len(waits_ms)} calls)",
        )
    Console(highlight=False).print(table)
