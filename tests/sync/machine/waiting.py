"""Two syncs of one target: the second one waits until the first one lets go of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import anyio

from intercom_async import Intercom
from .claims import Claims
from .runner import Outcome, Runner
from .steps import Run


def following(run: Run) -> Run:
    """Return the run that begins while one is under way, and waits for it."""
    return Run(
        run.streams,
        reconcile=run.reconcile,
        departed=run.departed,
        dropped=run.dropped,
        is_awaited=True,
    )


async def both(
    runner: Runner, run: Run, streams: Iterable[str], known: Mapping[str, frozenset[str]]
) -> tuple[Outcome, Outcome]:
    """Run a sync, and another one that begins with its third call at the latest."""
    names, begun, outcomes = tuple(streams), anyio.Event(), list[Outcome]()
    firsts = list[Outcome]()

    async def begin(client: Intercom) -> None:
        del client
        begun.set()

    async def second() -> None:
        await begun.wait()
        runner.has_rival = True
        outcomes.append(await runner.run(following(run), names, begin, known))
        runner.has_rival = False

    async with anyio.create_task_group() as group:
        group.start_soon(second)
        first = await runner.run(run, names, begin, known)
        firsts.append(first)
        runner.is_interrupted = runner.is_interrupted or Claims(first.report).is_silent
        begun.set()
    [first], [outcome] = firsts, outcomes
    if outcome.report is not None:
        # What the first one reads is no news to the second: its time begins with its turn.
        begun_at = max(outcome.span.begun_at, float(outcome.report.started_at))
        outcome.span = dataclasses.replace(outcome.span, begun_at=begun_at)
    return first, outcome
