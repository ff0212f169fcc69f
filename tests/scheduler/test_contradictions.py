"""Replies that contradict what is known: clocks that move, windows of another length, lies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Scheduler, Statistics
from intercom_async.scheduler.limits.server_clock import FAST_DRIFT
from tests.support.scheduler.clients import Scheduled
from tests.support.scheduler.server import Headers, Server
from tests.support.thoroughness import some_of
from tests.support.virtual_time import run_virtual

LIMIT = 400
RESET, REMAINING = "X-RateLimit-Reset", "X-RateLimit-Remaining"


@dataclass(slots=True)
class Run:
    """What a job and an interactive caller met after an event."""

    server: Server
    scheduler: Scheduler
    waits: list[float] = field(default_factory=list[float])
    served_at: list[float] = field(default_factory=list[float])
    refused: int = 0
    seen: Statistics | None = None
    """The scheduler's own account, at the end."""

    @property
    def longest_silence_s(self) -> float:
        pairs = zip(self.served_at, self.served_at[1:], strict=False)
        return max(later - earlier for earlier, later in pairs)


async def work(
    event: Callable[[Server], None],
    *,
    seed: int = 1,
    span_s: float = 60.0,
    settle_s: float = 33.0,
    limits: Limits | None = None,
    limit: int = LIMIT,
    window_s: float = 10.0,
    garble: Callable[[Headers], Headers] | None = None,
) -> Run:
    """Let a bulk job and an interactive caller work; count from the event on."""
    random = Random(seed)
    server = Server(random, limit=limit, workspace=5 * limit, window_s=window_s, garble=garble)
    scheduler = Scheduler(limits or Limits(app_per_minute=6 * limit), random=random)
    client, run = Scheduled(server, "", scheduler), Run(server, scheduler)

    async def bulk() -> None:
        while True:
            await client.call(Priority.BULK)
            run.served_at.append(CLOCK.now())

    async def interactive() -> None:
        while True:
            await CLOCK.sleep(0.5)
            run.waits.append(await client.call(Priority.INTERACTIVE))

    tasks = [asyncio.ensure_future(bulk()) for _ in range(40)]
    tasks.append(asyncio.ensure_future(interactive()))
    await CLOCK.sleep(settle_s)
    event(server)
    run.waits.clear()
    run.served_at.clear()
    refused = server.turned_away
    await CLOCK.sleep(span_s)
    run.refused = server.turned_away - refused
    run.seen = scheduler.statistics()
    for task in tasks:
        task.cancel()
    return run


def nothing(_server: Server) -> None:
    """Leave the server alone."""


SLEWED = ((-0.08, 0.02), (-0.02, 0.01), (0.08, 0.001))
STEPS_S = (-5.0, -3.0, -1.0, -0.3, 0.3, 1.0, 3.0, 5.0)


@pytest.mark.parametrize("step_s", some_of(STEPS_S, (-5.0, 0.3, 5.0)))
def test_a_clock_that_steps_is_followed(step_s: float) -> None:
    run = run_virtual(work(lambda server: server.step(step_s)))

    # A clock that is set back makes the server's window longer by as much.
    assert run.longest_silence_s <= max(0.0, -step_s) + 1.2
    assert run.refused <= (20 if step_s < 0 else 1)


@pytest.mark.parametrize(("drift", "refused"), some_of(SLEWED, (SLEWED[0], SLEWED[-1])))
def test_a_slewed_clock_is_followed(drift: float, refused: float) -> None:
    run = run_virtual(work(lambda server: server.slew(drift), span_s=120.0))

    offered = LIMIT * 12 * (1.0 + drift)
    assert len(run.served_at) + len(run.waits) >= 0.95 * offered
    assert run.longest_silence_s <= 3.0
    assert run.refused <= refused * offered


def test_a_learned_drift_is_forgotten() -> None:
    async def slew_for_a_while() -> float:
        run = await work(lambda server: server.slew(-0.08), span_s=60.0)
        assert clock_drift(run.scheduler) > FAST_DRIFT
        run.server.slew(0.0)
        client = Scheduled(run.server, "", run.scheduler)
        for _ in range(120):
            await CLOCK.sleep(10.0)
            for _ in range(3):
                await client.call(Priority.INTERACTIVE)
        return clock_drift(run.scheduler)

    assert run_virtual(slew_for_a_while()) < FAST_DRIFT


def clock_drift(scheduler: Scheduler) -> float:
    return scheduler._server_clock.drift  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def test_one_late_reply_moves_nothing() -> None:
    """One reply that contradicts the clock is no evidence, unless it is a 429."""
    is_due = True

    def garble(headers: Headers) -> Headers:
        nonlocal is_due
        if is_due and CLOCK.now() > 40.0:
            is_due = False
            return headers | {RESET: str(int(float(headers[RESET])) + 10)}
        return headers

    run = run_virtual(work(nothing, garble=garble))

    assert run.longest_silence_s <= 0.7
    assert run.refused == 0
    assert max(run.waits) <= 0.6


def test_windows_of_a_minute_are_learned() -> None:
    run = run_virtual(
        work(
            nothing,
            limits=Limits(app_per_minute=1000, workspace_per_minute=5000),
            limit=1000,
            window_s=60.0,
            settle_s=125.0,
            span_s=180.0,
        )
    )

    whole = sorted(run.server.records)[3:-1]
    assert min(run.server.records[index].used.total() for index in whole) >= 950
    assert run.refused == 0
    assert max(run.waits) <= 1.2
    assert run.seen is not None
    assert run.seen.workspace.limit == 5000


CONSTANT: dict[str, Callable[[Headers], Headers]] = {
    "in the past": lambda headers: headers | {RESET: "1600000000"},
    "near": lambda headers: headers | {RESET: "1700000100"},
    "far": lambda headers: headers | {RESET: "1900000000"},
    "near, without a date": lambda headers: {RESET: "1700000100", **without_date(headers)},
    "and the count": lambda headers: headers | {RESET: "1700000100", REMAINING: "1500"},
}


def without_date(headers: Headers) -> Headers:
    return {name: text for name, text in headers.items() if name not in ("Date", RESET)}


@pytest.mark.parametrize("name", some_of(CONSTANT, ("in the past", "and the count")))
def test_a_constant_reset_slows_nothing_down(name: str) -> None:
    # The server allows more than the settings: nothing is refused, as by a team's mock.
    run = run_virtual(
        work(
            nothing,
            garble=CONSTANT[name],
            limits=Limits(app_per_minute=9000),
            limit=10_000,
            settle_s=0.0,
        )
    )

    assert len(run.served_at) + len(run.waits) >= 0.95 * 1500 * 6
    assert run.longest_silence_s <= 1.0


def test_headers_that_become_true_are_believed_again() -> None:
    is_constant = True

    def garble(headers: Headers) -> Headers:
        return headers | {RESET: "1700000100"} if is_constant else headers

    def mend(_server: Server) -> None:
        nonlocal is_constant
        is_constant = False

    run = run_virtual(work(mend, garble=garble, limits=Limits(app_per_minute=1200)))

    assert run.seen is not None
    assert run.seen.app.limit == LIMIT
    assert run.seen.app.reset_at is not None
    whole = sorted(run.server.records)[-3:-1]
    assert min(run.server.records[index].used.total() for index in whole) >= 0.97 * LIMIT


def test_a_reset_in_milliseconds_is_read() -> None:
    run = run_virtual(
        work(nothing, garble=lambda headers: headers | {RESET: f"{headers[RESET]}000"})
    )

    assert run.seen is not None
    assert run.seen.app.reset_at is not None
    assert run.refused == 0
    assert len(run.served_at) + len(run.waits) >= 0.99 * LIMIT * 6
