"""``demo``: a small bulk job against a simulator, without an account.

A workspace with thousands of contacts and conversations and a tight limit is read completely while
single contacts are requested as by a web page. The figures at the end are those that the simulated
server counted.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Annotated

import anyio
from rich.console import RenderableType
from rich.live import Live

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.models import Conversation
from intercom_async.priority import Priority, fairness_key
from intercom_async.simulator import Simulator
from .console import console, put_view, say
from .demo_view import DemoCounts, picture, progress_line, report_view, result_of
from .options import Seed, whole

WINDOW_S = 2.0
"""Seconds of a window of the simulator: short, so that several are seen."""
LATENCY_S = 0.05
"""Seconds after which the simulator answers, as the real API about does."""
INTERACTIVE_PER_S = 5
"""Calls a second of the teammates, on average."""
WORKERS = 64
"""Bulk calls that are under way at most."""
REFRESH_PER_S = 4
"""Updates of the live view a second."""
LINE_EVERY_S = 3.0
"""Seconds between two lines of progress where stderr is no terminal."""
MAX_WIDTH = 120
"""Columns that the live view uses at most."""


async def demo(
    *,
    contacts: Annotated[int, whole(least=1, most=1_000_000)] = 6_000,
    conversations: Annotated[int, whole(least=1, most=1_000_000)] = 900,
    per_minute: Annotated[int, whole(least=60, most=1_000_000)] = 3_000,
    seed: Seed = 7,
) -> None:
    """Read a simulated workspace at its rate limit and show the result.

    Never sends anything to a real workspace, whatever the environment says.

    Parameters
    ----------
    contacts:
        Contacts of the simulated workspace.
    conversations:
        Conversations of the simulated workspace, each with its parts.
    per_minute:
        Rate limit of the simulated app, in calls a minute.
    seed:
        Seed of the random data.
    """
    counts = DemoCounts(contacts_of=contacts, conversations_of=conversations, latency_s=LATENCY_S)
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
            await _show(_run(intercom, counts), intercom, simulator, counts)
        result = result_of(simulator.ledger(), begun_at, CLOCK.now() - begun_s)
    put_view(report_view(counts, result))


async def _run(intercom: Intercom, counts: DemoCounts) -> None:
    """Read everything, and ask for single contacts until that is done."""
    bulk = intercom.with_options(priority=Priority.BULK)
    async with asyncio.TaskGroup() as whole:
        clicks = whole.create_task(_click(intercom, counts))
        async with asyncio.TaskGroup() as jobs:
            jobs.create_task(_read_contacts(bulk, counts))
            jobs.create_task(_read_conversations(bulk, counts))
        clicks.cancel()


async def _read_contacts(intercom: Intercom, counts: DemoCounts) -> None:
    with fairness_key("contacts"):  # takes turns with the many calls for conversations
        async for page in intercom.contacts.list(per_page=150).prefetch(1).pages():
            counts.contacts += len(page.items)


async def _read_conversations(intercom: Intercom, counts: DemoCounts) -> None:
    """List conversations, and fetch each with its parts as it is found."""
    give, take = anyio.create_memory_object_stream[Conversation](WORKERS)

    async def fetch() -> None:
        async for found in take:
            answer = await intercom.send(intercom.conversations.GET.at(conversation_id=found.id))
            counts.bulk_s.append(answer.elapsed_s)
            counts.conversations += 1
            parts = answer.data.conversation_parts
            counts.parts += len(parts.conversation_parts) if parts else 0

    async with asyncio.TaskGroup() as group:
        for _ in range(WORKERS):
            group.create_task(fetch())
        with give:
            async for conversation in intercom.conversations.list(per_page=150):
                await give.send(conversation)


async def _click(intercom: Intercom, counts: DemoCounts) -> None:
    """Request single contacts at random times, as visitors of a web page do."""
    web = intercom.with_options(priority=Priority.INTERACTIVE)
    known = await web.contacts.list(per_page=150).collect(limit=150)
    chance = random.Random(1)  # noqa: S311 (which contact is asked for is no secret)
    async with asyncio.TaskGroup() as group:
        while True:
            group.create_task(_click_once(web, chance.choice(known).id, counts))
            await CLOCK.sleep(chance.expovariate(INTERACTIVE_PER_S))


async def _click_once(web: Intercom, contact_id: str, counts: DemoCounts) -> None:
    answer = await web.send(web.contacts.GET.at(contact_id=contact_id))
    counts.interactive_s.append(answer.elapsed_s)
    if answer.window.reset_at is not None:
        counts.interactive_by_window[answer.window.reset_at - WINDOW_S] += 1


async def _show(
    work: Coroutine[None, None, None], intercom: Intercom, simulator: Simulator, counts: DemoCounts
) -> None:
    """Show progress until the work is done: live bars, or a line every few seconds."""

    def draw() -> RenderableType:
        width = min(console.width, MAX_WIDTH)
        return picture(intercom.statistics(), simulator.ledger(), counts, width)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        if not console.is_terminal:
            while not task.done():
                say(progress_line(intercom.statistics(), counts))
                await asyncio.wait([task], timeout=LINE_EVERY_S)
            return
        with Live(console=console, auto_refresh=False) as live:
            while not task.done():
                live.update(draw(), refresh=True)
                await asyncio.wait([task], timeout=1 / REFRESH_PER_S)
            live.update(draw(), refresh=True)
